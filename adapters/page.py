"""The chat page in the languages that the bot speaks: its own texts are put into it before it is sent."""

from __future__ import annotations

import html
import json
import re
from functools import lru_cache
from pathlib import Path

from rag_core.messages import patterns, say, spoken

__all__ = ["PAGE", "page", "preferred"]

PAGE = Path(__file__).parent / "web_page"

_SLOT = re.compile(r"\{\{([a-z-]+)\}\}")
_SAID_BY_SCRIPTS = re.compile(r'\bsay\("([a-z-]+)"')


@lru_cache
def page(language: str) -> str:
    """The page, with every {{slot}} of index.html filled in; in English where there is no catalogue for the language."""
    special = {"language": spoken(language) or "en", "texts": json.dumps(_texts_of_scripts(language))}
    source = (PAGE / "index.html").read_text(encoding="utf-8")
    return _SLOT.sub(lambda slot: html.escape(special.get(slot[1]) or say(language, slot[1])), source)


def preferred(accepted: str) -> str:
    """Of an Accept-Language header, the tag that the reader likes best among those the bot speaks. '' for none."""
    tags = []
    for part in accepted.split(","):
        tag, _, parameter = part.partition(";")
        tags.append((_quality(parameter), tag.strip()))
    likes = sorted((tag for tag in tags if tag[0] > 0 and spoken(tag[1])), key=lambda tag: -tag[0])
    return likes[0][1] if likes else ""


def _texts_of_scripts(language: str) -> dict[str, str]:
    """What the page's scripts say, by id."""
    scripts = (path.read_text(encoding="utf-8") for path in sorted(PAGE.glob("*.js")))
    return patterns(language, [message for code in scripts for message in _SAID_BY_SCRIPTS.findall(code)])


def _quality(parameter: str) -> float:
    name, _, value = parameter.partition("=")
    try:
        return float(value) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0
