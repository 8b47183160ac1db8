"""Questions put together by meaning, named, and kept under one identity."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from rag_core.index.embedding import Embedder
from rag_core.review.gaps import clustering
from rag_core.review.gaps.clustering import clusters
from rag_core.review.gaps.finding import Asked, grouped
from rag_core.review.gaps.naming import terms_of, typical_first

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LEAVE = ("How long is parental leave?", "how much parental leave do I get", "Parental leave: how many weeks?")
BADGES = ("Where do I get a new badge?", "My badge is lost, who makes a new badge?")


def unit(rows: list[list[float]]) -> np.ndarray:
    vectors = np.array(rows, np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def asked(number: int, text: str, **fields: object) -> Asked:
    values: dict[str, object] = {
        "asker": ("slack", f"U{number}"),
        "abstained": True,
        "disliked": False,
        "resolved": False,
    }
    return Asked(f"a{number}", text, text, at=NOW - timedelta(days=number), **values | fields)  # type: ignore[arg-type]


def test_questions_of_one_meaning_are_one_cluster(embedder: Embedder) -> None:
    """Whatever their wording, by the real model."""
    texts = [*LEAVE, *BADGES, "Does the lantern work under water?"]
    found = clusters(np.stack([embedder.embed_query(text) for text in texts]))
    assert found == [[0, 1, 2], [3, 4], [5]]


def test_a_cluster_is_merged_by_the_mean_cosine_of_its_members() -> None:
    """Average link, as a naive computation over all pairs has it."""
    chance = np.random.default_rng(5)
    vectors = unit((chance.normal(size=(60, 4))).tolist())
    threshold = 0.5
    naive = [[row] for row in range(60)]
    while True:
        pairs = [
            (float((vectors[a] @ vectors[b].T).mean()), i, j)
            for i, a in enumerate(naive)
            for j, b in enumerate(naive)
            if i < j
        ]
        best = max(pairs, default=(0.0, 0, 0))
        if best[0] < threshold:
            break
        naive[best[1]] += naive.pop(best[2])
    assert sorted(map(sorted, clusters(vectors, threshold))) == sorted(map(sorted, naive))


def test_more_questions_than_fit_are_put_together_roughly_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded, every question is in one cluster, and what is the same stays together."""
    monkeypatch.setattr(clustering, "MOST", 20)
    chance = np.random.default_rng(2)
    middles = np.eye(8, dtype=np.float32)
    rows = [(middles[n % 8] + 0.05 * chance.normal(size=8)).tolist() for n in range(200)]
    found = clusters(unit(rows))
    assert sorted(row for one in found for row in one) == list(range(200))
    assert sorted(map(len, found)) == [25] * 8


def test_nothing_asked_is_no_cluster() -> None:
    """Not an error."""
    assert clusters(np.zeros((0, 4), np.float32)) == []


def test_terms_tell_a_cluster_from_the_others() -> None:
    """What all ask with, such as how and the, is none of them."""
    leave, badges = terms_of([LEAVE, BADGES])
    assert set(leave[:2]) == {"parental", "leave"}
    assert "badge" in badges[:3]


def test_the_typical_question_is_the_nearest_to_the_middle() -> None:
    """Of equals the shortest."""
    vectors = unit([[1, 0], [0.9, 0.1], [0.9, 0.1], [0.2, 0.8]])
    assert typical_first([0, 1, 2, 3], vectors, ["x", "longer one", "short", "y"])[0] == 2


def test_a_question_asked_once_is_a_gap_only_if_a_reviewer_says_so() -> None:
    """One person's question is no reason to write a document by itself."""
    far = unit([[1, 0, 0, 0], [1, 0.1, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]])
    questions = [
        asked(1, "one"),
        asked(2, "two", disliked=True),
        asked(3, "three"),
        asked(4, "four", resolved=True),
    ]
    found = grouped(questions, far)
    assert [set(one.answers) for one in found] == [{"a1", "a2"}, {"a4"}]
    assert (found[0].askers, found[0].abstained, found[0].disliked) == (2, 2, 1)
    assert (found[0].first_at, found[0].last_at) == (NOW - timedelta(days=2), NOW - timedelta(days=1))
