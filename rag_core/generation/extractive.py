"""Answers in the documents' own words: the units that answer, joined readably, each cited.

No language model: nothing is said that does not stand in a document.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray

from rag_core.compute import Turn
from rag_core.generation.calibration import Calibration
from rag_core.generation.composing import beginning, cite, compose, says_the_same, unit_text
from rag_core.generation.evidence import FEATURES, Evidence, gather
from rag_core.generation.inert import inert
from rag_core.generation.protocol import Draft, Request, Said, nothing
from rag_core.generation.signals import signals
from rag_core.settings import Answers
from rag_core.types import Citation, Passage, Ranked

__all__ = ["Extractive", "nearest"]

NEAREST = 3


class Extractive:
    """A Generator that quotes."""

    name = "extractive"

    def __init__(
        self,
        settings: Answers,
        top_k: int,
        calibration: Calibration | None = None,
        turn: Turn | None = None,
    ) -> None:
        """turn: taken before working on the event loop; None where nobody else works on it."""
        self._calibration = calibration or Calibration.read()
        self._weights = self._calibration.units.vector(FEATURES)
        self._settings = settings
        self._top_k = top_k
        self._turn = turn or Turn()

    @property
    def version(self) -> str:
        parts = {
            "settings": self._settings.model_dump(mode="json"),
            "calibration": asdict(self._calibration),
        }
        digest = hashlib.blake2b(json.dumps(parts, sort_keys=True).encode(), digest_size=8).hexdigest()
        return digest + self._calibration.scale.mark

    async def generate(self, request: Request, said: Said = nothing) -> Draft:
        async with self._turn:
            draft = self.draft(request.text, request.vector, request.ranked)
        if not draft.abstained:
            said(draft.text)
        return draft

    def draft(self, question: str, vector: NDArray[np.float32], ranked: Sequence[Ranked]) -> Draft:
        """Choose, join and cite; abstain where the confidence is too low.

        vector: the question's, (dimension,). ranked: best first; none found is an abstention.
        """
        if not ranked:
            return Draft("", (), 0.0, abstained=True)
        evidence = gather(question, vector, ranked, self._top_k)
        chosen = self.choose(evidence)
        signals = self.signals(evidence, chosen, ranked)
        confidence = self._calibration.probability(signals)
        if confidence < self.threshold:
            return Draft("", (), confidence, abstained=True, nearest=nearest(ranked))
        text, citations = compose(evidence, chosen, self._settings.max_sentences)
        quoted = "\n".join(evidence.passages[i].text for i in dict.fromkeys(evidence.owner[chosen]))
        return Draft(inert(text, quoted), citations, confidence, abstained=False)

    @property
    def threshold(self) -> float:
        """Below this confidence: abstain."""
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
        """What the confidence is computed from; see signals.SIGNALS."""
        return signals(evidence, chosen, ranked, self._weights)


def nearest(ranked: Sequence[Ranked]) -> tuple[Citation, ...]:
    """The best passage of each of the best few documents."""
    by_document: dict[str, Passage] = {}
    for entry in ranked:
        by_document.setdefault(entry.passage.document, entry.passage)
    passages = list(by_document.values())[:NEAREST]
    return tuple(cite(p, n, beginning(p)) for n, p in enumerate(passages, start=1))
