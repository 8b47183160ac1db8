"""The numbers that training/calibrate.py learned: what makes a unit answer, and how sure to be of an answer."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag_core.generation.evidence import FEATURES

__all__ = ["SIGNALS", "Calibration", "Linear"]

SIGNALS = (
    "unit_score",  # of the best unit chosen
    "unit_cosine",  # the highest among the chosen
    "passage_cosine",  # of the passage that the best unit is in
    "bm25",  # of that passage
    "coverage",  # of the question's terms by the chosen units and their headings
    "heaviest_missing",  # weight of the rarest term that is in none of them
    "lead",  # of the best document's fused score over the next document's
    "answer_type",  # a chosen unit has the name, number or date asked for
    "no_answer_type",
)
DEFAULT = Path(__file__).with_name("calibration.json")


@dataclass(frozen=True, slots=True)
class Linear:
    """A logistic regression."""

    intercept: float
    weights: Mapping[str, float]

    def vector(self, names: Sequence[str]) -> NDArray[np.float64]:
        return np.array([self.weights.get(name, 0.0) for name in names])

    def probability(self, values: Mapping[str, float]) -> float:
        score = self.intercept + sum(weight * values[name] for name, weight in self.weights.items())
        return 1 / (1 + math.exp(-max(-60.0, min(60.0, score))))


@dataclass(frozen=True, slots=True)
class Calibration:
    units: Linear
    """Over evidence.FEATURES: does this unit hold the answer?"""
    gap: float
    """How far below the best unit's score a further unit may lie to be added to the answer."""
    confidence: Linear
    """Over SIGNALS: is the answer right?"""
    threshold: float
    """Below this confidence: abstain."""

    @classmethod
    def read(cls, path: Path = DEFAULT) -> Calibration:
        values = json.loads(path.read_text(encoding="utf-8"))
        units, confidence = (
            Linear(values[k]["intercept"], values[k]["weights"]) for k in ("units", "confidence")
        )
        if unknown := (set(units.weights) - set(FEATURES)) | (set(confidence.weights) - set(SIGNALS)):
            raise ValueError(f"{path} has weights of what is not measured: {', '.join(sorted(unknown))}")
        return cls(units, values["gap"], confidence, values["threshold"])
