"""Calls that are made again where that does no harm, and not made at all where Discord said no often enough."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import OrderedDict
from typing import Any

import discord

from adapters.complaints import Complaints
from adapters.discord.rest.calls import Call
from adapters.discord.rest.errors import (
    DiscordRefusal,
    Limited,
    NotSent,
    TokenGone,
    Unconfirmed,
    Vanished,
)
from adapters.discord.rest.invalid import ClosedPlaces, InvalidRequests
from adapters.discord.rest.wire import Wire
from rag_core.errors import Unavailable

__all__ = ["Calling"]

PAUSES, URGENT_PAUSES = (0.5, 8.0), (0.1, 0.4)
"""Seconds: the pause before the second try, and the longest."""
URGENT_S = 2.5
"""For so long a first response is tried: Discord waits for three seconds."""
_REPLY_S, _URGENT_REPLY_S = 10.0, 1.2
"""For so long one try waits for its reply."""
_TURN_S = 1.0
"""For so long a call that is tried once may wait for its turn."""
_TOKENS = 2_000
log = logging.getLogger(__name__)


class Calling:
    """Makes the calls of one bot."""

    def __init__(
        self,
        client: discord.Client,
        trying_s: float,
        invalid: InvalidRequests | None = None,
        closed: ClosedPlaces | None = None,
    ) -> None:
        self.invalid = invalid or InvalidRequests()
        self.closed = closed or ClosedPlaces()
        self.token_gone = asyncio.Event()
        self.wire = Wire(client, self.invalid)
        self._trying_s = trying_s
        self._complaints = Complaints(log)
        self._refused_token = ""
        self._expired: OrderedDict[str, None] = OrderedDict()

    async def make(self, call: Call, trying_s: float | None = None) -> Any:
        """Discord's reply. trying_s: how long it is tried again; None: as usual; 0: once.

        Raises:
            DiscordRefusal: Discord said no.
            Unavailable: Discord did not take it in time: Limited, NotSent, or Unconfirmed, where it may have happened.
        """
        if call.missing == "webhook_id":
            raise NotSent(f"The bot is not logged in to Discord yet for {call.name}; try again later")
        if call.missing:
            raise DiscordRefusal(call.name, 404, 0, f"{call.missing} is empty")
        trying_s = self._trying_s if trying_s is None else trying_s
        if call.urgent:
            trying_s = min(trying_s, URGENT_S)
        token = self.wire.token
        try:
            return await self._trying(call, trying_s)
        except DiscordRefusal as error:
            self._learn(call, error, token)
            raise
        except Unavailable as error:
            self._complaints.about("unavailable", f"Discord does not take what I send: {error}")
            raise

    def signed_in(self) -> None:
        """The bot's token counts, as a login that worked shows."""
        self._refused_token = ""
        self.token_gone.clear()

    async def close(self) -> None:
        await self.wire.aclose()

    async def _trying(self, call: Call, trying_s: float) -> Any:
        deadline, doubted = time.monotonic() + trying_s, False
        pause, longest = URGENT_PAUSES if call.urgent else PAUSES
        while True:
            self._refuse_what_is_known(call)
            left = deadline - time.monotonic()
            await self._slow_down(call, left)
            try:
                reply = await self._sent(call, left, trying_s)
            except (NotSent, Unconfirmed, Limited) as error:
                doubted = doubted or isinstance(error, Unconfirmed)
                least = error.retry_after if isinstance(error, Limited) else 0.0
                wait = least + pause * random.uniform(0.5, 1)  # noqa: S311 - spreads load, hides nothing
                if not _again(call, error) or time.monotonic() + wait > deadline:
                    raise _in_doubt(call, error, doubted) from error
                await asyncio.sleep(wait)
                pause = min(pause * 2, longest)
            else:
                self.closed.took(call)
                return reply

    async def _sent(self, call: Call, left: float, trying_s: float) -> Any:
        try:
            return await self.wire.send(call, max(left, _TURN_S), self._reply_s(call, left, trying_s))
        except DiscordRefusal as refused:
            self.closed.learn(call, refused)
            raise

    def _reply_s(self, call: Call, left: float, trying_s: float) -> float:
        """How long this try may wait for its reply. Files may take as long as there is time."""
        if call.urgent:
            return max(min(_URGENT_REPLY_S, left), 0.2)
        if call.files:
            return max(left, _REPLY_S)
        return max(min(_REPLY_S, left), 1.0) if trying_s else _REPLY_S

    def _refuse_what_is_known(self, call: Call) -> None:
        """Raises what Discord would say once more."""
        if not call.of_interaction and self._refused_token and self.wire.token == self._refused_token:
            raise TokenGone(call.name, 401, 0, "set the bot's new token (DISCORD_BOT_TOKEN)")
        if call.token in self._expired:
            raise Vanished(call.name, 401, 50027)
        if (closed := self.closed.refusal_of(call)) is not None:
            raise closed

    async def _slow_down(self, call: Call, left: float) -> None:
        if not (pause := self.invalid.pause_s(call)):
            return
        self._complaints.about("invalid", f"Discord refused {self.invalid.lately} calls lately; I slow down")
        if pause > max(left, _TURN_S):
            raise Limited(call.name, pause)
        await asyncio.sleep(pause)

    def _learn(self, call: Call, error: DiscordRefusal, token: str) -> None:
        if isinstance(error, TokenGone):
            self._refused_token = token
            if not self.token_gone.is_set():
                self.token_gone.set()
                log.error("%s", error)
        elif error.code in (10015, 50027) and call.token:
            self._expired[call.token] = None
            while len(self._expired) > _TOKENS:
                self._expired.popitem(last=False)


def _again(call: Call, error: Unavailable) -> bool:
    return call.repeatable or not isinstance(error, Unconfirmed)


def _in_doubt(call: Call, error: Unavailable, doubted: bool) -> Unavailable:
    """An earlier try may have arrived, although the last did not."""
    if not doubted or isinstance(error, Unconfirmed):
        return error
    return Unconfirmed(f"It is not known whether {call.name} arrived, and now it does not: {error}")
