"""What was done is taken back by its entry in the audit log."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.errors import InvalidEntry, NotFound
from rag_core.records.audit import Audit, note
from rag_core.records.database import transaction
from rag_core.records.evaluation.golden import GoldenQuestions
from rag_core.records.people.people import People
from rag_core.records.reviews.deciding import decide_all
from rag_core.records.reviews.queue import Queue
from rag_core.records.reviews.reviews import Review, Reviews, add_pending, resolve
from rag_core.records.reviews.undoing import can_be_undone, undo
from rag_core.records.standard import StandardRecords
from rag_core.records.tables import answers, audit_log, golden_questions, judged_passages, standard_answers
from rag_core.standard.answer import StandardAnswer
from tests.rag_core.records.reviews.test_queue import ADA, BEN, answered, review_of, voted


async def decided(
    database: AsyncEngine, resolution: str = "corrected_answer", **made: str
) -> tuple[Review, int]:
    """A review with its decision, and the entry of that."""
    await answered(database, "a1")
    await voted(database, "a1", reason="incorrect", correction="25 days")
    id = await review_of(database, "a1")
    waiting = await Reviews(database).get(id)
    assert waiting is not None
    async with transaction(database) as connection:
        assert await resolve(connection, id, resolution, ADA, "25 days", "as of March")  # type: ignore[arg-type]
        number = await note(connection, ADA, "review.resolve", f"review:{id}", resolution=resolution, **made)
    return waiting, number


async def test_a_review_waits_again_with_what_it_had(database: AsyncEngine) -> None:
    """As if it had not been decided; and can be decided again."""
    waiting, number = await decided(database)
    undone = await undo(database, number, BEN)
    assert await Reviews(database).get(waiting.id) == waiting
    entry = await Audit(database).get(number)
    assert entry is not None
    assert (entry.undone_by, can_be_undone(entry)) == (undone.entry, False)
    assert await Reviews(database).decide(waiting.id, "no_fault", BEN)
    [latest] = await Audit(database).latest(1)
    assert (latest.actor, latest.action, can_be_undone(latest)) == (BEN, "review.resolve", True)


async def test_what_people_were_told_is_not_taken_back(database: AsyncEngine) -> None:
    """The sentence says so, and the decision stays."""
    waiting, number = await decided(database)
    await Reviews(database).told(waiting.id)
    with pytest.raises(InvalidEntry, match="told of the correction already"):
        await undo(database, number, ADA)
    kept = await Reviews(database).get(waiting.id)
    assert kept is not None
    assert kept.state == "resolved"
    entry = await Audit(database).get(number)
    assert entry is not None
    assert entry.undone_by is None


@pytest.mark.parametrize("newer", ["pending", "resolved"])
async def test_a_newer_review_of_the_answer_stands(database: AsyncEngine, newer: str) -> None:
    """Whether or not it is decided."""
    _, number = await decided(database)
    await voted(database, "a1", "U9")
    if newer == "resolved":
        await Reviews(database).decide(await review_of(database, "a1"), "no_fault", BEN)
    with pytest.raises(InvalidEntry, match="newer review"):
        await undo(database, number, ADA)


async def standard(database: AsyncEngine) -> None:
    now = datetime.now(UTC)
    made = StandardAnswer("25 days", ("How long?",), id="s1", created_at=now, updated_at=now)
    await StandardRecords(database).put([made])


@pytest.mark.parametrize("touched", [False, True])
async def test_what_was_made_with_it_goes_unless_somebody_worked_on_it(
    database: AsyncEngine, touched: bool
) -> None:
    """A standard answer, a golden question, and the passages that were judged; every process reads standard answers anew."""
    waiting, number = await decided(database, standard="s1", golden="g1")
    await standard(database)
    made = {"id": "g1", "question": "How long?", "expected": [], "answer": "", "enabled": True}
    texts = {"document": "d", "source": "s", "scope": "public", "title": "t", "text": "…"}
    async with transaction(database) as connection:
        rest = {"author": ADA, "from_answer": "a1", "created_at": datetime.now(UTC)}
        await connection.execute(insert(golden_questions).values(**made, **rest))
        judged = {"review_id": waiting.id, "passage": "p1", "label": "right", **texts}
        await connection.execute(insert(judged_passages).values(judged))
        if touched:
            await connection.execute(update(standard_answers).values(updated_at=datetime.now(UTC)))
    before = await StandardRecords(database).version()
    undone = await undo(database, number, ADA)
    assert ("changed since, and stays" in undone.sentence) is touched
    assert await StandardRecords(database).ids() == ({"s1"} if touched else set())
    assert await StandardRecords(database).version() > before
    async with transaction(database) as connection:
        assert await connection.scalar(select(golden_questions.c.id)) is None
        assert await connection.scalar(select(judged_passages.c.passage)) is None


async def test_of_several_decided_at_once_those_go_back_that_can(database: AsyncEngine) -> None:
    """What was decided anew since stays; how many stays is said."""
    for id in ("a1", "a2", "a3"):
        await answered(database, id)
        await voted(database, id)
    ids = [await review_of(database, id) for id in ("a1", "a2", "a3")]
    done = await decide_all(database, [*ids, "gone"], "no_fault", ADA)
    assert (done.ids, done.entry is not None) == (tuple(ids), True)
    assert (await decide_all(database, ids, "good_example", BEN)).entry is None
    await voted(database, "a2", "U8")
    undone = await undo(database, done.entry or 0, ADA)
    assert undone.sentence.startswith("2 wait for a decision again. 1 stay decided: There is a newer review")
    states = {review.answer_id for review in await Reviews(database).pending(9)}
    assert states == {"a1", "a2", "a3"}
    with pytest.raises(InvalidEntry, match="taken back already"):
        await undo(database, done.entry or 0, ADA)


async def test_an_assignment_goes_back_to_whom_it_was(database: AsyncEngine) -> None:
    """Unless it was assigned anew since."""
    await answered(database, "a1")
    await voted(database, "a1")
    queue, id = Queue(database), await review_of(database, "a1")
    _, first = await queue.assign([id], ADA, ADA)
    _, second = await queue.assign([id], BEN, BEN)
    with pytest.raises(InvalidEntry, match="assigned anew"):
        await undo(database, first or 0, ADA)
    await undo(database, second or 0, BEN)
    kept = await Reviews(database).get(id)
    assert kept is not None
    assert kept.assignee == ADA


async def test_what_cannot_be_taken_back_is_refused(database: AsyncEngine) -> None:
    """An entry that is none, and an action that has no way back."""
    with pytest.raises(NotFound):
        await undo(database, 99, ADA)
    number = await Audit(database).note(ADA, "user.add", "user:1")
    with pytest.raises(InvalidEntry, match="cannot be taken back"):
        await undo(database, number, ADA)


async def test_a_golden_question_that_somebody_changed_since_stays(database: AsyncEngine) -> None:
    """Whatever the change; that it stays is said."""
    golden = GoldenQuestions(database)
    for change in ("edit", "switch"):
        id = await golden.add("How long?", None, [], author=ADA)
        async with transaction(
            database
        ) as connection:  # as it is made with a decision: without an entry of its own
            await connection.execute(delete(audit_log).where(audit_log.c.subject == f"golden:{id}"))
            await connection.execute(delete(answers))
        _, number = await decided(database, golden=id)
        await (golden.edit(id, BEN, answer="Long.") if change == "edit" else golden.disable(id, BEN))
        assert (
            "golden question that was made with it was changed since"
            in (await undo(database, number, ADA)).sentence
        )
        assert (await golden.get(id)).from_answer == ""


async def test_a_vote_at_the_same_moment_is_one_review_all_the_same(database: AsyncEngine) -> None:
    """It was there first: what is decided stays so, and the sentence says why."""
    waiting, number = await decided(database)
    async with transaction(database) as connection:
        locked = update(answers).where(answers.c.id == "a1").values(cached=answers.c.cached)
        await connection.execute(locked)
        assert await add_pending(connection, "a1", "person")
        undoing = asyncio.create_task(undo(database, number, BEN))
        await asyncio.sleep(0.3)
    with pytest.raises(InvalidEntry, match="newer review"):
        await undoing
    kept = await Reviews(database).get(waiting.id)
    assert kept is not None
    assert kept.state == "resolved"


async def test_what_was_assigned_to_somebody_forgotten_is_nobodys_again(database: AsyncEngine) -> None:
    """And not that of a person called so."""
    await answered(database, "a1")
    await voted(database, "a1")
    id = await review_of(database, "a1")
    await Queue(database).assign([id], BEN, "local:gone")
    _, number = await Queue(database).assign([id], BEN, BEN)
    await People(database).forget_all("local", "gone")
    await undo(database, number or 0, BEN)
    kept = await Reviews(database).get(id)
    assert kept is not None
    assert (kept.assignee, kept.assigned_at) == ("", None)
