"""`answerloop cache`: what is kept for whoever asks the same again, and removing it."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bots.commands.setup import Where

if TYPE_CHECKING:
    from rag_core.cache import Report
    from rag_core.settings import Settings

__all__ = ["clear", "stats"]

LOCAL = (
    "The cache is in each process: `answerloop serve` has its own, with its own numbers, and clears it when it is stopped. "
    "With cache.url set, processes share one in Redis."
)
OFF = "The cache is switched off (cache.enabled)."
JSON = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def stats(context: typer.Context, as_json: JSON = False) -> None:
    """What the cache holds, and how often something was found in it."""
    where: Where = context.obj
    settings = where.settings()
    said = asyncio.run(_stats(settings)) if _shared(settings) else {"backend": _backend(settings)}
    if as_json:
        typer.echo(json.dumps(said))
    elif not _shared(settings):
        typer.echo(LOCAL if settings.cache.enabled else OFF)
    else:
        _show(said)


def clear(context: typer.Context, as_json: JSON = False) -> None:
    """Remove all that this installation keeps in Redis, and nothing of anybody else's."""
    where: Where = context.obj
    settings = where.settings()
    removed = asyncio.run(_clear(settings)) if _shared(settings) else 0
    if as_json:
        typer.echo(json.dumps({"backend": _backend(settings), "removed": removed}))
    elif not _shared(settings):
        typer.echo(LOCAL if settings.cache.enabled else OFF)
    else:
        typer.echo(f"Removed {removed:,} {'entry' if removed == 1 else 'entries'}.")


def _shared(settings: Settings) -> bool:
    return settings.cache.enabled and settings.cache.url is not None


def _backend(settings: Settings) -> str:
    if not settings.cache.enabled:
        return "off"
    return "redis" if settings.cache.url else "local"


async def _stats(settings: Settings) -> dict[str, Any]:
    from rag_core.bootstrap import open_cache
    from rag_core.cache.counting import rates

    prefixes = await _prefixes(settings)
    async with open_cache(settings) as cache:
        reports = [await cache.report(prefix) for prefix in prefixes]
        state = cache.state
    total = _together(reports)
    return {
        "backend": "redis",
        "state": state,
        "place": total.place,
        "entries": dict(total.entries),
        "bytes": total.bytes,
        "used_bytes": total.used_bytes,
        "limit_bytes": total.limit_bytes,
        "lookups": rates(total.counts),
    }


async def _clear(settings: Settings) -> int:
    from rag_core.bootstrap import open_cache

    prefixes = await _prefixes(settings)
    async with open_cache(settings) as cache:
        return sum([await cache.clear(prefix) for prefix in prefixes])


async def _prefixes(settings: Settings) -> list[str]:
    """Of each release of this installation, those of the past too.

    Raises:
        NotReady: there is none yet.
    """
    from rag_core.bootstrap import open_records
    from rag_core.cache.keys import prefix_of
    from rag_core.errors import NotReady
    from rag_core.records.index.releases import Releases

    async with open_records(settings) as database:
        # An index that several releases share is one place.
        names = dict.fromkeys(release.index_name for release in await Releases(database).all())
    if not names:
        raise NotReady("There is nothing to answer from yet: run `answerloop ingest FOLDER` first.")
    return [prefix_of(name) for name in names]


def _together(reports: list[Report]) -> Report:
    from rag_core.cache import Report

    entries: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for report in reports:
        entries.update(report.entries)
        counts.update(report.counts)
    last = asdict(reports[-1])
    return Report(**{**last, "entries": entries, "counts": counts, "bytes": sum(r.bytes for r in reports)})


def _show(said: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("kept", "entries", "hits", "misses", "of these errors", "hit rate")
    for kind, row in said["lookups"].items():
        numbers = [said["entries"].get(kind, 0), row["hits"], row["misses"], row["errors"]]
        table.add_row(kind, *(f"{number:,}" for number in numbers), f"{row['hit_rate']:.0%}")
    console = Console()
    console.print(f"{said['place']}: {said['state']}", highlight=False)
    console.print(table)
    limit = f" of {said['limit_bytes'] / 1e6:,.1f}" if said["limit_bytes"] else ""
    console.print(
        f"This installation takes about {said['bytes'] / 1e6:,.1f} MB; all that Redis holds, "
        f"{said['used_bytes'] / 1e6:,.1f}{limit} MB.",
        highlight=False,
    )
