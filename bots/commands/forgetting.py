"""`answerloop forget`: a person is forgotten, wherever this installation kept them."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bots.commands.feedback import with_records
from rag_core.errors import InvalidEntry

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from rag_core.records.people.people import Forgotten
    from rag_core.settings import Settings

__all__ = ["forget"]


def forget(
    context: typer.Context,
    person: Annotated[str, typer.Argument(metavar="PLATFORM:USER", help="Such as slack:U024BE7LH.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, and remove nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether it is meant.")] = False,
) -> None:
    """Remove a person's questions, votes and all else that is kept of them: in the database, in exports and in data sets."""
    platform, _, user = person.partition(":")
    if not platform or not user:
        raise InvalidEntry(f"{person!r} names nobody; write PLATFORM:USER, such as slack:U024BE7LH.")
    if not dry_run and not yes:
        typer.confirm(f"Forget {person}? This cannot be undone.", abort=True, err=True)

    async def done(database: AsyncEngine, settings: Settings) -> Forgotten:
        from rag_core.records.people.people import People

        people = People(database, settings.home, settings.votes.quorum)
        return await people.forget_all(platform, user, by="console", dry_run=dry_run)

    forgotten = with_records(context, done)
    if as_json:
        typer.echo(json.dumps(_told(forgotten, dry_run)))
    else:
        _show(forgotten, dry_run)


def _told(forgotten: Forgotten, dry_run: bool) -> dict[str, Any]:
    return {
        "dry_run": dry_run,
        "rows": dict(forgotten.rows),
        "files": [asdict(file) for file in forgotten.files],
        "unreachable": [asdict(file) for file in forgotten.unreachable],
        "releases": list(forgotten.releases),
    }


def _show(forgotten: Forgotten, dry_run: bool) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("where", "rows")
    for name, count in forgotten.rows.items():
        if count:
            table.add_row(f"database: {name.replace('_', ' ')}", f"{count:,}")
    for file in forgotten.files:
        if file.rows:
            table.add_row(escape(f"{file.kind}: {file.path}"), f"{file.rows:,}")
    console = Console(soft_wrap=True)
    console.print(table if table.row_count else "Nothing is kept of this person.")
    for file in forgotten.unreachable:
        console.print(
            escape(f"Cannot be reached, do it there: {file.path} on {file.host} ({file.reason})."),
            highlight=False,
        )
    if forgotten.releases:
        console.print(
            f"Models of {', '.join(forgotten.releases)} learned from what is forgotten, which forgetting does not reach. "
            "`answerloop train --fresh` makes some that have not."
        )
    if dry_run:
        console.print("Nothing was removed: this was a trial.")
