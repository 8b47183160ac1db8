"""`answerloop train`: from reviewed feedback to a better release, or to a reason why there is none."""

from __future__ import annotations

import asyncio
import json
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bots.commands.operators import operator
from bots.commands.setup import Where

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from rag_core.records.evaluation.runs import Recording
    from rag_core.settings import Settings
    from training.job import Outcome
    from training.tasks.task import Watcher

__all__ = ["train"]


def train(
    context: typer.Context,
    if_due: Annotated[
        bool,
        typer.Option(
            "--if-due", help="Only when training.every has gone by and enough was reviewed: for cron."
        ),
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Begin anew, even where a run was interrupted.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be learned from, and train nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Train on what was reviewed, and promote what is proven better. Exit status: 0 also where nothing is promoted."""
    where: Where = context.obj
    settings = where.settings()
    if dry_run:
        asyncio.run(_shown_data(settings, as_json))
        return
    reason = asyncio.run(_reason_not_to(settings)) if if_due else ""
    if reason:
        typer.echo(json.dumps({"state": "not due", "reason": reason}) if as_json else f"Not due: {reason}")
        return
    if if_due:
        from bots.scheduler import be_polite

        be_polite()
    # Training goes on in threads, which an interrupt would wait for; the run can be stopped at any moment and goes on.
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    outcome = asyncio.run(_trained(settings, fresh, show=not as_json))
    typer.echo(json.dumps(outcome.as_json()) if as_json else _sentence(outcome))


async def _reason_not_to(settings: Settings) -> str:
    from rag_core.bootstrap import open_records
    from training.job import due

    async with open_records(settings) as database:
        decided = await due(settings, database)
    return "" if decided.now else decided.reason


async def _trained(settings: Settings, fresh: bool, show: bool) -> Outcome:
    from rag_core.bootstrap import open_records
    from training.job import run_once

    async with open_records(settings) as database:
        with _bars(show) as watched:
            return await run_once(settings, database, operator(), watched=watched, fresh=fresh)


async def _shown_data(settings: Settings, as_json: bool) -> None:
    from rag_core.bootstrap import open_records
    from training.job.data import preview_data

    async with open_records(settings) as database:
        with _bars(not as_json) as watched:
            data = await preview_data(settings, database, watched(None))
    if as_json:
        typer.echo(json.dumps(data.as_json()))
        return
    _table("Rows to learn from", ("part", "source", "rows"), data.counts)
    _table("Left out", ("reason", "rows", "such as"), data.drops)


def _table(title: str, headings: tuple[str, ...], rows: Any) -> None:
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(*headings, title=title, box=box.SIMPLE, title_justify="left")
    for row in rows:
        table.add_row(*(f"{cell:,}" if isinstance(cell, int) else escape(str(cell)) for cell in row))
    Console().print(table)


def _sentence(outcome: Outcome) -> str:
    said = {
        "succeeded": f"{outcome.release} was promoted.",
        "trying": f"{outcome.release} answers a share of the conversations now; it is promoted when people like it.",
        "refused": "Nothing was promoted.",
    }[outcome.state]
    return f"{said} {outcome.reason}\nThe report: {outcome.report}"


# --- progress ------------------------------------------------------------------------------------------------------


@contextmanager
def _bars(show: bool) -> Iterator[Callable[[Recording | None], Watcher]]:
    """What makes a watcher that shows all that it is told, and tells it to the run's record as well."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[loss]}"),
    )
    with Progress(*columns, console=Console(stderr=True), disable=not show) as progress:
        yield lambda recording: _Shown(progress, recording)


class _Shown:
    """A Watcher."""

    def __init__(self, progress: Progress, recording: Recording | None) -> None:
        self._progress = progress
        self._recording = recording
        self._task: TaskID | None = None
        self._words = ""

    def step(self, words: str, done: int = 0, total: int = 0) -> None:
        if self._recording:
            self._recording.step(words, done, total)
        if words != self._words:
            self._finished()
            self._words = words
            self._task = self._progress.add_task(words, total=total or None, loss="")
        if self._task is not None:
            self._progress.update(self._task, completed=done, total=total or None)

    def point(self, curve: str, x: float, y: float) -> None:
        if self._recording:
            self._recording.point(curve, x, y)
        if self._task is not None:
            self._progress.update(self._task, loss=f"{curve} {y:.4g}")

    def figure(self, name: str, value: float) -> None:
        if self._recording:
            self._recording.figure(name, value)

    def _finished(self) -> None:
        """The bar of a step that is over stands full."""
        if self._task is not None:
            total = self._progress.tasks[self._task].total
            self._progress.update(self._task, total=total or 1, completed=total or 1)
            self._progress.stop_task(self._task)
