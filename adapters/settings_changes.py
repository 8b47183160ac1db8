"""A channel's settings as they are changed in a chat: what may be entered, what that changes, and how it is said. The same
on all platforms."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.channels import LABELS, SETTABLE, Channel, Channels
from adapters.inbox import Note
from rag_core.access import PUBLIC, Access
from rag_core.errors import Unavailable
from rag_core.messages import listed, say
from rag_core.records.index.reading import readable_sources
from rag_core.settings import ChannelSettings
from rag_core.types import Principal

__all__ = [
    "LANGUAGE_NAMES",
    "Changed",
    "change",
    "in_words",
    "number",
    "offered_scopes",
    "origins",
    "short_duration",
    "value_of",
    "wrong",
]

LANGUAGE_NAMES = {"de": "Deutsch", "en": "English", "es": "Español", "fr": "Français"}
"""Each in itself."""
NOTHING = "–"
_ERRORS = {
    "auto_answer": "settings-wrong-number",
    "remind_after": "settings-wrong-duration",
    "allowed": "settings-wrong-id",
    "escalation": "settings-wrong-id",
}


@dataclass(frozen=True, slots=True)
class Changed:
    names: tuple[str, ...]
    """Of the settings that were changed."""
    now: Channel
    """What is in force with the next question."""


async def change(
    channels: Channels,
    platform: str,
    workspace: str,
    channel: str,
    values: Mapping[str, Any] | None,
    by: str,
    progress: Mapping[str, Any],
    note: Note,
    within: Sequence[str] = (),
) -> Changed:
    """Set these values, by their names in the settings file; a None for what is in force where nobody sets anything.

    values: what is not among them stays as it is; None: nothing is set any more. by: the platform's id of who changes them.
    progress: what an earlier attempt noted, so that it is said what that one changed. within: as in Channels.of.

    Raises:
        SettingsError: a value is none that the setting can have.
        Unavailable: the database does not answer.
    """
    before = (await channels.of(platform, workspace, channel)).set_here
    wanted = {} if values is None else {**before, **values}
    now = await channels.beyond(platform, workspace, channel, wanted, within)
    noted = progress.get("changed")
    names = noted if isinstance(noted, list) else [name for name in SETTABLE if _differs(name, before, now)]
    await note({"changed": names})
    await channels.save(platform, workspace, channel, now, by)
    return Changed(tuple(names), await channels.of(platform, workspace, channel, within))


def wrong(platform: str, values: Mapping[str, Any], is_id: Callable[[str], bool]) -> dict[str, str]:
    """What is wrong with what was entered, by the settings' names, as messages of the catalogues: the same rules as the
    settings file's. is_id: whether it looks like the id of somebody, or of some place."""
    found = {
        name: _ERRORS.get(name, "settings-wrong-value")
        for name, value in values.items()
        if not _is_possible(platform, name, value, is_id)
    }
    if values.get("draft") and "escalation" in values and values["escalation"] is None:
        found["draft"] = "settings-draft-alone"
    return found


def number(text: str) -> float | str | None:
    """None: nothing was entered. A text that is no number stays one: it is told to who entered it."""
    if not text:
        return None
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return text


def short_duration(seconds: int) -> str:
    """As it is written in the settings file, such as 90m."""
    for unit, length in (("w", 604_800), ("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


def origins(
    now: Channel,
    of_file: Channel,
    language: str,
    above: Collection[str] = (),
    labels: Mapping[str, str] = LABELS,
    usual: str = "settings-as-usual",
) -> list[str]:
    """Sentences: which values were set here, which for what this is in, and which the settings file gives.

    above: names of settings. labels: as LABELS. usual: the message where there are none.
    """
    here = [name for name in SETTABLE if name in now.set_here]
    plain = Channel()
    set_above = [name for name in SETTABLE if name in above and name not in here]
    file = [
        name
        for name in SETTABLE
        if name not in (*here, *set_above) and value_of(of_file, name) != value_of(plain, name)
    ]
    sentences = (
        ("settings-set-here", here),
        ("settings-set-above", set_above),
        ("settings-of-file", file),
    )
    lines = []
    for message, names in sentences:
        if names:
            said = [say(language, labels[name]) for name in names]
            lines.append(say(language, message, names=listed(language, said)))
    return lines or [say(language, usual)]


def in_words(name: str, channel: Channel, language: str) -> str:
    """The value of a setting. Of who is allowed, and of whom a question is passed on to, it says the ids alone."""
    value = value_of(channel, name)
    if name == "remind_after":
        return f"{value // 60} min"
    if name == "allowed" and not value:
        return say(language, "settings-everybody")
    if isinstance(value, bool):
        return say(language, "settings-on" if value else "settings-off")
    if isinstance(value, frozenset):
        return listed(language, sorted(value)) or NOTHING
    return NOTHING if value in (None, "") else str(value)


def value_of(channel: Channel, name: str) -> Any:
    """name: the setting's."""
    return getattr(channel, "remind_after_s" if name == "remind_after" else name)


async def offered_scopes(database: AsyncEngine, access: Access, principal: Principal) -> list[str]:
    """Those of sources that this person may read; names of others are not theirs to know. Never raises."""
    try:
        found = await readable_sources(database, access.scopes_of(principal))
    except Unavailable:
        found = []
    return sorted({PUBLIC, *(source.scope for source in found)})


def _is_possible(platform: str, name: str, value: Any, is_id: Callable[[str], bool]) -> bool:
    named = value if isinstance(value, list) else [value] if value else []
    if name in ("allowed", "escalation") and not all(map(is_id, named)):
        return False
    try:
        ChannelSettings.model_validate({"platform": platform, name: value})
    except ValidationError:
        return False
    return True


def _differs(name: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Lists are in no order."""
    was, now_is = (
        sorted(v) if isinstance(v, (list, tuple)) else v for v in (before.get(name), now.get(name))
    )
    return (name in before) != (name in now) or was != now_is
