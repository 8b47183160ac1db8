"""A bot in one process: real Bolt app, Socket Mode, inbox and database against the local Slack, with scripted answers.

async def test_x(bot):                        # all parts that answer questions; see also `bench`
    anna = bot.slack.user("U0ANNA")
    asked = anna.asks("C0HELP", "How long do refunds take?")
    [answer] = await bot.slack.until(lambda: bot.slack.answers("C0HELP", asked))

async def test_y(bench):                      # nothing handles anything yet
    await bench.start(MyPart(bench.identity, bench.postings))
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.answering import Answering, Asked
from adapters.channels import Channels
from adapters.chat import Chat, Reply
from adapters.inbox import Inbox
from adapters.slack.bot import SlackBot
from adapters.slack.identity import Identity
from adapters.slack.ids import Ids
from adapters.slack.plugin import attach
from adapters.slack.received import Received
from adapters.slack.showing.whispers import Whispers
from adapters.slack.talking.parts import Talking, talking
from adapters.slack.web_api.api import Api
from adapters.slack.web_api.installations import SingleTeam
from adapters.slack.web_api.queues import Queues
from adapters.slack.web_api.wire import Wire
from rag_core.access import Access
from rag_core.records.database import open_database
from rag_core.records.feedback.recording import Feedback
from rag_core.records.platforms.channels import ChannelRecords
from rag_core.records.platforms.deliveries import Deliveries
from rag_core.records.platforms.postings import Postings
from rag_core.records.platforms.threads import Threads
from rag_core.settings import Settings
from tests.fakes import RecordingAssistant
from tests.servers.slack import LocalSlack, Message

PAUSES = (0.05, 0.1)
"""Seconds between attempts."""


class Bench:
    """All that parts of the bot are made from, and the bot once it is started."""

    def __init__(self, slack: LocalSlack, database: AsyncEngine, home: Path) -> None:
        self.slack = slack
        self.database = database
        self._home = home
        self.settings = Settings(home=home)
        self.ids = Ids()
        self.api = Api(Wire(slack.bot_token, slack.api_url), Queues(burst=1000), trying_s=3)
        self.apis = SingleTeam(self.api)
        self.feedback = Feedback(database)
        self.postings = Postings(database)
        self.threads = Threads(database)
        self.channels = Channels(lambda: self.settings.channels, ChannelRecords(database))
        self.identity = Identity(lambda: self.settings)
        self.assistant = RecordingAssistant(self.feedback)
        self.chat = Chat(self.assistant)
        self.proposed: list[tuple[Asked, Reply]] = []
        """Drafts, where a test gives no other answering."""
        self.answering = Answering(self.chat, self.postings, self._propose)
        self.access = Access()
        self.whispers = Whispers(self.identity, self.channels, self.chat)
        self.failures: list[tuple[Received, str]] = []
        """What the inbox gave up, where a test gives no other `failed`."""
        self.handled: list[str] = []
        """Kinds of what was handled, in order."""
        self.bot: SlackBot | None = None
        self.inbox: Inbox | None = None
        self.app: AsyncApp | None = None
        self._stack = contextlib.AsyncExitStack()

    def talking(self, **more: Any) -> Talking:
        """The parts with which people talk, and what tells them of failures. more: take_reply, open_settings."""
        return talking(
            settings=lambda: self.settings,
            ids=self.ids,
            answering=self.answering,
            chat=self.chat,
            reader=self.assistant,
            access=self.access,
            identity=self.identity,
            channels=self.channels,
            feedback=self.feedback,
            postings=self.postings,
            threads=self.threads,
            whispers=self.whispers,
            **more,
        )

    def configure(self, **values: Any) -> None:
        """Other settings from now on: configure(slack={"useful_for": "1s"}, channels=[{...}])."""
        self.settings = Settings(home=self._home, **values)
        self.access.replace(self.settings.access.rules, self.settings.access.groups)

    async def start(self, *parts: Any, failed: Any = None, sign_of: Any = None) -> None:
        """Have these parts handle what Slack delivers. sign_of: as SlackBot takes it."""
        handlers = {kind: handler for part in parts for kind, handler in part.handlers().items()}
        refusals = {k: r for part in parts if hasattr(part, "refusals") for k, r in part.refusals().items()}
        bot = self.bot = SlackBot(
            self.apis, self.ids, "/ask", handlers, refusals, failed or self._note_failure, sign_of=sign_of
        )
        inbox = self.inbox = bot.inbox = Inbox(
            Deliveries(self.database), self._handle, failed=bot.failed, waits=bot.waits, pauses=PAUSES
        )
        app = self.app = self._app()
        attach(app, bot, alone=True)
        await self.api.ready()
        running = asyncio.create_task(inbox.run())
        self._stack.push_async_callback(_cancelled, running)
        self._stack.push_async_callback(inbox.close, 0.2)
        handler = AsyncSocketModeHandler(app, self.slack.app_token, web_client=self._client())
        await handler.connect_async()
        self._stack.push_async_callback(handler.close_async)
        await self.slack.connected()

    async def asked(
        self, text: str = "How long do refunds take?", thread: Message | None = None, channel: str = "C0HELP"
    ) -> tuple[Message, list[Message]]:
        """Anna asks with a mention: her message, and what the bot has said in its thread when all is quiet."""
        asked = self.slack.user("U0ANNA", name="Anna").asks(channel, text, thread)
        await self.settled()
        return asked, self.slack.answers(channel, thread or asked)

    async def settled(self, within_s: float = 20) -> None:
        """Wait until nothing is on its way to the bot, and it handles nothing."""
        quiet = 0
        async with asyncio.timeout(within_s):
            while quiet < 3:
                busy = not self.slack.is_settled or bool(self.inbox and self.inbox._held)
                quiet = 0 if busy else quiet + 1
                await asyncio.sleep(0.03)

    async def close(self) -> None:
        await self._stack.aclose()
        await self.apis.close()

    async def _handle(self, delivery: Any, note: Any) -> None:
        assert self.bot is not None
        await self.bot.handle(delivery, note)
        self.handled.append(delivery.kind)

    async def _propose(self, asked: Asked, reply: Reply) -> None:
        self.proposed.append((asked, reply))

    async def _note_failure(self, received: Received, reference: str) -> None:
        self.failures.append((received, reference))

    def _app(self) -> AsyncApp:
        return AsyncApp(client=self._client(), signing_secret=self.slack.signing_secret)

    def _client(self) -> AsyncWebClient:
        return AsyncWebClient(token=self.slack.bot_token, base_url=self.slack.api_url)


async def _cancelled(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def slack() -> Any:
    with LocalSlack() as local:
        yield local


@pytest.fixture
async def bench(slack: LocalSlack, tmp_path: Path, database_address: str) -> AsyncIterator[Bench]:
    """All that parts are made from; start(*parts) makes it a bot."""
    database = await open_database(database_address)
    made = Bench(slack, database, tmp_path)
    try:
        yield made
    finally:
        await made.close()
        await database.dispose()


@pytest.fixture
async def bot(bench: Bench) -> Bench:
    """A bot with which people can talk; a test adds what more it needs by `bench` instead."""
    made = bench.talking()
    await bench.start(*made.parts, failed=made.failures.tell, sign_of=made.waiting.sign_of)
    return bench
