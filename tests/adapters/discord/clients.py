"""discord.py's own clients, connected to the local Discord as any bot would be."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import discord
import yarl
from discord.ext import commands
from discord.gateway import DiscordWebSocket

from tests.servers.discord import LocalDiscord

__all__ = ["INTENTS", "Bot", "running"]

INTENTS = discord.Intents(
    guilds=True,
    guild_messages=True,
    dm_messages=True,
    message_content=True,
    guild_reactions=True,
    dm_reactions=True,
)


class Bot(commands.AutoShardedBot):
    """One that notes what arrives, and identifies without waiting five seconds before it."""

    def __init__(self, intents: discord.Intents = INTENTS, **options: Any) -> None:
        fixed = {"max_messages": None, "help_command": None, "guild_ready_timeout": 0.1}
        super().__init__(commands.when_mentioned, intents=intents, **fixed | options)
        self.heard: list[discord.Message] = []
        self.events: list[tuple[str, Any]] = []
        self.resumed = 0

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        pass

    async def on_message(self, message: discord.Message) -> None:
        if message.author != self.user:
            self.heard.append(message)

    async def on_resumed(self) -> None:
        self.resumed += 1

    def dispatch(self, event_name: str, /, *args: Any, **kwargs: Any) -> None:
        if not event_name.startswith("socket"):
            self.events.append((event_name, args))
        super().dispatch(event_name, *args, **kwargs)

    def of(self, name: str) -> list[Any]:
        """First arguments of the events of this name."""
        return [args[0] for event, args in self.events if event == name]


@contextlib.asynccontextmanager
async def running(local: LocalDiscord, bot: Bot | None = None) -> AsyncIterator[Bot]:
    """Logged in and ready; its commands are registered."""
    made = bot or Bot()
    before = DiscordWebSocket.DEFAULT_GATEWAY
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(local.gateway_url)
    try:
        await made.login(local.bot_token)
        if isinstance(made, Bot) and made.tree.get_commands():
            await made.tree.sync()
        going = asyncio.create_task(made.connect())
        ready = asyncio.create_task(made.wait_until_ready())
        await asyncio.wait({going, ready}, return_when=asyncio.FIRST_COMPLETED, timeout=20)
        ready.cancel()
        if going.done():
            going.result()
        yield made
    finally:
        await made.close()
        going.cancel()
        await asyncio.gather(going, return_exceptions=True)
        DiscordWebSocket.DEFAULT_GATEWAY = before
