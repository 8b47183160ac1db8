"""Rest over a real discord.py client that is logged in to the local Discord; no gateway is needed."""

from __future__ import annotations

from collections.abc import AsyncIterator

import discord
import pytest

from adapters.discord.rest.rest import Rest
from tests.servers.discord import LocalDiscord


@pytest.fixture
async def client(local: LocalDiscord) -> AsyncIterator[discord.Client]:
    """Logged in."""
    made = discord.Client(intents=discord.Intents.none())
    await made.login(local.bot_token)
    yield made
    await made.close()


@pytest.fixture
async def rest(client: discord.Client) -> AsyncIterator[Rest]:
    """Tries for three seconds."""
    made = Rest(client, trying_s=3)
    yield made
    await made.close()
