"""How the bot behaves in a channel: what the settings file says, and before it what was set in the chat."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from rag_core.errors import SettingsError
from rag_core.records.platforms.channels import ChannelRecords
from rag_core.settings import ChannelSettings, duration_s

__all__ = ["LABELS", "SETTABLE", "Channel", "Channels"]

SETTABLE = tuple(name for name in ChannelSettings.model_fields if name not in ("platform", "id"))
"""What can be set for a channel in the chat."""
LABELS = {name: f"settings-{name.replace('_', '-')}" for name in SETTABLE}
"""What each of them is called there: a message of the catalogues."""


@dataclass(frozen=True, slots=True)
class Channel:
    """What is in force in a channel."""

    scopes: frozenset[str] | None = None
    """Answers come from these at most; None: from all that the asker may read."""
    auto_answer: float | None = None
    """The confidence above which questions to nobody are answered; None: they are not."""
    follow_ups: bool = True
    posts: bool = True
    """Whether new posts in a forum are answered."""
    tags: frozenset[str] = frozenset()
    """Tags of posts, by name or id, that are answered; none: all."""
    draft: bool = False
    allowed: frozenset[str] = frozenset()
    """Users, user groups and roles by id; none: everybody."""
    escalation: str = ""
    remind_after_s: int = 4 * 3600
    language: str = ""
    tone: str = ""
    set_here: Mapping[str, Any] = field(default_factory=dict)
    """Of all this, what was set in the chat."""

    def admits(self, user: str, roles: Collection[str]) -> bool:
        """Whether this person may use the bot here."""
        return not self.allowed or user in self.allowed or not self.allowed.isdisjoint(roles)


class Channels:
    def __init__(self, configured: Callable[[], Sequence[ChannelSettings]], records: ChannelRecords) -> None:
        """configured: the [[channels]] of the settings file, as they are now."""
        self._configured = configured
        self._records = records

    async def of(self, platform: str, workspace: str, channel: str, within: Sequence[str] = ()) -> Channel:
        """What is in force there. within: what the channel is in and has an id of its own, the outermost first, such as a
        server, and the channel of a thread.

        Raises:
            Unavailable: the database does not answer.
        """
        values, set_here = self._of_file(platform, channel, within), dict[str, Any]()
        kept = await self._records.of_all(platform, workspace, {*within, channel} - {""})
        for id in (*within, channel):
            set_here |= _usable(kept.get(id, {}))
        return _channel(values | set_here, set_here)

    def of_file(self, platform: str, channel: str, within: Sequence[str] = ()) -> Channel:
        """What would be in force there if nothing was set in the chat."""
        return _channel(self._of_file(platform, channel, within), {})

    async def beyond(
        self,
        platform: str,
        workspace: str,
        channel: str,
        values: Mapping[str, Any],
        within: Sequence[str] = (),
    ) -> dict[str, Any]:
        """Those of the values that make a difference there: where the file, or what was set in the chat for what the channel
        is in, says the same, it goes on saying it. within: as in of.

        Raises:
            Unavailable: the database does not answer.
        """
        said = self._of_file(platform, channel, within)
        for id in filter(None, within):
            said |= _usable(await self._records.get(platform, workspace, id))
        plain = _channel(said, {})
        return {name: value for name, value in values.items() if _channel(said | {name: value}, {}) != plain}

    async def save(
        self, platform: str, workspace: str, channel: str, values: Mapping[str, Any], changed_by: str
    ) -> None:
        """Set these values for the channel, by their names in the settings file, and no others. None stands for what is in
        force where nobody sets anything.

        Raises:
            SettingsError: a value is none that the setting can have.
            Unavailable: the database does not answer.
        """
        try:
            known = ChannelSettings.model_validate({"platform": platform, "id": channel, **values})
        except ValidationError as error:
            first = error.errors()[0]
            raise SettingsError(f"{'.'.join(str(p) for p in first['loc'])}: {first['msg']}") from None
        kept = {name: value for name, value in known.model_dump(mode="json").items() if name in values}
        await self._records.put(platform, workspace, channel, kept, changed_by)

    def _of_file(self, platform: str, channel: str, within: Sequence[str]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for settings in _ranked(self._configured(), platform, (*within, channel)):
            values |= _given(settings)
        return values


def _ranked(settings: Iterable[ChannelSettings], platform: str, ids: Sequence[str]) -> list[ChannelSettings]:
    """Those that fit, the most general first. ids: the outermost first."""
    depth = {id: number for number, id in enumerate(ids, start=1) if id}

    def rank(one: ChannelSettings) -> tuple[int, bool]:
        return max((depth.get(id, 0) for id in one.id or ()), default=0), one.platform is not None

    fitting = [s for s in settings if s.platform in (None, platform) and (s.id is None or rank(s)[0])]
    return sorted(fitting, key=rank)


def _given(settings: ChannelSettings) -> dict[str, Any]:
    return {name: value for name in SETTABLE if (value := getattr(settings, name)) is not None}


def _usable(values: Mapping[str, Any]) -> dict[str, Any]:
    """Of what was set in the chat that which this version understands: another one may have written the rest."""
    return {name: value for name, value in values.items() if name in SETTABLE and _is_valid(name, value)}


def _is_valid(name: str, value: Any) -> bool:
    try:
        ChannelSettings.model_validate({name: value})
    except ValidationError:
        return False
    return True


def _channel(values: Mapping[str, Any], set_here: Mapping[str, Any]) -> Channel:
    """values: a None stands for the default."""
    given = {name: value for name, value in values.items() if value is not None}
    default = Channel()
    return Channel(
        scopes=frozenset(given["scopes"]) if "scopes" in given else None,
        auto_answer=given.get("auto_answer"),
        follow_ups=given.get("follow_ups", default.follow_ups),
        posts=given.get("posts", default.posts),
        tags=frozenset(given.get("tags", ())),
        draft=given.get("draft", default.draft),
        allowed=frozenset(given.get("allowed", ())),
        escalation=given.get("escalation", ""),
        remind_after_s=duration_s(given["remind_after"])
        if "remind_after" in given
        else default.remind_after_s,
        language=given.get("language", ""),
        tone=given.get("tone", ""),
        set_here=dict(set_here),
    )
