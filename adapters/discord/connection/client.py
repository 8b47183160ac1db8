"""A bot of our own: what `answerloop serve` loads the extension into."""

from __future__ import annotations

import asyncio
import logging
import sys
import urllib.request
from typing import Any
from urllib.parse import urlsplit

import discord
from discord import app_commands
from discord.ext import commands
from discord.http import Route
from discord.utils import MISSING

from adapters.discord.connection.connections import Connections
from adapters.discord.connection.guards import guard_parsers
from adapters.discord.connection.outages import Outage, Paces, asked_to_wait_s, brief
from adapters.discord.connection.refusals import token_refused
from rag_core.errors import SettingsError
from rag_core.settings import Discord

__all__ = ["CONTENT_LACKING", "OwnBot", "intents_with"]

CONTENT_LACKING = (
    "auto-answers, follow-ups without a mention, and the texts of forum posts that do not mention the bot"
)
"""What there is not without the message content intent."""
_LOGGING_IN_S = 15.0
log = logging.getLogger(__name__)


def intents_with(content: bool) -> discord.Intents:
    """What the bot needs to hear of, and nothing else: never members or presences."""
    return discord.Intents(
        guilds=True,
        guild_messages=True,
        dm_messages=True,
        guild_reactions=True,
        dm_reactions=True,
        message_content=content,
    )


class OwnBot(commands.AutoShardedBot):
    """It speaks of nobody, keeps no messages, and stays connected whatever Discord does."""

    def __init__(self, settings: Discord, paces: Paces = Paces()) -> None:  # noqa: B008 - it is frozen
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # it never speaks aloud
        super().__init__(
            commands.when_mentioned,
            tree_cls=_Tree,
            help_command=None,
            intents=intents_with(bool(settings.message_content)),
            max_messages=None,
            chunk_guilds_at_startup=False,
            member_cache_flags=discord.MemberCacheFlags.none(),
            allowed_mentions=discord.AllowedMentions.none(),
            proxy=_proxy(settings.api_url or Route.BASE),
        )
        self._settings = settings
        self._paces = paces
        self.connections = Connections(
            self, gateway_url=settings.gateway_url, shards=settings.shards, paces=paces
        )
        guard_parsers(self)

    @property
    def sees_content(self) -> bool:
        """Whether messages that are not addressed to the bot can be read."""
        return self.intents.message_content

    async def log_in(self) -> None:
        """Until it worked. The client is to be entered (`async with`) before.

        Raises:
            SettingsError: Discord refuses the token, or there is no Discord at the address.
        """
        outage = Outage()
        for pause in self._paces.pauses():
            try:
                async with asyncio.timeout(_LOGGING_IN_S):
                    await self.login(self._token())
            except SettingsError:
                raise
            except Exception as error:
                self._give_up(error)
                outage.began(brief(error))
                pause = max(pause, asked_to_wait_s(error))
            else:
                outage.over()
                return self._see_content()
            await self._start_over()
            await asyncio.sleep(pause)

    async def connect(self, *, reconnect: bool = True) -> None:
        """Until closed. reconnect: always.

        Raises:
            SettingsError: Discord refuses the token, the intents or the number of shards.
        """
        await self.connections.run()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Its turn has come already."""
        self.connections.identifying.spent(shard_id or 0)

    async def on_message(self, message: discord.Message, /) -> None:
        """There are no commands by prefix."""

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        kind = sys.exc_info()[0]
        log.error("An event could not be handled: %s (%s)", event_method, kind.__name__ if kind else "?")

    async def _start_over(self) -> None:
        """Each login opens connections of its own."""
        await self.http.close()
        self.http.connector = MISSING

    def _token(self) -> str:
        if self._settings.bot_token is None:
            raise SettingsError("DISCORD_BOT_TOKEN is not set: set it in the environment or the file .env.")
        token = self._settings.bot_token.get_secret_value().strip()
        if not token.isascii() or not token.isprintable() or " " in token:
            raise token_refused(once_taken=False)
        return token

    def _give_up(self, error: Exception) -> None:
        """Where trying again would not help."""
        status = error.status if isinstance(error, discord.HTTPException) else 0
        if isinstance(error, discord.LoginFailure) or status == 401:
            raise token_refused(once_taken=False) from None
        if status == 404 and self._settings.api_url:
            raise SettingsError(
                "DISCORD_API_URL leads to no Discord: it ends in the version, as in https://discord.com/api/v10."
            ) from None

    def _see_content(self) -> None:
        """Where the settings do not say, what the application may do counts."""
        wanted = self._settings.message_content
        flags = self.application_flags
        allowed = flags.gateway_message_content or flags.gateway_message_content_limited
        sees = allowed if wanted is None else wanted
        self._connection._intents.message_content = sees
        if not sees:
            log.warning(
                "The message content intent is %s: there are no %s",
                "switched off in the settings" if wanted is False else "not switched on for the application",
                CONTENT_LACKING,
            )


class _Tree(app_commands.CommandTree[Any]):
    async def _call(self, interaction: discord.Interaction) -> None:
        """One that cannot be read is skipped."""
        try:
            await super()._call(interaction)
        except app_commands.AppCommandError:
            raise
        except Exception as error:
            log.error("A command could not be read (%s); it is skipped", type(error).__name__)

    async def on_error(
        self, interaction: discord.Interaction, error: app_commands.AppCommandError, /
    ) -> None:
        """Nothing of what was written."""
        cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
        log.error("A command could not be handled (%s)", type(cause).__name__)


def _proxy(url: str) -> str | None:
    """As the environment says (HTTPS_PROXY, NO_PROXY)."""
    parts = urlsplit(url)
    if urllib.request.proxy_bypass(parts.netloc):
        return None
    return urllib.request.getproxies().get(parts.scheme)
