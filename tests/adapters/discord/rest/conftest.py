"""Rest over a real discord.py client that is logged in to the local Discord; no gateway is needed."""

from __future__ import annotations

from collections.abc import AsyncIterator

import discord
import pytest

from adapters.discord.rest.rest import Rest
from tests.servers.discord import Interaction, LocalDiscord


@pytest.fixture
async def client(local: LocalDiscord) -> AsyncIterator[discord.Client]:
    """Logged in."""
    made = discord.Client(intents=discord.Intents.none())
    await made.login(local.bot_token)
    yield made
    await made.close()


@pytest.fixture
async def rest(client: discord.Client) -> AsyncIterator[Rest]:
    """Tries for six seconds."""
    made = Rest(client, trying_s=6)
    yield made
    await made.close()


@pytest.fixture
async def asked(local: LocalDiscord, client: discord.Client) -> Interaction:
    """Anna's command /ask, which nobody has responded to."""
    command = {"name": "ask", "description": "Ask", "type": 1}
    await client.http.bulk_upsert_global_commands(client.application_id or 0, [command])  # type: ignore[list-item]
    return local.user("Anna").runs("ask", "help")
