"""Feedback as a file: written, read, and a person taken out of it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.errors import AnswerloopError, InvalidEntry
from rag_core.records.database import open_database, transaction
from rag_core.records.exchange.exporting import export
from rag_core.records.exchange.importing import import_file
from rag_core.records.exchange.lines import KINDS
from rag_core.records.feedback.recording import Feedback
from rag_core.records.people.people import People
from rag_core.records.tables import (
    answer_documents,
    answers,
    exports,
    golden_questions,
    judged_passages,
    reviews,
    vote_flags,
    votes,
)
from rag_core.types import Principal, Question, Vote
from tests.databases import Databases
from tests.fakes import an_answer

ADA, BOB = "U0ADA12345", "U0BOB12345"
NOW = datetime(2026, 11, 22, 10, 30, 1, 250, tzinfo=UTC)


@pytest.fixture
async def other(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[AsyncEngine]:
    """An empty database of the other kind."""
    kind = request.node.callspec.params["address"]
    if kind == "postgresql":
        (tmp_path / "other").mkdir()
        shutil.copyfile(request.getfixturevalue("migrated"), tmp_path / "other" / "answerloop.db")
        engine = await open_database(f"sqlite+aiosqlite:///{tmp_path}/other/answerloop.db")
        yield engine
        await engine.dispose()
    else:
        databases: Databases = request.getfixturevalue("databases")
        async with databases.migrated() as address:
            engine = await open_database(address)
            yield engine
            await engine.dispose()


async def filled(database: AsyncEngine) -> None:
    """A row of every kind, with what is hard to write down."""
    feedback = Feedback(database)
    for id, user, asked in (
        ("a1", ADA, 'Wie geht\'s? 🦓\n"x" \u2028'),
        ("B2", BOB, f"ask <@{ADA}>"),
        ("a0", BOB, ""),
    ):
        await feedback.record_answer(
            Question(asked, Principal("slack", user, "T1", "D1"), thread="1.1"),
            an_answer(id, confidence=0.1 + 0.2, timings_ms={"search": 3.25}),
            passages=[{"passage": "docs/a#0", "cosine": 0.1, "probability": 1e-7}],
            scopes=None if id == "a0" else frozenset({"public"}),
            generation=1,
        )
    await feedback.record_vote(Vote("B2", "slack", ADA, -1, "other", "no", "yes"))
    await feedback.record_vote(Vote("a1", "slack", BOB, 1))
    async with transaction(database) as connection:
        review = await connection.scalar(select(reviews.c.id))
        passage = {
            "review_id": review,
            "passage": "docs/a#0",
            "label": "wrong",
            "document": "docs/a",
            "source": "docs",
        }
        await connection.execute(
            insert(judged_passages).values({**passage, "scope": "public", "title": "A", "text": "So."})
        )
        golden = {
            "id": "g1",
            "question": "Q?",
            "scopes": ["public"],
            "expected": [],
            "answer": "",
            "enabled": True,
        }
        more = {"author": f"slack:{ADA}", "from_answer": "a1", "created_at": NOW}
        await connection.execute(insert(golden_questions).values({**golden, **more}))
        flag = {"id": "f1", "kind": "burst", "platform": "slack", "user_id": ADA, "document": "", "votes": 20}
        times = {"first_at": NOW, "last_at": NOW, "state": "open", "decided_by": ""}
        await connection.execute(insert(vote_flags).values({**flag, **times}))


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]


async def test_what_is_exported_and_imported_elsewhere_is_the_same_to_the_byte(
    database: AsyncEngine, other: AsyncEngine, tmp_path: Path
) -> None:
    """From one kind of database to the other; read once more, nothing is added."""
    await filled(database)
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    counts = await export(database, first)
    assert counts == {
        "answer": 3,
        "vote": 2,
        "review": 1,
        "passage": 1,
        "escalation": 0,
        "flag": 1,
        "golden": 1,
    }
    done = await import_file(other, first)
    assert done.added == {kind: count for kind, count in counts.items() if count}
    await export(other, second)
    assert second.read_bytes() == first.read_bytes()
    again = await import_file(other, first)
    assert (again.added, again.skipped, again.conflicts) == ({}, 9, 0)
    async with transaction(other) as connection:
        days = (await connection.execute(select(answers.c.day, answers.c.created_at))).all()
        assert all(day == at.date().toordinal() for day, at in days)
    async with transaction(database) as connection:
        documents = await connection.scalar(select(func.count()).select_from(answer_documents))
    async with transaction(other) as connection:
        assert await connection.scalar(select(func.count()).select_from(answer_documents)) == documents


async def test_the_order_of_lines_does_not_matter(
    database: AsyncEngine, other: AsyncEngine, tmp_path: Path
) -> None:
    """Votes may stand before what they are on."""
    await filled(database)
    path = tmp_path / "feedback.jsonl"
    await export(database, path)
    lines = path.read_text(encoding="utf-8").split("\n")
    path.write_text("\n".join(reversed(lines)), encoding="utf-8")
    assert sum((await import_file(other, path)).added.values()) == 9


async def test_what_is_there_otherwise_stays_and_is_told(database: AsyncEngine, tmp_path: Path) -> None:
    """With its line."""
    await filled(database)
    path = tmp_path / "feedback.jsonl"
    await export(database, path)
    async with transaction(database) as connection:
        await connection.execute(update(answers).where(answers.c.id == "a0").values(answer="Other."))
    done = await import_file(database, path)
    assert (done.added, done.skipped, done.conflicts) == ({}, 8, 1)
    assert [(c.kind, c.id) for c in done.named] == [("answer", "a0")]
    assert rows(path)[done.named[0].line - 1]["id"] == "a0"
    async with transaction(database) as connection:
        assert await connection.scalar(select(answers.c.answer).where(answers.c.id == "a0")) == "Other."


def changed(**fields: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda row: {**row, **fields}


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (lambda row: "no json", "this is not JSON"),
        (lambda row: [row], "not a JSON object"),
        (changed(kind="answr"), "kind: there is no 'answr'"),
        (changed(version=2), "version: '2' is not known"),
        (changed(value=7), "value: this is not what it holds"),
        (changed(value=True), "value: expected int"),
        (changed(extra=1), "extra: vote has no such field"),
        (changed(updated_at="yesterday"), "updated_at: expected a time"),
        (changed(updated_at="2026-11-22T10:00:00"), "updated_at: expected a time with a zone"),
        (changed(user_id="x" * 201), "longer than 200"),
        (changed(user_id=None), "user_id: it cannot be null"),
        (lambda row: {k: v for k, v in row.items() if k != "reason"}, "reason: vote needs it"),
        (changed(answer_id="gone"), "answer_id: what it hangs on"),
    ],
)
async def test_a_file_with_a_mistake_adds_nothing(
    database: AsyncEngine, other: AsyncEngine, tmp_path: Path, wrong: Any, told: str
) -> None:
    """And the line is named."""
    await filled(database)
    path = tmp_path / "feedback.jsonl"
    await export(database, path)
    lines = path.read_text(encoding="utf-8").split("\n")
    number = next(n for n, line in enumerate(lines) if '"kind":"vote"' in line)
    made = wrong(json.loads(lines[number]))
    lines[number] = made if isinstance(made, str) else json.dumps(made)
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(InvalidEntry, match=rf"line {number + 1}: .*{told}"):
        await import_file(other, path)
    async with transaction(other) as connection:
        for table in KINDS.values():
            assert await connection.scalar(select(func.count()).select_from(table)) == 0


async def test_a_file_of_before_there_were_routes_is_read(
    database: AsyncEngine, other: AsyncEngine, tmp_path: Path
) -> None:
    """Nobody had said what kind of question it is; where somebody did, the file says so, in words that can be learned."""
    await filled(database)
    async with transaction(database) as connection:
        await connection.execute(update(reviews).values(route="travel-costs"))
    path = tmp_path / "feedback.jsonl"
    await export(database, path)
    written = path.read_text(encoding="utf-8")
    path.write_text(written.replace('"travel-costs"', '"Travel costs"'), encoding="utf-8")
    with pytest.raises(InvalidEntry, match="route: this is not what it holds"):
        await import_file(other, path)
    path.write_text(written.replace(',"route":"travel-costs"', ""), encoding="utf-8")
    await import_file(other, path)
    async with transaction(other) as connection:
        assert set(await connection.scalars(select(reviews.c.route))) == {""}
    path.write_text(written, encoding="utf-8")
    assert (await import_file(other, path)).conflicts > 0


async def test_only_what_is_wanted_is_exported(database: AsyncEngine, tmp_path: Path) -> None:
    """Some kinds, and what was answered since then with what hangs on it."""
    await filled(database)
    path = tmp_path / "feedback.jsonl"
    assert await export(database, path, kinds=("vote",)) == {"vote": 2}
    async with transaction(database) as connection:
        old = update(answers).where(answers.c.id == "a1").values(created_at=NOW - timedelta(days=400))
        await connection.execute(old)
    counts = await export(database, path, since=NOW - timedelta(days=30), kinds=("answer", "vote", "review"))
    assert counts == {"answer": 2, "vote": 1, "review": 1}


async def test_an_anonymous_export_names_nobody(database: AsyncEngine, tmp_path: Path) -> None:
    """The same person has the same name throughout, also from one export to the next."""
    await filled(database)
    path = tmp_path / "feedback.jsonl"
    await export(database, path, anonymous=True)
    text = path.read_text(encoding="utf-8")
    assert ADA not in text
    assert BOB not in text
    assert "D1" not in text
    by_kind = {row["kind"]: row for row in rows(path)}
    ada = next(row["user_id"] for row in rows(path) if row.get("id") == "a1")
    assert by_kind["flag"]["user_id"] == ada
    assert by_kind["golden"]["author"] == by_kind["review"]["proposed_by"] == f"slack:{ada}"
    assert f"ask <@{ada}>" in text
    await export(database, tmp_path / "again.jsonl", anonymous=True)
    assert (tmp_path / "again.jsonl").read_text(encoding="utf-8") == text


async def test_a_file_that_cannot_be_written_leaves_nothing_behind(
    database: AsyncEngine, tmp_path: Path
) -> None:
    await filled(database)
    with pytest.raises(AnswerloopError, match=r"cannot be written"):
        await export(database, tmp_path / "nowhere" / "feedback.jsonl")
    (tmp_path / "folder").mkdir()
    with pytest.raises(AnswerloopError, match=r"cannot be written"):
        await export(database, tmp_path / "folder")
    assert [one.name for one in os.scandir(tmp_path) if one.name.endswith(".tmp")] == []


@pytest.mark.parametrize("anonymous", [False, True])
async def test_who_is_forgotten_is_taken_out_of_exports(
    database: AsyncEngine, tmp_path: Path, anonymous: bool
) -> None:
    """Their rows and what hangs on these; exports that cannot be reached are named. The rest is as it was."""
    await filled(database)
    path, lost = tmp_path / "feedback.jsonl", tmp_path / "lost.jsonl"
    await export(database, path, anonymous=anonymous)
    await export(database, lost)
    lost.unlink()
    async with transaction(database) as connection:
        made = {"path": "/there.jsonl", "host": "another", "made_at": NOW, "made_by": "", "rows": 1}
        await connection.execute(insert(exports).values(made))
    before = {row.get("id"): row for row in rows(path)}
    trial = await People(database, tmp_path).forget_all("slack", ADA, dry_run=True)
    assert {row.get("id"): row for row in rows(path)} == before
    done = await People(database, tmp_path).forget_all("slack", ADA)
    assert done.files == trial.files
    assert [(file.path, file.kind) for file in done.files] == [(str(path), "export")]
    unreached = {(file.path, file.reason) for file in done.unreachable}
    assert unreached == {("/there.jsonl", "on another machine"), (str(lost), "No such file or directory")}
    left = [(row["kind"], row.get("id")) for row in rows(path)]
    assert left == [("answer", "B2"), ("answer", "a0")]
    assert ADA not in path.read_text(encoding="utf-8")
    assert rows(path)[1] == before["a0"]
    assert path.stat().st_mode & 0o777 == 0o600


async def test_who_is_forgotten_is_taken_out_of_data_sets(database: AsyncEngine, tmp_path: Path) -> None:
    """A row says whom it is from; one that only mentions the person goes as well, and no other."""
    folder = tmp_path / "datasets" / "2026-11"
    folder.mkdir(parents=True)
    own = [
        {"question": "a", "people": [f"slack:{ADA}"]},
        {"question": "b", "people": [f"slack:{BOB}", f"slack:{ADA}"]},
        {"question": f"c <@{ADA}>", "people": []},
        {"question": "d", "from": {"platform": "slack", "user_id": ADA}},
    ]
    others = [
        {"question": "e", "people": [f"slack:{BOB}"]},
        {"question": "f", "people": [f"discord:{ADA}"]},
        {"question": "g", "people": [f"slack:{ADA}9"]},
    ]
    path = folder / "train.jsonl"
    lines = [json.dumps(row) + "\n" for row in (*own, *others)]
    path.write_text("".join(lines) + "not json\n")
    untouched = folder / "test.jsonl"
    untouched.write_text('{"question": "x"}\n')
    written = untouched.stat().st_mtime_ns
    done = await People(database, tmp_path).forget_all("slack", ADA)
    assert {Path(file.path).name: file.rows for file in done.files} == {"train.jsonl": 4, "test.jsonl": 0}
    assert path.read_text() == "".join(lines[4:]) + "not json\n"
    assert untouched.stat().st_mtime_ns == written


async def test_votes_that_were_taken_back_elsewhere_are_added_again(
    database: AsyncEngine, tmp_path: Path
) -> None:
    """An import adds what is missing, row by row."""
    await filled(database)
    path = tmp_path / "feedback.jsonl"
    await export(database, path)
    async with transaction(database) as connection:
        await connection.execute(delete(votes).where(votes.c.user_id == BOB))
    assert (await import_file(database, path)).added == {"vote": 1}
