"""`answerloop gaps`: what people ask and the documents do not say, as a list of documents to write."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Annotated

import typer

from bots.commands.setup import Where
from rag_core.errors import InvalidEntry

if TYPE_CHECKING:
    from rag_core.review.gaps.describing import Described
    from rag_core.settings import Settings

__all__ = ["gaps"]


def gaps(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print a list of documents to write.")] = False,
    state: Annotated[str, typer.Option(help="open, planned, written or dismissed; '' for all.")] = "open",
    kept: Annotated[
        bool, typer.Option("--kept", help="Show what was found last, without looking again.")
    ] = False,
) -> None:
    """Show what people asked in the last 90 days and the documents did not answer well, grouped by meaning."""
    where: Where = context.obj
    found = asyncio.run(_gaps(where.settings(), state, not kept, quiet=as_json or markdown))
    if as_json:
        from rag_core.review.gaps.listing import as_dict

        typer.echo(json.dumps({"gaps": [as_dict(one) for one in found]}, ensure_ascii=False))
    elif markdown:
        from rag_core.review.gaps.listing import as_markdown

        typer.echo(as_markdown(found), nl=False)
    else:
        _show(found)


async def _gaps(settings: Settings, state: str, search: bool, quiet: bool) -> list[Described]:
    from rag_core.bootstrap import open_core, open_records
    from rag_core.records.analytics.gaps import STATES, Gaps
    from rag_core.review.gaps.describing import described

    if state not in ("", *STATES):
        raise InvalidEntry(f"--state: choose one of {', '.join(STATES)}.")
    if search:
        async with open_core(settings) as core:
            await _search(core, quiet)
    async with open_records(settings) as database:
        return await described(database, await Gaps(database).all(state))


async def _search(core: object, quiet: bool) -> None:
    from rich.console import Console
    from rich.progress import Progress

    from rag_core.bootstrap import Core
    from rag_core.review.gaps.finding import find

    assert isinstance(core, Core)
    with Progress(console=Console(stderr=True), transient=True, disable=quiet) as bar:
        task = bar.add_task("reading questions", total=None)
        await find(core, core.database, lambda done, total: bar.update(task, completed=done, total=total))


def _show(found: list[Described]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    if not found:
        typer.echo("No gap was found: what was asked in the last 90 days was answered, or asked once.")
        return
    table = Table("asked", "about", "people", "times", "not answered", "voted down", "last", "state")
    for one in found:
        gap = one.gap
        counts = [f"{n:,}" for n in (gap.askers, gap.questions, gap.abstained, gap.disliked)]
        title = one.examples[0][1] if one.examples else ""
        table.add_row(escape(title), escape(gap.name), *counts, str(gap.last_at.date()), gap.state)
    Console().print(table)
