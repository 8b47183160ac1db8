"""How threads begin, whoever begins them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tests.servers.discord.channels import Channel
from tests.servers.discord.errors import Refused
from tests.servers.discord.messages import HAS_THREAD, Message

if TYPE_CHECKING:
    from tests.servers.discord.world import World

__all__ = ["from_message", "new_thread"]

CREATED, STARTER = 18, 21
"""Types of the messages that Discord writes itself."""


def new_thread(
    world: World,
    parent: Channel,
    kind: str,
    name: str,
    owner: str,
    tags: Sequence[str] = (),
    *,
    id: str | None = None,
    is_told: bool = True,
) -> Channel:
    """Below a channel; the app is told of it unless that is for the caller to do."""
    guild = world.state.guild_of(parent)
    assert guild is not None
    made = Channel(id or world.state.next_id(), kind, name, guild.id, parent.id, parent)
    made.owner, made.members, made.applied_tags = owner, [owner], list(tags)
    made.created_at = world.clock.now()
    guild.channels[made.id] = world.state.channels[made.id] = made
    if is_told:
        world.events.thread("THREAD_CREATE", made, newly_created=True)
        if kind != "private_thread" and parent.kind != "forum" and id is None:
            _announce(world, parent, made)
    return made


def from_message(world: World, message: Message, owner: str, name: str) -> Channel:
    """With the message's id. Raises 160004, 50021."""
    if message.id in world.state.channels:
        raise Refused(160004)
    if message.is_system:
        raise Refused(50021)
    parent = world.state.channels[message.channel]
    kind = "announcement_thread" if parent.kind == "announcement" else "public_thread"
    made = new_thread(world, parent, kind, name, owner, id=message.id)
    world.change(message, lambda m: setattr(m, "flags", m.flags | HAS_THREAD), is_edit=False)
    starter = Message(world.state.next_id(), made.id, message.author, type=STARTER, referenced=message)
    starter.reference = {
        "type": 0,
        "message_id": message.id,
        "channel_id": parent.id,
        "guild_id": parent.guild,
    }
    world.post(starter)
    return made


def _announce(world: World, parent: Channel, thread: Channel) -> None:
    assert thread.owner is not None
    note = Message(world.state.next_id(), parent.id, thread.owner, thread.name, type=CREATED)
    note.reference = {"type": 0, "channel_id": thread.id, "guild_id": parent.guild}
    world.post(note)
