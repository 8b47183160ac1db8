"""Making text from documents and models safe and readable for where it is shown."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from rag_core.messages import say, spoken

__all__ = ["file_name", "printable", "readable_location", "readable_place"]

_TERMINAL_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\|$))")
_PLACE = re.compile(r"(?:^|, )(?P<kind>page|line) (?P<number>\d+)$")
"""As rag_core.types.Place.words ends it."""
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
