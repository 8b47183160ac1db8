"""What people do in Slack, for tests to say it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from tests.servers.slack import forms, interactions
from tests.servers.slack.conversations import Channel, Message
from tests.servers.slack.deliveries import Delivery
from tests.servers.slack.methods_files import new_file
from tests.servers.slack.response_urls import respond
from tests.servers.slack.state import File, User, View
from tests.servers.slack.world import World

if TYPE_CHECKING:
    from tests.servers.slack.driver import LocalSlack

__all__ = ["Person"]

T = TypeVar("T")
Files = Sequence[tuple[str, bytes] | File]


class Person:
    """A person of a workspace. Every method returns at once; what it brings about reaches the app on its own."""

    def __init__(self, slack: LocalSlack, user: User) -> None:
        self.user = user
        self._slack = slack

    @property
    def id(self) -> str:
        return self.user.id

    @property
    def dm(self) -> str:
        """The id of the direct message with the bot."""
        return self._do(lambda world: world.state.direct(self.user.team, self.id).id)

    @property
    def modal(self) -> View | None:
        """The one on top."""
        return self._do(lambda world: self._top(world))

    @property
    def home(self) -> View | None:
        return self._do(lambda world: world.state.homes.get(self.id))

    def ephemerals(self, channel: str) -> list[Message]:
        """What only this person sees there, oldest first."""
        return self._slack.ephemerals(self, channel)

    def says(
        self,
        channel: str,
        text: str,
        thread: str | Message | None = None,
        files: Files = (),
        **fields: Any,
    ) -> Message:
        """Write into a channel, or into a thread of it. Unknown channels are made, public, with the bot in them."""

        def say(world: World) -> Message:
            where = self._enter(channel)
            shown = [self._file(world, file).payload() for file in files]
            ts = thread.thread_ts or thread.ts if isinstance(thread, Message) else thread
            made = Message(where.id, self.user.team, world.state.next_ts(), self.id, text, thread_ts=ts)
            made.client_msg_id = world.state.next_id("m")
            made.files, made.subtype = shown, "file_share" if shown else None
            made.bot_id = self.user.bot_id
            made.blocks = [_rich_text(text)] if text else []
            for name, value in fields.items():
                setattr(made, name, value)
            return world.post(made)

        return self._do(say)

    def asks(
        self, channel: str, text: str, thread: str | Message | None = None, files: Files = ()
    ) -> Message:
        """Write with a mention of the bot before it."""
        return self.says(channel, f"{self._slack.mention_in(self.user.team)} {text}", thread, files)

    def writes(self, text: str, thread: str | Message | None = None, files: Files = ()) -> Message:
        """To the bot, in the direct message."""
        return self.says(self.dm, text, thread, files)

    def edits(self, message: Message, text: str) -> None:
        def edit(changed: Message) -> None:
            changed.text, changed.blocks = text, [_rich_text(text)]

        self._do(lambda world: world.change(message, edit))

    def deletes(self, message: Message) -> None:
        self._do(lambda world: world.remove(message))

    def reacts(self, message: Message, name: str) -> None:
        def react(world: World) -> None:
            users = message.reactions.setdefault(name, [])
            assert self.id not in users, f"{self.id} has this reaction already."
            users.append(self.id)
            world.events.reaction(message, self.id, name, is_added=True)

        self._do(react)

    def unreacts(self, message: Message, name: str) -> None:
        def take_back(world: World) -> None:
            message.reactions[name].remove(self.id)
            if not message.reactions[name]:
                del message.reactions[name]
            world.events.reaction(message, self.id, name, is_added=False)

        self._do(take_back)

    def stops(self, message: Message) -> None:
        """The streaming of a message: nothing is appended to it any more."""

        def stop(_: World) -> None:
            assert message.stream is not None, "This message is no stream."
            message.stream.is_open, message.stream.is_stopped = False, True

        self._do(stop)

    def clicks(self, shown: Message | View, name: str, choice: str | None = None) -> Delivery:
        """A button by its action id or text; an option or a feedback button by its text or value.

        clicks(answer, "feedback", "up"): the element by its action id, and which of its values.
        """

        def click(world: World) -> Delivery:
            blocks = shown.content["blocks"] if isinstance(shown, View) else shown.blocks
            action = interactions.action_of(blocks, name, choice)
            return self._send(world, "interactive", interactions.clicked(world, self.user, shown, action))

        return self._do(click)

    def runs(self, command: str, text: str, channel: str) -> Delivery:
        """A slash command. What the app acknowledges it with is shown to this person, or to all if it says so."""

        def run(world: World) -> Delivery:
            where = self._enter(channel, with_bot=False)
            payload = interactions.command(world, self.user, command, text, where)
            url = world.response_urls[payload["response_url"].rpartition("/")[2]]

            def answer(response: dict[str, Any]) -> None:
                if response.get("text") or response.get("blocks"):
                    respond(world, url, response, counts=False)

            return self._send(world, "slash_commands", payload, answer)

        return self._do(run)

    def uses_shortcut(self, callback: str, message: Message | None = None) -> Delivery:
        """Of a message, or a global one."""

        def use(world: World) -> Delivery:
            if message is None:
                payload = interactions.global_shortcut(world, self.user, callback)
            else:
                payload = interactions.message_shortcut(world, self.user, callback, message)
            return self._send(world, "interactive", payload)

        return self._do(use)

    def opens_home(self, tab: str = "home") -> None:
        def look(world: World) -> None:
            world.events.home_opened(self.user, tab, world.state.direct(self.user.team, self.id))

        self._do(look)

    def opens_assistant_thread(self, seen: str | None = None) -> str:
        """The container beside the channel that is `seen`. Gives the thread's time stamp; write there with writes()."""

        def open_it(world: World) -> str:
            where = world.state.direct(self.user.team, self.id)
            bot = world.state.workspaces[self.user.team]
            root = Message(
                where.id, self.user.team, world.state.next_ts(), bot.bot_user, "New Assistant Thread"
            )
            root.subtype, root.bot_id, root.app_id = "assistant_app_thread", bot.bot_id, "A0APP"
            root.thread_ts = root.ts
            where.messages[root.ts] = root
            world.events.assistant(self.user, where, root.ts, "assistant_thread_started", seen)
            return root.ts

        return self._do(open_it)

    def turns_to(self, thread: str, seen: str) -> None:
        """Another channel, with the container open."""

        def turn(world: World) -> None:
            where = world.state.direct(self.user.team, self.id)
            kind = "assistant_thread_context_changed"
            world.events.assistant(self.user, where, thread, kind, seen)

        self._do(turn)

    def submits(self, values: dict[str, Any] | None = None, view: View | None = None) -> Delivery:
        """The modal on top, with values by block id, action id or label (see forms.entered)."""

        def submit(world: World) -> Delivery:
            shown = view or self._top(world)
            assert shown is not None, f"{self.id} has no modal open."
            assert shown.content["type"] == "modal"
            assert not shown.is_closed, "This modal is closed."
            shown.values, shown.errors = forms.entered(shown, values or {}), {}
            payload = interactions.view_submission(world, self.user, shown)

            def answer(response: dict[str, Any] | None) -> None:
                forms.answered(world, shown, response)

            return self._send(world, "interactive", payload, answer)

        return self._do(submit)

    def closes(self, all_of_them: bool = False) -> None:
        """The modal on top, or all. The app is told if it asked to be."""

        def close(world: World) -> None:
            stack = world.state.modals.get(self.id, [])
            while stack:
                view = world.state.views[stack.pop()]
                view.is_closed = True
                if view.content.get("notify_on_close"):
                    payload = interactions.view_closed(world, self.user, view, all_of_them)
                    self._send(world, "interactive", payload)
                if not all_of_them:
                    break

        self._do(close)

    def joins(self, channel: str) -> None:
        """With the message that Slack writes of it."""

        def join(world: World) -> None:
            where = self._enter(channel)
            made = Message(where.id, self.user.team, world.state.next_ts(), self.id)
            made.text, made.subtype = f"<@{self.id}> has joined the channel", "channel_join"
            world.post(made)
            world.events.membership(where, self.id, is_joining=True)

        self._do(join)

    def uploads(self, name: str, content: bytes, media_type: str | None = None) -> File:
        """A file, to be shown with says(files=[…])."""
        return self._do(lambda world: new_file(world, self.user.team, self.id, name, content, media_type))

    def _file(self, world: World, file: tuple[str, bytes] | File) -> File:
        return file if isinstance(file, File) else new_file(world, self.user.team, self.id, *file)

    def _enter(self, channel: str, with_bot: bool = True) -> Channel:
        found = self._slack.channel(channel, team=self.user.team, bot=with_bot)
        if self.id not in found.members:
            assert found.kind == "public", f"{self.id} is not in {channel}."
            found.members.append(self.id)
        return found

    def _top(self, world: World) -> View | None:
        stack = world.state.modals.get(self.id)
        return world.state.views[stack[-1]] if stack else None

    def _send(
        self,
        world: World,
        kind: str,
        payload: dict[str, Any],
        on_response: Callable[[dict[str, Any]], None] | None = None,
    ) -> Delivery:
        made = Delivery(kind, payload, on_response)
        world.deliveries.send(made)
        return made

    def _do(self, action: Callable[[World], T]) -> T:
        return self._slack.inside(action)


def _rich_text(text: str) -> dict[str, Any]:
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "block_id": "typed", "elements": [section]}
