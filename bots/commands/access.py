"""`answerloop access explain`."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bots.commands.setup import Where
from rag_core.types import Principal

if TYPE_CHECKING:
    from rag_core.access import Access
    from rag_core.settings import Settings

__all__ = ["explain", "idle_rules"]


def explain(
    context: typer.Context,
    platform: Annotated[
        str, typer.Option(help="slack, discord or web; console is the operator's own terminal.")
    ],
    user: Annotated[str, typer.Option(help="The person's id there.")] = "",
    workspace: Annotated[str, typer.Option(help="The person's own workspace or server, by id.")] = "",
    channel: Annotated[
        str, typer.Option(help="The channel asked in, by id. Without it: a direct message.")
    ] = "",
    role: Annotated[
        list[str] | None, typer.Option(help="A role or user group, by id; may be repeated.")
    ] = None,
    direct: Annotated[
        bool, typer.Option("--direct", help="The person alone sees the answer, although there is a channel.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Which scopes somebody may read from, which rules say so, and what keeps the other rules from holding."""
    where: Where = context.obj
    settings = where.settings()
    who = Principal(platform, user, workspace, channel, frozenset(role or ()), direct or not channel)
    told = _told(settings, who)
    told["warnings"] = asyncio.run(idle_rules(settings))
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
    else:
        _show(told)


def _access(settings: Settings) -> Access:
    from rag_core.access import Access

    return Access(settings.access.rules, settings.access.groups)


def _told(settings: Settings, who: Principal) -> dict[str, Any]:
    from rag_core.access import EVERYTHING

    access = _access(settings)
    scopes = access.scopes_of(who)
    return {
        "scopes": EVERYTHING if scopes is EVERYTHING else sorted(scopes),
        "direct": who.direct,
        "rules": [
            {
                "rule": verdict.number,
                "scopes": sorted(verdict.scopes),
                "granted": not verdict.failing,
                "not_met": list(verdict.failing),
            }
            for verdict in access.verdicts(who)
        ],
    }


async def idle_rules(settings: Settings) -> list[str]:
    """A sentence for each scope that a rule grants and no source has."""
    from rag_core.bootstrap import open_records
    from rag_core.records.index.documents import Documents

    async with open_records(settings) as database:
        recorded = await Documents(database, "").sources()
    scopes = {source.scope for source in settings.sources} | {str(s.spec["scope"]) for s in recorded}
    return [
        f"Rule {number} grants {scope}, which no source has as its scope."
        for number, scope in _access(settings).idle(scopes)
    ]


def _show(told: dict[str, Any]) -> None:
    scopes = told["scopes"]
    typer.echo(
        "May read: " + ("everything (the operator's own terminal)" if scopes is None else ", ".join(scopes))
    )
    for rule in told["rules"]:
        says = (
            "holds"
            if rule["granted"]
            else "does not hold: " + "; ".join(_WHY[name] for name in rule["not_met"])
        )
        typer.echo(f"Rule {rule['rule']} ({', '.join(rule['scopes'])}) {says}")
    if scopes is not None and not told["rules"]:
        typer.echo("There are no rules: everybody reads what is public.")
    for warning in told["warnings"]:
        typer.echo(f"Warning: {warning}")


_WHY = {
    "platform": "another platform, or one where people are anonymous",
    "workspace": "another workspace",
    "channel": "another channel",
    "user": "another user",
    "role": "none of its roles",
    "group": "in none of its groups",
    "direct": "it is for the other of direct messages and channels",
    "anywhere": "everybody in the channel would read along, and it neither names the channel nor says anywhere",
}
