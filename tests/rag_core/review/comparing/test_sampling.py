"""The sample that releases are compared on."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.records.database import transaction
from rag_core.records.feedback.recording import Feedback
from rag_core.records.tables import answers, votes
from rag_core.review.comparing.sampling import asked_lately, stratified
from rag_core.types import Principal, Question, Vote
from tests.fakes import an_answer


async def asked(
    database: AsyncEngine,
    id: str,
    text: str,
    scopes: frozenset[str] | None = frozenset({"public"}),
    platform: str = "slack",
    **fields: object,
) -> None:
    answer = replace(an_answer(id), **fields)  # type: ignore[arg-type]
    question = Question(text, Principal(platform, "U1", "T1", "C1"))
    await Feedback(database).record_answer(question, answer, passages=[], scopes=scopes, generation=1)


async def test_real_questions_are_taken_once_each_with_what_people_said(database: AsyncEngine) -> None:
    """The latest of each wording; without questions to files of a chat, to standard answers, and of long ago."""
    await asked(database, "a1", "How much leave?")
    await asked(database, "a2", "how much LEAVE", platform="web")
    await asked(database, "a3", "And in May?", standalone="How much leave in May?", abstained=True)
    await asked(database, "a4", "What is in it?", frozenset({"public", "@slack:F1"}))
    await asked(database, "a5", "Hello?", generator="standard:s1")
    await asked(database, "a6", "Everything?", None)
    await asked(database, "a7", "Long ago?")
    async with transaction(database) as connection:
        before = datetime.now(UTC) - timedelta(days=31)
        await connection.execute(update(answers).where(answers.c.id == "a7").values(created_at=before))
    for user, value in (("U1", -1), ("U2", 1), ("U3", 1)):
        await Feedback(database).record_vote(Vote("a6", "slack", user, value))  # type: ignore[arg-type]
    found = {one.answer_id: one for one in await asked_lately(database)}
    assert set(found) == {"a2", "a3", "a6"}
    assert (found["a2"].platform, found["a2"].outcome) == ("web", "unrated")
    assert (found["a3"].question, found["a3"].outcome) == ("How much leave in May?", "abstained")
    assert (found["a6"].scopes, found["a6"].outcome) == (None, "helpful")
    async with transaction(database) as connection:
        await connection.execute(update(votes).where(votes.c.value == 1).values(excluded="flag"))
    assert {one.outcome for one in await asked_lately(database)} == {"unrated", "abstained", "unhelpful"}


@given(st.lists(st.sampled_from("aaaaaabbc"), max_size=60), st.integers(1, 40), st.integers(0, 5))
def test_a_sample_looks_like_the_whole(strata: list[str], n: int, seed: int) -> None:
    """As many as wanted, each once; each stratum within one of its share, or one where its share is less; the same again
    for the same seed."""
    entries = list(range(len(strata)))
    chosen = stratified(entries, strata, n, seed)
    assert chosen == stratified(entries, strata, n, seed)
    assert len(set(chosen)) == len(chosen) == min(n, len(entries))
    sizes, taken = Counter(strata), Counter(strata[i] for i in chosen)
    for stratum, size in sizes.items():
        share = min(n, len(entries)) * size / len(entries)
        assert taken[stratum] <= size
        if n >= len(sizes):
            assert taken[stratum] >= 1
            assert taken[stratum] <= max(1, share + 1)
            assert taken[stratum] >= share - len(sizes)


def test_another_seed_takes_others() -> None:
    entries = list(range(500))
    assert stratified(entries, [0] * 500, 50, 1) != stratified(entries, [0] * 500, 50, 2)
