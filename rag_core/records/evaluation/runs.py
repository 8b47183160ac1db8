"""Training runs: how they go while they go, and what came of them. Written by whoever trains, shown by the admin pages.

A run, from its beginning to its end:

    runs = Runs(database)
    async with runs.recorded("reranker", started_by="local:ada") as run:
        run.step("Reading what reviewers resolved", 0, 4)
        …
        for step, batch in enumerate(batches):
            run.step("Training", step, len(batches))
            run.point("loss", step, loss)                 # a curve: shown as a chart
        run.figure("nDCG@10", 0.412)                      # a number: shown in a table
        await run.ended("succeeded", report="# What came of it …", release="r7")

Nothing of it waits for the database: what was told is written at most once a second, and once more at the end. step(),
point() and figure() may be called from any thread. A run that leaves its context by an exception has failed, and its
report says why; one whose process ends without a word is found to be interrupted as soon as anybody looks.
begin(), progress() and finish() are the same without the context, for what is put together otherwise.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import secrets
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import and_, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag_core.errors import AnswerloopError, NotFound, Unavailable
from rag_core.records.audit import ITSELF
from rag_core.records.database import transaction
from rag_core.records.platforms.owners import ended_here, new_owner
from rag_core.records.tables import runs

__all__ = ["INTERRUPTED", "Recording", "Run", "Runs", "State"]

State = Literal["running", "succeeded", "refused", "failed"]
"""refused: it went well, and what came of it is not better than what there is."""
INTERRUPTED = (
    "It was interrupted: its process ended without a word. What it had finished is kept; start it again."
)
WRITE_EVERY_S = 1.0
LOST_AFTER = timedelta(minutes=15)
"""A run of another machine of which nothing was heard for so long is interrupted; a recorded one writes each minute."""
ALIVE_EVERY_S = 60.0
MAX_POINTS = 1000
"""Of one curve: beyond it every other point is left out, again and again."""


@dataclass(frozen=True, slots=True)
class Run:
    id: str
    kind: str
    """What is trained, such as calibration."""
    state: State
    step: str
    """What it does, or did last, for a reader."""
    done: int
    total: int
    """0: not known."""
    detail: Mapping[str, Any]
    """'curves': {name: [[x, y], …]}, 'figures': {name: number}, and what else the run tells by name."""
    report: str
    """Markdown; '' while it runs."""
    release: str | None
    """That came of it."""
    owner: str
    started_by: str
    """PLATFORM:USER, or audit.ITSELF."""
    started_at: datetime
    updated_at: datetime
    ended_at: datetime | None

    @property
    def curves(self) -> Mapping[str, list[tuple[float, float]]]:
        return dict(self.detail.get("curves", {}))

    @property
    def figures(self) -> Mapping[str, float]:
        return dict(self.detail.get("figures", {}))

    def left(self, now: datetime) -> timedelta | None:
        """How long its present total still takes at the pace until now; None: that cannot be told."""
        if self.state != "running" or not self.total or not self.done:
            return None
        return (now - self.started_at) * ((self.total - self.done) / self.done)


class Runs:
    def __init__(self, database: AsyncEngine) -> None:
        self._database = database

    async def begin(self, kind: str, started_by: str = ITSELF) -> str:
        """Record that a run begins in this process; its id."""
        now = datetime.now(UTC)
        row = {
            "id": secrets.token_hex(16),
            "kind": kind,
            "state": "running",
            "step": "",
            "done": 0,
            "total": 0,
            "detail": {},
            "report": "",
            "owner": new_owner(),
            "started_by": started_by,
            "started_at": now,
            "updated_at": now,
        }
        async with transaction(self._database) as connection:
            await connection.execute(insert(runs).values(row))
        return str(row["id"])

    async def progress(self, id: str, step: str, done: int = 0, total: int = 0, **detail: Any) -> None:
        """Where a run is now; each name of the detail replaces what it held. Of a run that has ended nothing is changed."""
        async with transaction(self._database) as connection:
            known = await connection.scalar(select(runs.c.detail).where(_runs_on(id)))
            if known is not None:
                values = {"step": step, "done": done, "total": total, "detail": {**known, **detail}}
                await _change(connection, id, values)

    async def finish(
        self,
        id: str,
        state: Literal["succeeded", "refused", "failed"],
        report: str,
        release: str | None = None,
    ) -> bool:
        """Whether this ended it; False: it had ended before. report: Markdown for a reader. release: that came of it."""
        values = {"state": state, "report": report, "release": release, "ended_at": datetime.now(UTC)}
        async with transaction(self._database) as connection:
            return await _change(connection, id, values)

    @asynccontextmanager
    async def recorded(self, kind: str, started_by: str = ITSELF) -> AsyncIterator[Recording]:
        """A run for as long as the context lasts; see the module. One that was not ended in it has succeeded."""
        run = Recording(self, await self.begin(kind, started_by))
        writing = asyncio.create_task(run.keep_writing())
        try:
            yield run
        except BaseException as error:
            await _stopped(writing)
            await run.ended("failed", _why(error))
            raise
        await _stopped(writing)
        await run.ended("succeeded")

    async def latest(self, limit: int = 50, before: datetime | None = None) -> list[Run]:
        """The newest first. before: those that began before that time."""
        condition = runs.c.started_at < before if before else and_(True)
        async with transaction(self._database) as connection:
            await _mark_interrupted(connection)
            query = select(runs).where(condition).order_by(runs.c.started_at.desc(), runs.c.id).limit(limit)
            return [_run(row) for row in (await connection.execute(query)).mappings()]

    async def made(self, release: str) -> Run | None:
        """The newest training run that a release came of; None: none did, or it is not kept any more."""
        came = and_(runs.c.release == release, runs.c.kind == "training")
        query = select(runs.c.id).where(came).order_by(runs.c.started_at.desc()).limit(1)
        async with transaction(self._database) as connection:
            id = await connection.scalar(query)
        return await self.get(id) if id else None

    async def get(self, id: str) -> Run:
        """
        Raises:
            NotFound: there is no such run.
        """
        async with transaction(self._database) as connection:
            await _mark_interrupted(connection)
            row = (await connection.execute(select(runs).where(runs.c.id == id))).mappings().one_or_none()
        if row is None:
            raise NotFound("There is no such run.")
        return _run(row)


class Recording:
    """What a run tells of itself; see the module."""

    def __init__(self, runs: Runs, id: str) -> None:
        self.id = id
        self._runs = runs
        self._lock = threading.Lock()
        self._step = ("", 0, 0)
        self._detail: dict[str, Any] = {"curves": {}, "figures": {}}
        self._strides: dict[str, tuple[int, int]] = {}
        self._changed = False
        self._over = False

    def step(self, words: str, done: int = 0, total: int = 0) -> None:
        """What it does now, and how much of it is done; total 0: that is not known."""
        with self._lock:
            self._step, self._changed = (words, done, total), True

    def point(self, curve: str, x: float, y: float) -> None:
        """One more point of a curve, its x growing. Of many points some are left out, and what is no number."""
        if not math.isfinite(y):
            return
        with self._lock:
            stride, seen = self._strides.get(curve, (1, 0))
            points = self._detail["curves"].setdefault(curve, [])
            if seen % stride == 0:
                points.append([x, y])
            if len(points) > MAX_POINTS:
                del points[1::2]
                stride *= 2
            self._strides[curve], self._changed = (stride, seen + 1), True

    def figure(self, name: str, value: float) -> None:
        """What is no number is left out: JSON has none for it."""
        if not math.isfinite(value):
            return
        with self._lock:
            self._detail["figures"][name], self._changed = value, True

    def tell(self, name: str, value: Any) -> None:
        """Anything else that JSON holds, under a name of the run's own in its detail."""
        with self._lock:
            self._detail[name], self._changed = value, True

    async def ended(
        self,
        state: Literal["succeeded", "refused", "failed"],
        report: str = "",
        release: str | None = None,
    ) -> None:
        """The first that is said holds."""
        if not self._over:
            self._over = True
            await self.write()
            await self._runs.finish(self.id, state, report, release)

    async def write(self) -> None:
        """What was told until now."""
        with self._lock:
            (words, done, total), self._changed = self._step, False
            curves = {name: list(points) for name, points in self._detail["curves"].items()}
            detail = {**self._detail, "curves": curves, "figures": dict(self._detail["figures"])}
        await self._runs.progress(self.id, words, done, total, **detail)

    async def keep_writing(self) -> None:
        """What has changed, at most once a second; and that the run is alive. It goes on while the database is down."""
        loop = asyncio.get_running_loop()
        written = loop.time()
        while not self._over:
            await asyncio.sleep(WRITE_EVERY_S)
            if not self._over and (self._changed or loop.time() - written >= ALIVE_EVERY_S):
                written = loop.time()
                with contextlib.suppress(Unavailable):
                    await self.write()


async def _stopped(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _why(error: BaseException) -> str:
    if isinstance(error, AnswerloopError):
        return str(error)
    if isinstance(error, (asyncio.CancelledError, KeyboardInterrupt)):
        return "It was stopped."
    return f"It failed by a mistake in the program ({type(error).__name__}); its log has the rest."


async def _change(connection: AsyncConnection, id: str, values: Mapping[str, Any]) -> bool:
    changed = update(runs).where(_runs_on(id)).values(**values, updated_at=datetime.now(UTC))
    return bool((await connection.execute(changed)).rowcount)


def _runs_on(id: str) -> Any:
    return and_(runs.c.id == id, runs.c.state == "running")


async def _mark_interrupted(connection: AsyncConnection) -> None:
    query = select(runs.c.id, runs.c.owner, runs.c.updated_at).where(runs.c.state == "running")
    for id, owner, updated_at in (await connection.execute(query)).all():
        if ended_here(owner) or datetime.now(UTC) - _aware(updated_at) > LOST_AFTER:
            values = {"state": "failed", "report": INTERRUPTED, "ended_at": updated_at}
            await connection.execute(update(runs).where(_runs_on(id)).values(values))


def _run(row: Any) -> Run:
    times = {name: _aware(row[name]) for name in ("started_at", "updated_at", "ended_at") if row[name]}
    return Run(**{**row, **times})


def _aware(time: datetime) -> datetime:
    """SQLite keeps no time zone; all times are UTC."""
    return time if time.tzinfo else time.replace(tzinfo=UTC)
