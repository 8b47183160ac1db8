"""What the bot says itself: one Fluent catalogue (projectfluent.org) for each language it speaks, beside this file."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fluent.runtime import FluentBundle

__all__ = ["LANGUAGES", "listed", "patterns", "say", "small_print", "spoken"]

log = logging.getLogger(__name__)

FOLDER = Path(__file__).parent
LANGUAGES = tuple(sorted(path.stem for path in FOLDER.glob("*.ftl")))

_ENTRY = re.compile(r"^([a-z][a-z0-9-]*) =(.*(?:\n(?: +.*)?)*)", re.MULTILINE)
_VARIABLE = re.compile(r"\$(\w+)")
_PLACE = re.compile(r"\{ *\$(\w+) *\}")
_SPECIAL = re.compile(r"[{}\n]")
_NAMED = 5
"""Names in a list, before it goes on with how many more there are."""


def say(language: str, message: str, **values: object) -> str:
    """The message of this id, in the language of a BCP 47 tag where there is a catalogue for it, or else in English.

    Never raises: what a catalogue lacks or cannot word with these values is said in English; and what is in no catalogue,
    by its id.
    """
    said = ""
    for code in dict.fromkeys((spoken(language) or "en", "en")):
        simple = _filled_in(code, message, values)
        if simple is not None:
            return simple
        worded, whole = _worded(code, message, values)
        if whole:
            return worded
        said = said or worded
    log.warning("message %s cannot be worded in %r, nor in English", message, language)
    return said or message


def spoken(language: str) -> str:
    """The code of the catalogue for a BCP 47 tag: 'de' for 'de-AT'. '' where there is none."""
    code = language.replace("_", "-").partition("-")[0].lower()
    return code if code in LANGUAGES else ""


def listed(language: str, names: Sequence[str]) -> str:
    """The names as a sentence has them: 'a, b and c'. Of a long list the first few: 'a, b, c, d, e and 4 more'."""
    if len(names) < 2:
        return "".join(names)
    if len(names) > _NAMED + 1:  # 'and 1 more' would take the place of the name
        return say(language, "list-more", names=", ".join(names[:_NAMED]), number=len(names) - _NAMED)
    return say(language, "list-last", names=", ".join(names[:-1]), last=names[-1])


def small_print(language: str, notices: Iterable[str]) -> tuple[str, ...]:
    """What an answer's notices say, by their ids; that there are no documents is the text of the answer itself."""
    return tuple(say(language, notice) for notice in notices if notice != "no-documents")


def patterns(language: str, messages: Iterable[str]) -> dict[str, str]:
    """Messages by their ids, for a page to fill in: a variable `$name` stands in them as '{name}'."""
    places = {message: _VARIABLE.findall(_entries("en").get(message, "")) for message in messages}
    return {
        message: say(language, message, **{name: f"{{{name}}}" for name in names})
        for message, names in places.items()
    }


@lru_cache
def _entries(code: str) -> dict[str, str]:
    """What stands in the catalogue behind the '=' of each message, as it stands there."""
    return {match[1]: match[2] for match in _ENTRY.finditer(_source(code))}


@lru_cache
def _simple(code: str) -> dict[str, str]:
    """Messages of one line, in which nothing is chosen or counted."""
    lines = {message: text.strip() for message, text in _entries(code).items()}
    return {message: text for message, text in lines.items() if not _SPECIAL.search(_PLACE.sub("", text))}


def _filled_in(code: str, message: str, values: dict[str, object]) -> str | None:
    """A simple message with texts in it. It needs no Fluent, whose import takes 30 ms and more. None where it does."""
    text = _simple(code).get(message)
    if text is None or any(not isinstance(values.get(name), str) for name in _PLACE.findall(text)):
        return None
    return _PLACE.sub(lambda place: str(values[place[1]]), text)


def _worded(code: str, message: str, values: dict[str, object]) -> tuple[str, bool]:
    """The text as far as it can be worded, and whether that is all of it."""
    try:
        bundle = _bundle(code)
        if not bundle.has_message(message):
            return "", False
        text, errors = bundle.format_pattern(bundle.get_message(message).value, values)
    except Exception:  # a catalogue's or a value's mistake must not cost the answer that it is said with
        log.exception("message %s of %s.ftl", message, code)
        return "", False
    return str(text), not errors


@lru_cache
def _bundle(code: str) -> FluentBundle:
    from fluent.runtime import FluentBundle, FluentResource

    bundle = FluentBundle([code], use_isolating=False)
    bundle.add_resource(FluentResource(_source(code)))
    return bundle


def _source(code: str) -> str:
    return (FOLDER / f"{code}.ftl").read_text(encoding="utf-8")
