"""Interactions on their way to the app, and what it answered. Payloads as the documentation has them.

https://docs.discord.com/developers/interactions/receiving-and-responding
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.servers.discord.channels import Channel
from tests.servers.discord.guilds import User
from tests.servers.discord.messages import Message
from tests.servers.discord.permissions import allowed_in

if TYPE_CHECKING:
    from tests.servers.discord.world import World

__all__ = [
    "AUTOCOMPLETE",
    "COMMAND",
    "COMPONENT",
    "SUBMIT",
    "Ack",
    "Interaction",
    "Modal",
    "begin",
    "member_of",
]

Json = dict[str, Any]
COMMAND, COMPONENT, AUTOCOMPLETE, SUBMIT = 2, 3, 4, 5
RESPONSES = {4: "message", 5: "deferred", 6: "deferred update", 7: "update", 8: "choices", 9: "modal"}


@dataclass
class Modal:
    """What a person has open."""

    custom_id: str
    title: str
    components: list[Json]
    interaction: Interaction
    """That opened it."""


@dataclass
class Interaction:
    """One command, click, menu, submission or request for choices."""

    id: str
    token: str
    kind: int
    """2: command, 3: component, 4: autocomplete, 5: modal."""
    user: str
    channel: str
    payload: Json
    at: float
    """By Discord's clock."""
    sent_at: float = field(default_factory=time.monotonic)
    """By time.monotonic."""
    reached: int = 0
    """So many sessions got it."""
    acked_at: float | None = None
    response_type: int | None = None
    """4: message, 5: deferred, 6: deferred update, 7: update, 8: choices, 9: modal."""
    response: Json = field(default_factory=dict)
    original: Message | None = None
    """The answer, or for 6 and 7 the message that was clicked in."""
    message: Message | None = None
    """That was clicked in."""
    followups: list[Message] = field(default_factory=list)
    choices: list[Json] | None = None
    modal: Modal | None = None
    """That this submits."""

    @property
    def name(self) -> str:
        """Of the command, or the custom id."""
        data = self.payload["data"]
        return str(data.get("name") or data.get("custom_id"))

    @property
    def acked(self) -> bool:
        return self.acked_at is not None

    @property
    def latency_s(self) -> float | None:
        """From being sent to being acknowledged."""
        return None if self.acked_at is None else self.acked_at - self.sent_at

    @property
    def answers(self) -> list[Message]:
        """What stands because of it, oldest first."""
        own = [self.original] if self.original and self.response_type in (4, 5) else []
        return [m for m in [*own, *self.followups] if not m.is_deleted]

    def metadata(self, user: Json, owners: Json) -> Json:
        """interaction_metadata of its answers."""
        made: Json = {
            "id": self.id,
            "type": self.kind,
            "user": user,
            "authorizing_integration_owners": owners,
        }
        if self.kind == COMMAND:
            made["command_type"] = self.payload["data"].get("type", 1)
        if self.message is not None and self.kind == COMPONENT:
            made["interacted_message_id"] = self.message.id
        if self.modal is not None:
            made["triggering_interaction_metadata"] = self.modal.interaction.metadata(user, owners)
        return made


@dataclass(frozen=True)
class Ack:
    """The first answer to an interaction."""

    interaction: Interaction
    type: str
    """message, deferred, deferred update, update, choices or modal."""
    latency_s: float

    @classmethod
    def of(cls, interaction: Interaction) -> Ack:
        kind = RESPONSES.get(interaction.response_type or 0, "unknown")
        return cls(interaction, kind, interaction.latency_s or 0.0)


def member_of(world: World, user: User, channel: Channel) -> Json:
    """A guild member with permissions, as interactions bring it."""
    guild = world.state.guild_of(channel)
    assert guild is not None
    member = guild.members[user.id]
    return member.payload() | {"permissions": str(allowed_in(guild, member, channel))}


def begin(
    world: World,
    kind: int,
    user: User,
    channel: Channel,
    data: Json,
    message: Message | None = None,
    modal: Modal | None = None,
) -> Interaction:
    """Send it to the app."""
    made = Interaction(
        world.state.next_id(), secrets.token_urlsafe(80), kind, user.id, channel.id, {}, world.clock.now()
    )
    made.message, made.modal = message, modal
    made.payload = _payload(world, made, user, channel, data)
    world.interactions[made.id] = made
    made.sent_at = time.monotonic()
    made.reached = world.events.interaction(made.payload)
    return made


def _payload(world: World, made: Interaction, user: User, channel: Channel, data: Json) -> Json:
    state = world.state
    guild = state.guild_of(channel)
    shown = channel.payload()
    payload: Json = {
        "id": made.id,
        "application_id": state.application.id,
        "type": made.kind,
        "token": made.token,
        "version": 1,
        "data": data,
        "channel_id": channel.id,
        "channel": shown,
        "app_permissions": str(world.bot_permissions(channel)),
        "locale": user.locale,
        "entitlements": [],
        "entitlement_sku_ids": [],
        "attachment_size_limit": world.attachment_limit,
        "authorizing_integration_owners": {"0": guild.id if guild else "0"},
        "context": 0 if guild else 1,
    }
    if guild:
        member = member_of(world, user, channel)
        shown["permissions"] = member["permissions"]
        payload |= {
            "guild_id": guild.id,
            "guild": {"id": guild.id, "locale": guild.locale, "features": ["COMMUNITY"]},
            "guild_locale": guild.locale,
            "member": member,
        }
    else:
        payload["user"] = user.payload()
    if made.message is not None:
        payload["message"] = world.shown(made.message, True)
    return payload
