"""The local Discord as tests hold it: its server in a thread, its people, what was said, and what goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from aiohttp import web

from tests.servers.background import Background, until
from tests.servers.discord.calls import Call, normal
from tests.servers.discord.gateway import Gateway
from tests.servers.discord.interactions import Ack, Interaction
from tests.servers.discord.layout import Layout
from tests.servers.discord.messages import Message
from tests.servers.discord.mishaps import Mishaps
from tests.servers.discord.person import Person, Place
from tests.servers.discord.sessions import Identify
from tests.servers.discord.web import API, application
from tests.servers.discord.world import World

__all__ = ["LocalDiscord"]

T = TypeVar("T")
GUILD = "Test"


class LocalDiscord(Layout, Mishaps, Background):
    """Use as a context manager, plain or async; it runs in a thread of its own, so any loop or process may talk to it.

    There is one guild from the start, with a channel that is called general; channels, roles and people are made where
    they are named first. shards: what GET /gateway/bot advises.
    """

    def __init__(self, *, port: int = 0, shards: int = 1) -> None:
        super().__init__()
        self.port = port
        self.world = World()
        self.world.shards = shards
        self.gateway = Gateway(self.world)
        self._runner: web.AppRunner | None = None
        self.add_guild(GUILD)

    # the server

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def api_url(self) -> str:
        """As DISCORD_API_URL and discord.http.Route.BASE want it."""
        return f"{self.url}{API}"

    @property
    def gateway_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/gateway"

    @property
    def bot_token(self) -> str:
        return self.world.token

    @property
    def environment(self) -> dict[str, str]:
        """For the bot's process."""
        return {
            "DISCORD_BOT_TOKEN": self.bot_token,
            "DISCORD_API_URL": self.api_url,
            "DISCORD_GATEWAY_URL": self.gateway_url,
        }

    def inside(self, action: Callable[[World], T]) -> T:
        """Call it with the world, in the server's thread, where nothing changes meanwhile."""
        return self.within(lambda: action(self.world))

    async def _listen(self) -> None:
        if self._runner is not None:
            return
        made = web.AppRunner(application(self.world, self.gateway), shutdown_timeout=0.1, access_log=None)
        await made.setup()
        site = web.TCPSite(made, "127.0.0.1", self.port, reuse_address=True, backlog=1024)
        await site.start()
        self._runner = made
        assert site._server is not None
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
        self.world.url = self.url

    async def _hang_up(self) -> None:
        for connection in list(self.gateway.connections):
            connection.abort()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    # what was said and done

    def messages(self, channel: Place) -> list[Message]:
        """All that people and bots said there, oldest first, without ephemeral ones and Discord's own."""
        where = self.channel(channel)
        return self.inside(lambda _: [m for m in where.messages.values() if not m.is_system])

    def answers(self, channel: Place) -> list[Message]:
        """The bot's own of messages()."""
        return [m for m in self.messages(channel) if m.author == self.bot.id]

    def ephemerals(self, person: Person | str, channel: Place | None = None) -> list[Message]:
        """What only this person sees, there or anywhere, oldest first."""
        id = person if isinstance(person, str) else person.id
        only = None if channel is None else self.channel(channel)

        def find(world: World) -> list[Message]:
            places = list(world.state.channels.values()) if only is None else [only]
            found = [m for place in places for m in place.ephemerals.values() if m.shown_to == id]
            return sorted(found, key=lambda m: int(m.id))

        return self.inside(find)

    def calls(self, route: str | None = None, **params: str) -> list[Call]:
        """Calls so far, of one route (POST /channels/{id}/messages) and with these in the path: channel, message…"""

        def find(world: World) -> list[Call]:
            return [
                call
                for call in world.calls
                if (route is None or normal(call.route) == normal(route))
                and all(call.params.get(name) == value for name, value in params.items())
            ]

        return self.inside(find)

    @property
    def interactions(self) -> list[Interaction]:
        """All so far, oldest first."""
        return self.inside(lambda world: list(world.interactions.values()))

    @property
    def acks(self) -> list[Ack]:
        """First answers to interactions so far, each with its interaction, type and latency."""
        return [Ack.of(interaction) for interaction in self.interactions if interaction.acked]

    @property
    def identifies(self) -> list[Identify]:
        return self.inside(lambda world: list(world.sessions.identifies))

    @property
    def resumes(self) -> int:
        """Sessions that were asked to go on, as often as it came."""
        return len(self.world.sessions.resumes)

    @property
    def invalid_requests(self) -> list[int]:
        """Statuses of those of the last ten minutes: 401, 403 and 429."""
        return self.inside(lambda world: world.buckets.invalid)

    @property
    def commands(self) -> list[dict[str, Any]]:
        """The application's global ones."""
        return self.inside(lambda world: list(world.state.commands[None]))

    @property
    def is_settled(self) -> bool:
        """Nothing is on its way to the app, no call is being answered, no interaction waits for its first answer."""

        def look(world: World) -> bool:
            now = world.clock.now()
            waiting = (
                i for i in world.interactions.values() if not i.acked and now - i.at < world.ack_within_s
            )
            return (
                not any(connection.is_busy for connection in self.gateway.connections)
                and not world.in_flight
                and not any(waiting)
            )

        return self.inside(look)

    async def until(self, condition: Callable[[], T], within_s: float = 20) -> T:
        """Wait until it gives something true, and give that. Raises AssertionError after within_s."""
        return await until(condition, within_s, self._story)

    def wait(self, condition: Callable[[], T], within_s: float = 20) -> T:
        """The same, for tests without a loop."""
        return asyncio.run(self.until(condition, within_s))

    @property
    def live_sessions(self) -> int:
        """That are identified or resumed and connected."""
        return self.inside(lambda world: len(world.sessions.live))

    async def connected(self, sessions: int = 1, within_s: float = 20) -> None:
        """Wait for the app's sessions."""
        await self.until(lambda: self.live_sessions >= sessions, within_s)

    def _story(self) -> str:
        calls = [f"{c.route} → {c.error or c.status}" for c in self.calls()[-12:]]
        acks = [f"{i.name} {'acked' if i.acked else 'not acked'}" for i in self.interactions[-5:]]
        return (
            f"{self.live_sessions} sessions, interactions: {', '.join(acks) or 'none'}, "
            f"the last calls: {', '.join(calls) or 'none'}"
        )
