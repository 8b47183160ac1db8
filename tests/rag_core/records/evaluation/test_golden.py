"""Golden questions and how releases did on them, on both kinds of database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.errors import InvalidEntry, NotFound
from rag_core.records.audit import Audit
from rag_core.records.database import transaction
from rag_core.records.evaluation import golden as records
from rag_core.records.evaluation.golden import Expected, GoldenQuestion, GoldenQuestions, GoldenResult

PASSAGE = {"document": "docs:leave.md", "source": "docs", "title": "Leave", "text": "27 days a year."}
NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)


def result(id: str, release: str = "r1", passed: bool = True) -> GoldenResult:
    return GoldenResult(id, release, passed, 1 if passed else None, "" if passed else "It abstained.", NOW)


async def test_what_is_added_is_kept_whole(database: AsyncEngine) -> None:
    """With an entry in the audit log that holds no word of it; in one line."""
    golden = GoldenQuestions(database)
    id = await golden.add(" How much\n leave? ", ["public", "hr"], [PASSAGE], "27", "local:ada", "a1")
    kept = await golden.get(id)
    assert kept.created_at is not None
    assert replace(kept, created_at=None) == GoldenQuestion(
        "How much leave?",
        (Expected(**PASSAGE),),
        frozenset({"public", "hr"}),
        "27",
        "local:ada",
        "a1",
        True,
        id,
    )
    [entry] = await Audit(database).latest(9)
    assert (entry.actor, entry.action, entry.subject) == ("local:ada", "golden.add", f"golden:{id}")
    assert "leave" not in str(entry.detail)


async def test_everything_is_other_than_no_scope(database: AsyncEngine) -> None:
    """None reads all there is; the empty list nothing."""
    golden = GoldenQuestions(database)
    ids = [await golden.add("q?", scopes, []) for scopes in (None, [])]
    assert [(await golden.get(id)).scopes for id in ids] == [None, frozenset()]


async def test_it_is_added_within_the_transaction_of_a_decision(database: AsyncEngine) -> None:
    """And is gone with it when that fails."""
    golden = GoldenQuestions(database)

    async def failing() -> None:
        async with transaction(database) as connection:
            await records.add(connection, "q?", None, [PASSAGE])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await failing()
    assert await golden.all() == []
    async with transaction(database) as connection:
        id = await records.add(connection, "q?", None, [PASSAGE], author="local:ada")
    assert [one.id for one in await golden.all()] == [id]


@pytest.mark.parametrize(
    ("question", "scopes", "expected", "field"),
    [
        (" ?! ", None, [], "question"),
        ("x" * 4_001, None, [], "question"),
        ("q?", ["@slack:F1"], [], "scopes"),
        ("q?", None, [{**PASSAGE, "text": " "}], "expected"),
        ("q?", None, [{"text": "x"}], "expected"),
        ("q?", None, [PASSAGE] * 21, "expected"),
        ("q?", None, [{**PASSAGE, "text": "x" * 1_000_000}], "expected"),
        ("q?", ["x" * 201], [], "scopes"),
        ("q?", [str(number) for number in range(1_001)], [], "scopes"),
    ],
)
async def test_what_cannot_be_kept_is_refused_by_the_name_of_its_field(
    database: AsyncEngine, question: str, scopes: list[str] | None, expected: list[dict[str, str]], field: str
) -> None:
    golden = GoldenQuestions(database)
    with pytest.raises(InvalidEntry, match=f"^{field}: "):
        await golden.add(question, scopes, expected)
    assert await golden.all() == []


@pytest.mark.parametrize(
    ("field", "length"), [("answer", 1_000_000), ("author", 201), ("from_answer", 33), ("id", 33)]
)
async def test_an_import_is_refused_by_the_field_that_is_too_long(
    database: AsyncEngine, field: str, length: int
) -> None:
    """And not by the database, which has no sentence for it."""
    golden = GoldenQuestions(database)
    entry = GoldenQuestion("q?", **{field: "x" * length})  # type: ignore[arg-type]
    with pytest.raises(InvalidEntry, match=f"^{field}: it has more than "):
        await golden.put("local:ada", entry)
    assert await golden.all() == []


async def test_results_are_the_last_of_each_release(database: AsyncEngine) -> None:
    """Those of a question that was removed meanwhile are dropped without a word."""
    golden = GoldenQuestions(database)
    one, other = [await golden.add(f"q{n}?", None, []) for n in range(2)]
    await golden.put_results([result(one), result(other), result("gone")])
    await golden.put_results([result(one, passed=False), result(one, "r2")])
    await golden.put_results([])
    assert await golden.results("r1") == sorted(
        [result(one, passed=False), result(other)], key=lambda r: r.golden_id
    )
    assert await golden.results("r2") == [result(one, "r2")]
    await golden.remove(one, "local:ada")
    assert await golden.all_results() == [result(other)]


async def test_a_question_that_asks_something_else_has_no_results_yet(database: AsyncEngine) -> None:
    """One whose note alone changed keeps them."""
    golden = GoldenQuestions(database)
    id = await golden.add("q?", ["public"], [PASSAGE])
    await golden.put_results([result(id)])
    await golden.edit(id, "local:ada", answer="27")
    await golden.disable(id, "local:ada")
    assert len(await golden.results("r1")) == 1
    await golden.edit(id, "local:ada", scopes=None)
    assert await golden.results("r1") == []
    noted = [(entry.action, entry.detail.get("fields")) for entry in await Audit(database).latest(3)]
    assert noted == [("golden.edit", ["scopes"]), ("golden.disable", None), ("golden.edit", ["answer"])]


async def test_switched_off_ones_are_told_apart(database: AsyncEngine) -> None:
    golden = GoldenQuestions(database)
    one, other = [await golden.add(f"q{n}?", None, []) for n in range(2)]
    await golden.disable(other, "local:ada")
    assert [entry.id for entry in await golden.all(enabled=True)] == [one]
    assert [entry.id for entry in await golden.all(enabled=False)] == [other]
    await golden.enable(other, "local:ada")
    assert len(await golden.all(enabled=True)) == 2


async def test_an_import_is_all_or_nothing_and_takes_the_place_of_what_has_its_id(
    database: AsyncEngine,
) -> None:
    golden = GoldenQuestions(database)
    id = await golden.add("q?", None, [])
    changed = replace(await golden.get(id), question="other?")
    with pytest.raises(InvalidEntry):
        await golden.put("console:ada", changed, GoldenQuestion("?"))
    assert (await golden.get(id)).question == "q?"
    assert await golden.put("console:ada", changed, GoldenQuestion("new?")) == 1
    assert [entry.question for entry in await golden.all()] == ["other?", "new?"]


async def test_what_is_not_there_is_said_to_be_missing(database: AsyncEngine) -> None:
    golden = GoldenQuestions(database)
    for work in (
        golden.get("x"),
        golden.remove("x", "a"),
        golden.enable("x", "a"),
        golden.disable("x", "a"),
        golden.edit("x", "a", answer="b"),
    ):
        with pytest.raises(NotFound, match="golden question x"):
            await work
    assert await Audit(database).latest(9) == []
