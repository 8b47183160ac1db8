"""The Discord bot on its own: the part of `answerloop serve` that speaks to Discord, by the extension for any bot."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from discord.ext import commands
from rich.console import Console

from adapters.discord.connection.client import OwnBot
from adapters.discord.connection.logs import make_discreet
from adapters.discord.rest.addresses import pointed_at
from adapters.discord.rest.redaction import redaction_installed
from bots.serve import Part, Run, announce
from bots.stopping import Stopping
from rag_core.access import Access
from rag_core.bootstrap import open_records
from rag_core.errors import AnswerloopError, SettingsError
from rag_core.running.active import ActiveRelease
from rag_core.running.opening import Running
from rag_core.settings import Discord, Settings

__all__ = ["EXTENSION", "check_discord", "discord_part"]

EXTENSION = "adapters.discord"
_CLOSE_WITHIN_S = 20.0
"""What is being answered has ten seconds of it (adapters/running_inbox.py)."""
log = logging.getLogger(__name__)


def discord_part(settings: Callable[[], Settings], access: Access, console: Console) -> Part[ActiveRelease]:
    """settings: those in force. access: the same object that the assistant judges by."""

    @contextmanager
    def part() -> Iterator[Run[ActiveRelease]]:
        check_discord(settings().discord)

        async def run(assistant: ActiveRelease, stopping: Stopping) -> None:
            async with open_records(settings()) as database:
                running = Running(settings, access, database, assistant)
                await _Serving(running, console, stopping).run()

        yield run

    return part


def check_discord(discord: Discord) -> None:
    """
    Raises:
        SettingsError: the token is not set.
    """
    if not discord.configured:
        raise SettingsError(
            "Discord is not configured: set DISCORD_BOT_TOKEN in the environment or the file .env; docs/discord.md tells "
            "where to find it."
        )


@dataclass
class _Serving:
    """One run of it."""

    running: Running
    console: Console
    stopping: Stopping

    async def run(self) -> None:
        """Until it is asked to stop.

        Raises:
            SettingsError: Discord refuses the token or what else the settings say.
        """
        settings = self.running.settings().discord
        make_discreet()
        with (
            pointed_at(settings.api_url or ""),
            redaction_installed(),
        ):  # before there is the extension, which does so too
            bot = OwnBot(settings)
            bot.answerloop = self.running  # type: ignore[attr-defined]
            bot.answerloop_at_once = self.stopping.at_once  # type: ignore[attr-defined]
            async with bot:
                await self._until_stopped(bot)

    async def _until_stopped(self, bot: OwnBot) -> None:
        serving = asyncio.create_task(self._serve(bot))
        stopped = asyncio.create_task(self.stopping.asked.wait())
        try:
            await asyncio.wait({serving, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                serving.result()
        finally:
            await _closed(bot)  # connected until what is being answered is finished
            for task in (serving, stopped):
                task.cancel()
            await asyncio.gather(serving, stopped, return_exceptions=True)

    async def _serve(self, bot: OwnBot) -> None:
        await bot.log_in()
        await _load(bot)
        await _together(bot.connect(), self._announce(bot))

    async def _announce(self, bot: OwnBot) -> None:
        await bot.connections.connected.wait()
        servers = len(bot.guilds)
        name = bot.user.name if bot.user else "?"
        announce(self.console, f"Discord, {servers} {'server' if servers == 1 else 'servers'}, as {name}")


async def _load(bot: OwnBot) -> None:
    try:
        await bot.load_extension(EXTENSION)
    except commands.ExtensionFailed as error:
        if isinstance(error.original, AnswerloopError):
            raise error.original from None
        raise


async def _closed(bot: OwnBot) -> None:
    try:
        async with asyncio.timeout(_CLOSE_WITHIN_S):
            await bot.close()
    except TimeoutError:
        log.warning("The Discord bot could not be closed within %.0f s; it is left as it is", _CLOSE_WITHIN_S)


async def _together(*works: Coroutine[Any, Any, None]) -> None:
    """Until all are done or one fails."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
