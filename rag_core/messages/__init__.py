"""What the bot says itself: one Fluent catalogue (projectfluent.org) for each language it speaks, beside this file."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from fluent.runtime import FluentBundle, FluentResource

__all__ = ["LANGUAGES", "say"]

FOLDER = Path(__file__).parent
LANGUAGES = tuple(sorted(path.stem for path in FOLDER.glob("*.ftl")))


def say(language: str, message: str, **values: object) -> str:
    """The message of this id, in the language of a BCP 47 tag where there is a catalogue for it, or else in English.

    Raises:
        KeyError: no catalogue has such a message.
    """
    code = language.replace("_", "-").partition("-")[0].lower()
    bundle = _bundle(code if code in LANGUAGES else "en")
    text, _ = bundle.format_pattern(bundle.get_message(message).value, values)
    return str(text)


@lru_cache
def _bundle(code: str) -> FluentBundle:
    bundle = FluentBundle([code], use_isolating=False)
    bundle.add_resource(FluentResource((FOLDER / f"{code}.ftl").read_text(encoding="utf-8")))
    return bundle
