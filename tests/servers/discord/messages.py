"""Messages, their attachments and reactions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.servers.discord.channels import timestamp
from tests.servers.discord.mentions import Pinged

__all__ = ["EPHEMERAL", "HAS_THREAD", "LOADING", "V2", "Attachment", "Message", "Version"]

Json = dict[str, Any]
SUPPRESS_EMBEDS = 1 << 2
HAS_THREAD = 1 << 5
EPHEMERAL = 1 << 6
LOADING = 1 << 7
V2 = 1 << 15
"""Flags."""


@dataclass
class Attachment:
    id: str
    name: str
    content: bytes
    media_type: str
    url: str
    description: str | None = None

    def payload(self, is_ephemeral: bool = False) -> Json:
        return {
            "id": self.id,
            "filename": self.name,
            "size": len(self.content),
            "url": self.url,
            "proxy_url": self.url,
            "content_type": self.media_type,
            **({"description": self.description} if self.description else {}),
            **({"ephemeral": True} if is_ephemeral else {}),
        }


@dataclass(frozen=True)
class Version:
    """What a message said, from a time on."""

    at: float
    """By time.monotonic."""
    content: str
    embeds: list[Json]
    components: list[Json]


@dataclass
class Message:
    id: str
    channel: str
    author: str
    content: str = ""
    guild: str | None = None
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    flags: int = 0
    type: int = 0
    nonce: str | None = None
    reference: Json | None = None
    """message_reference, as Discord shows it."""
    referenced: Message | None = None
    sent_at: float = 0.0
    """By Discord's clock."""
    edited_at: float | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    """Users by emoji."""
    mentioned: Pinged = field(default_factory=Pinged)
    """As the payload tells: whom its present content calls."""
    pinged: Pinged = field(default_factory=Pinged)
    """All whom it ever called, in any version."""
    shown_to: str | None = None
    """Whose ephemeral message it is; None: everybody's."""
    interaction: Json | None = None
    """interaction_metadata."""
    interaction_name: str | None = None
    app: str | None = None
    """The application's id, where it is one's own answer to an interaction or by its webhook."""
    body: Json = field(default_factory=dict)
    """What it was sent with."""
    versions: list[Version] = field(default_factory=list)
    """The newest last, edits included."""
    is_deleted: bool = False
    by_bot: bool = False

    @property
    def is_ephemeral(self) -> bool:
        return bool(self.flags & EPHEMERAL)

    @property
    def is_loading(self) -> bool:
        """A deferred answer that is still to come."""
        return bool(self.flags & LOADING)

    @property
    def is_system(self) -> bool:
        """Written by Discord, such as that a thread began."""
        return self.type not in (0, 19, 20, 23)

    @property
    def edits(self) -> list[float]:
        """When it was edited, by time.monotonic."""
        return [version.at for version in self.versions[1:]]

    def reaction_payloads(self, me: str) -> list[Json]:
        return [
            {
                "emoji": {"id": None, "name": emoji},
                "count": len(users),
                "count_details": {"normal": len(users), "burst": 0},
                "me": me in users,
                "me_burst": False,
                "burst_colors": [],
            }
            for emoji, users in self.reactions.items()
        ]

    def payload(self) -> Json:
        """Without people: world.shown() adds author, mentions, thread and what the reader may not see."""
        made: Json = {
            "id": self.id,
            "channel_id": self.channel,
            "type": self.type,
            "content": self.content,
            "timestamp": timestamp(self.sent_at),
            "edited_timestamp": None if self.edited_at is None else timestamp(self.edited_at),
            "tts": False,
            "mention_everyone": bool(self.mentioned.everyone),
            "mention_roles": list(self.mentioned.roles),
            "attachments": [a.payload(self.is_ephemeral) for a in self.attachments],
            "embeds": list(self.embeds),
            "components": list(self.components),
            "pinned": False,
            "flags": self.flags,
        }
        if self.app:
            made |= {"application_id": self.app, "webhook_id": self.app}
        if self.interaction:
            made["interaction_metadata"] = self.interaction
        if self.nonce is not None:
            made["nonce"] = self.nonce
        if self.reference:
            made["message_reference"] = self.reference
        return made
