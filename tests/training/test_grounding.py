"""How claims are made, and how the numbers in grounding.json are fitted, on toy rows."""

from __future__ import annotations

import random

import numpy as np
import pytest
from numpy.typing import NDArray

from rag_core.generation.grounding import FEATURES
from training.claims import altered, reworded, stated
from training.grounding import fit, threshold_that_keeps


@pytest.mark.parametrize(
    ("question", "answer", "statement"),
    [
        ("Who was the Norse leader?", "Rollo", "Rollo was the Norse leader."),
        ("Who ruled the duchy of Normandy", "Richard I", "Richard I ruled the duchy of Normandy."),
        ("In what country is Normandy located?", "France", "Normandy located is in France."),
        ("How many days does it take?", "12", "It take 12 days."),
        ("Name a colour.", "red", "Name a colour: red."),
    ],
)
def test_a_question_and_its_answer_make_a_statement(question: str, answer: str, statement: str) -> None:
    """All words of both but the one that asks; grammar comes second."""
    assert stated(question, answer) == statement


def test_an_alteration_says_something_else() -> None:
    """A number, a denial, an opposite, a name; each changes one thing."""
    sentence = "The first office in Porto was opened in 1998."
    changed = dict(altered(sentence, ["They moved to Lisbon."], random.Random(0)))
    assert set(changed) == {"number changed", "negated", "opposite word", "name changed"}
    assert changed["negated"] == "The first office in Porto was not opened in 1998."
    assert changed["name changed"] == "The first office in Lisbon was opened in 1998."
    assert changed["opposite word"] in (
        "The last office in Porto was opened in 1998.",
        "The first office in Porto was closed in 1998.",
    )
    assert "1998" not in changed["number changed"]


def test_a_sentence_that_allows_no_alteration_has_none() -> None:
    """Nothing is made up."""
    assert list(altered("Pets sleep.", [], random.Random(0))) == []


def test_a_rewording_keeps_names_and_numbers() -> None:
    """It is the same claim."""
    for seed in range(20):
        said = reworded("In 1998, the office in Porto began to buy many lamps.", random.Random(seed))
        assert {"1998", "Porto"} <= set(said.replace(",", " ").replace(".", " ").split())


def rows(count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rng = np.random.default_rng(0)
    x = rng.random((count, len(FEATURES)))
    score = 4 * x[:, FEATURES.index("coverage")] - 3 * x[:, FEATURES.index("number_missing")] - 0.5
    return x, (rng.random(count) < 1 / (1 + np.exp(-score))).astype(float)


def test_a_known_model_is_recovered() -> None:
    """Intercept and weights on the scale of the features."""
    x, y = rows(30_000)
    intercept, weights = fit(x, y, np.ones(len(x)), ["coverage", "number_missing"])
    assert weights["coverage"] == pytest.approx(4, abs=0.2)
    assert weights["number_missing"] == pytest.approx(-3, abs=0.2)
    assert intercept == pytest.approx(-0.5, abs=0.2)


def test_a_feature_never_speaks_the_wrong_way() -> None:
    """It is left out instead: a missing number speaks for nothing."""
    x, y = rows(2_000)
    _, weights = fit(x, 1 - y, np.ones(len(x)), ["coverage", "number_missing", "run"])
    assert set(weights) <= {"run"}


def test_the_threshold_keeps_its_share() -> None:
    """Of the weight, not of the rows."""
    p = np.arange(100) / 100
    assert threshold_that_keeps(0.95, p, np.ones(100)) == pytest.approx(0.05)
    assert (p >= threshold_that_keeps(0.5, p, np.where(p >= 0.9, 9.0, 0.1))).sum() < 10
