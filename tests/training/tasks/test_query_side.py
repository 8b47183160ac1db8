"""A map of questions' vectors: what it gains, and what holds it near where it began."""

from __future__ import annotations

import numpy as np
import pytest

from training.tasks.query_side import Asked, MapRecipe, train_query_map
from training.tasks.task import Refused

WIDTH, TOPICS = 32, 40


def unit(vectors: np.ndarray) -> np.ndarray:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def asked(count: int, seed: int, turned: bool = True) -> Asked:
    """Questions near a passage; `turned`: they look along a direction that says nothing of which passage it is."""
    fixed = np.random.default_rng(0)
    passages = unit(fixed.normal(size=(TOPICS, WIDTH)))
    astray = unit(passages[:3].mean(0, keepdims=True))
    chance = np.random.default_rng(seed)
    rows = chance.integers(TOPICS, size=count)
    noise = 0.1 * chance.normal(size=(count, WIDTH))
    questions = unit(passages[rows] + noise + (1.5 * astray if turned else 0))
    return Asked(questions, [[int(row)] for row in rows], passages)


def test_it_finds_passages_better_than_before() -> None:
    """On questions that it did not learn from; the matrix does what the result says."""
    validation, other = asked(60, 2), asked(60, 3)
    learned = train_query_map(asked(200, 1), validation)
    assert learned.matrix.shape == (WIDTH, WIDTH)
    assert learned.matrix.dtype == np.float32
    assert learned.before == validation.ndcg()
    assert learned.after == validation.ndcg(learned.matrix)
    assert learned.after > learned.before + 0.05
    assert other.ndcg(learned.matrix) > other.ndcg() + 0.05


def test_general_questions_lose_at_most_what_is_allowed() -> None:
    """They are asked with and without the map, and the figures say so."""
    general = asked(60, 4, turned=False)
    learned = train_query_map(asked(200, 1), asked(60, 2), general)
    assert learned.figures["general_before"] == general.ndcg()
    assert general.ndcg(learned.matrix) >= 0.99 * general.ndcg()
    assert learned.figures["general_after"] == general.ndcg(learned.matrix)


def test_more_weight_on_staying_moves_general_questions_less() -> None:
    """So that what nobody gave feedback on is found as before."""
    general = asked(60, 4, turned=False)

    def moved(stay: float) -> float:
        recipe = MapRecipe(stay=stay, patience=99)
        matrix = train_query_map(asked(200, 1), asked(60, 2), general, recipe).matrix
        return float(np.linalg.norm(general.questions @ matrix, axis=1).mean())

    assert moved(100.0) < moved(0.0)


def test_several_right_passages_do_not_compete() -> None:
    """A question with two answers wants both found."""
    one, other = asked(200, 1), asked(60, 2)
    passages = np.concatenate([one.passages, one.passages])

    def doubled(part: Asked) -> Asked:
        return Asked(part.questions, [[n, n + TOPICS] for [n] in part.right], passages)

    learned = train_query_map(doubled(one), doubled(other))
    assert learned.after > learned.before + 0.05


def test_where_nothing_is_gained_it_is_refused() -> None:
    """Questions whose right passages are drawn by lot teach nothing."""
    chance = np.random.default_rng(5)

    def lots(count: int, seed: int) -> Asked:
        of = asked(count, seed, turned=False)
        return Asked(of.questions, [[int(chance.integers(TOPICS))] for _ in of.right], of.passages)

    with pytest.raises(
        Refused, match=r"^The query map gained nothing: nDCG@10 on 60 validation questions was"
    ):
        train_query_map(lots(60, 1), asked(60, 2, turned=False))


def test_too_few_questions_are_refused() -> None:
    """Of either part."""
    with pytest.raises(Refused, match="4 training questions are too few"):
        train_query_map(asked(4, 1), asked(60, 2))
    with pytest.raises(Refused, match="4 validation questions are too few"):
        train_query_map(asked(60, 1), asked(4, 2))


def test_the_same_questions_make_the_same_map() -> None:
    """Nothing is drawn."""
    first, second = (train_query_map(asked(100, 1), asked(40, 2)).matrix for _ in range(2))
    np.testing.assert_array_equal(first, second)
