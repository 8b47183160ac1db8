"""`answerloop report`: what a training run did and why; and what retrieval and training each bring."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from bots.commands.setup import Where
from rag_core.errors import NotFound

if TYPE_CHECKING:
    from rich.progress import TaskID

    from training.job.folder import RunFolder

__all__ = ["OfRuns", "compare", "show"]

SHOW = "show"
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


class OfRuns(TyperGroup):
    """A group whose `show` may be left out: `answerloop report 20260102-030405-abcd`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names):
            args = [SHOW, *args]
        return super().parse_args(ctx, args)


def show(
    context: typer.Context,
    run: Annotated[
        str | None, typer.Argument(help="Its name, as `answerloop train` prints it. [default: the last run]")
    ] = None,
    as_json: AsJson = False,
    plot: Annotated[
        Path | None, typer.Option(help="Draw every measure before and after: .svg, .png or .pdf.")
    ] = None,
) -> None:
    """Say what a training run did and why."""
    from training.report import markdown, read_run
    from training.report.plots import draw_figures

    where: Where = context.obj
    home = where.settings().home
    _check_plot(plot)
    shown = read_run(_found(home, run), home)
    if plot:
        draw_figures(shown.figures, plot, f"{shown.base} and {shown.release or 'the candidate'}")
    if as_json:
        typer.echo(json.dumps(shown.as_json(), ensure_ascii=False))
        return
    _print(markdown(shown))


def _found(home: Path, name: str | None) -> RunFolder:
    from training.job.folder import folders

    runs = folders(home)
    if not runs:
        raise NotFound("Nothing was trained yet: `answerloop train` does.")
    found = runs[0] if name is None else next((one for one in runs if one.id == name), None)
    if found is None:
        there = ", ".join(one.id for one in runs[:5])
        raise NotFound(f"There is no training run {name}; the last ones are {there}.")
    return found


def _check_plot(plot: Path | None) -> None:
    """What would fail at the end fails before the first question."""
    from training.evaluate.plot import SUFFIXES, needs_matplotlib

    if plot is None:
        return
    if plot.suffix not in SUFFIXES:
        raise typer.BadParameter(f"{plot}: its name must end in {', '.join(SUFFIXES)}.", param_hint="--plot")
    if plot.is_dir():
        raise typer.BadParameter(f"{plot} is a folder; name a file.", param_hint="--plot")
    needs_matplotlib()


def _print(text: str) -> None:
    from rich.console import Console
    from rich.markdown import Markdown

    Console().print(Markdown(text))


def compare(
    context: typer.Context,
    sets: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[SET]...",
            help="Sets in BEIR layout, with answers.jsonl where answers are measured. [default: the questions that the last "
            "run kept for testing]",
        ),
    ] = None,
    split: Annotated[str, typer.Option(help="Which qrels of the sets.")] = "test",
    limit: Annotated[int | None, typer.Option(min=1, help="Ask the first so many questions only.")] = None,
    release: Annotated[
        str | None, typer.Option(help="Whose trained models are compared. [default: the active release]")
    ] = None,
    as_json: AsJson = False,
    plot: Annotated[
        Path | None,
        typer.Option(help="Draw it: .svg, .png or .pdf; of several sets, each beside the others."),
    ] = None,
) -> None:
    """Ask four systems the same questions: the base models alone, with retrieval, fine-tuned, and both."""
    from training.report.comparing import compare_on
    from training.report.four import as_markdown, draw

    where: Where = context.obj
    _check_plot(plot)
    with _bars() as told:
        found = asyncio.run(compare_on(where.settings(), sets or [], split, limit, release, told))
    if plot:
        draw(found, plot)
    if as_json:
        typer.echo(json.dumps({"sets": [one.as_json() for one in found]}, ensure_ascii=False))
        return
    _print("\n\n".join(map(as_markdown, found)))


@contextmanager
def _bars() -> Iterator[Callable[[str, int, int], None]]:
    """What is told stage, done and total: a bar for each stage, on standard error."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, TaskID] = {}

        def told(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=None)
            bars.update(tasks[stage], completed=done, total=total)

        yield told
