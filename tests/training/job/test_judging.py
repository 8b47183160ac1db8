"""What was measured of two releases -> what the gate decides on."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime

from rag_core.index.embedding import ModelCard
from rag_core.records.index.releases import Release
from rag_core.records.index.tuning import Tuning
from rag_core.retrieval.fusion import Fusion
from training.evaluate.measured import Measured, Scored
from training.job.judging import compared, primary_of

ACTIVE = Release("r1", "model", "index", ModelCard("m", 4, 8), datetime(2026, 1, 1, tzinfo=UTC), True)


def test_the_primary_measure_is_that_of_the_part_that_was_trained() -> None:
    """Where several were, that of the search: what is not found cannot be answered."""
    assert primary_of(ACTIVE, replace(ACTIVE, embedder="other", router="x", adapter="y")) == "ndcg"
    assert primary_of(ACTIVE, replace(ACTIVE, query_map="x")) == "ndcg"
    assert primary_of(ACTIVE, replace(ACTIVE, tuning=Tuning(Fusion(bias=1.0)))) == "ndcg"
    assert primary_of(ACTIVE, replace(ACTIVE, adapter="y", router="x")) == "rouge_l"
    assert primary_of(ACTIVE, replace(ACTIVE, router="x")) == "routed"


def measured(*ndcg: float, **others: float) -> Measured:
    scored = tuple(Scored(f"k{n}", f"g{n}", ndcg=value, **others) for n, value in enumerate(ndcg))
    return Measured("r", scored, tuple(Scored(f"x{n}", f"x{n}", ndcg=0.5) for n in range(3)))


def test_only_questions_that_the_measure_applies_to_with_both_are_compared() -> None:
    found = compared("ndcg", measured(0.1, math.nan, 0.3), measured(0.2, 0.2, 0.4))
    assert (found.primary.before, found.primary.after) == ([0.1, 0.3], [0.2, 0.4])
    assert list(found.primary.groups) == ["g0", "g2"]
    assert [pair.measure for pair in found.others] == []
    assert [pair.before for pair in found.general] == [[0.5] * 3]


def test_routes_are_right_or_wrong_where_reviewers_gave_one() -> None:
    rows = (
        Scored("a", "a", wanted="person", route="person"),
        Scored("b", "b", wanted="person", route="answer"),
    )
    found = compared("routed", Measured("r", (rows[1], rows[1])), Measured("r", rows))
    assert (found.primary.before, found.primary.after) == ([0.0, 0.0], [1.0, 0.0])


def test_abstentions_and_times_are_of_both() -> None:
    before = Measured("r", (Scored("a", "a", should_abstain=1, abstained=1), Scored("b", "b", abstained=1)))
    after = Measured("r", (Scored("a", "a", should_abstain=1, abstained=0), Scored("b", "b", abstained=0)))
    found = compared("ndcg", before, after, ([10.0] * 100, [20.0] * 100))
    assert found.abstaining is not None
    assert (list(found.abstaining.should), list(found.abstaining.before), list(found.abstaining.after)) == (
        [True], [True], [False],
    )  # fmt: skip
    assert found.latency_ms == (10.0, 20.0)
