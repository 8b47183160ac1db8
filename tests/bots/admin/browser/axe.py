"""Faults of accessibility, as axe-core finds them (https://github.com/dequelabs/axe-core)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from playwright.async_api import Page

__all__ = ["LOOKS", "faults"]

LOOKS = ("color-contrast", "target-size", "scrollable-region-focusable")
"""The rules that find something else in another colour or at another width; the rest is the same document."""
_TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
_SETTLED = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
"""A page that has another size hears of it with its next frame."""
_RUN = """only => axe.run(document, {resultTypes: ["violations"], runOnly: only}).then(({violations}) => violations
    .filter(({impact}) => impact === "serious" || impact === "critical")
    .map(({id, help, nodes}) => `${id}: ${help}: ` + nodes.slice(0, 4)
      .map(({html, any}) => `${html.slice(0, 200)} (${any[0]?.message ?? ""})`).join(", ")))"""


async def faults(page: Page, only: Sequence[str] = _TAGS) -> list[str]:
    """The serious and critical ones, a line each with where they are. only: tags, or names of rules.

    The page's policy does not stand in the way: what is evaluated by the browser's driver is no script of the page.
    """
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(_axe())
    await page.evaluate(_SETTLED)
    found: list[str] = await page.evaluate(_RUN, list(only))
    return found


@cache
def _axe() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
