"""`answerloop golden`: questions that no release may lose."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from bots.commands.operators import operator
from bots.commands.setup import Where
from rag_core.errors import AnswerloopError, InvalidEntry, NotFound, NotReady

if TYPE_CHECKING:
    from rag_core.bootstrap import Core
    from rag_core.records.evaluation.golden import Expected, GoldenQuestion, GoldenQuestions, GoldenResult
    from rag_core.records.index.releases import Release
    from rag_core.settings import Settings

__all__ = ["add", "check", "export", "import_", "remove", "show_all"]

T = TypeVar("T")
JSON = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Id = Annotated[str, typer.Argument(help="The golden question's, as `golden list` shows it.")]


def check(
    context: typer.Context,
    release: Annotated[str, typer.Option(help="Which one to ask. [default: the active one]")] = "",
    as_json: JSON = False,
) -> None:
    """Ask a release all golden questions. Exit code 1: it loses one that was passed before."""
    from rag_core.review.golden.checking import lost

    before, results, questions = _run(context, lambda settings: _checked(settings, release))
    gone = lost(before, results)
    if as_json:
        typer.echo(_dumped(_told(results, gone)))
    else:
        _show(results, gone, {question.id: question for question in questions})
    if gone:
        raise typer.Exit(1)


async def _checked(
    settings: Settings, id: str
) -> tuple[list[GoldenResult], list[GoldenResult], list[GoldenQuestion]]:
    """What was passed before: by the same release where it is the active one, otherwise by the active one, which is asked
    now where it was not asked all of them. Then the results, and the questions."""
    from rag_core.bootstrap import open_records
    from rag_core.records.evaluation.golden import GoldenQuestions
    from rag_core.review.golden.checking import check_release

    async with open_records(settings) as database:
        golden = GoldenQuestions(database)
        active, wanted = await _releases(database, id)
        before, questions = await golden.results(active.id), await golden.all(enabled=True)
        unknown = {question.id for question in questions} - {result.golden_id for result in before}
        with _bars() as report:
            if unknown and wanted.id != active.id:
                before = await check_release(settings, active, report(active.id))
            results = await check_release(settings, wanted, report(wanted.id))
        return before, results, questions


async def _releases(database: Any, id: str) -> tuple[Release, Release]:
    from rag_core.records.index.releases import Releases

    known = await Releases(database).all()
    active = next((release for release in known if release.active), None)
    if active is None:
        raise NotReady("There is no release yet: run `answerloop ingest FOLDER` first.")
    wanted = next((release for release in known if release.id == id), None) if id else active
    if wanted is None:
        there = ", ".join(release.id for release in known)
        raise NotFound(f"There is no release {id}; there are {there}.")
    return active, wanted


@contextmanager
def _bars() -> Iterator[Callable[[str], Callable[[int, int], None]]]:
    """Name of a release -> what is told how far it is. On standard error, so that --json stays whole."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:

        def report(release: str) -> Callable[[int, int], None]:
            task = bars.add_task(f"asking {release}", total=None)
            return lambda done, total: bars.update(task, completed=done, total=total)

        yield report


def _told(results: Sequence[GoldenResult], gone: Sequence[GoldenResult]) -> dict[str, Any]:
    lost_ids = {result.golden_id for result in gone}
    return {
        "release": results[0].release if results else "",
        "passed": sum(result.passed for result in results),
        "failed": sum(not result.passed for result in results),
        "lost": sorted(lost_ids),
        "results": [
            {
                "id": result.golden_id,
                "passed": result.passed,
                "rank": result.rank,
                "detail": result.detail,
                "lost": result.golden_id in lost_ids,
            }
            for result in results
        ],
    }


def _show(
    results: Sequence[GoldenResult], gone: Sequence[GoldenResult], questions: dict[str, GoldenQuestion]
) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Column, Table

    if not results:
        typer.echo("There are no golden questions; `answerloop golden add` makes one.")
        return
    table = Table(Column("id", no_wrap=True, overflow="fold"), "question", "result", "rank", "why")
    for result in results:
        said = "lost" if result in gone else "passed" if result.passed else "failed"
        colour = {"lost": "red", "passed": "green"}.get(said, "yellow")
        asked = escape(questions[result.golden_id].question) if result.golden_id in questions else ""
        rank = str(result.rank or "")
        table.add_row(result.golden_id, asked, f"[{colour}]{said}[/]", rank, escape(result.detail))
    Console().print(table)
    passed = sum(result.passed for result in results)
    lost_ones = f", {len(gone):,} lost" if gone else ", none lost"
    typer.echo(f"{results[0].release}: {passed:,} of {len(results):,} passed{lost_ones}.")


def show_all(context: typer.Context, as_json: JSON = False) -> None:
    """All golden questions, and how the active release did on them."""
    from rag_core.records.index.releases import Releases
    from rag_core.review.golden.exchange import to_json

    async def listed(golden: GoldenQuestions, database: Any) -> tuple[list[GoldenQuestion], list[Any]]:
        active = await Releases(database).active()
        return await golden.all(), await golden.results(active.id) if active else []

    entries, results = _with_golden(context, listed)
    if as_json:
        typer.echo(_dumped({"golden_questions": [to_json(entry) for entry in entries]}))
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Column, Table

    by_id = {result.golden_id: result for result in results}
    table = Table(
        Column("id", no_wrap=True, overflow="fold"), "question", "expected", "scopes", "state", "last result"
    )
    for entry in entries:
        titles = dict.fromkeys(one.title for one in entry.expected)
        scopes = "everything" if entry.scopes is None else ", ".join(sorted(entry.scopes))
        cells = (entry.question, ", ".join(titles) or "must abstain", scopes)
        last = by_id.get(entry.id)
        said = "" if last is None else "passed" if last.passed else "failed"
        table.add_row(entry.id, *map(escape, cells), "" if entry.enabled else "off", said)
    Console().print(table if entries else "There are no golden questions; `answerloop golden add` makes one.")


def add(
    context: typer.Context,
    question: Annotated[str, typer.Argument(help="In quotes. [default: that of --from-answer]")] = "",
    rank: Annotated[
        list[int] | None,
        typer.Option(help="Expect the passage at this place among those found now; may be repeated."),
    ] = None,
    abstain: Annotated[
        bool, typer.Option("--abstain", help="Expect that the bot says that it does not know.")
    ] = False,
    from_answer: Annotated[
        str, typer.Option(help="Expect what a recorded answer cites, by its id, under its asker's scopes.")
    ] = "",
    scope: Annotated[
        list[str] | None,
        typer.Option("--scope", help="What is read for it; may be repeated. [default: public]"),
    ] = None,
    answer: Annotated[str, typer.Option(help="What it should say, for a reader.")] = "",
    as_json: JSON = False,
) -> None:
    """Add a golden question. Without --rank, --abstain or --from-answer it shows what is found, to choose from."""
    if sum(map(bool, (rank, abstain, from_answer))) > 1:
        raise InvalidEntry("expected: give one of --rank, --abstain and --from-answer.")

    async def added(settings: Settings) -> str:
        from dataclasses import asdict

        from rag_core.bootstrap import open_core
        from rag_core.records.evaluation.golden import GoldenQuestions

        async with open_core(settings) as core:
            if from_answer:
                asked, scopes, expected = await _of_answer(core, from_answer, question, scope)
            else:
                asked, scopes = question, frozenset(scope or ["public"])
                expected = () if abstain else await _at_ranks(core, question, scopes, rank or [])
            values = [asdict(one) for one in expected]
            golden = GoldenQuestions(core.database)
            return await golden.add(asked, scopes, values, answer, operator(), from_answer)

    id = _run(context, added)
    typer.echo(_dumped({"id": id}) if as_json else f"Added {id}.")


async def _at_ranks(
    core: Core, question: str, scopes: frozenset[str] | None, ranks: Sequence[int]
) -> tuple[Expected, ...]:
    from rag_core.review.answering import by_itself
    from rag_core.review.golden.checking import AMONG
    from rag_core.review.golden.picking import expected_of

    passages = [ranked.passage for ranked in (await by_itself(core)(question, scopes)).ranked[:AMONG]]
    if not ranks:
        for number, passage in enumerate(passages, 1):
            typer.echo(f"{number:2}  {passage.title}: {' '.join(passage.text.split())[:100]}", err=True)
        raise InvalidEntry("rank: choose with --rank which of these answers it, or give --abstain.")
    if wrong := [rank for rank in ranks if not 1 <= rank <= len(passages)]:
        raise InvalidEntry(f"rank: {wrong[0]} is none of the {len(passages)} passages found.")
    return tuple(expected_of(passages[rank - 1]) for rank in dict.fromkeys(ranks))


async def _of_answer(
    core: Core, id: str, question: str, scope: list[str] | None
) -> tuple[str, frozenset[str] | None, tuple[Expected, ...]]:
    from rag_core.records.standard import StandardRecords
    from rag_core.review.golden.picking import picked

    given = await StandardRecords(core.database).given(id)
    if given is None:
        raise NotFound(f"There is no answer {id[:64]}.")
    scopes = frozenset(scope) if scope else given.scopes
    expected = await picked(core.store, [c.passage for c in given.citations if c.passage], scopes)
    if not expected and not given.abstained:
        raise InvalidEntry("from-answer: what it cites is not in the index any more; add it with --rank.")
    return question or given.question, scopes, expected


def remove(context: typer.Context, id: Id, as_json: JSON = False) -> None:
    """Remove a golden question with its results."""
    _with_golden(context, lambda golden, _: golden.remove(id, operator()))
    typer.echo(json.dumps({"removed": id}) if as_json else f"Removed {id}.")


def export(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="[default: standard output]")] = None,
) -> None:
    """Write all golden questions as JSONL, which `golden import` reads."""
    from rag_core.review.golden.exchange import to_json

    entries = _with_golden(context, lambda golden, _: golden.all())
    lines = "".join(_dumped(to_json(entry)) + "\n" for entry in entries)
    if file is None:
        typer.echo(lines, nl=False)
        return
    try:
        file.write_text(lines, encoding="utf-8")
    except OSError as error:
        raise AnswerloopError(f"{file} cannot be written: {error.strerror}; name another file.") from None


def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="JSONL, as `golden export` writes it.")],
    as_json: JSON = False,
) -> None:
    """Read golden questions from JSONL, all or none. One with the id of another takes its place."""
    from rag_core.review.golden.exchange import read_lines

    try:
        entries = read_lines(file.read_text(encoding="utf-8-sig").split("\n"))
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise InvalidEntry(f"{file} cannot be read: {why}; name a text file.") from None
    new = _with_golden(context, lambda golden, _: golden.put(operator(), *entries))
    count = len(entries)
    typer.echo(
        json.dumps({"imported": count, "new": new})
        if as_json
        else f"Imported {count:,}, {new:,} of them new."
    )


def _run(context: typer.Context, work: Callable[[Settings], Awaitable[T]]) -> T:
    where: Where = context.obj
    settings = where.settings()

    async def done() -> T:
        return await work(settings)

    return asyncio.run(done())


def _with_golden(context: typer.Context, work: Callable[[GoldenQuestions, Any], Awaitable[T]]) -> T:
    """Do it on the database alone."""

    async def done(settings: Settings) -> T:
        from rag_core.bootstrap import open_records
        from rag_core.records.evaluation.golden import GoldenQuestions

        async with open_records(settings) as database:
            return await work(GoldenQuestions(database), database)

    return _run(context, done)


def _dumped(values: dict[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False)
