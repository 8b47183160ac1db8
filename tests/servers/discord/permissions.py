"""Permissions by discord.py's names, and what somebody may do in a channel.

https://docs.discord.com/developers/topics/permissions#permission-overwrites
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.servers.discord.channels import Channel
    from tests.servers.discord.guilds import Guild, Member

__all__ = ["ALL", "BOT", "EVERYONE", "allowed_in", "allowed_in_guild", "bits", "names"]

NAMES: dict[str, int] = {
    "create_instant_invite": 0,
    "kick_members": 1,
    "ban_members": 2,
    "administrator": 3,
    "manage_channels": 4,
    "manage_guild": 5,
    "add_reactions": 6,
    "view_audit_log": 7,
    "view_channel": 10,
    "send_messages": 11,
    "send_tts_messages": 12,
    "manage_messages": 13,
    "embed_links": 14,
    "attach_files": 15,
    "read_message_history": 16,
    "mention_everyone": 17,
    "use_external_emojis": 18,
    "connect": 20,
    "speak": 21,
    "change_nickname": 26,
    "manage_nicknames": 27,
    "manage_roles": 28,
    "manage_webhooks": 29,
    "use_application_commands": 31,
    "manage_events": 33,
    "manage_threads": 34,
    "create_public_threads": 35,
    "create_private_threads": 36,
    "send_messages_in_threads": 38,
    "moderate_members": 40,
    "pin_messages": 51,
}
ALIASES = {"read_messages": "view_channel", "manage_server": "manage_guild"}
ALL = sum(1 << bit for bit in NAMES.values())
BOT = (
    "view_channel",
    "send_messages",
    "send_messages_in_threads",
    "create_public_threads",
    "create_private_threads",
    "embed_links",
    "attach_files",
    "read_message_history",
    "add_reactions",
)
"""What the bot's own role gives it in a new guild."""
EVERYONE = (*BOT, "use_application_commands", "change_nickname", "connect", "speak")
"""What @everyone may in a new guild."""


def bits(permissions: Iterable[str] | str) -> int:
    given = [permissions] if isinstance(permissions, str) else permissions
    return sum(1 << NAMES[ALIASES.get(name, name)] for name in set(given))


def names(value: int) -> set[str]:
    return {name for name, bit in NAMES.items() if value >> bit & 1}


def allowed_in_guild(guild: Guild, member: Member) -> int:
    if guild.owner == member.user.id:
        return ALL
    made = guild.roles[guild.id].permissions
    for role in member.roles:
        made |= guild.roles[role].permissions if role in guild.roles else 0
    return ALL if made & bits("administrator") else made


def allowed_in(guild: Guild, member: Member, channel: Channel) -> int:
    """In a channel; in a thread, what its parent allows. Without view_channel: nothing."""
    made = allowed_in_guild(guild, member)
    if made & bits("administrator"):
        return made
    overwrites = (channel.parent_channel or channel).overwrites
    if everyone := overwrites.get(guild.id):
        made = made & ~everyone.deny | everyone.allow
    theirs = [overwrites[role] for role in member.roles if role in overwrites]
    deny = allow = 0
    for one in theirs:
        deny, allow = deny | one.deny, allow | one.allow
    made = made & ~deny | allow
    if own := overwrites.get(member.user.id):
        made = made & ~own.deny | own.allow
    return made if made & bits("view_channel") else 0
