"""A bot in one process: real discord.py, cog, inbox and database against the local Discord, with scripted answers.

async def test_x(bot):                        # all parts that answer questions; see also `bench`
    anna = bot.discord.user("Anna")
    asked = anna.asks("help", "How long do refunds take?")
    [answer] = await bot.discord.until(lambda: bot.discord.answers("help"))

async def test_y(bench):                      # nothing handles anything yet
    await bench.start(MyPart(bench.identity, bench.postings))
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import discord
import pytest
from discord.ext import commands
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.answering import Answering, Asked
from adapters.channels import Channels
from adapters.chat import Chat, Reply
from adapters.discord.bot import DiscordBot
from adapters.discord.catching_up import CatchingUp
from adapters.discord.cog import AnswerloopCog
from adapters.discord.identity import Identity
from adapters.discord.ids import Ids
from adapters.discord.places import Places
from adapters.discord.received import PLATFORM, Received
from adapters.discord.rest.addresses import pointed_at
from adapters.discord.rest.rest import Rest
from adapters.discord.whispers import Whispers
from adapters.inbox import Inbox
from rag_core.access import Access
from rag_core.records.database import open_database
from rag_core.records.feedback.recording import Feedback
from rag_core.records.platforms.channels import ChannelRecords
from rag_core.records.platforms.deliveries import Deliveries
from rag_core.records.platforms.postings import Postings
from rag_core.records.platforms.threads import Threads
from rag_core.settings import Settings
from tests.fakes import RecordingAssistant
from tests.servers.discord import LocalDiscord

PAUSES = (0.05, 0.1)
"""Seconds between attempts."""


class Bench:
    """All that parts of the bot are made from, and the bot once it is started."""

    def __init__(self, local: LocalDiscord, database: AsyncEngine, home: Path) -> None:
        self.discord = local
        self.database = database
        self._home = home
        self.settings = Settings(home=home)
        self.ids = Ids()
        intents = discord.Intents(
            guilds=True,
            guild_messages=True,
            dm_messages=True,
            guild_reactions=True,
            dm_reactions=True,
            message_content=True,
        )
        self.client = commands.AutoShardedBot(
            command_prefix=commands.when_mentioned,
            intents=intents,
            help_command=None,
            max_messages=None,
            guild_ready_timeout=0.1,
        )
        self.rest = Rest(self.client, trying_s=3)
        self.feedback = Feedback(database)
        self.postings = Postings(database)
        self.threads = Threads(database)
        self.channels = Channels(lambda: self.settings.channels, ChannelRecords(database))
        self.places = Places()
        self.identity = Identity(
            lambda: self.settings, lambda: [str(guild.id) for guild in self.client.guilds]
        )
        self.assistant = RecordingAssistant(self.feedback)
        self.chat = Chat(self.assistant)
        self.proposed: list[tuple[Asked, Reply]] = []
        """Drafts, where a test gives no other answering."""
        self.answering = Answering(self.chat, self.postings, self._propose)
        self.access = Access()
        self.whispers = Whispers(self.ids, self.places, self.channels, self.chat)
        self.failures: list[tuple[Received, str]] = []
        """What the inbox gave up, where a test gives no other `failed`."""
        self.handled: list[str] = []
        """Kinds of what was handled, in order."""
        self.bot: DiscordBot | None = None
        self.inbox: Inbox | None = None
        self._arriving = 0
        self._connecting: asyncio.Task[None] | None = None
        self._stack = contextlib.AsyncExitStack()

    def talking(self, **more: Any) -> Any:
        """The parts with which people talk, and what tells them of failures. more: take_reply, question_deleted."""
        from adapters.discord.talking.parts import talking

        return talking(
            settings=lambda: self.settings,
            ids=self.ids,
            answering=self.answering,
            chat=self.chat,
            reader=self.assistant,
            access=self.access,
            identity=self.identity,
            places=self.places,
            channels=self.channels,
            feedback=self.feedback,
            postings=self.postings,
            threads=self.threads,
            whispers=self.whispers,
            **more,
        )

    def configure(self, **values: Any) -> None:
        """Other settings from now on: configure(discord={"useful_for": "1s"}, channels=[{...}])."""
        self.settings = Settings(home=self._home, **values)
        self.access.replace(self.settings.access.rules, self.settings.access.groups)

    async def start(self, *parts: Any, failed: Any = None) -> None:
        """Have these parts handle what Discord delivers."""
        handlers = {kind: handler for part in parts for kind, handler in part.handlers().items()}
        firsts = {k: first for part in parts if hasattr(part, "firsts") for k, first in part.firsts().items()}
        bot = self.bot = DiscordBot(
            self.rest, self.ids, "ask", handlers, firsts, failed or self._note_failure, self.chat.language
        )
        deliveries = Deliveries(self.database, platforms={PLATFORM})
        inbox = self.inbox = bot.inbox = Inbox(deliveries, self._handle, failed=bot.failed, pauses=PAUSES)
        self._stack.push_async_callback(self._hang_up)  # the last of all, as in a real process
        running = asyncio.create_task(inbox.run())
        self._stack.push_async_callback(_cancelled, running)
        self._stack.push_async_callback(inbox.close, 0.2)
        self._stack.push_async_callback(bot.close)
        catching_up = CatchingUp(
            self.client,
            self.rest,
            bot.take,
            deliveries,
            self.postings,
            lambda: self.settings.discord.useful_for,
        )
        await self._connect(AnswerloopCog(self.client, bot, catching_up))

    async def asked(
        self, text: str = "How long do refunds take?", channel: str = "help", **more: Any
    ) -> tuple[Any, list[Any]]:
        """Anna asks with a mention: her message, and what the bot has said in the channel when all is quiet."""
        asked = self.discord.user("Anna").asks(channel, text, **more)
        await self.settled()
        return asked, self.discord.answers(channel)

    async def settled(self, within_s: float = 20) -> None:
        """Wait until nothing is on its way to the bot, and it handles nothing."""
        quiet = 0
        async with asyncio.timeout(within_s):
            while quiet < 3:
                busy = not self.discord.is_settled or bool(self.inbox and self.inbox._held) or _dispatching()
                quiet = 0 if busy else quiet + 1
                await asyncio.sleep(0.03)

    async def close(self) -> None:
        await self._stack.aclose()

    async def _connect(self, cog: AnswerloopCog) -> None:
        ready = asyncio.Event()

        async def on_ready() -> None:
            ready.set()

        self.client.add_listener(on_ready)
        await self.client.login(self.discord.bot_token)
        await self.client.add_cog(cog)
        await self.client.http.bulk_upsert_global_commands(self.client.application_id or 0, cog.payloads)
        self._connecting = asyncio.create_task(self.client.connect(reconnect=True))
        async with asyncio.timeout(20):
            await ready.wait()

    async def _hang_up(self) -> None:
        if self._connecting is not None:
            await _cancelled(self._connecting)
        await self.client.close()

    async def _handle(self, delivery: Any, note: Any) -> None:
        assert self.bot is not None
        await self.bot.handle(delivery, note)
        self.handled.append(delivery.kind)

    async def _propose(self, asked: Asked, reply: Reply) -> None:
        self.proposed.append((asked, reply))

    async def _note_failure(self, received: Received, reference: str) -> None:
        self.failures.append((received, reference))


def _dispatching() -> bool:
    """Whether what discord.py received is on its way to the inbox."""
    return any(task.get_name().startswith("discord.py: on_") for task in asyncio.all_tasks())


async def _cancelled(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def local() -> Iterator[LocalDiscord]:
    """The local Discord; discord.py speaks to it."""
    with LocalDiscord() as running, pointed_at(running.environment["DISCORD_API_URL"]):
        yield running


@pytest.fixture
async def bench(local: LocalDiscord, tmp_path: Path, database_address: str) -> AsyncIterator[Bench]:
    """All that parts are made from; start(*parts) makes it a bot."""
    database = await open_database(database_address)
    made = Bench(local, database, tmp_path)
    try:
        yield made
    finally:
        await made.close()
        await database.dispose()


@pytest.fixture
async def bot(bench: Bench) -> Bench:
    """A bot with which people can talk; a test adds what more it needs by `bench` instead."""
    made = bench.talking()
    await bench.start(*made.parts, failed=made.failures.tell)
    return bench
