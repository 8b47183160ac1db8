"""What people do in Discord, for tests to say it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from tests.servers.discord import commands, forms
from tests.servers.discord.channels import Channel
from tests.servers.discord.guilds import Guild, User
from tests.servers.discord.interactions import COMPONENT, SUBMIT, Interaction, Modal, begin
from tests.servers.discord.mentions import allowed, written
from tests.servers.discord.messages import Message
from tests.servers.discord.permissions import allowed_in, bits
from tests.servers.discord.readable import component, select
from tests.servers.discord.threads import from_message, new_thread
from tests.servers.discord.world import World

if TYPE_CHECKING:
    from tests.servers.discord.driver import LocalDiscord

__all__ = ["Person", "Place"]

T = TypeVar("T")
Place = str | Channel | Message
"""A channel or thread: itself, its id or (a channel) its name; or where a message stands."""
Files = Sequence[tuple[str, bytes]]


class Person:
    """A person of a guild. Every method returns at once; what it brings about reaches the app on its own."""

    def __init__(self, local: LocalDiscord, user: User, guild: Guild) -> None:
        self.user = user
        self.guild = guild
        self._local = local

    @property
    def id(self) -> str:
        return self.user.id

    @property
    def mention(self) -> str:
        return self.user.mention

    @property
    def dm(self) -> Channel:
        """The direct messages with the bot."""
        return self._local.direct(self)

    @property
    def modal(self) -> Modal | None:
        """That is open."""
        return self._do(lambda world: world.modals.get(self.id))

    def ephemerals(self, channel: Place | None = None) -> list[Message]:
        """What only this person sees, there or anywhere, oldest first."""
        return self._local.ephemerals(self, channel)

    # writing

    def says(
        self,
        channel: Place,
        text: str,
        thread: Place | None = None,
        *,
        files: Files = (),
        reply_to: Message | None = None,
    ) -> Message:
        """Write into a channel, or into a thread. Unknown channels are made."""
        where = self._place(channel if thread is None else thread)
        assert where.takes_messages, f"{where.name} is a {where.kind}: use posts()."

        def say(world: World) -> Message:
            made = Message(world.state.next_id(), where.id, self.id, text.strip())
            made.attachments = [world.attach(where.id, name, content) for name, content in files]
            if reply_to is not None:
                made.type, made.referenced = 19, reply_to
                made.reference = {"type": 0, "message_id": reply_to.id, "channel_id": where.id}
                made.reference |= {"guild_id": where.guild} if where.guild else {}
            made.by_bot = self.user.is_bot
            made.mentioned = self._calls(world, where, made)
            return world.post(made)

        return self._do(say)

    def asks(self, channel: Place, text: str, thread: Place | None = None, *, files: Files = ()) -> Message:
        """Write with a mention of the bot before it."""
        return self.says(channel, f"{self._local.mention} {text}", thread, files=files)

    def replies(self, message: Message, text: str, *, files: Files = ()) -> Message:
        """With Discord's reply, which calls the author of the message."""
        return self.says(message, text, files=files, reply_to=message)

    def writes(self, text: str, *, files: Files = ()) -> Message:
        """To the bot, in the direct messages."""
        return self.says(self.dm, text, files=files)

    def edits(self, message: Message, text: str) -> None:
        def edit(world: World) -> None:
            def change(changed: Message) -> None:
                changed.content = text
                changed.mentioned = self._calls(world, world.state.channels[changed.channel], changed)

            world.change(message, change)

        self._do(edit)

    def deletes(self, message: Message) -> None:
        """One's own, or any for those who manage messages."""
        self._do(lambda world: world.remove(message))

    def types(self, channel: Place) -> None:
        where = self._place(channel)
        self._do(lambda world: world.events.typing(where, self.id))

    def reacts(self, message: Message, emoji: str) -> None:
        def react(world: World) -> None:
            users = message.reactions.setdefault(emoji, [])
            assert self.id not in users, f"{self.user.name} has this reaction already."
            users.append(self.id)
            world.events.reaction(message, self.id, emoji, is_added=True)

        self._do(react)

    def unreacts(self, message: Message, emoji: str) -> None:
        def take_back(world: World) -> None:
            message.reactions[emoji].remove(self.id)
            if not message.reactions[emoji]:
                del message.reactions[emoji]
            world.events.reaction(message, self.id, emoji, is_added=False)

        self._do(take_back)

    # threads

    def starts_thread(
        self, at: Place, name: str = "A thread", *, private: bool = False, bot: bool = False
    ) -> Channel:
        """From a message, or without one in a channel; private ones hold the bot if it is added."""

        def start(world: World) -> Channel:
            if isinstance(at, Message):
                return from_message(world, at, self.id, name)
            kind = "private_thread" if private else "public_thread"
            made = new_thread(world, self._place(at), kind, name, self.id)
            if bot:
                world.join(made, world.state.bot.id)
            return made

        return self._do(start)

    def posts(
        self, forum: Place, title: str, text: str, tags: Iterable[str] = (), *, files: Files = ()
    ) -> Channel:
        """In a forum, with tags by name. Gives the thread; its first message has the same id."""
        where = self._place(forum)
        assert where.kind == "forum", f"{where.name} is no forum: use says()."

        def post(world: World) -> Channel:
            chosen = [where.tag(tag).id for tag in tags]
            made = new_thread(world, where, "public_thread", title, self.id, chosen)
            first = Message(made.id, made.id, self.id, text)
            first.attachments = [world.attach(made.id, name, content) for name, content in files]
            first.mentioned = self._calls(world, made, first)
            world.post(first)
            return made

        return self._do(post)

    def joins(self, guild: Guild) -> Person:
        """Another guild besides. What this gives acts there."""
        return self._local.user(self.user.name, guild=guild)

    # interactions

    def runs(self, command: str, where: Place | None = None, /, **options: Any) -> Interaction:
        """A slash command that the app registered: runs("ask", "help", question="…"), runs("answerloop settings").

        where: the guild's first channel, unless said. People, channels and roles stand for themselves.
        """
        channel = self._where(where)
        return self._do(lambda world: commands.run(world, self.user, channel, command, options))

    def autocompletes(self, command: str, where: Place | None = None, /, **options: Any) -> Interaction:
        """While the last of the options is being written. The choices come as the interaction's."""
        channel = self._where(where)
        return self._do(lambda world: commands.complete(world, self.user, channel, command, options))

    def uses_menu(self, name: str, target: Message | Person) -> Interaction:
        """Of a message, or of a person (in the guild's first channel)."""
        channel = self._place(target) if isinstance(target, Message) else self._where(None)
        aim = target if isinstance(target, Message) else target.user
        return self._do(lambda world: commands.use(world, self.user, channel, name, aim))

    def clicks(self, message: Message, name: str) -> Interaction:
        """A button, by its label, emoji, custom id or the beginning of that."""
        self._sees(message)
        found = component(message, name)
        assert found["type"] == 2, f"{name!r} is a menu: use chooses()."
        assert found.get("custom_id"), f"{name!r} is a link."
        assert not found.get("disabled"), f"{name!r} is disabled."
        data = {"custom_id": found["custom_id"], "component_type": 2, "id": found["id"]}
        return self._interact(message, data)

    def chooses(self, message: Message, menu: str, values: Sequence[Any] | str) -> Interaction:
        """In a menu, by its placeholder or custom id: options by label or value; people, channels, roles themselves."""
        self._sees(message)
        found = select(message, menu)
        assert not found.get("disabled"), f"{menu!r} is disabled."
        given = [values] if isinstance(values, str) else list(values)

        def choose(world: World) -> Interaction:
            chosen, resolved = forms.chosen(world, found, given)
            data = {"custom_id": found["custom_id"], "component_type": found["type"], "id": found["id"]}
            data |= {"values": chosen} | ({"resolved": resolved} if resolved else {})
            channel = world.state.channels[message.channel]
            return begin(world, COMPONENT, self.user, channel, data, message)

        return self._do(choose)

    def submits(self, values: dict[str, Any] | None = None) -> Interaction:
        """The open modal, with values by label or custom id (see forms.entered). It stays until it is acknowledged."""

        def submit(world: World) -> Interaction:
            modal = world.modals.get(self.id)
            assert modal is not None, f"{self.user.name} has no modal open."
            entered, resolved = forms.entered(world, modal, values or {})
            data: dict[str, Any] = {"custom_id": modal.custom_id, "components": entered}
            data |= {"resolved": resolved} if resolved else {}
            channel = world.state.channels[modal.interaction.channel]
            return begin(world, SUBMIT, self.user, channel, data, modal.interaction.message, modal)

        return self._do(submit)

    def closes(self) -> None:
        """The modal. Nobody is told."""
        self._do(lambda world: world.modals.pop(self.id, None))

    def _interact(self, message: Message, data: dict[str, Any]) -> Interaction:
        def act(world: World) -> Interaction:
            return begin(world, COMPONENT, self.user, world.state.channels[message.channel], data, message)

        return self._do(act)

    def _sees(self, message: Message) -> None:
        assert not message.is_deleted, "This message is deleted."
        assert message.shown_to in (None, self.id), f"{self.user.name} does not see this message."

    def _calls(self, world: World, where: Channel, message: Message) -> Any:
        """People's messages call whom they name, with a reply the author too."""
        guild = world.state.guild_of(where)
        may_all = bool(
            guild
            and self.id in guild.members
            and allowed_in(guild, guild.members[self.id], where) & bits("mention_everyone")
        )
        roles = {role.id for role in guild.roles.values() if role.is_mentionable} if guild else set()
        author = message.referenced.author if message.referenced else None
        return allowed(written(message.content, []), None, author, may_all, roles)

    def _where(self, where: Place | None) -> Channel:
        if where is None:
            return next(iter(self.guild.channels.values()))
        return self._place(where)

    def _place(self, where: Place) -> Channel:
        return self._local.channel(where, guild=self.guild)

    def _do(self, action: Callable[[World], T]) -> T:
        return self._local.inside(action)
