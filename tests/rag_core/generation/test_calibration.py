"""The learned numbers: the file that is shipped, and files that are not in order."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from rag_core.errors import SettingsError
from rag_core.generation.calibration import DEFAULT, WRITTEN, Calibration, Linear, Scale
from rag_core.generation.evidence import FEATURES
from rag_core.generation.signals import SIGNALS


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
    assert set(values()["written"]["weights"]) == set(WRITTEN)


def test_the_shipped_numbers_make_sense() -> None:
    """Nearer, covering and further up speaks for a unit; the threshold is a probability; what it was fitted on is told."""
    calibration = Calibration.read()
    assert calibration.units.weights["cosine"] > 0
    assert calibration.units.weights["coverage"] > 0
    assert calibration.units.weights["passage_lag"] < 0
    assert calibration.gap > 0
    assert all(calibration.confidence.weights[name] >= 0 for name in ("unit_cosine", "lead", "agreement"))
    assert all(calibration.confidence.weights[name] < 0 for name in ("missing", "names", "numbers", "denied"))
    assert 0 < calibration.threshold < 1
    assert values()["fitted_on"]
    assert "test" not in " ".join(values()["fitted_on"])


@pytest.mark.parametrize(
    ("part", "name"), [("units", "bm25"), ("confidence", "moon_phase"), ("written", "length")]
)
def test_a_weight_for_what_is_not_computed_is_refused(tmp_path: Path, part: str, name: str) -> None:
    """The file was made for other code."""
    content = values()
    content[part]["weights"][name] = 1.0
    with pytest.raises(ValueError, match="not measured"):
        Calibration.read(written(tmp_path, content))


@pytest.mark.parametrize("part", ["units", "gap", "confidence", "written", "threshold"])
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


# --- of what a language model wrote ------------------------------------------------------------------------------


def written_by(**changes: float) -> float:
    parts = {"confidence": 0.6, "support_mean": 0.9, "support_min": 0.8, "removed": 0.0, **changes}
    return Calibration.read().written_probability(**parts)


@pytest.mark.parametrize(
    "worse", [{"confidence": 0.2}, {"support_mean": 0.4}, {"support_min": 0.1}, {"removed": 0.5}]
)
def test_a_written_answer_is_surer_the_better_its_passages_and_its_support(worse: dict[str, float]) -> None:
    """Each part counts."""
    assert written_by(**worse) < written_by()


def test_a_written_answer_that_is_wholly_supported_is_about_as_sure_as_the_passages() -> None:
    """And one whose sentences were mostly removed is not given."""
    assert 0.5 < written_by(support_mean=1.0, support_min=1.0) < 0.85
    assert written_by(support_mean=0.5, support_min=0.2, removed=0.7) < Calibration.read().threshold


# --- an installation's own correction ----------------------------------------------------------------------------


def test_an_own_correction_changes_every_confidence_and_no_order(tmp_path: Path) -> None:
    """Quoted or written, once: what was corrected before is not corrected twice."""
    own = tmp_path / "calibration.json"
    own.write_text('{"slope": 0.8, "intercept": 1.0}', encoding="utf-8")
    plain, corrected = Calibration.read(), Calibration.read(own=own)
    low, high = ({**dict.fromkeys(SIGNALS, 0.0), "unit_cosine": c} for c in (0.2, 0.7))
    assert corrected.probability(low) == pytest.approx(corrected.scale.corrected(plain.probability(low)))
    assert plain.probability(low) < corrected.probability(low) < corrected.probability(high)
    quoted = corrected.probability(high)
    assert corrected.written_probability(quoted, 1.0, 1.0, 0.0) == pytest.approx(
        corrected.scale.corrected(plain.written_probability(plain.probability(high), 1.0, 1.0, 0.0))
    )


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"slope": 1.0}', '{"slope": "x", "intercept": 0}', '{"slope": -1, "intercept": 0}',
     '{"slope": NaN, "intercept": 0}', '{"slope": 1, "intercept": Infinity}', '{"slope": null, "intercept": 0}'],
)  # fmt: skip
def test_an_own_correction_that_is_not_in_order_is_refused_with_the_remedy(
    tmp_path: Path, content: str
) -> None:
    own = tmp_path / "calibration.json"
    own.write_text(content, encoding="utf-8")
    with pytest.raises(SettingsError, match="answerloop calibrate --reset"):
        Calibration.read(own=own)


def test_no_correction_has_no_mark_and_changes_nothing() -> None:
    """To the last bit, so that nothing moves where nobody calibrated."""
    assert Scale().mark == ""
    assert Scale().corrected(0.123456789) == Scale().uncorrected(0.123456789) == 0.123456789
