"""All parts of the bot, joined."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.chat import Answerer
from adapters.slack.api import Apis
from adapters.slack.bot import Departed, SlackBot
from adapters.slack.ids import Ids
from adapters.slack.received import Received
from rag_core.settings import Settings

__all__ = ["Assembled", "assemble"]


@dataclass(frozen=True, slots=True)
class Assembled:
    bot: SlackBot
    background: Mapping[str, Callable[[], Awaitable[None]]] = field(default_factory=dict)
    """Work to keep going meanwhile, such as reminders, by its name in the log."""


def assemble(
    *,
    settings: Callable[[], Settings],
    answerer: Answerer,
    database: AsyncEngine,
    apis: Apis,
    departed: Mapping[str, Departed],
) -> Assembled:
    """The bot; its inbox is set by the caller. settings: those now in force."""
    slack = settings().slack

    async def failed(received: Received, reference: str) -> None:
        return

    return Assembled(SlackBot(apis, Ids(slack.prefix), slack.command, {}, {}, failed, departed))
