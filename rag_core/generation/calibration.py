"""The numbers that training/calibrate.py learned: what makes a unit answer, and how sure to be of an answer."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag_core.errors import SettingsError
from rag_core.generation.evidence import FEATURES
from rag_core.generation.signals import SIGNALS

__all__ = ["UNSCALED", "WRITTEN", "Calibration", "Linear", "Scale", "logit", "own_scale"]

WRITTEN = (
    "confidence",  # of retrieval, as a logit
    "support_mean",  # of the sentences kept by the passages they cite, 0 to 1
    "support_min",
    "removed",  # share of the sentences that had no support
)
DEFAULT = Path(__file__).with_name("calibration.json")
_MARK = re.compile(r"~(\d+\.\d+)([+-]\d+\.\d+)$")


@dataclass(frozen=True, slots=True)
class Linear:
    """A logistic regression."""

    intercept: float
    weights: Mapping[str, float]

    def vector(self, names: Sequence[str]) -> NDArray[np.float64]:
        return np.array([self.weights.get(name, 0.0) for name in names])

    def probability(self, values: Mapping[str, float]) -> float:
        return _probability(
            self.intercept + sum(weight * values[name] for name, weight in self.weights.items())
        )


@dataclass(frozen=True, slots=True)
class Scale:
    """An installation's own correction, learned from its votes (Platt 1999): logit -> slope * logit + intercept."""

    slope: float = 1.0
    """Above 0, so that the order of answers stays."""
    intercept: float = 0.0

    @property
    def mark(self) -> str:
        """Ends the version that is recorded with an answer, so that its confidence can be taken back to what it was
        before the correction; '' where nothing is corrected."""
        return "" if self == Scale() else f"~{self.slope:.3f}{self.intercept:+.3f}"

    @classmethod
    def marked(cls, version: str) -> Scale:
        """The correction that an answer of this version went through."""
        found = _MARK.search(version)
        return cls(float(found[1]), float(found[2])) if found else cls()

    def corrected(self, confidence: float) -> float:
        return (
            confidence if self == Scale() else _probability(self.slope * logit(confidence) + self.intercept)
        )

    def uncorrected(self, confidence: float) -> float:
        return (
            confidence if self == Scale() else _probability((logit(confidence) - self.intercept) / self.slope)
        )


UNSCALED = Scale()


@dataclass(frozen=True, slots=True)
class Calibration:
    units: Linear
    """Over evidence.FEATURES: does this unit hold the answer?"""
    gap: float
    """How far below the best unit's score a further unit may lie to be added to the answer."""
    confidence: Linear
    """Over signals.SIGNALS: is the answer right?"""
    written: Linear
    """Over WRITTEN: is what a language model wrote right?"""
    threshold: float
    """Below this confidence: abstain."""
    scale: Scale = UNSCALED
    """The installation's own."""

    @classmethod
    def read(cls, path: Path = DEFAULT, own: Path | None = None) -> Calibration:
        """The numbers in path, corrected by the installation's own file where there is one.

        Raises:
            SettingsError: the installation's own file cannot be read.
            ValueError: path has weights of what is not measured.
        """
        values = json.loads(path.read_text(encoding="utf-8"))
        models = []
        for part, names in (("units", FEATURES), ("confidence", SIGNALS), ("written", WRITTEN)):
            models.append(Linear(values[part]["intercept"], values[part]["weights"]))
            if unknown := set(models[-1].weights) - set(names):
                raise ValueError(f"{path} has weights of what is not measured: {', '.join(sorted(unknown))}")
        units, confidence, written = models
        scale = own_scale(own) if own else Scale()
        return cls(units, values["gap"], confidence, written, values["threshold"], scale)

    def probability(self, signals: Mapping[str, float]) -> float:
        """How likely an answer in the documents' words is right. signals: see signals.SIGNALS."""
        return self.scale.corrected(self.confidence.probability(signals))

    def written_probability(
        self, confidence: float, support_mean: float, support_min: float, removed: float
    ) -> float:
        """How likely a written answer is right.

        confidence: of retrieval for the same passages, as Draft.confidence of the quoted answer has it. support_mean,
        support_min: of the kept sentences by the passages they cite, each 0 to 1. removed: share of sentences removed.
        """
        values = {
            "confidence": logit(self.scale.uncorrected(confidence)),
            "support_mean": support_mean,
            "support_min": support_min,
            "removed": removed,
        }
        return self.scale.corrected(self.written.probability(values))


def own_scale(path: Path) -> Scale:
    """What `answerloop calibrate` wrote; no correction where the file is not there.

    Raises:
        SettingsError: it cannot be read.
    """
    if not path.is_file():
        return Scale()
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        scale = Scale(float(values["slope"]), float(values["intercept"]))
    except (OSError, ValueError, KeyError, TypeError):
        scale = Scale(slope=math.nan)
    if not (scale.slope > 0 and math.isfinite(scale.slope) and math.isfinite(scale.intercept)):
        raise SettingsError(f"{path} is no calibration; `answerloop calibrate --reset` removes it.")
    return scale


def logit(probability: float) -> float:
    """Of a probability that is kept off 0 and 1, so that it is finite."""
    p = min(max(probability, 1e-6), 1 - 1e-6)
    return math.log(p / (1 - p))


def _probability(score: float) -> float:
    return 1 / (1 + math.exp(-max(-60.0, min(60.0, score))))
