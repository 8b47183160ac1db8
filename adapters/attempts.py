"""One delivery is handled: as often as it takes, and to an end that the database knows."""

from __future__ import annotations

import asyncio
import logging
import secrets
import traceback
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from adapters.lanes import Fate, Held
from rag_core.errors import AnswerloopError, InvalidEntry, InvalidQuestion, Unavailable
from rag_core.records.platforms.deliveries import Deliveries
from rag_core.records.platforms.delivery import Delivery

__all__ = ["PAUSES", "Attempts", "Failed", "Handle", "Note", "cancelled", "name_of", "named", "trace_of"]

log = logging.getLogger(__name__)

Note = Callable[[Mapping[str, Any]], Awaitable[None]]
"""Replaces, durably, what another attempt is told in Delivery.progress. Raises Unavailable when the database does not
take it; another attempt in this process is told all the same."""
Handle = Callable[[Delivery, Note], Awaitable[None]]
"""Unavailable and OSError: another attempt may succeed. Any other exception: none will."""
Failed = Callable[[Delivery, BaseException, str], Awaitable[None]]
"""Is told after the last attempt, with the reference under which the log has it."""

PAUSES = (1.0, 5.0, 30.0, 60.0)
"""Seconds between attempts; there is one more attempt than pauses."""
_AGAIN_S = 1.0
"""Between two tries to write what must be written."""


class Attempts:
    """over: is told when nothing more will be done for one. lost: when another process took it."""

    def __init__(
        self,
        deliveries: Deliveries,
        handle: Handle,
        failed: Failed | None,
        pauses: Sequence[float],
        over: Callable[[Held], None],
        lost: Callable[[Held], None],
    ) -> None:
        self._deliveries = deliveries
        self._handle = handle
        self._failed = failed
        self._pauses = tuple(pauses)
        self._over = over
        self._lost = lost

    async def make(self, held: Held) -> None:
        """Until it is handled or given up. Cancelled: nothing is written."""
        try:
            while (pause := await self._attempt(held)) is not None:
                held.resting = True
                await asyncio.sleep(pause)
                held.resting = False
        except Exception as error:  # a mistake of ours; its lane goes on
            log.error("%s was left lying: %s", name_of(held), trace_of(error))

    async def finish(self, held: Held, failed: bool = False) -> None:
        """Done, whatever became of it."""
        await self._written(held, partial(self._deliveries.finish, held.number, failed=failed))
        self._over(held)

    async def _attempt(self, held: Held) -> float | None:
        """Seconds until another one; None: it came to its end."""
        if not await self._begun(held):
            return None
        attempt, last = held.delivery.attempt, len(self._pauses) + 1
        if attempt > last:
            ended = Unavailable("The process that handled it ended each time, before it was done.")
            await self._give_up(held, ended)
            return None
        try:
            await self._handle(held.delivery, partial(self._note, held))
        except asyncio.CancelledError as error:
            if cancelled():
                raise
            await self._give_up(held, error)  # the handler's own
        except Exception as error:
            if held.fate is None and cancelled():
                raise asyncio.CancelledError from error
            if held.fate is None and _may_pass(error) and attempt < last:
                return self._put_off(held, error)
            await self._give_up(held, error)
        else:
            await self._handled(held)
        return None

    async def _handled(self, held: Held) -> None:
        if held.fate is not Fate.LOST:
            await self.finish(held)

    async def _begun(self, held: Held) -> bool:
        """The database knows of each attempt before it is made: what kills the process each time is given up at last."""
        if not held.begun:
            delivery = held.delivery
            begin = partial(self._deliveries.begin, held.number, delivery.attempt, delivery.progress)
            held.begun = await self._written(held, begin)
        return held.begun

    async def _note(self, held: Held, progress: Mapping[str, Any]) -> None:
        held.delivery = replace(held.delivery, progress=dict(progress))
        if not await self._deliveries.note(held.number, progress):
            self._lost(held)

    def _put_off(self, held: Held, error: Exception) -> float:
        pause = self._pauses[held.delivery.attempt - 1]
        log.warning("%s is tried again in %g s: %s", name_of(held), pause, named(error))
        held.delivery, held.begun = replace(held.delivery, attempt=held.delivery.attempt + 1), False
        return pause

    async def _give_up(self, held: Held, error: BaseException) -> None:
        if held.fate is not None:  # an error on being cancelled
            return
        reference = secrets.token_hex(3)
        log.error("%s failed (reference %s): %s", name_of(held), reference, _told(error))
        if self._failed is not None:
            try:
                await self._failed(held.delivery, error, reference)
            except Exception as untold:
                log.error("Nobody could be told of it (reference %s): %s", reference, trace_of(untold))
        await self.finish(held, failed=True)

    async def _written(self, held: Held, write: Callable[[], Awaitable[bool]]) -> bool:
        """However long the database is away. False: it is no longer ours."""
        while True:
            try:
                mine = await write()
                break
            except Unavailable as error:
                log.warning("%s waits for the database: %s", name_of(held), error)
                await asyncio.sleep(_AGAIN_S)
        if not mine:
            self._lost(held)
        return mine


def name_of(held: Held) -> str:
    """For the log, without what people wrote."""
    delivery = held.delivery
    return (
        f"Delivery {delivery.key!r} ({delivery.kind}) from {delivery.platform}, attempt {delivery.attempt},"
    )


def named(error: BaseException) -> str:
    """Our own sentences; the text of other errors may hold what people wrote."""
    if isinstance(error, AnswerloopError) and not isinstance(error, (InvalidQuestion, InvalidEntry)):
        return f"{type(error).__name__}: {error}"
    return type(error).__name__


def _told(error: BaseException) -> str:
    """One line of what was foreseen: its sentence says what is to be done. All else with its trace."""
    sentence = named(error)
    return sentence if sentence != type(error).__name__ else trace_of(error)


def trace_of(error: BaseException) -> str:
    """Where it came from, cause after cause; without what people wrote."""
    return "\n".join(f"{named(e)}\n{''.join(traceback.format_tb(e.__traceback__))}" for e in _causes(error))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _may_pass(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return all(_may_pass(part) for part in error.exceptions)
    return isinstance(error, (Unavailable, OSError))


def cancelled() -> bool:
    """Whether this task was cancelled; something that it called may have made another exception of that."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
