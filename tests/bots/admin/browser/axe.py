"""Faults of accessibility, as axe-core finds them (https://github.com/dequelabs/axe-core)."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from playwright.async_api import Page

__all__ = ["faults"]

_RUN = """() => axe.run(document, {
    resultTypes: ["violations"],
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  }).then(({violations}) => violations
    .filter(({impact}) => impact === "serious" || impact === "critical")
    .map(({id, help, nodes}) => `${id}: ${help}: ` + nodes.slice(0, 4)
      .map(({html, any}) => `${html.slice(0, 200)} (${any[0]?.message ?? ""})`).join(", ")))"""


async def faults(page: Page) -> list[str]:
    """The serious and critical ones, a line each with where they are. The page's policy does not stand in the way: what is
    evaluated by the browser's driver is no script of the page."""
    await page.evaluate(_axe())
    found: list[str] = await page.evaluate(_RUN)
    return found


@cache
def _axe() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
