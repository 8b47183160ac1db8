"""The learned numbers: the file that is shipped, and files that are not in order."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from rag_core.generation.calibration import DEFAULT, SIGNALS, Calibration, Linear
from rag_core.generation.evidence import FEATURES


def values() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(DEFAULT.read_text(encoding="utf-8"))
    return read


def written(tmp_path: Path, content: dict[str, Any]) -> Path:
    file = tmp_path / "calibration.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    return file


def test_the_shipped_numbers_are_of_the_features_and_signals_that_the_code_computes() -> None:
    """Each has a weight, and nothing else has."""
    assert set(values()["units"]["weights"]) == set(FEATURES)
    assert set(values()["confidence"]["weights"]) == set(SIGNALS)


def test_the_shipped_numbers_make_sense() -> None:
    """Nearer, covering and further up speaks for a unit; the threshold is a probability; what it was fitted on is told."""
    calibration = Calibration.read()
    assert calibration.units.weights["cosine"] > 0
    assert calibration.units.weights["coverage"] > 0
    assert calibration.units.weights["passage_lag"] < 0
    assert calibration.gap > 0
    assert 0 < calibration.threshold < 1
    assert values()["fitted_on"]
    assert "test" not in " ".join(values()["fitted_on"])


@pytest.mark.parametrize(("part", "name"), [("units", "bm25"), ("confidence", "moon_phase")])
def test_a_weight_for_what_is_not_computed_is_refused(tmp_path: Path, part: str, name: str) -> None:
    """The file was made for other code."""
    content = values()
    content[part]["weights"][name] = 1.0
    with pytest.raises(ValueError, match="not measured"):
        Calibration.read(written(tmp_path, content))


@pytest.mark.parametrize("part", ["units", "gap", "confidence", "threshold"])
def test_a_file_that_lacks_a_part_is_refused(tmp_path: Path, part: str) -> None:
    """Rather than filled up with a guess."""
    content = values()
    del content[part]
    with pytest.raises(KeyError, match=part):
        Calibration.read(written(tmp_path, content))


def test_a_linear_model_is_a_logistic_regression() -> None:
    """Of intercept plus weighted values; weights in the order that is asked for, 0 where there is none."""
    model = Linear(-1.0, {"a": 2.0, "b": 0.5})
    assert model.probability({"a": 1.0, "b": 2.0, "other": 9.0}) == pytest.approx(1 / (1 + math.exp(-2)))
    assert list(model.vector(["b", "c", "a"])) == [0.5, 0.0, 2.0]


@pytest.mark.parametrize(("score", "probability"), [(1e9, 1.0), (-1e9, 0.0)])
def test_an_extreme_score_is_a_probability_still(score: float, probability: float) -> None:
    """No overflow."""
    assert Linear(score, {}).probability({}) == pytest.approx(probability)
