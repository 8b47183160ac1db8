"""Answers in the documents' own words: the units that answer, joined readably, each cited.

No language model: nothing is said that does not stand in a document.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag_core.generation.calibration import Calibration
from rag_core.generation.composing import beginning, cite, compose, says_the_same, unit_text
from rag_core.generation.evidence import FEATURES, Evidence, gather
from rag_core.settings import Answers
from rag_core.types import Citation, Passage, Ranked

__all__ = ["Draft", "Extractive"]

NOT_FOUND = "I could not find an answer to that in the documents I can read."
NEAREST = 3


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer before it has an id."""

    text: str
    citations: tuple[Citation, ...]
    confidence: float
    abstained: bool
    nearest: tuple[Citation, ...] = ()


class Extractive:
    def __init__(self, settings: Answers, top_k: int, calibration: Calibration | None = None) -> None:
        self._calibration = calibration or Calibration.read()
        self._weights = self._calibration.units.vector(FEATURES)
        self._settings = settings
        self._top_k = top_k

    def generate(self, question: str, vector: NDArray[np.float32], ranked: Sequence[Ranked]) -> Draft:
        """Choose, join and cite; abstain where the confidence is too low.

        vector: the question's, (dimension,). ranked: best first; none found is an abstention.
        """
        if not ranked:
            return Draft(NOT_FOUND, (), 0.0, abstained=True)
        evidence = gather(question, vector, ranked, self._top_k)
        chosen = self.choose(evidence)
        signals = self.signals(evidence, chosen, ranked)
        confidence = self._calibration.confidence.probability(signals)
        if confidence < self._threshold:
            return Draft(NOT_FOUND, (), confidence, abstained=True, nearest=_nearest(ranked))
        text, citations = compose(evidence, chosen, self._settings.max_sentences)
        return Draft(text, citations, confidence, abstained=False)

    @property
    def _threshold(self) -> float:
        given = self._settings.min_confidence
        return self._calibration.threshold if given is None else given

    def choose(self, evidence: Evidence) -> list[int]:
        """Indexes of the units that answer, best first: those not far behind the best, none saying the same again."""
        scores = evidence.features @ self._weights
        order = np.argsort(-scores, kind="stable")
        chosen: list[int] = []
        for i in order:
            if (
                len(chosen) == self._settings.max_sentences
                or scores[i] < scores[order[0]] - self._calibration.gap
            ):
                break
            if not any(says_the_same(unit_text(evidence, i), unit_text(evidence, j)) for j in chosen):
                chosen.append(int(i))
        return chosen

    def signals(
        self, evidence: Evidence, chosen: Sequence[int], ranked: Sequence[Ranked]
    ) -> dict[str, float]:
        """What the confidence is computed from; see calibration.SIGNALS."""
        picked = evidence.features[chosen]
        column = {name: picked[:, i] for i, name in enumerate(FEATURES)}
        best = ranked[evidence.owner[chosen[0]]]
        found = evidence.found[chosen].any(0) | evidence.header_found[evidence.owner[chosen]].any(0)
        others = (r.score for r in ranked if r.passage.document != best.passage.document)
        return {
            "unit_score": float(picked[0] @ self._weights),
            "unit_cosine": float(column["cosine"].max()),
            "passage_cosine": best.cosine,
            "bm25": best.bm25,
            "coverage": float(found @ evidence.terms.weights),
            "heaviest_missing": float((evidence.terms.weights * ~found).max(initial=0.0)),
            "lead": best.score - next(others, 0.0),
            "answer_type": float(column["answer_type"].max()),
            "no_answer_type": float(column["no_answer_type"].min()),
        }


def _nearest(ranked: Sequence[Ranked]) -> tuple[Citation, ...]:
    """The best passage of each of the best few documents."""
    by_document: dict[str, Passage] = {}
    for entry in ranked:
        by_document.setdefault(entry.passage.document, entry.passage)
    passages = list(by_document.values())[:NEAREST]
    return tuple(cite(p, n, beginning(p)) for n, p in enumerate(passages, start=1))
