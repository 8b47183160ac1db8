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
    from rich.console import Console

    from adapters.console import render, terminal_language, while_written
    from rag_core.bootstrap import make_assistant, open_core, warm_up

    settings = where.settings()
    question = Question(text, Principal("console", getpass.getuser()), language=terminal_language())
    language = settings.language or question.language
    async with open_core(settings) as core:
        await warm_up(core)
        assistant = make_assistant(core)
        if as_json:
            answer = await assistant.ask(question)
            typer.echo(json.dumps(answer_object(answer), ensure_ascii=False))
        else:
            console = Console()
            answer = await while_written(console, language, lambda said: assistant.ask(question, said))
            console.print(render(answer, language=language))


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
        "standalone": values["standalone"],
        "generator": values["generator"],
        "notices": values["notices"],
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
    from adapters.console import converse, read_line, terminal_language
    from rag_core.bootstrap import make_assistant, open_core, warm_up

    settings = where.settings()
    async with open_core(settings) as core:
        await warm_up(core)
        chat = Chat(make_assistant(core), settings.language or "")
        await converse(chat, Console(), read_line, terminal_language())
