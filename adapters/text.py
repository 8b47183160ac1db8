"""Making text from documents and models safe and readable for where it is shown."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote, unquote, urlsplit

from adapters.graphemes import last_boundary
from rag_core.generation.inert import visible
from rag_core.messages import say, spoken

__all__ = ["file_name", "linkable", "printable", "readable_location", "readable_place", "shortened"]

_TERMINAL_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\|$))")
_PLACE = re.compile(r"(?:^|, )(?P<kind>page|line) (?P<number>\d+)$")
"""As rag_core.types.Place.words ends it."""
_UNSAFE_IN_LINK = re.compile(r"[\s<>|\\^`{}\"()\[\]*_~]")
_WEB = re.compile(r"https?://[^\s/][^\r\n\t]*", re.IGNORECASE)
_LONGEST_LINK = 2_000
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    """The text without what a terminal obeys instead of showing. Line breaks and tabs stay.

    Goes: control characters, escape sequences, and the marks that reorder what stands around them.
    """
    return _UNPRINTABLE.sub("", _TERMINAL_SEQUENCE.sub("", text))


def readable_location(location: str) -> str:
    """A file's address as its path, without the place; every other address as it is."""
    return unquote(urlsplit(location).path) if location.startswith("file:///") else location


def file_name(location: str) -> str:
    """A file's address as its name alone, for those who have nothing of the server's folders; others as they are."""
    location = readable_location(location)
    return location.rsplit("/", 1)[-1] if location.startswith("/") else location


def readable_place(place: str, language: str) -> str:
    """A citation's place ('Setup › Keys, page 3') with its last words in the language of a BCP 47 tag."""
    match = _PLACE.search(place)
    if match is None or spoken(language) in ("", "en"):
        return place
    return place[: match.start("kind")] + say(language, f"place-{match['kind']}", number=match["number"])


def shortened(text: str, most: int, length: Callable[[str], int] = len) -> str:
    """The text, or its beginning with … where its length is more than `most`. length: at least one for each character."""
    if length(text) <= most:
        return text
    end = most - 1
    while length(text[:end]) >= most:
        end -= 1
    return text[: last_boundary(text, end)].rstrip() + "…"


def linkable(location: str) -> str:
    """The address for a link, with what would end it encoded; '' where it is none for the web, or too long."""
    if not _WEB.fullmatch(location) or visible(location) != location:
        return ""
    try:
        urlsplit(location)
    except ValueError:
        return ""
    address = _UNSAFE_IN_LINK.sub(lambda match: quote(match.group(), safe=""), location)
    return address if len(address) <= _LONGEST_LINK else ""
