"""What was written while no session with Discord went on: read again, once another has begun.

Discord delivers to a session, and keeps one for some minutes after its connection broke. What is written while there is
none, as while the process is restarted, is told nobody afterwards.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import discord

from adapters.attempts import trace_of
from adapters.discord.arrivals import Arrival, read_again
from adapters.discord.received import PLATFORM
from adapters.discord.rest.rest import Rest
from rag_core.records.platforms.deliveries import Deliveries
from rag_core.records.platforms.postings import Postings
from rag_core.settings import duration_s

__all__ = ["CatchingUp"]

MOST_PLACES, MOST_MESSAGES = 200, 100
AT_ONCE = 2
_OVERLAP = timedelta(minutes=1)
"""So much later than Discord something may have been accepted."""
_FARTHEST = timedelta(days=6)
"""Within this the keys of all that was accepted are still known (adapters/inbox.py)."""
_TALKED_LATELY = timedelta(days=30)
_DIRECT = discord.ChannelType.private
log = logging.getLogger(__name__)


class CatchingUp:
    """Reads it beside all else, and takes it as if it arrived now: what was accepted before is not accepted again."""

    def __init__(
        self,
        client: discord.Client,
        rest: Rest,
        take: Callable[[Arrival], Awaitable[None]],
        deliveries: Deliveries,
        postings: Postings,
        useful_for: Callable[[], str],
    ) -> None:
        """useful_for: what was written longer ago is left alone."""
        self._client = client
        self._rest = rest
        self._take = take
        self._deliveries = deliveries
        self._postings = postings
        self._useful_for = useful_for
        self._began: datetime | None = None
        self._lost: datetime | None = None
        self._due = False
        self._task: asyncio.Task[None] | None = None

    def lost(self) -> None:
        """A connection broke; it may be one of several, while others go on."""
        self._lost = self._lost or datetime.now(UTC)

    def began(self) -> None:
        """A new session begins: what arrives from now on was not missed."""
        self._began = self._began or datetime.now(UTC)

    def look(self) -> None:
        """It is known now which servers and channels there are."""
        self._due = True
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look())

    async def close(self) -> None:
        self._due = False
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _look(self) -> None:
        while self._due:
            self._due = False
            began, lost = self._began or datetime.now(UTC), self._lost
            self._began = self._lost = None
            try:
                since = await self._since(began, lost)
                if since is not None:
                    await self._read_all(since)
            except Exception as error:
                log.warning("What was written meanwhile could not be looked for: %s", trace_of(error))

    async def _since(self, began: datetime, lost: datetime | None) -> datetime | None:
        """None: nothing was ever delivered, so that nothing is missed."""
        last = await self._deliveries.latest(PLATFORM, began)
        if last is None:
            return None
        now, useful = datetime.now(UTC), timedelta(seconds=duration_s(self._useful_for()))
        return max(min(last, lost or last) - _OVERLAP, now - min(useful, _FARTHEST))

    async def _read_all(self, since: datetime) -> None:
        after = discord.utils.time_snowflake(since)
        direct = await self._postings.direct_channels(PLATFORM, since - _TALKED_LATELY, MOST_PLACES)
        places = [*_places(self._client, after), *(self._partial(id) for id in direct if id.isdigit())]
        gate = asyncio.Semaphore(AT_ONCE)
        reading = (self._read(place, after, gate) for place in places[:MOST_PLACES])
        failed = [error for error in await asyncio.gather(*reading) if error is not None]
        if failed:
            log.warning(
                "What was written meanwhile could not be read in %d of %d places: %s",
                len(failed),
                len(places[:MOST_PLACES]),
                trace_of(failed[0]),
            )

    async def _read(self, place: Any, after: int, gate: asyncio.Semaphore) -> Exception | None:
        """What went wrong, if anything did: the other places are read all the same."""
        async with gate:
            try:
                if not isinstance(place, discord.PartialMessageable) or await self._is_open(place, after):
                    await self._take_from(place, after)
            except Exception as error:
                return error
        return None

    async def _take_from(self, place: Any, after: int) -> None:
        found = await self._rest.messages(str(place.id), limit=MOST_MESSAGES, after=str(after))
        for raw in sorted(found, key=lambda raw: int(raw["id"])):
            if int(raw["id"]) > after and (arrival := read_again(raw, place)) is not None:
                await self._take(arrival)

    async def _is_open(self, place: discord.PartialMessageable, after: int) -> bool:
        """Whether these are direct messages, with something new."""
        known = await self._rest.channel(str(place.id))
        return known.get("type") == _DIRECT.value and int(known.get("last_message_id") or 0) > after

    def _partial(self, id: str) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(int(id), type=_DIRECT)


def _places(client: discord.Client, after: int) -> list[Any]:
    """The channels and threads with something new that the bot may read, the most recently active first."""
    found = [
        place
        for guild in client.guilds
        for place in (*guild.text_channels, *guild.voice_channels, *guild.stage_channels, *guild.threads)
        if _newest(place) > after and _readable(place, guild)
    ]
    return sorted(found, key=_newest, reverse=True)


def _newest(place: Any) -> int:
    """The last message. A post begins with one of its own id."""
    last = place.last_message_id or 0
    return max(last, place.id) if isinstance(place, discord.Thread) else last


def _readable(place: Any, guild: discord.Guild) -> bool:
    if isinstance(place, discord.Thread) and place.parent is None:
        return False
    may = place.permissions_for(guild.me)
    voice = isinstance(place, discord.VoiceChannel | discord.StageChannel)
    return bool(may.view_channel and may.read_message_history and (may.connect or not voice))
