"""`answerloop standard`: answers that a person wrote or approved."""

from __future__ import annotations

import asyncio
import getpass
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from bots.commands.setup import Where
from rag_core.errors import AnswerloopError, InvalidEntry, NotReady

if TYPE_CHECKING:
    from rag_core.settings import Settings
    from rag_core.standard.answer import StandardAnswer
    from rag_core.standard.answers import StandardAnswers

__all__ = ["add", "dumped", "edit", "export", "import_", "place_of", "remove", "run", "show", "show_all"]

T = TypeVar("T")
JSON = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Id = Annotated[str, typer.Argument(help="The standard answer's, as `standard list` shows it.")]
Questions = Annotated[list[str] | None, typer.Option("--question", help="A wording; may be repeated.")]
Text = Annotated[str | None, typer.Option("--answer", help="Markdown; links as [words](https://…).")]
File = Annotated[Path | None, typer.Option("--answer-file", help="A file with the answer.")]
Matching = Annotated[
    str | None,
    typer.Option(
        "--match", help="exact, pattern or semantic. [default: exact, or pattern where one is given]"
    ),
]
PatternText = Annotated[
    str | None, typer.Option("--pattern", help="Such as 'how * {reset|change} * password *'.")
]
Threshold = Annotated[float | None, typer.Option(help="The cosine that a semantic match needs, .85 to 1.")]
Platform = Annotated[
    str | None, typer.Option(help="Where it holds: slack, discord or web. [default: everywhere]")
]
Channels = Annotated[
    list[str] | None, typer.Option("--channel", help="Where it holds, by id; may be repeated.")
]
Scopes = Annotated[
    list[str] | None, typer.Option("--scope", help="What an asker must be able to read; may be repeated.")
]
Author = Annotated[str | None, typer.Option(help="Who stands for it. [default: the user's name]")]


def add(
    context: typer.Context,
    question: Questions = None,
    answer: Text = None,
    answer_file: File = None,
    from_answer: Annotated[
        str | None,
        typer.Option(help="Make a recorded answer one, by its id, with its question and citations."),
    ] = None,
    match: Matching = None,
    pattern: PatternText = None,
    threshold: Threshold = None,
    platform: Platform = None,
    channel: Channels = None,
    scope: Scopes = None,
    author: Author = None,
    as_json: JSON = False,
) -> None:
    """Add a standard answer, written here or made from an answer that was given."""
    given = _given(question, answer, answer_file, match, pattern, threshold, platform, channel, scope)
    given["author"] = author if author is not None else getpass.getuser()
    if pattern and not match:
        given["match"] = "pattern"

    async def added(settings: Settings) -> StandardAnswer:
        async with _open(settings) as standard:
            if from_answer is None:
                from rag_core.standard.exchange import from_json

                return (await standard.save(from_json(given)))[0]
            async with _store(settings) as store:
                return await standard.from_answer(from_answer, store, **given)

    made = run(context, added)
    _say(made, as_json, f"Added {made.id}: {_seen_by(made)}.")


def show_all(context: typer.Context, as_json: JSON = False) -> None:
    """All standard answers, how often each was given, and whether its sources still say it."""

    async def listed(settings: Settings) -> tuple[list[StandardAnswer], dict[str, list[str]]]:
        async with _open(settings) as standard:
            entries = await standard.all()
            return entries, await _changed_sources(settings, entries)

    entries, changed = run(context, listed)
    if as_json:
        typer.echo(dumped({"standard_answers": [_object(e, changed) for e in entries]}))
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("id", "question or pattern", "match", "holds in", "scopes", "hits", "state")
    for entry in entries:
        state = "" if entry.enabled else "off"
        state = ", ".join(filter(None, (state, "source changed" if entry.id in changed else "")))
        cells = (_title(entry), entry.match, place_of(entry), ", ".join(sorted(entry.scopes)))
        table.add_row(entry.id, *map(escape, cells), f"{entry.hits:,}", state)
    Console().print(
        table if entries else "There are no standard answers; `answerloop standard add` makes one."
    )


def show(context: typer.Context, id: Id, as_json: JSON = False) -> None:
    """One standard answer, as it is kept and as readers see it."""

    async def found(settings: Settings) -> tuple[StandardAnswer, dict[str, list[str]]]:
        async with _open(settings) as standard:
            entry = await standard.get(id)
            return entry, await _changed_sources(settings, [entry])

    entry, changed = run(context, found)
    if as_json:
        typer.echo(dumped(_object(entry, changed)))
        return
    text, citations = entry.rendered()
    typer.echo(f"{entry.id} ({entry.match}{'' if entry.enabled else ', off'}), {_seen_by(entry)}")
    for wording in (*entry.questions, *filter(None, [entry.pattern])):
        typer.echo(f"  {wording}")
    typer.echo(f"\n{text}\n")
    for citation in citations:
        typer.echo(f"  [{citation.number}] {citation.title} {citation.location}")
    typer.echo(f"Given {entry.hits:,} times. By {entry.author or 'nobody named'}.")
    for why in changed.get(entry.id, []):
        typer.echo(f"Source changed: {why}")


def edit(
    context: typer.Context,
    id: Id,
    question: Questions = None,
    answer: Text = None,
    answer_file: File = None,
    match: Matching = None,
    pattern: PatternText = None,
    threshold: Threshold = None,
    platform: Platform = None,
    channel: Channels = None,
    scope: Scopes = None,
    author: Author = None,
    enable: Annotated[bool | None, typer.Option("--enable/--disable", help="Whether it is given.")] = None,
    as_json: JSON = False,
) -> None:
    """Change what is named here and nothing else. A list is replaced whole; '' empties it."""
    changes = _given(question, answer, answer_file, match, pattern, threshold, platform, channel, scope)
    changes |= {name: value for name, value in (("author", author), ("enabled", enable)) if value is not None}
    changes |= {name: tuple(changes[name]) for name in ("questions", "channels") if name in changes}
    if "scopes" in changes:
        changes["scopes"] = frozenset(changes["scopes"])

    async def changed(settings: Settings) -> StandardAnswer:
        async with _open(settings) as standard:
            return await standard.edit(id, **changes)

    made = run(context, changed)
    _say(made, as_json, f"Changed {made.id}: {_seen_by(made)}.")


def remove(context: typer.Context, id: Id, as_json: JSON = False) -> None:
    """Remove a standard answer; `standard edit --disable` keeps it for later."""

    async def removed(settings: Settings) -> None:
        async with _open(settings) as standard:
            await standard.remove(id)

    run(context, removed)
    typer.echo(json.dumps({"removed": id}) if as_json else f"Removed {id}.")


def export(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="[default: standard output]")] = None,
) -> None:
    """Write all standard answers as JSONL, which `standard import` reads."""

    async def all_of_them(settings: Settings) -> list[StandardAnswer]:
        async with _open(settings) as standard:
            return await standard.all()

    from rag_core.standard.exchange import to_json

    lines = "".join(dumped(to_json(entry)) + "\n" for entry in run(context, all_of_them))
    if file is None:
        typer.echo(lines, nl=False)
        return
    try:
        file.write_text(lines, encoding="utf-8")
    except OSError as error:
        raise AnswerloopError(f"{file} cannot be written: {error.strerror}; name another file.") from None


def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="JSONL, as `standard export` writes it.")],
    as_json: JSON = False,
) -> None:
    """Read standard answers from JSONL, all or none. One with the id of another takes its place."""
    from rag_core.standard.exchange import read_lines

    entries = read_lines(_read(file).split("\n"))

    async def kept(settings: Settings) -> None:
        async with _open(settings) as standard:
            await standard.save(*entries)

    run(context, kept)
    count = len(entries)
    typer.echo(json.dumps({"imported": count}) if as_json else f"Imported {count:,} from {file}.")


def run(context: typer.Context, work: Callable[[Settings], Awaitable[T]]) -> T:
    """Do it with the settings of the command line."""
    where: Where = context.obj
    settings = where.settings()

    async def done() -> T:
        return await work(settings)

    return asyncio.run(done())


@asynccontextmanager
async def _open(settings: Settings) -> AsyncIterator[StandardAnswers]:
    from rag_core.bootstrap import open_records
    from rag_core.standard.answers import StandardAnswers

    async with open_records(settings) as database:
        standard = StandardAnswers(database)
        yield standard
        await standard.close()


@asynccontextmanager
async def _store(settings: Settings) -> AsyncIterator[Any]:
    """Of the active release; None where there is none."""
    from rag_core.bootstrap import active_release
    from rag_core.index.stores.opening import open_store

    try:
        release = await active_release(settings)
    except NotReady:
        yield None
        return
    async with open_store(settings, release) as store:
        yield store


async def _changed_sources(settings: Settings, entries: list[StandardAnswer]) -> dict[str, list[str]]:
    if not any(citation.passage for entry in entries for citation in entry.citations):
        return {}
    from rag_core.standard.provenance import changed_sources

    async with _store(settings) as store:
        return await changed_sources(entries, store) if store is not None else {}


def _given(
    question: list[str] | None, answer: str | None, answer_file: Path | None, match: str | None, pattern: str | None,
    threshold: float | None, platform: str | None, channel: list[str] | None, scope: list[str] | None,
) -> dict[str, Any]:  # fmt: skip
    """The fields that the options name."""
    if answer is not None and answer_file is not None:
        raise InvalidEntry("answer: give --answer or --answer-file, not both.")
    values = {
        "questions": question,
        "answer": _read(answer_file) if answer_file is not None else answer,
        "match": match,
        "pattern": pattern,
        "threshold": threshold,
        "platform": platform,
        "channels": channel,
        "scopes": scope,
    }
    return {name: value for name, value in values.items() if value is not None}


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise InvalidEntry(f"{file} cannot be read: {why}; name a text file.") from None


def _say(answer: StandardAnswer, as_json: bool, sentence: str) -> None:
    typer.echo(dumped(_object(answer, {})) if as_json else sentence)


def _object(answer: StandardAnswer, changed: dict[str, list[str]]) -> dict[str, Any]:
    from rag_core.standard.exchange import to_json

    return {**to_json(answer), "source_changed": changed.get(answer.id, [])}


def dumped(values: dict[str, Any]) -> str:
    """One line of JSON."""
    return json.dumps(values, ensure_ascii=False)


def _title(answer: StandardAnswer) -> str:
    return answer.pattern or answer.questions[0]


def place_of(answer: StandardAnswer) -> str:
    """Where it holds, in words."""
    return " ".join([answer.platform, ", ".join(answer.channels)]).strip() or "all channels"


def _seen_by(answer: StandardAnswer) -> str:
    readers = f"readers of {', '.join(sorted(answer.scopes))}" if answer.scopes else "everybody"
    return f"for {readers}, in {place_of(answer)}"
