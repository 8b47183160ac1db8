"""What chat platforms delivered: kept before it is acknowledged, held by one process at a time, handled once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import DateTime, Interval, and_, delete, func, literal, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag_core.errors import Unavailable
from rag_core.records.database import transaction
from rag_core.records.platforms.delivery import Taken, as_accepted, as_taken, fitting, utc
from rag_core.records.platforms.owners import Holder, new_owner
from rag_core.records.tables import deliveries

__all__ = ["LEASE_S", "Deliveries"]

BATCH = 100
"""Rows written in one transaction."""
LEASE_S = 30.0
_FAR = 10
"""A lease that ends so many times its length from now was given by a clock that was wrong."""
_c = deliveries.c
_OPEN = ("waiting", "taken")

T = TypeVar("T")


@dataclass(slots=True)
class _New:
    values: dict[str, Any]
    done: asyncio.Future[Taken | None]


@dataclass(slots=True)
class _Change:
    number: int
    values: tuple[tuple[str, Any], ...]
    done: asyncio.Future[bool]


class Deliveries:
    """The deliveries as one process sees them. Single writes that come at once are written at once.

    owner: who holds what is accepted or taken here. platforms: what others accepted of these alone is taken up;
    None: all.
    """

    def __init__(
        self,
        database: AsyncEngine,
        *,
        owner: str | None = None,
        platforms: Collection[str] | None = None,
        lease_s: float = LEASE_S,
    ) -> None:
        self._database = database
        self.owner = owner or new_owner()
        self._of_ours = [] if platforms is None else [_c.platform.in_(sorted(platforms))]
        self._lease = timedelta(seconds=lease_s)
        self._waiting: list[_New | _Change] = []
        self._writing: asyncio.Task[None] | None = None
        self._running: set[asyncio.Task[Any]] = set()

    async def accept(
        self,
        platform: str,
        key: str,
        kind: str,
        lane: str,
        payload: Mapping[str, Any],
        *,
        hold: bool = True,
        begin: bool = False,
    ) -> Taken | None:
        """Keep it. None: its key was accepted before, by whatever process. hold: by this owner; else whoever looks next
        takes it. begin: its first attempt begins with this. What is too long for its column is cut and hashed.

        Raises:
            TypeError, ValueError: the payload is no JSON.
            Unavailable: the database does not take it now.
        """
        values = {
            "platform": fitting(platform, 32),
            "key": fitting(key, 200),
            "kind": fitting(kind, 64),
            "lane": fitting(lane, 200),
            "payload": json.dumps(payload),
            "state": "taken" if hold else "waiting",
            "received_at": datetime.now(UTC),
            "owner": self.owner if hold else "",
            "attempts": int(hold and begin),
            "progress": "{}",
        }
        new = _New(values, asyncio.get_running_loop().create_future())
        self._write(new)
        return await new.done

    async def begin(self, number: int, attempt: int, progress: Mapping[str, Any]) -> bool:
        """False, here and below: it is no longer this owner's.

        Raises, here and below:
            Unavailable: the database does not take it now.
        """
        return await self._changed(number, attempts=attempt, progress=json.dumps(progress))

    async def note(self, number: int, progress: Mapping[str, Any]) -> bool:
        """Replace what the next attempt will be told.

        Raises:
            TypeError, ValueError: it is no JSON.
        """
        return await self._changed(number, progress=json.dumps(progress))

    async def finish(self, number: int, *, failed: bool = False) -> bool:
        """What people wrote is not kept; the key is, so that nothing is handled twice."""
        state = "failed" if failed else "done"
        return await self._changed(
            number, state=state, owner="", payload=None, progress="{}", lease_until=None
        )

    async def renew(self) -> set[int]:
        """Numbers of all that this owner holds, for another lease."""
        mine = update(deliveries).where(_c.state == "taken", _c.owner == self.owner)
        renewed = mine.values(lease_until=self._later()).returning(_c.number)

        async def renew(connection: AsyncConnection) -> set[int]:
            return set(await connection.scalars(renewed))

        return await self._whole(renew)

    async def held(self, numbers: Collection[int]) -> list[Taken]:
        """Those of the numbers that this owner holds, in order."""
        return await self._whole(partial(self._read, numbers=numbers))

    async def holders(self) -> list[Holder]:
        """Who else holds something; an owner '' stands for what waits."""
        until = func.max(_c.lease_until)
        overdue = or_(until < self._now(), until > self._now(_FAR * self._lease))
        query = (
            select(_c.owner, until, overdue)
            .where(_c.state.in_(_OPEN), _c.owner != self.owner, *self._of_ours)
            .group_by(_c.owner)
        )

        async def read(connection: AsyncConnection) -> list[Holder]:
            rows = (await connection.execute(query)).all()
            return [Holder(owner, lease, late is not False) for owner, lease, late in rows]

        return await self._whole(read)

    async def take(self, gone: Collection[str]) -> list[Taken]:
        """Up to BATCH of what waits or is held by those who are gone, in order. No two processes take the same."""
        free = and_(
            or_(_c.state == "waiting", and_(_c.state == "taken", _c.owner.in_(sorted(gone)))), *self._of_ours
        )
        some = select(_c.number).where(free).order_by(_c.number).limit(BATCH)

        async def take(connection: AsyncConnection) -> list[Taken]:
            numbers = list(await connection.scalars(some.with_for_update(skip_locked=True)))
            # SQLite locks no rows: there, the condition is looked at once more by the statement that changes them.
            mine = update(deliveries).where(_c.number.in_(numbers), free)
            await connection.execute(mine.values(state="taken", owner=self.owner, lease_until=self._later()))
            return await self._read(connection, numbers)

        return await self._whole(take)

    async def latest(self, platform: str, before: datetime) -> datetime | None:
        """When the last delivery of a platform was accepted before this time; None: none is known."""
        last = select(func.max(_c.received_at)).where(_c.platform == platform, _c.received_at < before)

        async def read(connection: AsyncConnection) -> datetime | None:
            found: datetime | None = await connection.scalar(last)
            return None if found is None else utc(found)

        return await self._whole(read)

    async def ahead(self, taken: Taken) -> bool:
        """Whether others hold something before it in its lane, or nobody yet."""
        before = select(_c.number).where(
            _c.state.in_(_OPEN),
            _c.owner != self.owner,
            _c.platform == taken.delivery.platform,
            _c.lane == taken.delivery.lane,
            _c.number < taken.number,
        )

        async def read(connection: AsyncConnection) -> bool:
            return await connection.scalar(before.limit(1)) is not None

        return await self._whole(read)

    async def give_back(self, numbers: Collection[int] | None = None) -> None:
        """Anybody may go on with them at once. None: with all that this owner holds."""
        mine = update(deliveries).where(_c.state == "taken", _c.owner == self.owner)
        if numbers is not None:
            mine = mine.where(_c.number.in_(sorted(numbers)))

        async def give_back(connection: AsyncConnection) -> None:
            await connection.execute(mine.values(state="waiting", owner="", lease_until=None))

        await self._whole(give_back)

    async def prune(self, before: datetime) -> int:
        """Forget handled deliveries that were accepted before this time, BATCH in a transaction; how many."""
        pruned, last = 0, -1
        while True:
            seen, old = await self._whole(partial(self._prune_some, before=before, above=last))
            pruned += old
            if not old or len(seen) < BATCH:  # numbers grow with time: the rest is younger
                return pruned
            last = seen[-1]

    async def _prune_some(
        self, connection: AsyncConnection, before: datetime, above: int
    ) -> tuple[list[int], int]:
        """The numbers that were looked at, and how many of them are gone."""
        oldest = select(_c.number, _c.state, _c.received_at).where(_c.number > above)
        page = (await connection.execute(oldest.order_by(_c.number).limit(BATCH))).all()
        old = [number for number, state, at in page if state not in _OPEN and utc(at) < before]
        if old:
            await connection.execute(delete(deliveries).where(_c.number.in_(old)))
        return [number for number, _, _ in page], len(old)

    async def settle(self) -> None:
        """Until all that was begun here is written or failed, also what nobody waits for any more."""
        while self._running:
            await asyncio.wait(self._running)

    async def _changed(self, number: int, **values: Any) -> bool:
        change = _Change(number, tuple(values.items()), asyncio.get_running_loop().create_future())
        self._write(change)
        return await change.done

    def _write(self, one: _New | _Change) -> None:
        self._waiting.append(one)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all())
            self._running.add(self._writing)
            self._writing.add_done_callback(self._ended)

    async def _write_all(self) -> None:
        """All that wait, in one transaction after the other."""
        while self._waiting:
            batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
            if not await self._written(batch, last=len(batch) == 1):
                for one in batch:  # what the database will not take of one is no reason to lose the others
                    await self._written([one], last=True)

    async def _written(self, batch: Sequence[_New | _Change], last: bool) -> bool:
        """last: a failure is told to those who wait. Whoever waits is told in order."""
        news = [one for one in batch if isinstance(one, _New)]
        changes = [one for one in batch if isinstance(one, _Change)]
        try:
            async with transaction(self._database) as connection:
                taken = await self._insert(connection, [new.values for new in news])
                mine = await self._change(connection, changes)
        except Exception as error:
            if not last and not (isinstance(error, Unavailable) and not _rolled_back(error)):
                return False
            for one in batch:
                if not one.done.done():
                    one.done.set_exception(error)
            return True
        for new in news:
            found = taken.pop((new.values["platform"], new.values["key"]), None)
            if not new.done.done():
                new.done.set_result(found)
        for change in changes:
            if not change.done.done():
                change.done.set_result(change.number in mine)
        return True

    async def _insert(
        self, connection: AsyncConnection, rows: list[dict[str, Any]]
    ) -> dict[tuple[str, str], Taken]:
        if not rows:
            return {}
        insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(deliveries)
        statement = insert.values(lease_until=self._later()).on_conflict_do_nothing()
        accepted = (await connection.execute(statement.returning(_c.number, _c.platform, _c.key), rows)).all()
        first: dict[tuple[str, str], Mapping[str, Any]] = {}
        for row in rows:  # of two with one key in a batch, the first was inserted
            first.setdefault((row["platform"], row["key"]), row)
        others = await self._first_of_others(connection, {row["lane"] for row in rows})
        return {
            (platform, key): as_accepted(number, first[platform, key], others)
            for number, platform, key in accepted
        }

    async def _first_of_others(
        self, connection: AsyncConnection, lanes: Iterable[str]
    ) -> dict[tuple[str, str], int]:
        query = (
            select(_c.platform, _c.lane, func.min(_c.number))
            .where(_c.state.in_(_OPEN), _c.owner != self.owner, _c.lane.in_(sorted(lanes)))
            .group_by(_c.platform, _c.lane)
        )
        rows = await connection.execute(query)
        return {(platform, lane): number for platform, lane, number in rows}

    async def _change(self, connection: AsyncConnection, changes: Sequence[_Change]) -> set[int]:
        """Numbers of those that are still this owner's. Equal changes make one statement."""
        alike: dict[tuple[tuple[str, Any], ...], list[int]] = {}
        for change in changes:
            alike.setdefault(change.values, []).append(change.number)
        mine: set[int] = set()
        for values, numbers in alike.items():
            own = (_c.state == "taken") & (_c.owner == self.owner) & _c.number.in_(numbers)
            statement = update(deliveries).where(own).values(dict(values)).returning(_c.number)
            mine.update(await connection.scalars(statement))
        return mine

    async def _read(self, connection: AsyncConnection, numbers: Collection[int]) -> list[Taken]:
        query = select(deliveries).where(
            _c.state == "taken", _c.owner == self.owner, _c.number.in_(sorted(numbers))
        )
        return [as_taken(row) for row in (await connection.execute(query.order_by(_c.number))).all()]

    async def _whole(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """In a transaction of its own, which ends also when whoever waits for it is cancelled: SQLAlchemy may leave
        SQLite locked by one that is broken off."""

        async def transact() -> T:
            async with transaction(self._database) as connection:
                return await work(connection)

        task = asyncio.create_task(transact())
        self._running.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # whoever still waits for it is told

    def _now(self, later: timedelta = timedelta()) -> Any:
        """By the one clock that all processes share."""
        if self._database.dialect.name == "postgresql":
            return func.now(type_=DateTime(timezone=True)) + literal(later, Interval)
        return literal(datetime.now(UTC) + later, DateTime(timezone=True))

    def _later(self) -> Any:
        return self._now(self._lease)


def _rolled_back(error: Unavailable) -> bool:
    """Whether two transactions stood in each other's way, which one row alone does not."""
    state = getattr(getattr(error.__cause__, "orig", None), "sqlstate", None) or ""
    return state.startswith("40")
