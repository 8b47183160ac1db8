"""`answerloop standard test`."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bots.commands.standard import dumped, place_of, run
from rag_core.types import Principal

if TYPE_CHECKING:
    from rag_core.settings import Settings
    from rag_core.standard.answer import StandardAnswer
    from rag_core.standard.table import Found

__all__ = ["try_"]


def try_(
    context: typer.Context,
    question: Annotated[str, typer.Argument(help="In quotes.")],
    platform: Annotated[str, typer.Option(help="As if asked there; console may see everything.")] = "console",
    channel: Annotated[str, typer.Option(help="As if asked in this channel, by id.")] = "",
    user: Annotated[str, typer.Option(help="As if asked by this person, by id.")] = "",
    role: Annotated[list[str] | None, typer.Option(help="A role of theirs, by id; may be repeated.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Which standard answer a question would get, which others are like it, and why they would not be given."""
    who = Principal(platform, user, "", channel, frozenset(role or ()), direct=not channel)
    told = run(context, lambda settings: _tested(settings, question, who))
    if as_json:
        typer.echo(dumped(told))
        return
    typer.echo(f"Given: {told['given']}" if told["given"] else "No standard answer is given.")
    for each in told["alike"]:
        cosine = "" if each["cosine"] is None else f", cosine {each['cosine']:.3f} of {each['threshold']:g}"
        why = f"; not given: {', '.join(each['not_given'])}" if each["not_given"] else ""
        typer.echo(f"  {each['id']} {each['kind']}{cosine}: {each['wording']}{why}")


async def _tested(settings: Settings, question: str, who: Principal) -> dict[str, Any]:
    from rag_core.access import Access
    from rag_core.bootstrap import open_core
    from rag_core.retrieval.search import clean_question

    text = clean_question(question)
    scopes = Access(settings.access.rules, settings.access.groups).scopes_of(who)
    async with open_core(settings) as core:
        from rag_core.standard.answers import StandardAnswers

        standard = StandardAnswers(core.database)

        def embed(text: str) -> Awaitable[Any]:
            return core.compute.run(core.embedder.embed_query, text)

        given = await standard.find(text, who, scopes, embed)
        alike = await standard.alike(text, embed)
        await standard.close()
    return {
        "given": given.id if given else None,
        "alike": [_explained(found, given, who, scopes) for found in alike],
    }


def _explained(
    found: Found, given: StandardAnswer | None, who: Principal, scopes: frozenset[str] | None
) -> dict[str, Any]:
    answer, semantic = found.answer, found.kind == "semantic"
    reasons = (
        ("it is switched off", not answer.enabled),
        (f"it holds in {place_of(answer)}", not answer.holds_in(who)),
        (f"it needs {', '.join(sorted(answer.scopes))}", not answer.open_to(scopes)),
        ("too far away", semantic and found.cosine < answer.threshold),
    )
    why = [reason for reason, holds in reasons if holds]
    if not why and given and given.id != answer.id:
        why = [f"{given.id} goes before it"]
    return {
        "id": answer.id,
        "kind": found.kind,
        "wording": found.wording,
        "cosine": round(found.cosine, 4) if semantic else None,
        "threshold": answer.threshold if semantic else None,
        "not_given": why,
    }
