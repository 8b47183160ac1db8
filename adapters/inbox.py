"""What platforms deliver: accepted once and durably, handled in order, taken up again after a crash.

An adapter accepts each delivery before it acknowledges it. The process that accepted it handles it at once; run() sees to
it that nothing stays lying that another process left. Nothing here knows a platform.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.attempts import PAUSES, Attempts, Failed, Handle, Note, cancelled, name_of, named
from adapters.lanes import Fate, Held, LaneId, Lanes
from rag_core.errors import Unavailable
from rag_core.records.platforms.deliveries import Deliveries
from rag_core.records.platforms.delivery import Delivery, Taken, stored_key
from rag_core.records.platforms.owners import Gone

__all__ = ["Delivery", "Failed", "Handle", "Inbox", "Note"]

log = logging.getLogger(__name__)

GRACE_S = 2.0
"""How long what is cancelled may take to end."""
GIVE_BACK_S = 10.0
"""How long the database may take for that."""
_PRUNE_S = 600.0


class Inbox:
    """handle: is given each delivery, as often as it takes; in order within a lane, one at a time, lanes side by side.
    waits: is told at once of each that may have to wait in its lane; it does not raise.

    pauses: seconds between attempts. accept_s: how long accepting may take. look_s: how often what others left is looked
    for. renew_s: how often the leases of what is held here are renewed; several times within a lease. keep: how long
    the keys of what was handled are known.
    """

    def __init__(
        self,
        deliveries: Deliveries,
        handle: Handle,
        *,
        failed: Failed | None = None,
        waits: Callable[[Delivery], None] | None = None,
        pauses: Sequence[float] = PAUSES,
        accept_s: float = 2.5,
        look_s: float = 2.0,
        renew_s: float = 10.0,
        keep: timedelta = timedelta(days=7),
    ) -> None:
        self._deliveries = deliveries
        self._attempts = Attempts(deliveries, handle, failed, pauses, self._drop, self._lose)
        self._waits = waits
        self._accept_s = accept_s
        self._look_s = look_s
        self._renew_s = renew_s
        self._keep = keep
        self._gone = Gone(renew_s)
        self._lanes = Lanes(self._work, self._ahead, look_s)
        self._coming: Counter[LaneId] = Counter()
        self._held: dict[int, Held] = {}
        self._numbers: dict[tuple[str, str], int] = {}
        self._aside: set[asyncio.Task[Any]] = set()
        self._strays: set[int] = set()
        self._closing = False

    async def accept(
        self,
        platform: str,
        key: str,
        kind: str,
        lane: str,
        payload: Mapping[str, Any],
        *,
        handle_here: bool = True,
    ) -> bool:
        """It is in the database when this returns. False: it was accepted before, by whatever process.

        handle_here: it is handled at once; else by the process that looks next, which may be this one.

        Raises:
            TypeError, ValueError: the payload is no JSON.
            Unavailable: the database does not take it now, or not in time; then it may still come to be accepted.
        """
        # Whoever stops waiting leaves it to us: what comes to be accepted is handled.
        accepting = self._start(self._accept(platform, key, kind, lane, payload, handle_here))
        try:
            async with asyncio.timeout(self._accept_s):
                return await asyncio.shield(accepting)
        except TimeoutError as error:
            sentence = (
                f"The database took no delivery within {self._accept_s:g} s; look at what keeps it busy."
            )
            raise Unavailable(sentence) from error

    async def run(self) -> None:
        """Until cancelled: renew leases, take up what others left, forget what was handled long ago."""
        renew_at, prune_at, working = 0.0, 0.0, True
        while True:
            now = time.monotonic()
            try:
                if now >= renew_at:
                    await self._renew()
                    renew_at = now + self._renew_s
                if not self._closing:
                    await self._take_up()
                if now >= prune_at:
                    await self._deliveries.prune(datetime.now(UTC) - self._keep)
                    prune_at = now + _PRUNE_S
                working = True
            except Exception as error:
                if cancelled():
                    raise asyncio.CancelledError from error
                if working:
                    log.warning("Deliveries cannot be looked after now: %s", named(error))
                working = False
            await asyncio.sleep(min(self._look_s, self._renew_s))

    async def close(self, within_s: float) -> None:
        """Begin nothing more; let what runs come to its end in time. What does not is cancelled and given back, so that
        another process goes on at once. What is accepted from now on is left to others."""
        self._closing = True
        waiting = [held for held in self._lanes.clear() if held.end(Fate.RETURNED)]
        self._return([held for held in self._held.values() if held.resting])
        renewing = asyncio.create_task(self._renewing())
        try:
            await self._give_back([held.number for held in waiting])
            await self._settled(within_s)
            self._return(self._held.values())
            await self._settled(GRACE_S)
        finally:
            renewing.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(GIVE_BACK_S):
                await self._deliveries.settle()
        await self._give_back(None)

    def interrupt(self, platform: str, key: str) -> bool:
        """End the handling of a delivery, which is done with that; one that waits in its lane is done without being handled.
        False: this process does not hold it, or is done with it."""
        held = self._held.get(self._numbers.get(stored_key(platform, key), -1))
        if held is None or not held.end(Fate.INTERRUPTED):
            return False
        if held.task is None:
            self._start(self._attempts.finish(held))
        return True

    async def _accept(
        self, platform: str, key: str, kind: str, lane: str, payload: Mapping[str, Any], here: bool
    ) -> bool:
        id = platform, lane
        first = id not in self._lanes and not self._coming[id]
        self._coming[id] += 1
        here = here and not self._closing
        try:
            taken = await self._deliveries.accept(platform, key, kind, lane, payload, hold=here, begin=first)
        finally:
            self._coming[id] -= 1
            if not self._coming[id]:
                del self._coming[id]
        if taken is not None and here:
            await self._put([taken])
        return taken is not None

    async def _put(self, taken: Sequence[Taken]) -> None:
        """Each into its lane; or back, where this process began to close while they were taken."""
        if self._closing:
            await self._give_back([one.number for one in taken])
            return
        for one in taken:
            if one.number not in self._held:
                held = self._held[one.number] = Held(one)
                self._numbers[held.delivery.platform, held.delivery.key] = one.number
                if self._lanes.put(held) and self._waits is not None:
                    self._waits(held.delivery)

    def _drop(self, held: Held) -> None:
        self._held.pop(held.number, None)
        self._numbers.pop((held.delivery.platform, held.delivery.key), None)

    async def _ahead(self, held: Held) -> bool:
        try:
            return await self._deliveries.ahead(held.taken)
        except Exception as error:
            log.warning("What comes before %s cannot be looked for now: %s", name_of(held), named(error))
            return True

    async def _work(self, held: Held) -> None:
        """What a lane does with each."""
        held.task = asyncio.create_task(self._attempts.make(held))
        await asyncio.wait([held.task])
        try:
            if held.fate is Fate.INTERRUPTED and held.number in self._held:
                await self._attempts.finish(held)
        except Exception as error:
            log.error("%s was interrupted, which could not be kept: %s", name_of(held), named(error))
        if held.fate is not Fate.RETURNED:
            self._drop(held)

    def _lose(self, held: Held) -> None:
        if held.end(Fate.LOST):
            log.info("%s is ours no more: another process has it, or it was forgotten", name_of(held))
        if held.task is None:
            self._drop(held)

    async def _renew(self) -> None:
        known = dict(self._held)
        mine = await self._deliveries.renew()
        for number in known.keys() - mine:
            if number in self._held:
                self._lose(known[number])
        # What was accepted although the database broke off before it could say so. Seen once, it may be on its way.
        before, self._strays = self._strays, mine - self._held.keys()
        if strays := before & self._strays:
            await self._put(await self._deliveries.held(strays))

    async def _take_up(self) -> None:
        holders = await self._deliveries.holders()
        gone = self._gone.among(holders)
        if not gone and all(holder.owner for holder in holders):
            return
        while not self._closing and (taken := await self._deliveries.take(gone)):
            log.info("%d deliveries that others left are taken up", len(taken))
            await self._put(taken)

    async def _renewing(self) -> None:
        while True:
            await asyncio.sleep(self._renew_s)
            try:
                await self._deliveries.renew()
            except Exception as error:
                log.warning("Leases cannot be renewed now: %s", named(error))

    async def _settled(self, within_s: float) -> None:
        """Wait until nothing runs."""
        if running := self._lanes.workers | self._aside:
            await asyncio.wait(running, timeout=within_s)

    def _return(self, running: Iterable[Held]) -> None:
        for held in list(running):
            held.end(Fate.RETURNED)

    async def _give_back(self, numbers: Sequence[int] | None) -> None:
        """None: all that is held."""
        try:
            async with asyncio.timeout(GIVE_BACK_S):
                await self._deliveries.give_back(numbers)
        except Exception as error:
            log.warning("Deliveries could not be given back; their leases run out: %s", named(error))

    def _start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self._aside.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._aside.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waited for it was told
