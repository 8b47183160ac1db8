"""Measures of rankings against values worked out by hand."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from training.evaluate import ndcg, ndcg_of_vectors, read_beir, recall, reciprocal_rank

GRADES = {"a": 2, "b": 1, "c": 1}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (["a", "b", "c"], 1.0),
        (["x", "y"], 0.0),
        ([], 0.0),
        (["b", "a"], (1 + 2 / math.log2(3)) / (2 + 1 / math.log2(3) + 0.5)),
        (["x", "x2", "a"], (2 / 2) / (2 + 1 / math.log2(3) + 0.5)),
    ],
)
def test_ndcg_discounts_each_grade_by_its_rank(found: list[str], expected: float) -> None:
    """DCG is the sum of grade / log2(rank + 1), over that of the best order."""
    assert ndcg(found, GRADES) == pytest.approx(expected)


def test_ndcg_at_ten_of_the_textbook_example() -> None:
    """Grades 3 2 3 0 1 2 in the order found, nothing else relevant: 0.961 (Wikipedia, Discounted cumulative gain)."""
    grades = dict(zip("abcdef", (3, 2, 3, 0, 1, 2), strict=True))
    assert ndcg(list("abcdef"), grades) == pytest.approx(0.961, abs=5e-4)


def test_what_is_found_below_the_tenth_rank_does_not_count() -> None:
    """In none of the measures; nor does the ideal order go deeper than ten."""
    late = [f"x{n}" for n in range(10)] + ["a"]
    assert (ndcg(late, GRADES), recall(late, GRADES), reciprocal_rank(late, GRADES)) == (0, 0, 0)
    many = {str(n): 1 for n in range(20)}
    assert ndcg([str(n) for n in range(10)], many) == pytest.approx(1.0)
    assert recall([str(n) for n in range(10)], many) == 0.5


@pytest.mark.parametrize(("found", "share"), [(["a", "x", "b"], 2 / 3), (["x"], 0), (["c", "b", "a"], 1)])
def test_recall_is_the_share_of_the_relevant_that_was_found(found: list[str], share: float) -> None:
    """Whatever their grades and order."""
    assert recall(found, GRADES) == pytest.approx(share)


@pytest.mark.parametrize(("found", "value"), [(["x", "y", "b", "a"], 1 / 3), (["a"], 1.0), (["x"], 0.0)])
def test_the_reciprocal_rank_is_that_of_the_first_relevant(found: list[str], value: float) -> None:
    """The others do not matter."""
    assert reciprocal_rank(found, GRADES) == pytest.approx(value)


def test_vectors_alone_can_be_ranked(folder: Path) -> None:
    """By the dot product: how the export is compared with its original."""
    data = read_beir(folder, "test")
    documents = np.eye(3, dtype=np.float32)
    right = np.array([[1, 0, 0], [0, 1, 0]], np.float32)
    second = np.array([[1, 2, 0], [0, 1, 0]], np.float32)
    assert ndcg_of_vectors(data, right, documents) == pytest.approx(1.0)
    assert ndcg_of_vectors(data, second, documents) == pytest.approx((1 / math.log2(3) + 1) / 2)
