"""What discord.py tells -> what it is, its unique key, what it has to wait for, and its payload in Discord's own words.

The payload has the shape of Discord's JSON, as REST gives it too, so that what was kept and what is read again are read by
the same code. Beside it stands "channel": what is known of the channel, with its parent's type and tags (places.py).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import discord

from adapters.discord.ids import Ids

__all__ = [
    "Arrival",
    "channel_facts",
    "deleted",
    "edited",
    "interacted",
    "question_key",
    "raw_message",
    "reacted",
    "read_again",
    "written",
]

Json = dict[str, Any]

_WRITTEN = frozenset({discord.MessageType.default, discord.MessageType.reply})
_CONVERSATIONS = frozenset({1, 3, 10, 11, 12})
"""Types of channels in which one thing is said after the other: direct messages and threads."""


@dataclass(frozen=True, slots=True)
class Arrival:
    key: str
    """What Discord may tell several times has one key."""
    kind: str
    """'message', 'message_edited', 'message_deleted', 'reaction_added', 'reaction_removed'; 'command:NAME', 'menu:answer',
    'action:NAME' and 'modal:NAME' with our own names."""
    lane: str
    """What is in one lane is handled in order: the messages of a thread. A click waits for no answer."""
    payload: Json


def question_key(message: str) -> str:
    """The key of the message that asks."""
    return f"message:{message}"


def written(message: discord.Message) -> Arrival | None:
    """None: no person wrote it."""
    if message.author.bot or message.webhook_id or message.type not in _WRITTEN:
        return None
    payload = raw_message(message)
    return Arrival(question_key(payload["id"]), "message", _lane(payload), payload)


def read_again(raw: Mapping[str, Any], channel: Any) -> Arrival | None:
    """What REST tells of a message of that channel, as if it arrived; None: no person wrote it.

    Of what raw_message has, "member" is lacking: nobody knows the person's roles without looking them up.
    """
    author = raw.get("author") or {}
    written = raw.get("type") in {kind.value for kind in _WRITTEN}
    if author.get("bot") or raw.get("webhook_id") or not author.get("id") or not written:
        return None
    guild = getattr(channel, "guild", None)
    payload: Json = {
        **raw,
        "channel_id": str(channel.id),
        "guild_id": str(guild.id) if guild else None,
        "guild_locale": _locale(guild),
        "channel": channel_facts(channel),
    }
    return Arrival(question_key(str(raw["id"])), "message", _lane(payload), payload)


def edited(event: discord.RawMessageUpdateEvent) -> Arrival | None:
    """None: no person changed its words. Links that unfold come as edits, too."""
    data: Mapping[str, Any] = event.data
    stamp = data.get("edited_timestamp")
    if not stamp or "content" not in data:
        return None
    payload = raw_message(event.message)
    if event.message.author.bot or event.message.webhook_id:
        return None
    return Arrival(f"edited:{payload['id']}:{stamp}", "message_edited", _lane(payload), payload)


def deleted(message: int, channel: int, guild: int | None) -> Arrival:
    payload = {"id": str(message), "channel_id": str(channel), "guild_id": str(guild) if guild else None}
    return Arrival(f"deleted:{message}", "message_deleted", f"deleted:{message}", payload)


def reacted(event: discord.RawReactionActionEvent) -> Arrival:
    """Each has a key of its own: who reacts, takes it back and reacts again has done so twice."""
    kind = "reaction_added" if event.event_type == "REACTION_ADD" else "reaction_removed"
    payload: Json = {
        "user_id": str(event.user_id),
        "channel_id": str(event.channel_id),
        "message_id": str(event.message_id),
        "guild_id": str(event.guild_id) if event.guild_id else None,
        "emoji": {"id": str(event.emoji.id) if event.emoji.id else None, "name": event.emoji.name},
    }
    if event.member is not None:
        payload |= _person(event.member)
    return Arrival(
        f"reaction:{secrets.token_hex(12)}", kind, f"action:{event.user_id}:{event.message_id}", payload
    )


def interacted(interaction: discord.Interaction[Any], ids: Ids, command: str) -> Arrival | None:
    """None: not one of ours. command: the name that the command 'ask' has here."""
    payload = _interaction(interaction)
    key, data = f"interaction:{interaction.id}", payload["data"]
    if interaction.type is discord.InteractionType.application_command:
        return Arrival(key, _command(data, command, f"{ids.prefix.lower()}-"), key, payload)
    parts = ids.parts(str(data.get("custom_id") or ""))
    if parts is None:
        return None
    message = payload.get("message") or {}
    lane = f"action:{interaction.user.id}:{message['id']}" if message.get("id") else key
    if interaction.type is discord.InteractionType.modal_submit:  # after the click that opened it
        return Arrival(key, f"modal:{parts[0]}", lane, payload)
    return Arrival(key, f"action:{parts[0]}", lane, payload)


def raw_message(message: discord.Message) -> Json:
    """As Discord's REST gives a message, as far as it is looked at."""
    raw: Json = {
        "id": str(message.id),
        "type": message.type.value,
        "channel_id": str(message.channel.id),
        "guild_id": _guild_id(message),
        "guild_locale": _locale(message.guild),
        "content": message.content,
        "flags": message.flags.value,
        "timestamp": message.created_at.isoformat(),
        "edited_timestamp": message.edited_at.isoformat() if message.edited_at else None,
        "webhook_id": str(message.webhook_id) if message.webhook_id else None,
        "mentions": [_user(user) for user in message.mentions],
        "mention_roles": [str(id) for id in message.raw_role_mentions],
        "mention_everyone": message.mention_everyone,
        "attachments": [_attachment(one) for one in message.attachments],
        "channel": channel_facts(message.channel),
        **_person(message.author, "author"),
    }
    reference = message.reference
    if reference is not None:
        raw["message_reference"] = {
            "type": reference.type.value,
            "message_id": str(reference.message_id) if reference.message_id else None,
            "channel_id": str(reference.channel_id),
        }
        if isinstance(reference.resolved, discord.Message):
            raw["referenced_message"] = raw_message(reference.resolved)
    if message.message_snapshots:
        raw["message_snapshots"] = [
            {"message": {"content": one.content}} for one in message.message_snapshots
        ]
    return raw


def channel_facts(channel: Any) -> Json:
    """Of any of discord.py's channels; of one that it does not know, its id alone."""
    kind, name = getattr(channel, "type", None), getattr(channel, "name", None)
    known = isinstance(kind, discord.ChannelType) and name != ""  # connection/guards.py stands in for others
    facts: Json = {"id": str(channel.id), "type": kind.value if known and kind else None}
    if name:
        facts["name"] = str(name)
    if guild := getattr(channel, "guild", None):
        facts["guild_id"] = str(guild.id)
    if not isinstance(channel, discord.Thread):
        return facts
    facts |= {"parent_id": str(channel.parent_id), "owner_id": str(channel.owner_id)}
    facts["applied_tags"] = [str(id) for id in channel._applied_tags]
    if channel.parent is not None:
        facts["parent_type"] = channel.parent.type.value
        tags = getattr(channel.parent, "available_tags", ())
        facts["parent_tags"] = [{"id": str(tag.id), "name": tag.name} for tag in tags]
    return facts


def _lane(payload: Mapping[str, Any]) -> str:
    """A thread, or direct messages; elsewhere a message with what replies to it."""
    channel = payload["channel"]
    if channel.get("type") in _CONVERSATIONS:
        return str(payload["channel_id"])
    root = (payload.get("message_reference") or {}).get("message_id") or payload["id"]
    return f"{payload['channel_id']}:{root}"


def _command(data: Mapping[str, Any], asking: str, prefix: str) -> str:
    """'command:ask', 'command:settings'; 'menu:answer'. prefix: before a name that the host has for a command of its own."""
    if data.get("type") != discord.AppCommandType.chat_input.value:
        return "menu:answer"
    below = next((o["name"] for o in data.get("options") or () if o.get("type") in (1, 2)), None)
    name = below or str(data["name"]).removeprefix(prefix)
    return "command:ask" if name == asking else f"command:{name}"


def _interaction(interaction: discord.Interaction[Any]) -> Json:
    payload: Json = {
        "id": str(interaction.id),
        "token": interaction.token,
        "application_id": str(interaction.application_id),
        "type": interaction.type.value,
        "data": dict(interaction.data or {}),
        "guild_id": str(interaction.guild_id) if interaction.guild_id else None,
        "channel_id": str(interaction.channel_id) if interaction.channel_id else None,
        "channel": channel_facts(interaction.channel) if interaction.channel else {},
        "locale": str(interaction.locale),
        "guild_locale": str(interaction.guild_locale) if interaction.guild_locale else None,
        **_person(interaction.user),
    }
    if "member" in payload:
        payload["member"]["permissions"] = str(interaction.permissions.value)
        payload["app_permissions"] = str(interaction.app_permissions.value)
    if interaction.message is not None:
        payload["message"] = raw_message(interaction.message)
        payload["message"]["embeds"] = [dict(embed.to_dict()) for embed in interaction.message.embeds]
    return payload


def _person(person: discord.User | discord.Member, name: str = "user") -> Json:
    """As Discord has it: the user, and beside it what they are in the server."""
    if not isinstance(person, discord.Member):
        return {name: _user(person)}
    roles = [str(id) for id in person._roles]
    return {name: _user(person), "member": {"roles": roles, "nick": person.nick}}


def _guild_id(message: discord.Message) -> str | None:
    """Of a server that discord.py does not know now, too."""
    id = message.guild.id if message.guild else getattr(message.channel, "guild_id", None)
    return str(id) if id else None


def _user(user: Any) -> Json:
    return {
        "id": str(user.id),
        "username": user.name,
        "global_name": getattr(user, "global_name", None),
        "bot": bool(getattr(user, "bot", False)),
    }


def _attachment(one: discord.Attachment) -> Json:
    return {
        "id": str(one.id),
        "filename": one.filename,
        "size": one.size,
        "url": one.url,
        "content_type": one.content_type,
    }


def _locale(guild: discord.Guild | None) -> str | None:
    """What a server's owner chose; every server begins with American English, which says nothing."""
    found = str(getattr(guild, "preferred_locale", "") or "")
    return found if found and found != "en-US" else None
