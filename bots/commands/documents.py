"""`answerloop ingest` and `answerloop sources`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from itertools import takewhile
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bots.commands.operators import operator
from bots.commands.places import Place
from bots.commands.setup import Where
from rag_core.errors import AnswerloopError, NotReady, SettingsError, Unavailable
from rag_core.settings import Settings, SourceSettings

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bars
    from sqlalchemy.ext.asyncio import AsyncEngine

    from rag_core.ingest.library import Library
    from rag_core.ingest.sync import Progress, Summary
    from rag_core.records.index.releases import Release

__all__ = ["ingest", "sources"]

SHOWN_SKIPPED = 20
_COUNTS = ("documents", "skipped", "passages")


def ingest(
    context: typer.Context,
    places: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FOLDER|FILE|ADDRESS]...", help="Added to the sources, and read."),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="The new source's name. [default: from the folder]")
    ] = None,
    scope: Annotated[str | None, typer.Option(help="Who may read the new source. [default: public]")] = None,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Build the index anew beside the present one, then swap.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Bring the index up to date with the documents: all sources, or those named here."""
    where: Where = context.obj
    given = [Place(place, name, scope) for place in places or []]
    if name and len(given) > 1:
        raise SettingsError("--name names one source; give one place with it.")
    failed = asyncio.run(_ingest(where.settings(), given, rebuild, as_json))
    raise typer.Exit(1 if failed else 0)


async def _ingest(settings: Settings, given: Sequence[Place], rebuild: bool, as_json: bool) -> bool:
    from rich.console import Console

    from rag_core.bootstrap import open_records
    from rag_core.running.preparation import active_release, new_release

    console = Console(stderr=True)
    async with open_records(settings) as database:
        with console.status(
            "Looking at the embedding model (the first time it is exported, about half a minute) …"
        ):
            release = await (new_release if rebuild else active_release)(database, settings)
        try:
            summaries, gone = await _synchronise(settings, release, given, rebuild, console)
        except asyncio.CancelledError:
            console.print("Stopped. What was finished is kept; run `answerloop ingest` again to go on.")
            raise
        failed = [s for s in summaries if s.error or (given and _brought_nothing(s))]
        if rebuild and failed:
            reason = failed[0].error or "nothing in it could be read"
            raise NotReady(f"The index was not swapped, because of {failed[0].source}: {reason}")
        if rebuild:
            await _swap(settings, database, release, console)
    if as_json:
        typer.echo(
            json.dumps(
                {"release": release.id, "removed_sources": gone, "sources": [asdict(s) for s in summaries]}
            )
        )
    else:
        _show(Console(), summaries, gone)
    return bool(failed)


async def _swap(settings: Settings, database: AsyncEngine, release: Release, console: Console) -> None:
    from rag_core.records.index.releases import Releases
    from rag_core.review.releasing.promoting import promote_built

    before = await Releases(database).active()
    with console.status(f"Asking {release.id} the golden questions …"):
        promotion = await promote_built(settings, database, release, operator())
    if not promotion.promoted:
        lost = "; ".join(f"{one.question} ({one.id})" for one in promotion.lost)
        raise NotReady(
            f"{release.id} was built and does not answer: it loses golden questions that {promotion.before} passes: {lost}. "
            f"Where the documents are meant to have lost them, `answerloop golden remove` those; then run "
            f"`answerloop releases promote {release.id}`."
        )
    await _remove_old(settings, database, release, before)


async def _remove_old(
    settings: Settings, database: AsyncEngine, active: Release, previous: Release | None
) -> None:
    """The indexes of all releases before the active one, but for those that can be returned to, or are tried out: others may
    share them."""
    import logging

    from rag_core.index.stores.opening import drop_index
    from rag_core.records.index.documents import Documents
    from rag_core.records.index.releases import Releases

    known = await Releases(database).all()
    kept = {active.index_name, *(one.index_name for one in known if one.canary)}
    if previous:
        kept.add(previous.index_name)
    for release in takewhile(lambda r: r.id != active.id, known):
        if release.index_name in kept:
            continue
        try:
            await drop_index(settings, release.index_name)
            await Documents(database, release.index_name).clear()
        except Unavailable as error:
            logging.getLogger(__name__).warning("the index of %s was not removed: %s", release.id, error)


def _brought_nothing(summary: Summary) -> bool:
    return bool(summary.skipped) and not (summary.added or summary.changed or summary.unchanged)


async def _synchronise(
    settings: Settings, release: Release, given: Sequence[Place], everything: bool, console: Console
) -> tuple[list[Summary], list[str]]:
    async with _library(settings, release) as library:
        gone = await library.configure(settings.sources)
        named = await _added(library, given, frozenset(source.name for source in settings.sources))
        chosen = await library.sources() if everything or not given else named
        if not chosen:
            raise NotReady(
                "There is nothing to read: name a folder (`answerloop ingest FOLDER`), or add [[sources]]."
            )
        with _bars(console) as bars:
            return [await library.sync(source, _reporter(bars, source.name)) for source in chosen], gone


async def _added(
    library: Library, given: Sequence[Place], configured: frozenset[str]
) -> list[SourceSettings]:
    """The sources at these places; the new ones are kept, once all are understood."""
    known = {source.name: source for source in await library.sources()}
    for place in given:
        source = place.source(known, configured)
        known[source.name] = source
    named = [place.source(known, configured) for place in given]
    for source in named:
        if source.name not in configured:
            await library.add(source)
    return named


@asynccontextmanager
async def _library(settings: Settings, release: Release | None = None) -> AsyncIterator[Library]:
    from rag_core.bootstrap import open_core, open_library

    async with open_core(settings, release) as core, open_library(core) as library:
        yield library


def _bars(console: Console) -> Bars:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("documents"),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=console,
    )


def _reporter(bars: Bars, name: str) -> Callable[[Progress], None]:
    task = bars.add_task(name, total=None, rate="")

    def report(progress: Progress) -> None:
        elapsed = bars.tasks[task].elapsed or 0.0
        rate = f"{progress.passages / elapsed:.0f} passages/s" if progress.passages and elapsed else ""
        bars.update(task, completed=progress.done, total=progress.listed, rate=rate)

    return report


def _show(console: Console, summaries: Sequence[Summary], gone: Sequence[str]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE, padding=(0, 1, 0, 0))
    table.add_column("source", overflow="fold")
    for heading in ("added", "changed", "removed", "unchanged", "skipped", "passages", "seconds"):
        table.add_column(heading, justify="right", no_wrap=True)
    for s in summaries:
        counts = (s.added, s.changed, s.removed, s.unchanged, len(s.skipped), s.passages, f"{s.seconds:.1f}")
        table.add_row(s.source, *(str(c) for c in counts))
    console.print(table)
    for name in gone:
        console.print(Text(f"{name}: removed with all its documents, as it is no longer in the settings."))
    for s in summaries:
        for skipped in s.skipped[:SHOWN_SKIPPED]:
            console.print(Text(f"{s.source}/{skipped.key}: skipped: {skipped.reason}"))
        if len(s.skipped) > SHOWN_SKIPPED:
            console.print(f"… and {len(s.skipped) - SHOWN_SKIPPED} more; --json lists all.")
        if s.error:
            console.print(
                Text(f"{s.source}: could not be read whole, nothing was removed: {s.error}", style="red")
            )


def sources(
    context: typer.Context,
    remove: Annotated[
        str | None, typer.Option(metavar="NAME", help="Forget a source and all its documents.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """What is read from, and what came of it."""
    where: Where = context.obj
    asyncio.run(_remove(where.settings(), remove) if remove else _list(where.settings(), as_json))


async def _remove(settings: Settings, name: str) -> None:
    if name in {source.name for source in settings.sources}:
        raise AnswerloopError(
            f"{name} stands in the settings file; take it out there and run `answerloop ingest`."
        )
    async with _library(settings) as library:
        removed = await library.remove(name)
    typer.echo(f"{name}: forgotten, with all its documents: {removed}.")


async def _list(settings: Settings, as_json: bool) -> None:
    from rag_core.bootstrap import open_records

    async with open_records(settings) as database:
        rows = await _rows(database)
    if as_json:
        typer.echo(json.dumps({"sources": rows}))
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not rows:
        typer.echo("No sources yet: `answerloop ingest FOLDER` adds one.")
        return
    table = Table(box=box.SIMPLE, padding=(0, 1, 0, 0))
    for heading in ("source", "kind", "scope", "documents", "skipped", "passages", "last read"):
        table.add_column(heading, overflow="fold", justify="right" if heading in _COUNTS else "left")
    for row in rows:
        table.add_row(*(str(row[key] if row[key] is not None else "never") for key in list(row)[:-1]))
    console = Console()
    console.print(table)
    for row in rows:
        if row["error"]:
            console.print(Text(f"{row['source']}: {row['error']}", style="red"))


async def _rows(database: AsyncEngine) -> list[dict[str, Any]]:
    from rag_core.records.index.documents import Documents
    from rag_core.records.index.releases import Releases

    active = await Releases(database).active()
    documents = Documents(database, active.index_name if active else "")
    totals = await documents.totals()
    return [
        {
            "source": record.name,
            "kind": record.spec["kind"],
            "scope": record.spec["scope"],
            **(totals.get(record.name) or {"documents": 0, "skipped": 0, "passages": 0}),
            "synced_at": record.synced_at.isoformat(" ", "seconds")[:19] if record.synced_at else None,
            "error": record.error,
        }
        for record in await documents.sources()
    ]
