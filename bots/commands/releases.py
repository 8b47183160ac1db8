"""`answerloop releases`: which models and index answer, promoting others, trying them out, returning to those before."""

from __future__ import annotations

import asyncio
import json
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from bots.commands.operators import operator
from bots.commands.setup import Where
from rag_core.errors import NotReady

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from rag_core.records.analytics.release_figures import ReleaseFigures
    from rag_core.records.index.releases import Release
    from rag_core.review.releasing.promoting import Promotion
    from rag_core.settings import Settings

__all__ = ["canary", "promote", "rollback", "show", "show_all", "try_out"]

MODELS = ("embedder", "reranker", "query_map", "router", "adapter")
JSON = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Id = Annotated[str, typer.Argument(metavar="RELEASE", help="Such as r3.")]
Share = Annotated[
    float,
    typer.Option("--share", min=0, max=0.99, help="Of the conversations; 0: it is tried out no longer."),
]


def show_all(context: typer.Context, as_json: JSON = False) -> None:
    """All releases, the newest first, and how each did with those who asked."""
    settings = _settings(context)
    rows, rolled_back = asyncio.run(_rows(settings))
    if as_json:
        typer.echo(json.dumps({"releases": rows, "rolled_back": rolled_back}))
    elif not rows:
        typer.echo("There is no release yet: `answerloop ingest FOLDER` makes the first.")
    else:
        _table(rows)
        _tell_rollback(rolled_back)


def show(context: typer.Context, release: Id, as_json: JSON = False) -> None:
    """One release: its models, what was measured of it, what sets it apart from the active one."""
    row = asyncio.run(_row(_settings(context), release))
    if as_json:
        typer.echo(json.dumps(row))
        return
    apart, rolled_back = row.pop("differences"), row.pop("rolled_back")
    for name, value in row.items():
        typer.echo(f"{name}: {'–' if value is None else value}")
    _tell_rollback(rolled_back)
    for one in apart:
        typer.echo(f"differs from the active one in {one['name']}: {one['here']} instead of {one['there']}")


def promote(context: typer.Context, release: Id, as_json: JSON = False) -> None:
    """Make a release the one that answers, unless it loses golden questions that the active one passes."""
    promotion, questions = asyncio.run(_promote(_settings(context), release))
    if as_json:
        typer.echo(json.dumps({"release": release, "promoted": promotion.promoted, "asked": promotion.asked,
                               "passed": promotion.passed, "lost": questions}))  # fmt: skip
    elif promotion.promoted:
        typer.echo(f"{release} is active. Running processes change over within seconds.")
    else:
        typer.echo(f"{release} was not promoted: it loses golden questions that {promotion.before} passes:")
        for question in questions:
            typer.echo(f"  {question['question']}\n    {question['detail']}")
    raise typer.Exit(0 if promotion.promoted else 1)


def rollback(context: typer.Context, as_json: JSON = False) -> None:
    """Return to the release that answered before; nothing is embedded again."""
    before, after = asyncio.run(_roll_back(_settings(context)))
    if as_json:
        typer.echo(json.dumps({"release": after, "before": before}))
    else:
        typer.echo(
            f"{after} is active again instead of {before}. Running processes change over within seconds."
        )


def canary(context: typer.Context, release: Id, share: Share, as_json: JSON = False) -> None:
    """Try a release out: it answers a share of the conversations beside the active one."""
    asyncio.run(try_out(_settings(context), release, share))
    if as_json:
        typer.echo(json.dumps({"release": release, "share": share}))
    elif share:
        typer.echo(
            f"{release} answers {share:.0%} of the conversations; running processes open it within seconds."
        )
    else:
        typer.echo(f"{release} is tried out no longer; running processes close it within seconds.")


def _tell_rollback(rolled_back: dict[str, str] | None) -> None:
    if rolled_back:
        typer.echo(f"Rolled back by itself, {rolled_back['at']}:\n{rolled_back['report']}")


def _settings(context: typer.Context) -> Settings:
    where: Where = context.obj
    return where.settings()


def _records(settings: Settings) -> AbstractAsyncContextManager[AsyncEngine]:
    from rag_core.bootstrap import open_records

    return open_records(settings)


async def _rows(settings: Settings) -> tuple[list[dict[str, Any]], dict[str, str] | None]:
    """The releases, and the automatic rollback that the active one is active by."""
    from rag_core.records.analytics.release_figures import release_figures
    from rag_core.records.index.releases import Releases

    async with _records(settings) as database:
        known, figures = await Releases(database).all(), await release_figures(database)
        rows = [
            await _told(settings, database, release, figures.get(release.id)) for release in reversed(known)
        ]
        return rows, await _rolled_back(database)


async def _row(settings: Settings, id: str) -> dict[str, Any]:
    from rag_core.records.analytics.release_figures import release_figures
    from rag_core.records.index.releases import Releases
    from rag_core.review.releasing.differences import differences

    async with _records(settings) as database:
        release, active = await Releases(database).get(id), await Releases(database).active()
        told = await _told(settings, database, release, (await release_figures(database)).get(id))
        apart = differences(release, active) if active and active.id != id else []
        rolled_back = await _rolled_back(database) if release.active else None
        card, others = asdict(release.card), [asdict(one) for one in apart]
        return {**told, "card": card, "differences": others, "rolled_back": rolled_back}


async def _rolled_back(database: AsyncEngine) -> dict[str, str] | None:
    from rag_core.review.releasing.watching import latest_rollback

    run = await latest_rollback(database)
    if run is None:
        return None
    return {"run": run.id, "at": run.started_at.isoformat(timespec="seconds"), "report": run.report}


async def _told(
    settings: Settings, database: AsyncEngine, release: Release, figures: ReleaseFigures | None
) -> dict[str, Any]:
    from rag_core.records.index.documents import Documents
    from rag_core.records.index.releases import Releases
    from rag_core.review.releasing.promoting import obstacle

    active = await Releases(database).active()
    helpful = figures.helpful if figures else None
    return {
        "release": release.id,
        "active": release.active,
        "created_at": release.created_at.isoformat(timespec="seconds"),
        "embedder": release.card.name,
        "reranker": release.reranker,
        "query_map": release.query_map,
        "router": release.router,
        "adapter": release.adapter,
        "tuning": release.tuning.stored(),
        "parent": release.parent,
        "run": release.run,
        "canary": release.canary,
        "index": release.index_name,
        "passages": await Documents(database, release.index_name).passages(),
        "note": release.note,
        "metrics": dict(release.metrics or {}),
        "gone": "" if release.active else await obstacle(settings, database, release, active),
        "questions": figures.questions if figures else 0,
        "abstained": figures.abstained if figures else 0,
        "from_cache": figures.cached if figures else 0,
        "helpful": [helpful.value, helpful.low, helpful.high] if helpful else None,
        "votes": figures.good + figures.bad if figures else 0,
        "p50_ms": figures.median_ms if figures else None,
        "p95_ms": figures.p95_ms if figures else None,
    }


async def _promote(settings: Settings, id: str) -> tuple[Promotion, list[dict[str, str]]]:
    from rich.console import Console

    from rag_core.review.releasing.promoting import promote_recorded

    with Console(stderr=True).status(f"Asking {id} the golden questions …"):
        async with _records(settings) as database:
            promotion = await promote_recorded(settings, database, id, operator())
    lost = zip(promotion.lost, promotion.details, strict=True)
    return promotion, [{"id": q.id, "question": q.question, "detail": detail} for q, detail in lost]


async def try_out(settings: Settings, id: str, share: float) -> None:
    """
    Raises:
        NotFound: there is no such release.
        NotReady: it is the active one, or its models or its index are gone.
    """
    from rag_core.records.index.releases import Releases
    from rag_core.review.releasing.promoting import obstacle

    async with _records(settings) as database:
        releases = Releases(database)
        release, active = await releases.get(id), await releases.active()
        if share and release.active:
            raise NotReady(f"{id} is the active release: it answers everything already.")
        if share and (reason := await obstacle(settings, database, release, active)):
            raise NotReady(f"{id} cannot be tried out: {reason}")
        if share or release.canary:
            await releases.try_out(id, share, operator())


async def _roll_back(settings: Settings) -> tuple[str | None, str]:
    """The release that was active, and the one that is."""
    from rag_core.records.index.releases import Releases
    from rag_core.review.releasing.promoting import roll_back

    async with _records(settings) as database:
        releases = Releases(database)
        active, previous = await releases.active(), await releases.previous()
        if previous is None:
            raise NotReady("There is no release to return to: none was active before this one.")
        await roll_back(settings, database, previous, operator())
    return active.id if active else None, previous


def _table(rows: list[dict[str, Any]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE, padding=(0, 1, 0, 0))
    numbers = ("passages", "asked", "helpful", "p50", "p95")
    for heading in ("release", "", "made", "models", *numbers):
        justify: Literal["right", "left"] = "right" if heading in numbers else "left"
        table.add_column(
            heading, overflow="fold", justify=justify, no_wrap=heading not in ("models", "helpful")
        )
    for row in rows:
        helpful = row["helpful"]
        state = "active" if row["active"] else "gone" if row["gone"] else ""
        state = f"{row['canary']:.0%}" if row["canary"] else state
        table.add_row(
            row["release"],
            state,
            row["created_at"][:10],
            "\n".join(row[name].split("/")[-1] for name in MODELS if row[name]),
            f"{row['passages']:,}",
            f"{row['questions']:,}",
            f"{helpful[0]:.0%} ({helpful[1]:.0%}–{helpful[2]:.0%})" if helpful else "–",
            *(f"{row[name]:,.0f} ms" if row[name] is not None else "–" for name in ("p50_ms", "p95_ms")),
        )
    Console().print(table)
