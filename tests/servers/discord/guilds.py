"""The application, people, guilds, their roles and members."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.servers.discord.channels import Channel

__all__ = ["FLAGS", "Application", "Guild", "Member", "Role", "User"]

Json = dict[str, Any]
FLAGS = {
    "gateway_presence": 1 << 12,
    "gateway_presence_limited": 1 << 13,
    "gateway_guild_members": 1 << 14,
    "gateway_guild_members_limited": 1 << 15,
    "gateway_message_content": 1 << 18,
    "gateway_message_content_limited": 1 << 19,
}
JOINED = "2026-01-01T00:00:00.000000+00:00"


@dataclass
class User:
    id: str
    name: str
    locale: str = "en-US"
    is_bot: bool = False
    accepts_dms: bool = True

    @property
    def mention(self) -> str:
        return f"<@{self.id}>"

    def payload(self) -> Json:
        return {
            "id": self.id,
            "username": self.name.lower().replace(" ", "."),
            "global_name": None if self.is_bot else self.name,
            "discriminator": "0",
            "avatar": None,
            "bot": self.is_bot,
            "public_flags": 0,
        }


@dataclass
class Application:
    id: str
    name: str
    bot: User
    owner: User
    flags: int = FLAGS["gateway_message_content_limited"]
    verify_key: str = "0" * 64

    def may(self, intent: str) -> bool:
        """gateway_message_content and the like: for few guilds, or for many."""
        return bool(self.flags & (FLAGS[intent] | FLAGS[f"{intent}_limited"]))

    def payload(self, guilds: int) -> Json:
        return {
            "id": self.id,
            "name": self.name,
            "icon": None,
            "description": "Answers questions.",
            "summary": "",
            "bot_public": True,
            "bot_require_code_grant": False,
            "owner": self.owner.payload(),
            "bot": self.bot.payload(),
            "verify_key": self.verify_key,
            "team": None,
            "flags": self.flags,
            "approximate_guild_count": guilds,
            "interactions_endpoint_url": None,
            "redirect_uris": [],
            "integration_types_config": {"0": {}},
        }


@dataclass
class Role:
    id: str
    name: str
    permissions: int = 0
    position: int = 1
    is_managed: bool = False
    is_mentionable: bool = False
    tags: Json | None = None

    @property
    def mention(self) -> str:
        return f"<@&{self.id}>"

    def payload(self) -> Json:
        made = {
            "id": self.id,
            "name": self.name,
            "color": 0,
            "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
            "hoist": False,
            "icon": None,
            "unicode_emoji": None,
            "position": self.position,
            "permissions": str(self.permissions),
            "managed": self.is_managed,
            "mentionable": self.is_mentionable,
            "flags": 0,
        }
        return made | ({"tags": self.tags} if self.tags else {})


@dataclass
class Member:
    user: User
    roles: list[str] = field(default_factory=list)
    """Ids, without that of @everyone."""
    nick: str | None = None

    def payload(self, with_user: bool = True) -> Json:
        made: Json = {
            "nick": self.nick,
            "avatar": None,
            "banner": None,
            "roles": list(self.roles),
            "joined_at": JOINED,
            "premium_since": None,
            "deaf": False,
            "mute": False,
            "pending": False,
            "communication_disabled_until": None,
            "flags": 0,
        }
        return made | ({"user": self.user.payload()} if with_user else {})


@dataclass
class Guild:
    id: str
    name: str
    owner: str
    locale: str = "en-US"
    roles: dict[str, Role] = field(default_factory=dict)
    """@everyone has the guild's own id."""
    members: dict[str, Member] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    """Threads too."""
    has_bot: bool = True
    is_available: bool = True

    def role_named(self, name: str) -> Role | None:
        return next((role for role in self.roles.values() if role.name == name), None)

    def payload(self) -> Json:
        """As REST has it."""
        return {
            "id": self.id,
            "name": self.name,
            "icon": None,
            "splash": None,
            "discovery_splash": None,
            "owner_id": self.owner,
            "region": None,
            "afk_channel_id": None,
            "afk_timeout": 300,
            "verification_level": 0,
            "default_message_notifications": 0,
            "explicit_content_filter": 0,
            "roles": [role.payload() for role in self.roles.values()],
            "emojis": [],
            "stickers": [],
            "features": ["COMMUNITY"],
            "mfa_level": 0,
            "application_id": None,
            "system_channel_id": None,
            "system_channel_flags": 0,
            "rules_channel_id": None,
            "max_members": 500000,
            "vanity_url_code": None,
            "description": None,
            "banner": None,
            "premium_tier": 0,
            "premium_subscription_count": 0,
            "preferred_locale": self.locale,
            "public_updates_channel_id": None,
            "nsfw_level": 0,
            "premium_progress_bar_enabled": False,
            "safety_alerts_channel_id": None,
        }

    def whole(self, members: list[Member], threads: list[Json]) -> Json:
        """As GUILD_CREATE has it."""
        return self.payload() | {
            "joined_at": JOINED,
            "large": len(self.members) > 250,
            "unavailable": False,
            "member_count": len(self.members),
            "voice_states": [],
            "members": [member.payload() for member in members],
            "channels": [c.payload() for c in self.channels.values() if not c.is_thread],
            "threads": threads,
            "presences": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
        }
