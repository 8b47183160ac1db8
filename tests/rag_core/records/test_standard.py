"""Standard answers in the database, of both kinds: kept whole, followed by every process, hits added up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.errors import InvalidEntry, NotFound, Unavailable
from rag_core.records.database import open_database, transaction
from rag_core.records.feedback.recording import Feedback
from rag_core.records.standard import PAGE, StandardRecords
from rag_core.standard.answer import StandardAnswer
from rag_core.standard.answers import StandardAnswers
from rag_core.standard.hits import Hits
from rag_core.types import Citation, Principal, Question
from tests.fakes import an_answer

ANYBODY = Principal("slack", "ada", channel="C1")
SOON_S = 0.02
FULL = StandardAnswer(
    "Press [reset](https://x.example) [1].\n\n- é 😀",
    ("How do I reset it?", "Reset?"),
    match="pattern",
    pattern="* reset *",
    threshold=0.9,
    platform="slack",
    channels=("C1", "C2"),
    scopes=frozenset({"hr", "public"}),
    enabled=False,
    author="ada",
    citations=(Citation(1, "Handbook", "https://docs.example", "Press it.", "p#1", "line 3"),),
    from_answer="a1",
)


async def embed(_: str) -> object:
    raise AssertionError("nothing here is compared by meaning")


@asynccontextmanager
async def opened(address: str, **pauses: float) -> AsyncIterator[StandardAnswers]:
    """As a process of its own has it."""
    database = await open_database(address)
    standard = StandardAnswers(database, **{"check_s": SOON_S, "pause_s": SOON_S, **pauses})
    try:
        yield standard
    finally:
        await standard.close()
        await database.dispose()


async def given(standard: StandardAnswers, question: str) -> str | None:
    found = await standard.find(question, ANYBODY, frozenset({"public"}), embed)  # type: ignore[arg-type]
    return found.answer if found else None


async def test_all_of_it_is_kept(database: AsyncEngine) -> None:
    """Each field, in each kind of database, with times in UTC."""
    standard = StandardAnswers(database)
    (saved,) = await standard.save(FULL)
    assert await standard.get(saved.id) == saved
    assert await standard.all() == [saved]
    assert saved.created_at == saved.updated_at
    assert saved == replace(FULL, id=saved.id, created_at=saved.created_at, updated_at=saved.updated_at)
    assert len(saved.id) == 16


async def test_an_edit_changes_what_it_names(database: AsyncEngine) -> None:
    """And when it was edited; hits that are counted meanwhile stay."""
    standard = StandardAnswers(database)
    (saved,) = await standard.save(FULL)
    await StandardRecords(database).add_hits({saved.id: 3}, datetime.now(UTC))
    edited = await standard.edit(saved.id, enabled=True, channels=())
    assert edited.updated_at > saved.updated_at  # type: ignore[operator]
    kept = await standard.get(saved.id)
    assert (kept.hits, kept.enabled, kept.channels, kept.answer) == (3, True, (), FULL.answer)
    assert kept.created_at == saved.created_at


async def test_of_several_that_are_saved_together_all_are_kept_or_none(database: AsyncEngine) -> None:
    """The message names what is wrong with one."""
    standard = StandardAnswers(database)
    with pytest.raises(InvalidEntry, match=r"^questions: "):
        await standard.save(StandardAnswer("Yes.", ("Is it?",)), StandardAnswer("No."))
    assert await standard.all() == []


async def test_what_is_not_there_is_not_found(database: AsyncEngine) -> None:
    """To show, edit or remove; the message is short whatever was named."""
    standard = StandardAnswers(database)
    (saved,) = await standard.save(FULL)
    await standard.remove(saved.id)
    for missing in (standard.get(saved.id), standard.remove(saved.id), standard.edit("x" * 999, author="me")):
        with pytest.raises(NotFound, match=r"^There is no standard answer") as error:
            await missing
        assert len(str(error.value)) < 200


# --- several processes -------------------------------------------------------------------------------------------


async def until(standard: StandardAnswers, question: str, expected: str | None) -> None:
    for _ in range(500):
        if await given(standard, question) == expected:
            return
        await asyncio.sleep(SOON_S)
    assert await given(standard, question) == expected


async def test_what_another_process_changes_is_seen(address: str) -> None:
    """Added, edited, switched off, removed: without a restart."""
    async with opened(address) as one, opened(address) as other:
        assert await given(one, "Is it?") is None
        (saved,) = await other.save(StandardAnswer("Yes.", ("Is it?",)))
        await until(one, "is it", "Yes.")
        await other.edit(saved.id, answer="No.")
        await until(one, "is it", "No.")
        await other.edit(saved.id, enabled=False)
        await until(one, "is it", None)
        await other.edit(saved.id, enabled=True, questions=("Was it?",))
        await until(one, "was it", "No.")
        assert await given(one, "is it") is None
        await other.remove(saved.id)
        await until(one, "was it", None)


async def test_one_removed_and_one_added_between_two_looks_are_both_seen(address: str) -> None:
    """Although there are as many as before."""
    async with opened(address) as one, opened(address) as other:
        (first,) = await other.save(StandardAnswer("First.", ("first?",)))
        await until(one, "first", "First.")
        await other.remove(first.id)
        await other.save(StandardAnswer("Second.", ("second?",)))
        await until(one, "second", "Second.")
        await until(one, "first", None)


async def test_ones_own_change_is_seen_by_the_next_question(address: str) -> None:
    """Whoever adds one and tries it is not told to wait."""
    async with opened(address, check_s=3600) as standard:
        assert await given(standard, "is it") is None
        (saved,) = await standard.save(StandardAnswer("Yes.", ("Is it?",)))
        assert await given(standard, "is it") == "Yes."
        await standard.remove(saved.id)
        assert await given(standard, "is it") is None


async def test_without_a_change_the_database_is_asked_one_thing_at_a_time(database: AsyncEngine) -> None:
    """However many questions come; hits are no change, and nothing is read again for them."""
    standard = StandardAnswers(database, check_s=SOON_S, pause_s=SOON_S)
    (saved,) = await standard.save(StandardAnswer("Yes.", ("Is it?",)))
    assert await given(standard, "is it") == "Yes."
    statements: list[str] = []
    event.listen(
        database.sync_engine, "before_cursor_execute", lambda *a: statements.append(a[2]), named=False
    )
    standard.hit(saved.id)
    await asyncio.sleep(3 * SOON_S)
    await asyncio.gather(*(given(standard, "is it") for _ in range(200)))
    await standard.close()
    read = [s for s in statements if s.startswith("SELECT")]
    assert len(read) == 1
    assert "standard_state" in read[0]


async def test_many_are_read_page_by_page(database: AsyncEngine) -> None:
    """More than fit on one."""
    standard = StandardAnswers(database)
    count = 2 * PAGE + 1
    await standard.save(*(StandardAnswer(f"{n}.", (f"question {n}",)) for n in range(count)))
    await standard.open()
    answers = [await given(standard, f"question {n}") for n in (0, PAGE, count - 1, count)]
    assert answers == ["0.", f"{PAGE}.", f"{count - 1}.", None]


async def test_edits_at_the_same_moment_are_all_seen(address: str) -> None:
    """Numbers become visible in their order, so that no reader passes one over."""
    async with opened(address) as one, opened(address) as two, opened(address, check_s=0.0) as reader:
        (first,) = await one.save(StandardAnswer("0", ("q one",)))
        (second,) = await two.save(StandardAnswer("0", ("q two",)))

        async def edits(standard: StandardAnswers, id: str) -> None:
            for n in range(1, 16):
                await standard.edit(id, answer=str(n))

        async def reads() -> None:
            for _ in range(40):
                await given(reader, "q one")
                await asyncio.sleep(0)

        await asyncio.gather(edits(one, first.id), edits(two, second.id), reads())
        await until(reader, "q one", "15")
        await until(reader, "q two", "15")


async def test_without_the_database_what_is_held_is_given(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A question is answered, and the failure is told once in the log."""
    address = f"sqlite+aiosqlite:///{tmp_path}/answerloop.db"
    async with opened(address, check_s=0.0) as standard:
        await standard.save(StandardAnswer("Yes.", ("Is it?",)))
        assert await given(standard, "is it") == "Yes."
        other = await open_database(address)
        async with transaction(other) as connection:
            await connection.execute(text("ALTER TABLE standard_state RENAME TO gone"))
        assert [await given(standard, "is it") for _ in range(5)] == ["Yes."] * 5
        assert len([r for r in caplog.records if "stay as they were" in r.message]) == 1
        async with transaction(other) as connection:
            await connection.execute(text("ALTER TABLE gone RENAME TO standard_state"))
        await other.dispose()


# --- hits --------------------------------------------------------------------------------------------------------


async def test_hits_of_several_processes_add_up(address: str) -> None:
    """None is lost, written at the same moment or in turns, and the last one's time stays."""
    started = datetime.now(UTC)
    async with opened(address) as standard:
        ids = [e.id for e in await standard.save(*(StandardAnswer("Yes.", (f"q {n}",)) for n in range(5)))]

    async def process(number: int) -> None:
        async with opened(address) as standard:
            for n in range(60):
                standard.hit(ids[(n * (1 + number % 2)) % 5])
                if not n % 20:
                    await asyncio.sleep(SOON_S)

    await asyncio.gather(*(process(number) for number in range(4)))
    async with opened(address) as standard:
        entries = await standard.all()
    assert [entry.hits for entry in entries] == [48] * 5
    assert all(started < e.last_hit_at <= datetime.now(UTC) for e in entries)  # type: ignore[operator]


async def test_hits_are_written_together_and_without_being_waited_for(database: AsyncEngine) -> None:
    """A thousand are one transaction, soon after; closing writes what is left."""
    standard = StandardAnswers(database, pause_s=SOON_S)
    (saved,) = await standard.save(FULL)
    commits: list[object] = []
    event.listen(database.sync_engine, "commit", commits.append)
    for _ in range(1000):
        standard.hit(saved.id)
    assert commits == []
    for _ in range(500):
        await asyncio.sleep(0 if commits else SOON_S)
    assert len(commits) == 1
    standard.hit(saved.id)
    await standard.close()
    assert (await standard.get(saved.id)).hits == 1001


async def test_an_older_hit_does_not_take_the_place_of_a_newer(database: AsyncEngine) -> None:
    """Processes write late, and not in the order of their hits."""
    standard, records = StandardAnswers(database), StandardRecords(database)
    (saved,) = await standard.save(FULL)
    now = datetime.now(UTC)
    await records.add_hits({saved.id: 1, "unknown": 5}, now)
    await records.add_hits({saved.id: 1}, now - timedelta(hours=1))
    kept = await standard.get(saved.id)
    assert (kept.hits, kept.last_hit_at) == (2, now)


class Failing(StandardRecords):
    """A database that is away for the first writes."""

    away = 2

    async def add_hits(self, hits: object, at: datetime) -> None:
        if self.away:
            self.away -= 1
            raise Unavailable("away")
        await super().add_hits(hits, at)  # type: ignore[arg-type]


async def test_hits_outlast_a_database_that_is_away(database: AsyncEngine) -> None:
    """They are kept and written when it is back."""
    (saved,) = await StandardAnswers(database).save(FULL)
    records = Failing(database)
    hits = Hits(records, SOON_S)
    for _ in range(3):
        hits.add(saved.id)
    for _ in range(500):
        if (await StandardAnswers(database).get(saved.id)).hits == 3:
            break
        await asyncio.sleep(SOON_S)
    await hits.close()
    assert ((await StandardAnswers(database).get(saved.id)).hits, records.away) == (3, 0)


# --- made from answers -------------------------------------------------------------------------------------------


async def test_an_answer_that_was_given_becomes_one(database: AsyncEngine) -> None:
    """With its question, text and citations, for those who may read what its asker might, by the name of who says so."""
    answer = an_answer("a1")
    await Feedback(database).record_answer(
        Question("How long?", Principal("slack", "ada", channel="C1")),
        answer,
        passages=[],
        scopes=frozenset({"public", "hr"}),
        generation=1,
    )
    made = await StandardAnswers(database).from_answer("a1", author="bob")
    assert (made.questions, made.answer, made.citations) == (("How long?",), answer.text, answer.citations)
    assert (made.scopes, made.from_answer, made.author) == (frozenset({"public", "hr"}), "a1", "bob")
    assert (made.platform, made.channels, made.match) == ("", (), "exact")
    assert made.rendered() == (answer.text, answer.citations)


async def test_a_double_click_makes_one(database: AsyncEngine) -> None:
    """And takes back no edit; made differently it is another."""
    await Feedback(database).record_answer(
        Question("How long?", ANYBODY), an_answer("a1"), passages=[], scopes=frozenset({"hr"}), generation=1
    )
    standard = StandardAnswers(database)
    first, again = await asyncio.gather(standard.from_answer("a1"), standard.from_answer("a1"))
    assert first.id == again.id
    await standard.edit(first.id, answer="Two days.")
    assert (await standard.from_answer("a1")).answer == "Two days."
    assert len(await standard.all()) == 1
    await standard.from_answer("a1", platform="slack", channels=["C1"])
    assert len(await standard.all()) == 2


async def test_a_follow_up_is_kept_as_it_was_understood(database: AsyncEngine) -> None:
    """'And on Windows?' would be nobody's question."""
    await Feedback(database).record_answer(
        Question("And on Windows?", ANYBODY),
        an_answer("a1", standalone="How do I install it on Windows?"),
        passages=[],
        scopes=frozenset({"public"}),
        generation=1,
    )
    made = await StandardAnswers(database).from_answer("a1")
    assert made.questions == ("How do I install it on Windows?",)


async def test_an_abstention_needs_an_answer_written(database: AsyncEngine) -> None:
    """It becomes one with the text of a curator, and without what was near."""
    standard = StandardAnswers(database)
    await Feedback(database).record_answer(
        Question("How long?", ANYBODY),
        an_answer("a1", abstained=True),
        passages=[],
        scopes=frozenset({"public"}),
        generation=1,
    )
    with pytest.raises(InvalidEntry, match=r"^answer: a1 is an abstention"):
        await standard.from_answer("a1")
    made = await standard.from_answer("a1", answer="Two days.", questions=["How long?", "How many days?"])
    assert (made.answer, made.citations, len(made.questions)) == ("Two days.", (), 2)
    with pytest.raises(NotFound, match=r"^There is no answer 'a2'"):
        await standard.from_answer("a2")
