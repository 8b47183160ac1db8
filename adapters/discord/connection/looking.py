"""What Discord says of an application, asked without connecting: for `init` and `doctor`."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

import aiohttp
import discord

from adapters.discord.connection.outages import brief
from adapters.discord.rest.addresses import api_address, pointed_at
from rag_core.errors import AnswerloopError, Unavailable
from rag_core.settings import Discord

__all__ = ["Looking"]

_TIMEOUT = aiohttp.ClientTimeout(total=10)


class Looking:
    """Use it as an async context manager."""

    def __init__(self, settings: Discord) -> None:
        token = settings.bot_token.get_secret_value() if settings.bot_token else ""
        with pointed_at(settings.api_url or ""):
            self._base = api_address()
        self._headers = {
            "Authorization": f"Bot {token.strip()}",
            "User-Agent": f"DiscordBot (https://github.com/Rapptz/discord.py {discord.__version__})",
        }

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=_TIMEOUT, trust_env=True, headers=self._headers)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def get(self, path: str) -> Any:
        """The reply to GET path, such as '/users/@me'.

        Raises:
            AnswerloopError: Discord refuses the token, or the call.
            Unavailable: Discord is not reached, or fails.
        """
        try:
            async with self._session.get(self._base + path) as response:
                if response.status == 200:
                    return await response.json()
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Unavailable(f"Discord is not reached ({brief(error)}).") from None
        if response.status == 401:
            raise AnswerloopError("Discord refuses DISCORD_BOT_TOKEN.")
        if response.status == 429 or response.status >= 500:
            raise Unavailable(f"Discord does not answer GET {path} now (status {response.status}).")
        raise AnswerloopError(f"Discord refuses GET {path} (status {response.status}).")
