"""Where something was said: a server's channel, a thread in it, a forum's post, direct messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from adapters.discord.rest.errors import DiscordRefusal
from adapters.discord.rest.rest import Rest
from adapters.remembered import Remembered
from rag_core.errors import Unavailable

__all__ = ["Place", "Places", "place_of"]

Payload = Mapping[str, Any]

CHANNEL_S = 60.0
"""For so long a channel that Discord's events did not describe is not looked up again."""
_CHANNEL, _DIRECT, _GROUP, _THREADS, _FORUMS = 0, 1, 3, frozenset({10, 11, 12}), frozenset({15, 16})


@dataclass(frozen=True, slots=True)
class Place:
    id: str
    kind: Literal["direct", "group", "channel", "thread", "post", "forum"] = "channel"
    """A post is a thread in a forum."""
    guild: str = ""
    parent: str = ""
    """The channel that a thread or post is in."""
    name: str = ""
    """Of a post: its title."""
    owner: str = ""
    """Who opened the thread or post."""
    tags: frozenset[str] = frozenset()
    """Of a post, by id and by name."""

    @property
    def direct(self) -> bool:
        """Whether one person alone reads here."""
        return self.kind == "direct"

    @property
    def is_thread(self) -> bool:
        return self.kind in ("thread", "post")

    @property
    def within(self) -> Sequence[str]:
        """What it is in, the outermost first, as adapters.channels takes it."""
        return [id for id in (self.guild, self.parent) if id]

    @property
    def channel(self) -> str:
        """The channel that rules and settings name: a thread counts as the channel that it is in."""
        return self.parent or self.id


class Places:
    def __init__(self) -> None:
        self._channels: Remembered[Mapping[str, Any]] = Remembered("Discord", CHANNEL_S)

    async def of(self, rest: Rest, body: Payload) -> Place:
        """Of a message, reaction or interaction: as the payload says, or else as Discord does. What Discord does not say
        now counts as a channel that others read."""
        known: Payload = body.get("channel") or {}
        id, guild = str(body.get("channel_id") or known.get("id") or ""), str(body.get("guild_id") or "")
        if known.get("type") is None:
            known = await self._look(rest, id) or {"id": id, "type": _CHANNEL}
        parent = str(known.get("parent_id") or "")
        if known.get("type") in _THREADS and "parent_type" not in known and parent:
            above = await self._look(rest, parent) or {}
            known = {
                **known,
                "parent_type": above.get("type"),
                "parent_tags": above.get("available_tags") or (),
            }
        return place_of(known, guild)

    async def name(self, rest: Rest, id: str) -> str:
        """Of a channel; '' where Discord does not tell. Never raises."""
        return str((await self._look(rest, id) or {}).get("name") or "")

    async def tags(self, rest: Rest, forum: str) -> dict[str, str]:
        """Names of a forum's tags by their ids; none where Discord does not tell. Never raises."""
        known = await self._look(rest, forum) or {}
        return {str(tag.get("id")): str(tag.get("name") or "") for tag in known.get("available_tags") or ()}

    async def _look(self, rest: Rest, id: str) -> Payload | None:
        async def look() -> Mapping[str, Any]:
            try:
                return await rest.channel(id)
            except DiscordRefusal as error:
                raise Unavailable(str(error)) from error

        return await self._channels.get(id, look)


def place_of(channel: Payload, guild: str = "") -> Place:
    """channel: as Discord describes one, with "parent_type" and "parent_tags" where it is a thread."""
    kind = channel.get("type")
    applied = {str(id) for id in channel.get("applied_tags") or ()}
    names = {
        str(tag.get("name")) for tag in channel.get("parent_tags") or () if str(tag.get("id")) in applied
    }
    is_post = kind in _THREADS and channel.get("parent_type") in _FORUMS
    return Place(
        id=str(channel.get("id") or ""),
        kind="post"
        if is_post
        else "thread"
        if kind in _THREADS
        else "forum"
        if kind in _FORUMS
        else "direct"
        if kind == _DIRECT
        else "group"
        if kind == _GROUP
        else "channel",
        guild=str(channel.get("guild_id") or guild),
        parent=str(channel.get("parent_id") or "") if kind in _THREADS else "",
        name=str(channel.get("name") or ""),
        owner=str(channel.get("owner_id") or ""),
        tags=frozenset(applied | names),
    )
