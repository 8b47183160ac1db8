"""The bot of our own, connected in this process to the local Discord, with pauses of a test's length."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from adapters.discord.connection.client import OwnBot
from adapters.discord.connection.connections import Calls
from adapters.discord.connection.outages import Paces
from rag_core.settings import Discord
from tests.servers.discord import LocalDiscord

QUICK = Paces(first_s=0.05, longest_s=0.1, soon_s=0.001, apart_s=0.05)


class Running:
    """An OwnBot that is logged in and kept connected, and what it was told."""

    def __init__(self, local: LocalDiscord, **changed: object) -> None:
        values = {
            "bot_token": local.bot_token,
            "api_url": local.environment["DISCORD_API_URL"],
            "gateway_url": local.environment["DISCORD_GATEWAY_URL"],
            **changed,
        }
        self.bot = OwnBot(Discord.model_validate(values), QUICK)
        self.heard: list[str] = []
        self.bot.add_listener(self._heard, "on_message")
        self.connecting: asyncio.Task[None] | None = None

    async def _heard(self, message: object) -> None:
        self.heard.append(str(getattr(message, "content", "")))

    async def start(self) -> None:
        await self.bot.log_in()
        self.connecting = asyncio.create_task(self.bot.connect())

    async def connected(self) -> None:
        """Raises what ends it before."""
        assert self.connecting is not None
        stands = asyncio.create_task(self.bot.connections.connected.wait())
        async with asyncio.timeout(20):
            await asyncio.wait({stands, self.connecting}, return_when=asyncio.FIRST_COMPLETED)
        stands.cancel()
        if self.connecting.done():
            self.connecting.result()

    async def ended(self) -> None:
        """Raises what it ended with."""
        assert self.connecting is not None
        async with asyncio.timeout(20):
            await self.connecting


@asynccontextmanager
async def running(
    local: LocalDiscord, *, calls: Calls | None = None, **changed: object
) -> AsyncIterator[Running]:
    """changed: settings."""
    made = Running(local, **changed)
    made.bot.connections.calls = calls
    async with made.bot:
        await made.start()
        try:
            yield made
        finally:
            await made.bot.close()
            if made.connecting is not None:
                made.connecting.cancel()
                await asyncio.gather(made.connecting, return_exceptions=True)


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """What is logged from INFO on."""
    caplog.set_level(logging.INFO)
    return caplog
