"""Messages to people in channels, and where those are who are named to be asked."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from adapters.discord.identity import Identity
from adapters.discord.places import place_of
from adapters.discord.rest.errors import DiscordRefusal
from adapters.discord.rest.rest import Rest, nonce_of
from adapters.discord.showing.components import Json
from adapters.discord.showing.plain import without_embeds

__all__ = ["Target", "changed", "posted", "put", "target_of"]

_NO_CHANNEL = 10003
_NO_REFERENCE = 160002
"""Discord's code for: replies need the permission to read what was written before."""
_BAD_FORM = 50035
_NOT_ALLOWED = 50013
"""Also where it is embeds that the bot may not send."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Target:
    """Who is asked."""

    kind: Literal["role", "channel", "forum", "thread", "direct"]
    id: str
    """Of the role or the channel; of a person, that of the direct messages with them."""
    user: str = ""
    """The person."""


async def target_of(rest: Rest, identity: Identity, guild: str, id: str) -> Target:
    """What an id of a channel's `escalation` stands for: a role of the server, a channel, or else a person.

    Raises:
        DiscordRefusal: neither is there, or it is closed to the bot.
        Unavailable: not now.
    """
    if await identity.is_role(rest, guild, id):
        return Target("role", id)
    try:
        place = place_of(await rest.channel(id), guild)
    except DiscordRefusal as error:
        if error.code != _NO_CHANNEL:
            raise
        return Target("direct", await rest.direct(id), id)
    if place.kind == "forum":
        return Target("forum", id)
    return Target("thread" if place.is_thread else "channel", id)


async def put(
    rest: Rest, target: Target, body: Mapping[str, Any], key: str, title: str, reply_to: str = ""
) -> tuple[str, Json]:
    """A message where the target is, as a post where that is a forum: its channel, and the message as it stands there. key:
    which message of ours this is; repeated within minutes, it is the one that was sent first."""
    if target.kind == "forum":
        post = await rest.start_post(target.id, title, body)
        return str(post["id"]), {**body, **_table(post.get("message")), "id": str(post["id"])}
    return target.id, await posted(rest, target.id, body, key, reply_to)


async def posted(
    rest: Rest, channel: str, body: Mapping[str, Any], key: str, reply_to: str = "", part: int = 0
) -> Json:
    """The message as it stands there. reply_to: what it replies to, without calling who wrote that; '': nothing."""
    nonce = nonce_of(key, part)

    async def send(shown: Mapping[str, Any]) -> Json:
        return await rest.send(channel, shown, nonce=nonce)

    if reply_to:
        reference = {"message_id": reply_to, "fail_if_not_exists": False}
        try:
            return await _embedded({**body, "message_reference": reference}, send)
        except DiscordRefusal as error:
            if error.code not in (_NO_REFERENCE, _BAD_FORM):
                raise
            log.info("A message is sent without a reference to what it replies to: %s", error)
    return await _embedded(body, send)


async def changed(rest: Rest, channel: str, message: str, body: Mapping[str, Any]) -> None:
    """Have a message show this.

    Raises:
        DiscordRefusal: Vanished where there is none.
        Unavailable: not now.
    """
    await _embedded(body, lambda shown: rest.edit(channel, message, shown))


async def _embedded(body: Mapping[str, Any], show: Callable[[Mapping[str, Any]], Awaitable[Json]]) -> Json:
    """Without embeds where the bot may not show any."""
    try:
        return await show(body)
    except DiscordRefusal as error:
        if error.code != _NOT_ALLOWED or not body.get("embeds"):
            raise
        log.info("A message to people is shown without embeds: %s", error)
    return await show(without_embeds(body))


def _table(value: Any) -> Json:
    return value if isinstance(value, dict) else {}
