"""`answerloop calibrate`: votes -> this installation's own correction of the confidence."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bots.commands.operators import operator
from bots.commands.setup import Where

if TYPE_CHECKING:
    from rag_core.settings import Settings
    from training.calibrate_feedback import Outcome

__all__ = ["calibrate"]

RESTART = "Running processes take it up when they are started again."


def calibrate(
    context: typer.Context,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what the votes say, and change nothing.")
    ] = False,
    reset: Annotated[bool, typer.Option("--reset", help="Remove the correction.")] = False,
    plot: Annotated[
        Path | None, typer.Option(help="Draw the reliability, to an .svg, .png or .pdf file.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Learn from the votes how sure to be, where that helps on votes it was not learned from."""
    where: Where = context.obj
    settings = where.settings()
    if reset:
        _reset(settings, as_json)
        return
    outcome = asyncio.run(_outcome(settings, dry_run))
    if plot:
        _draw(outcome, plot)
    if as_json:
        typer.echo(json.dumps(_told(outcome, dry_run)))
    else:
        _show(outcome, dry_run)


async def _outcome(settings: Settings, dry_run: bool) -> Outcome:
    from rag_core.bootstrap import open_records
    from training.calibrate_feedback import calibrate_on, judged, read_votes
    from training.calibration_run import calibrate_recorded

    async with open_records(settings) as database:
        if not dry_run:
            person = operator()
            return await calibrate_recorded(database, settings.generator.kind, _path(settings), person)
        return calibrate_on(judged(await read_votes(database, settings.generator.kind)))


def _path(settings: Settings) -> Path:
    from rag_core.generation.opening import CALIBRATION

    return settings.home / CALIBRATION


def _reset(settings: Settings, as_json: bool) -> None:
    path = _path(settings)
    there = path.is_file()
    path.unlink(missing_ok=True)
    if as_json:
        typer.echo(json.dumps({"removed": there}))
    else:
        typer.echo(f"Removed {path}. {RESTART}" if there else "There is no correction to remove.")


def _draw(outcome: Outcome, path: Path) -> None:
    """Before any correction, beside the correction on held-out votes, where there are enough to have one."""
    from training.reliability import reliability_plot

    before, right = [v.confidence for v in outcome.judged], [v.right for v in outcome.judged]
    if outcome.held_out:
        reliability_plot(outcome.held_out, right, path, title="Votes", before=before)
    else:
        reliability_plot(before, right, path, title="Votes")


def _told(outcome: Outcome, dry_run: bool) -> dict[str, Any]:
    return {
        "kept": outcome.kept and not dry_run,
        "helps": outcome.kept,
        "reason": outcome.reason,
        "slope": outcome.scale.slope,
        "intercept": outcome.scale.intercept,
        "answers": len(outcome.judged),
        "log_loss_before": round(outcome.log_loss_before, 4),
        "log_loss_after": round(outcome.log_loss_after, 4),
        "calibration_error_before": round(outcome.error_before, 4),
        "calibration_error_after": round(outcome.error_after, 4),
    }


def _show(outcome: Outcome, dry_run: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    from training.reliability import reliability_bins

    right = [v.right for v in outcome.judged]
    sides = {"before": [v.confidence for v in outcome.judged], "after, on held-out votes": outcome.held_out}
    for side, confidences in sides.items():
        if not confidences:
            continue
        table = Table("confidence", "answers", "mean confidence", "held to be right", title=side)
        for b in reliability_bins(confidences, right):
            table.add_row(
                f"{b.low:.0%} to {b.high:.0%}", f"{b.count:,}", f"{b.confidence:.0%}", f"{b.right:.0%}"
            )
        Console().print(table)
    typer.echo(outcome.reason)
    if not outcome.kept:
        typer.echo("Nothing was changed.")
    elif dry_run:
        typer.echo("Nothing was changed: this was a trial.")
    else:
        typer.echo(RESTART)
