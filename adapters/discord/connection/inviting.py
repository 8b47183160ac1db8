"""How the bot is invited to a server, with the least permissions that it needs."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from types import MappingProxyType

import discord

__all__ = [
    "NAMES",
    "PERMISSIONS",
    "ROLE_DRAFTS",
    "SCOPES",
    "application_in",
    "invite_link",
    "lacking",
    "permission_bits",
]

SCOPES = ("bot", "applications.commands")
PERMISSIONS: Mapping[str, str] = MappingProxyType(
    {
        "view_channel": "see the channels where it is asked",
        "send_messages": "answer",
        "send_messages_in_threads": "answer in threads and forum posts",
        "create_public_threads": "open a thread where a person takes over",
        "read_message_history": "reply to a message, and read the conversation before a question",
        "embed_links": "show the sources",
        "attach_files": "give people their own data as a file",
    }
)
"""By discord.py's names, with what each is for. None manages, moderates, or mentions everyone."""
NAMES: Mapping[str, str] = MappingProxyType(
    {
        "view_channel": "View Channels",
        "send_messages": "Send Messages",
        "send_messages_in_threads": "Send Messages in Threads",
        "create_public_threads": "Create Public Threads",
        "read_message_history": "Read Message History",
        "embed_links": "Embed Links",
        "attach_files": "Attach Files",
    }
)
"""As Discord shows them in English."""
ROLE_DRAFTS = ("create_private_threads", "Create Private Threads")
"""The permission to show drafts to a role, in a thread that the asker does not see: by both names. Channels and people need
none for theirs, so it is asked for only where somebody wants it."""


def permission_bits(role_drafts: bool = False) -> int:
    """All of them, as Discord counts them. role_drafts: and ROLE_DRAFTS."""
    wanted = dict.fromkeys([*PERMISSIONS, *ROLE_DRAFTS[:1]] if role_drafts else PERMISSIONS, True)
    return discord.Permissions(**wanted).value


def lacking(granted: int) -> list[str]:
    """Those of the permissions, by Discord's names, that a server's roles do not give the bot."""
    has = discord.Permissions(granted)
    return [] if has.administrator else [NAMES[name] for name in PERMISSIONS if not getattr(has, name)]


def application_in(token: str) -> str:
    """The application's id, which a bot's token begins with; '' where it does not."""
    first = token.strip().removeprefix("Bot ").partition(".")[0]
    try:
        found = base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        return ""
    return found if found.isdigit() else ""


def invite_link(application: str, role_drafts: bool = False) -> str:
    """Where whoever manages a server adds the bot to it; or, opened again, changes its permissions."""
    return discord.utils.oauth_url(
        application, permissions=discord.Permissions(permission_bits(role_drafts)), scopes=SCOPES
    )
