"""How a body that the app sends becomes a message, or changes one."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from tests.servers.discord import mentions
from tests.servers.discord.channels import Channel
from tests.servers.discord.components import numbered
from tests.servers.discord.errors import Refused
from tests.servers.discord.limits import check_message, is_empty, need_content
from tests.servers.discord.messages import EPHEMERAL, LOADING, SUPPRESS_EMBEDS, V2, Attachment, Message
from tests.servers.discord.permissions import bits

if TYPE_CHECKING:
    from tests.servers.discord.world import World

__all__ = ["built", "edited", "sent"]

Json = dict[str, Any]
FLAGS = SUPPRESS_EMBEDS | EPHEMERAL | V2 | 1 << 12
"""That an app may set."""


def sent(world: World, channel: Channel, body: Json, files: list[Attachment]) -> Message:
    """A message of the bot in a channel, or the one that had the same nonce."""
    _may_send(world, channel, body, files)
    check_message(body)
    nonce = None if body.get("nonce") is None else str(body["nonce"])
    if nonce and body.get("enforce_nonce"):
        known, until = world.state.nonces.get((channel.id, nonce), (None, 0.0))
        if known is not None and world.clock.now() < until:
            return known
    made = built(world, channel, body, files)
    made.flags &= ~EPHEMERAL
    made.nonce = nonce
    if nonce:
        world.state.nonces[channel.id, nonce] = (made, world.clock.now() + world.nonce_lives_s)
    return world.post(made)


def built(world: World, channel: Channel, body: Json, files: list[Attachment]) -> Message:
    """Not yet posted. Raises 50006, 50035."""
    need_content(body, len(files))
    made = Message(world.state.next_id(), channel.id, world.state.bot.id, by_bot=True)
    made.body = copy.deepcopy(body)
    made.content = _content(body)
    made.embeds = [_embed(embed) for embed in body.get("embeds") or []]
    made.components = numbered(body.get("components") or [])
    made.attachments = _described(body, files)
    made.flags = int(body.get("flags") or 0) & FLAGS
    _refer(world, made, channel, body.get("message_reference"))
    made.mentioned = called(world, made, body)
    return made


def edited(world: World, message: Message, body: Json, files: list[Attachment], is_edit: bool = True) -> None:
    """What the body names is replaced. Raises 50006, 50035."""
    check_message(body, message.flags, has_nonce=False)
    left = {"content": message.content, "embeds": message.embeds, "components": message.components}
    left |= {name: body[name] for name in left if name in body}
    kept = _kept(message, body) + _described(body, files)
    if is_empty(left, len(kept)):
        raise Refused(50006)

    def change(changed: Message) -> None:
        if "content" in body:
            changed.content = _content(body)
        if "embeds" in body:
            changed.embeds = [_embed(embed) for embed in body["embeds"] or []]
        if "components" in body:
            changed.components = numbered(body["components"] or [])
        if "flags" in body:
            settable = SUPPRESS_EMBEDS | V2
            changed.flags = changed.flags & ~SUPPRESS_EMBEDS | int(body["flags"] or 0) & settable
        changed.flags &= ~LOADING
        changed.attachments = kept
        changed.mentioned = called(world, changed, body)

    world.change(message, change, is_edit)


def called(world: World, message: Message, body: Json) -> mentions.Pinged:
    channel = world.state.channels[message.channel]
    guild = world.state.guild_of(channel)
    open_roles = {role.id for role in guild.roles.values() if role.is_mentionable} if guild else set()
    author = message.referenced.author if message.type == 19 and message.referenced else None
    return mentions.allowed(
        mentions.written(message.content, message.components),
        body.get("allowed_mentions"),
        author,
        bool(world.bot_permissions(channel) & bits("mention_everyone")),
        open_roles,
    )


def _may_send(world: World, channel: Channel, body: Json, files: list[Attachment]) -> None:
    """Raises 50001, 50007, 50008, 50013, 50083, 160005."""
    if channel.is_dm:
        person = world.state.users[channel.recipient or ""]
        if not person.accepts_dms:
            raise Refused(50007)
        return
    world.need(channel)
    if not channel.takes_messages:
        raise Refused(50008)
    needed = ["send_messages_in_threads" if channel.is_thread else "send_messages"]
    needed += ["embed_links"] if body.get("embeds") else []
    needed += ["attach_files"] if files else []
    world.need(channel, *needed)
    if channel.is_locked and not world.bot_may(channel, "manage_threads"):
        raise Refused(50083 if channel.is_archived else 160005)


def _refer(world: World, made: Message, channel: Channel, reference: Any) -> None:
    """A reply. Raises 50035, 160002."""
    if not reference:
        return
    id = str(reference.get("message_id"))
    original = channel.messages.get(id)
    if original is None:
        if reference.get("fail_if_not_exists", True):
            error = {"code": "REPLIES_UNKNOWN_MESSAGE", "message": "Unknown message"}
            raise Refused(50035, errors={"message_reference": {"_errors": [error]}})
        return
    if not channel.is_dm and not world.bot_may(channel, "read_message_history"):
        raise Refused(160002)
    if original.is_system and original.type != 21:
        error = {
            "code": "REPLIES_CANNOT_REPLY_TO_SYSTEM_MESSAGE",
            "message": "Cannot reply to a system message",
        }
        raise Refused(50035, errors={"message_reference": {"_errors": [error]}})
    made.type, made.referenced = 19, original
    made.reference = {"type": 0, "message_id": id, "channel_id": channel.id}
    made.reference |= {"guild_id": channel.guild} if channel.guild else {}


def _content(body: Json) -> str:
    return "" if body.get("content") is None else str(body["content"]).strip()


def _embed(embed: Json) -> Json:
    """As Discord gives it back."""
    made = copy.deepcopy(embed)
    made["type"] = made.get("type", "rich")
    return made


def _kept(message: Message, body: Json) -> list[Attachment]:
    if body.get("attachments") is None:
        return [] if "attachments" in body else list(message.attachments)
    ids = {str(one.get("id")) for one in body["attachments"]}
    return [one for one in message.attachments if one.id in ids]


def _described(body: Json, files: list[Attachment]) -> list[Attachment]:
    """New files with their descriptions, which `attachments` has by their number."""
    for given in body.get("attachments") or []:
        number = int(given.get("id") or 0)
        if number < len(files):
            files[number].description = given.get("description")
    return files
