"""The extension's life in a bot: the core opened, parts joined, the inbox at work, the cog added; then all of it closed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial

from discord.ext import commands

from adapters.discord.assembly import assemble
from adapters.discord.catching_up import CatchingUp
from adapters.discord.cog import AnswerloopCog
from adapters.discord.connection.client import CONTENT_LACKING, OwnBot
from adapters.discord.connection.commands import keep_registered
from adapters.discord.connection.guards import guard_parsers
from adapters.discord.received import PLATFORM
from adapters.discord.rest.redaction import redaction_installed
from adapters.discord.rest.rest import Rest
from adapters.inbox import Inbox
from adapters.running_inbox import inbox_running
from rag_core.records.platforms.deliveries import Deliveries
from rag_core.records.platforms.postings import Postings
from rag_core.records.platforms.registrations import Registrations
from rag_core.running.opening import Running, open_running, settings_loader
from rag_core.settings import duration_s

__all__ = ["load", "unload"]

Bot = commands.Bot | commands.AutoShardedBot
Work = Callable[[], Awaitable[None]]
_STACK = "_answerloop_stack"
log = logging.getLogger(__name__)


async def load(bot: Bot) -> None:
    async with AsyncExitStack() as stack:
        stack.enter_context(redaction_installed())
        running: Running | None = getattr(bot, "answerloop", None)
        if running is None:
            running = await stack.enter_async_context(open_running(settings_loader()))
        at_once: asyncio.Event | None = getattr(bot, "answerloop_at_once", None)
        await stack.enter_async_context(_added(bot, running, at_once))
        setattr(bot, _STACK, stack.pop_all())


async def unload(bot: Bot) -> None:
    stack: AsyncExitStack | None = getattr(bot, _STACK, None)
    if stack is not None:
        delattr(bot, _STACK)
        await stack.aclose()


@asynccontextmanager
async def _added(bot: Bot, running: Running, at_once: asyncio.Event | None) -> AsyncIterator[None]:
    """at_once: once set, closing waits for nothing."""
    rest = Rest(bot)
    assembled = assemble(running, bot, rest)
    taker = assembled.bot
    deliveries, postings = Deliveries(running.database, platforms={PLATFORM}), Postings(running.database)
    keep = timedelta(seconds=duration_s(running.settings().retention.deliveries))
    inbox = Inbox(deliveries, taker.handle, failed=taker.failed, keep=keep)
    assembled.use(inbox)
    catching_up = CatchingUp(
        bot, rest, taker.take, deliveries, postings, lambda: running.settings().discord.useful_for
    )
    cog = AnswerloopCog(bot, taker, catching_up)
    registered = partial(
        keep_registered,
        bot,
        cog.payloads,
        Registrations(running.database),
        alone=isinstance(bot, OwnBot),
    )
    background: dict[str, Work] = {**assembled.background, "registering the commands": registered}
    guard_parsers(bot)
    if isinstance(bot, OwnBot):  # which says for itself what it may read
        bot.connections.calls = rest
    elif not bot.intents.message_content:
        log.warning("The bot has no message content intent: there are no %s", CONTENT_LACKING)
    try:
        async with inbox_running(inbox, background, at_once):
            await bot.add_cog(cog)
            try:
                yield
            finally:
                await bot.remove_cog(cog.qualified_name)
                await taker.close()
    finally:
        await rest.close()
