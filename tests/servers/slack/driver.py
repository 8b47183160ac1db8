"""The local Slack as tests hold it: its server in a thread, its people, what was said, and what goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from aiohttp import web

from tests.servers.background import Background, until
from tests.servers.slack.calls import Call
from tests.servers.slack.conversations import Channel, Message
from tests.servers.slack.deliveries import Ack, Delivery
from tests.servers.slack.mishaps import Mishaps
from tests.servers.slack.person import Person
from tests.servers.slack.posts import Posts
from tests.servers.slack.scopes import ALL
from tests.servers.slack.sockets import Sockets
from tests.servers.slack.state import Group, Token, User, Workspace
from tests.servers.slack.web import application
from tests.servers.slack.world import World

__all__ = ["LocalSlack"]

T = TypeVar("T")
TEAM = "T0MAIN"


class LocalSlack(Mishaps, Background):
    """Use as a context manager, plain or async; it runs in a thread of its own, so any loop or process may talk to it.

    With events_url the app is reached by signed POSTs to it, without by Socket Mode; the attribute may be set later.
    """

    team = TEAM
    """The first workspace's id."""
    signing_secret = "signing-secret"
    app_token = "xapp-1-A0APP-test-token"
    client_id = "client-id"
    client_secret = "client-secret"

    def __init__(self, events_url: str | None = None, *, port: int = 0, scopes: Iterable[str] = ALL) -> None:
        super().__init__()
        self.port = port
        self.world = World()
        self.sockets = Sockets(self.world.deliveries)
        self._scopes = set(scopes)
        self._runner: web.AppRunner | None = None
        self._posts: Posts | None = None
        self._old_posts: list[Posts] = []
        self._events_url = events_url
        self.world.new_ticket = self.sockets.ticket
        self.world.state.tokens[self.app_token] = Token("app", TEAM, {"connections:write"})
        self.add_workspace(TEAM, "Test")
        self.world.state.users["U0ADMIN"] = User("U0ADMIN", TEAM, "Ada", is_admin=True)

    # the server

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def api_url(self) -> str:
        """As SLACK_API_URL and AsyncWebClient's base_url want it."""
        return f"{self.url}/api/"

    @property
    def environment(self) -> dict[str, str]:
        """For the bot's process."""
        return {
            "SLACK_API_URL": self.api_url,
            "SLACK_BOT_TOKEN": self.bot_token,
            "SLACK_APP_TOKEN": self.app_token,
            "SLACK_SIGNING_SECRET": self.signing_secret,
        }

    @property
    def events_url(self) -> str | None:
        return self._events_url

    @events_url.setter
    def events_url(self, url: str | None) -> None:
        self._events_url = url
        self.inside(lambda _: self._choose_way())

    def inside(self, action: Callable[[World], T]) -> T:
        """Call it with the world, in the server's thread, where nothing changes meanwhile."""
        return self.within(lambda: action(self.world))

    async def _listen(self) -> None:
        if self._runner is not None:
            return
        made = web.AppRunner(application(self.world, self.sockets), shutdown_timeout=0.1, access_log=None)
        await made.setup()
        site = web.TCPSite(made, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self._runner = made
        assert site._server is not None
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
        self.world.url = self.url
        self._choose_way()

    async def _end(self) -> None:
        self.sockets.drop()
        await self.world.deliveries.close()
        for posts in [*self._old_posts, *([self._posts] if self._posts else [])]:
            await posts.close()
        await self._hang_up()

    async def _hang_up(self) -> None:
        self.sockets.drop()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def _choose_way(self) -> None:
        if self._events_url is None:
            self.world.deliveries.way = self.sockets
            return
        if self._posts is not None:
            self._old_posts.append(self._posts)
        self._posts = Posts(self.world.deliveries, self._events_url, self.signing_secret)
        self.world.deliveries.way = self._posts

    # who and what there is

    @property
    def workspace(self) -> Workspace:
        """The first."""
        return self.world.state.workspaces[TEAM]

    @property
    def bot_token(self) -> str:
        return self.workspace.bot_token

    @property
    def bot_user(self) -> str:
        return self.workspace.bot_user

    @property
    def mention(self) -> str:
        return self.mention_in(TEAM)

    def mention_in(self, team: str) -> str:
        return f"<@{self.world.state.workspaces[team].bot_user}>"

    def add_workspace(self, id: str, name: str, *, is_installed: bool = True) -> Workspace:
        """Another, with a bot user and a token of its own; not installed, nothing is sent until oauth.v2.access."""

        def add(world: World) -> Workspace:
            made = world.install(id, name, set(self._scopes))
            made.is_installed = is_installed
            return made

        return self.inside(add)

    def user(self, id: str = "U0ANNA", team: str = TEAM, **fields: Any) -> Person:
        """A person, made where there is none; fields are User's: name, locale, is_admin, is_restricted, is_bot…"""

        def find(world: World) -> User:
            found = world.state.users.get(id)
            if found is None:
                found = world.state.users[id] = User(id, team, fields.pop("name", id.title()))
            for name, value in fields.items():
                setattr(found, name, value)
            return found

        return Person(self, self.inside(find))

    def other_bot(self, id: str = "U0OTHERBOT", name: str = "Other Bot") -> Person:
        """One of another app: its says() arrives with a bot_id."""
        return self.user(id, name=name, is_bot=True, bot_id=f"B{id[1:]}")

    def slackbot(self) -> Person:
        return self.user("USLACKBOT")

    def channel(
        self,
        id: str = "C0GENERAL",
        kind: str = "public",
        *,
        team: str = TEAM,
        members: Iterable[str] = (),
        bot: bool = True,
        **fields: Any,
    ) -> Channel:
        """A channel, made where there is none: public, private or mpim, with the bot in it or not."""

        def find(world: World) -> Channel:
            found = world.state.channels.get(id)
            if found is None:
                name = fields.pop("name", id.lower().removeprefix("c0"))
                found = Channel(id, team, name, kind, **fields)
                found.members += [*members, *([world.state.workspaces[team].bot_user] if bot else [])]
                world.state.channels[id] = found
            return found

        return self.inside(find)

    def group(self, id: str, handle: str, users: Iterable[str] = (), team: str = TEAM) -> Group:
        """A user group."""
        made = Group(id, team, handle, list(users))
        return self.inside(lambda world: world.state.groups.setdefault(id, made))

    # what was said and done

    def messages(self, channel: str, thread: str | Message | None = None) -> list[Message]:
        """All that stand in the channel, or in one of its threads (without its parent), oldest first."""
        ts = thread.thread_ts or thread.ts if isinstance(thread, Message) else thread

        def find(world: World) -> list[Message]:
            found = world.state.channels.get(channel)
            if found is None:
                return []
            return found.replies(ts) if ts else list(found.messages.values())

        return self.inside(find)

    def answers(self, channel: str, thread: str | Message | None = None) -> list[Message]:
        """The app's own of messages()."""
        return [m for m in self.messages(channel, thread) if m.is_ours and m.subtype is None]

    def ephemerals(self, person: Person | str, channel: str) -> list[Message]:
        """What only this person sees there, oldest first."""
        id = person if isinstance(person, str) else person.id

        def find(world: World) -> list[Message]:
            found = world.state.channels.get(channel)
            return [m for m in found.ephemerals.values() if m.shown_to == id] if found else []

        return self.inside(find)

    def status(self, channel: str, thread: str) -> str | None:
        """What the assistant says that it is doing there."""
        return self.inside(lambda world: world.state.statuses.get((channel, thread)))

    @property
    def statuses(self) -> list[str]:
        """All that were set so far, "" where one was cleared."""
        return self.inside(lambda world: [status for _, _, status in world.state.status_history])

    def title(self, channel: str, thread: str) -> str | None:
        return self.inside(lambda world: world.state.titles.get((channel, thread)))

    def prompts(self, channel: str, thread: str) -> list[dict[str, str]]:
        return self.inside(lambda world: world.state.prompts.get((channel, thread), []))

    def calls(self, method: str | None = None, **args: Any) -> list[Call]:
        """Calls so far, of one method and with these arguments."""

        def find(world: World) -> list[Call]:
            return [
                call
                for call in world.calls
                if method in (None, call.method) and all(call.args.get(k) == v for k, v in args.items())
            ]

        return self.inside(find)

    @property
    def acks(self) -> list[Ack]:
        """Acknowledgements so far, each with its delivery, its latency and what came with it."""
        return self.inside(lambda world: list(world.deliveries.acks))

    @property
    def deliveries(self) -> list[Delivery]:
        """All that was sent so far, or is to be."""
        return self.inside(lambda world: list(world.deliveries.all))

    @property
    def is_settled(self) -> bool:
        """Nothing is on its way to the app."""
        return all(delivery.is_over for delivery in self.deliveries)

    async def until(self, condition: Callable[[], T], within_s: float = 20) -> T:
        """Wait until it gives something true, and give that. Raises AssertionError after within_s."""
        return await until(condition, within_s, self._story)

    def wait(self, condition: Callable[[], T], within_s: float = 20) -> T:
        """The same, for tests without a loop."""
        return asyncio.run(self.until(condition, within_s))

    async def connected(self, sockets: int = 1, within_s: float = 20) -> None:
        """Wait for the app's sockets."""
        await self.until(lambda: self.sockets.count >= sockets, within_s)

    def _story(self) -> str:
        calls = [f"{c.method}{'' if c.ok else f' ({c.error})'}" for c in self.calls()[-12:]]
        return f"{self.sockets.count} sockets, {len(self.acks)} acks, the last calls: {', '.join(calls) or 'none'}"
