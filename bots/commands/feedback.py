"""`answerloop feedback`: written to JSONL, read from it, and what is past its time removed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from bots.commands.operators import operator
from bots.commands.setup import Where
from rag_core.errors import InvalidEntry

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from rag_core.records.exchange.importing import Imported
    from rag_core.settings import Settings

__all__ = ["expire", "export", "import_", "with_records"]

T = TypeVar("T")
JSON = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
NAMES = {
    "answers": "answer",
    "votes": "vote",
    "reviews": "review",
    "passages": "passage",
    "escalations": "escalation",
    "flags": "flag",
    "golden": "golden",
}
"""Of --what, and what a line of it says in "kind"."""


def export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="JSONL; a file that is there is replaced.")],
    since: Annotated[
        str | None,
        typer.Option(help="Answers given from then on: a date such as 2026-11-01, or a span such as 30d."),
    ] = None,
    what: Annotated[
        str | None,
        typer.Option(help=f"Some of {', '.join(NAMES)}, with commas between. [default: all]"),
    ] = None,
    anonymous: Annotated[
        bool, typer.Option("--anonymous", help="People and channels as names that tell nobody who they are.")
    ] = False,
    as_json: JSON = False,
) -> None:
    """Write answers, votes, reviews and what belongs to them to a file. What forgetting removes, it removes there too."""
    from rag_core.records.exchange.exporting import export as write

    kinds, from_then = _kinds(what), _time(since)

    async def written(database: AsyncEngine, settings: Settings) -> dict[str, int]:
        with _bar("Writing") as told:
            return await write(
                database, file, kinds=kinds, since=from_then, anonymous=anonymous, by=operator(), told=told
            )

    counts = with_records(context, written)
    if as_json:
        typer.echo(json.dumps({"file": str(file), "rows": counts}))
    else:
        rows = ", ".join(f"{counts[kind]:,} {name}" for name, kind in NAMES.items() if kind in counts)
        typer.echo(f"Wrote {file}: {rows}.")


def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="JSONL, as `feedback export` writes it.")],
    as_json: JSON = False,
) -> None:
    """Read feedback from a file; of one with a mistake nothing. What is here already stays as it is."""
    from rag_core.records.exchange.importing import import_file

    async def read(database: AsyncEngine, settings: Settings) -> Imported:
        with _bar("Reading") as told:
            return await import_file(database, file, operator(), told)

    done = with_records(context, read)
    if as_json:
        named = [{"line": c.line, "kind": c.kind, "id": c.id, "reason": c.reason} for c in done.named]
        told = {"added": done.added, "skipped": done.skipped, "conflicts": done.conflicts, "named": named}
        typer.echo(json.dumps(told))
        return
    added = sum(done.added.values())
    typer.echo(f"Added {added:,} rows; {done.skipped:,} were there already.")
    if done.conflicts:
        typer.echo(f"{done.conflicts:,} are there otherwise, and stay as they are:")
    for conflict in done.named:
        typer.echo(f"  line {conflict.line}: {conflict.kind} {conflict.id}: {conflict.reason}")


def expire(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, and remove nothing.")] = False,
    as_json: JSON = False,
) -> None:
    """Remove what is past the times under [retention]; `serve` does so once a day."""
    from rag_core.records.people import retention

    async def removed(database: AsyncEngine, settings: Settings) -> dict[str, int]:
        return await retention.expire(database, settings.retention, dry_run=dry_run)

    counts = with_records(context, removed)
    if as_json:
        typer.echo(json.dumps({"dry_run": dry_run, "removed": counts}))
        return
    for name, count in counts.items():
        typer.echo(f"{name}: {count:,}")
    typer.echo("Nothing was removed: this was a trial." if dry_run else "Removed.")


def with_records(context: typer.Context, work: Callable[[AsyncEngine, Settings], Awaitable[T]]) -> T:
    """Do it with the database and the settings of the command line."""
    from rag_core.bootstrap import open_records

    where: Where = context.obj
    settings = where.settings()

    async def done() -> T:
        async with open_records(settings) as database:
            return await work(database, settings)

    return asyncio.run(done())


def _kinds(what: str | None) -> list[str]:
    names = list(NAMES) if what is None else [name.strip() for name in what.split(",")]
    if unknown := [name for name in names if name not in NAMES]:
        raise InvalidEntry(f"--what: there is no {unknown[0]!r}; there are {', '.join(NAMES)}.")
    return [NAMES[name] for name in names]


def _time(since: str | None) -> datetime | None:
    from rag_core.settings import duration_s

    if since is None:
        return None
    try:
        return datetime.now(UTC) - timedelta(seconds=duration_s(since))
    except (ValueError, OverflowError):
        pass
    try:
        time = datetime.fromisoformat(since)
    except ValueError:
        raise InvalidEntry(
            f"--since: {since!r} is no time; write a date such as 2026-11-01, or 30d."
        ) from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


@contextmanager
def _bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """On standard error."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(what, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)
