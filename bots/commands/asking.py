"""`answerloop ask` and `answerloop chat`."""

from __future__ import annotations

import asyncio
import getpass
import json
from dataclasses import asdict
from typing import Annotated, Any

import typer

from bots.commands.setup import Where
from rag_core.types import Answer, Principal, Question

__all__ = ["answer_object", "ask", "chat"]


def ask(
    context: typer.Context,
    question: Annotated[str, typer.Argument(help="In quotes.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Answer one question, with its sources."""
    where: Where = context.obj
    asyncio.run(_ask(where, question, as_json))


async def _ask(where: Where, text: str, as_json: bool) -> None:
    from rag_core.bootstrap import make_assistant, open_core

    async with open_core(where.settings()) as core:
        answer = await make_assistant(core).ask(Question(text, Principal("console", getpass.getuser())))
        if as_json:
            typer.echo(json.dumps(answer_object(answer), ensure_ascii=False))
        else:
            from rich.console import Console

            from adapters.console import render

            Console().print(render(answer))


def answer_object(answer: Answer) -> dict[str, Any]:
    """What `ask --json` prints."""
    values = asdict(answer)
    return {
        "answer": values["text"],
        "citations": [_citation(c) for c in values["citations"]],
        "confidence": values["confidence"],
        "abstained": values["abstained"],
        "nearest": [_citation(c) for c in values["nearest"]],
        "answer_id": values["id"],
        "cached": values["cached"],
        "release": values["release"],
        "timings_ms": values["timings_ms"],
    }


def _citation(values: dict[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in ("number", "title", "location", "place", "quote")}


def chat(context: typer.Context) -> None:
    """A conversation in the terminal; /up and /down say what you think of an answer."""
    where: Where = context.obj
    asyncio.run(_chat(where))


async def _chat(where: Where) -> None:
    from rich.console import Console

    from adapters.chat import Chat
    from adapters.console import converse, read_line
    from rag_core.bootstrap import make_assistant, open_core

    async with open_core(where.settings()) as core:
        await converse(Chat(make_assistant(core)), Console(), read_line)
