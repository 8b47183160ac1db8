"""Figures over questions against values worked out by hand."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from rag_core.errors import NotReady
from training.evaluate.measured import Measured, Scored, accuracy, macro_f1

SCORED = (
    Scored(
        "review:1",
        "a",
        ndcg=1.0,
        recall=1.0,
        mrr=1.0,
        should_abstain=0.0,
        abstained=0.0,
        wanted="answer",
        route="answer",
    ),
    Scored(
        "review:2",
        "a",
        ndcg=0.5,
        recall=1.0,
        mrr=0.5,
        should_abstain=0.0,
        abstained=1.0,
        wanted="person",
        route="answer",
    ),
    Scored("review:3", "b", should_abstain=1.0, abstained=1.0),
    Scored("review:4", "b", should_abstain=1.0, abstained=0.0),
    Scored("review:5", "c", abstained=1.0),
)
MEASURED = Measured("r2", SCORED, (Scored("golden:1", "g", ndcg=0.25),), bleu=12.5)


def test_a_measure_is_the_mean_over_the_questions_that_it_applies_to() -> None:
    """And is left out where it applies to none."""
    figures = MEASURED.figures
    assert (figures["ndcg@10"], figures["mrr@10"]) == (0.75, 0.75)
    assert figures["general_ndcg@10"] == 0.25
    assert figures["bleu"] == 12.5
    assert "groundedness" not in figures
    assert "general_mrr@10" not in figures


def test_abstentions_are_judged_where_somebody_said_what_is_right() -> None:
    """Of two that can be judged one was right; of two that were due one came; of two answerable ones one was withheld."""
    figures = MEASURED.figures
    assert (figures["abstention_precision"], figures["abstention_recall"]) == (0.5, 0.5)
    assert figures["abstained_on_answerable"] == 0.5


def test_routes_count_where_reviewers_gave_one() -> None:
    """Macro F1: 'answer' has 2/3, 'person' 0."""
    assert MEASURED.figures["router_accuracy"] == 0.5
    assert MEASURED.figures["router_f1"] == pytest.approx(1 / 3, abs=1e-4)
    assert math.isnan(accuracy([]))
    assert math.isnan(macro_f1([]))


def test_columns_are_in_the_order_of_the_questions() -> None:
    """NaN stands where a measure does not apply."""
    assert MEASURED.keys == ("review:1", "review:2", "review:3", "review:4", "review:5")
    assert MEASURED.groups == ("a", "a", "b", "b", "c")
    assert np.isnan(MEASURED.column("ndcg")).tolist() == [False, False, True, True, True]
    assert MEASURED.general_column("ndcg").tolist() == [0.25]


def test_a_measurement_is_read_as_it_was_written(tmp_path: Path) -> None:
    """From a file that other programs can read as JSON, too."""
    MEASURED.write(tmp_path / "measured.json")
    assert "NaN" not in (tmp_path / "measured.json").read_text()
    read = Measured.read(tmp_path / "measured.json")
    assert read.stored() == MEASURED.stored()
    assert read.figures == MEASURED.figures


@pytest.mark.parametrize(
    "content",
    [None, "", "[]", '{"release": "r1"}', '{"release": "r1", "bleu": 1, "general": [], "scored": [{}]}'],
)
def test_a_file_that_holds_no_measurement_is_told(tmp_path: Path, content: str | None) -> None:
    """With what to do about it."""
    if content is not None:
        (tmp_path / "measured.json").write_text(content)
    with pytest.raises(NotReady, match="`answerloop train` measures again"):
        Measured.read(tmp_path / "measured.json")
