"""Gaps as they are kept: what a person decided stays with the questions it was decided about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.feedback_data import Shape, fill
from rag_core.errors import InvalidEntry, NotFound
from rag_core.records.analytics.gaps import Found, Gaps
from rag_core.records.audit import Audit
from rag_core.records.feedback.question_vectors import SCALE, QuestionVectors
from rag_core.review.gaps.finding import DAYS, unanswered

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def found(*answers: str, askers: int = 2, days_ago: float = 0) -> Found:
    return Found(("leave",), answers, askers, 1, 0, NOW - timedelta(days=40), NOW - timedelta(days=days_ago))


async def test_a_gap_that_is_found_again_is_the_same(database: AsyncEngine) -> None:
    """With its id, state and note, by the questions it shares; of two that share some, the one that shares the most."""
    gaps = Gaps(database)
    await gaps.replace([found("a", "b", "c"), found("x", "y")], NOW)
    before = {one.answers[0]: one for one in await gaps.all()}
    first, other = before["a"], before["x"]
    await gaps.change(first.id, "planned", "Ada writes it", "local:ada")
    await gaps.replace([found("c", "new"), found("a", "b", "newer"), found("y", "z")], NOW)
    kept = await gaps.get(first.id)
    assert kept.answers == ("a", "b", "newer")
    assert (kept.state, kept.note, kept.changed_by) == ("planned", "Ada writes it", "local:ada")
    assert (await gaps.get(other.id)).answers == ("y", "z")
    assert len(await gaps.all()) == 3
    assert [one.id for one in await gaps.all("planned")] == [first.id]


async def test_a_gap_that_is_gone_goes_unless_somebody_decided_about_it(database: AsyncEngine) -> None:
    """What was written stays on the list."""
    gaps = Gaps(database)
    await gaps.replace([found("a"), found("b")], NOW)
    kept = (await gaps.all())[0]
    await gaps.change(kept.id, "written", "", "local:ada")
    await gaps.replace([], NOW)
    assert [one.id for one in await gaps.all()] == [kept.id]


async def test_the_first_gap_is_asked_about_by_most_people_lately(database: AsyncEngine) -> None:
    """Many askers long ago count less than some today."""
    gaps = Gaps(database)
    await gaps.replace(
        [found("old", askers=9, days_ago=80), found("new", askers=4), found("few", askers=1)], NOW
    )
    assert [one.answers[0] for one in await gaps.all(now=NOW)] == ["new", "few", "old"]


async def test_a_change_is_noted_and_must_be_possible(database: AsyncEngine) -> None:
    """By whom, from what to what; the note's text is not in the log."""
    gaps = Gaps(database)
    await gaps.replace([found("a")], NOW)
    (gap,) = await gaps.all()
    await gaps.change(gap.id, "dismissed", "not ours", "local:ada")
    (entry,) = await Audit(database).latest(5)
    assert (entry.actor, entry.action, entry.subject) == ("local:ada", "gap.change", f"gap:{gap.id}")
    assert entry.detail == {"before": "open", "after": "dismissed"}
    with pytest.raises(InvalidEntry):
        await gaps.change(gap.id, "lost", "", "local:ada")
    with pytest.raises(NotFound):
        await gaps.change("nothing", "open", "", "local:ada")


async def test_what_was_not_answered_well_is_looked_through(database: AsyncEngine) -> None:
    """Abstentions, votes against that count, documents that lack; not what is older or was found to be right."""
    made = await fill(database, Shape.small(400), until=NOW)
    asked = await unanswered(database, NOW)
    assert 0 < len(asked) < made.answers
    assert all(one.abstained or one.disliked or one.resolved for one in asked)
    assert any(one.disliked and not one.abstained for one in asked)
    assert any(one.resolved for one in asked)
    assert await unanswered(database, NOW + timedelta(days=DAYS + 61)) == []


async def test_vectors_are_kept_by_embedder_and_of_answers_that_are_kept(database: AsyncEngine) -> None:
    """int8, of length 127; another embedder's take the place of those before."""
    made = await fill(database, Shape.small(20), until=NOW)
    vector = np.array([0.6, -0.8], np.float32)
    one = QuestionVectors(database, "one")
    await one.put({made.ids[0]: vector, "forgotten": vector})
    assert {id: list(kept) for id, kept in (await one.get([made.ids[0], "forgotten"])).items()} == {
        made.ids[0]: [round(0.6 * SCALE), -round(0.8 * SCALE)]
    }
    await QuestionVectors(database, "two").put({made.ids[0]: vector})
    assert await one.get(made.ids) == {}
