"""What speaks for an answer that was chosen: the signals that its confidence is computed from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rag_core.generation.alignment import align
from rag_core.generation.composing import unit_text
from rag_core.generation.evidence import FEATURES, Evidence, header_of
from rag_core.retrieval.terms import keywords, stems
from rag_core.types import Ranked

__all__ = ["SIGNALS", "signals"]

SIGNALS = (
    "unit_score",  # of the best unit chosen
    "unit_cosine",  # the highest among the chosen
    "passage_cosine",  # of the passage that the best unit is in
    "heaviest_missing",  # weight of the question's rarest term that neither the chosen units nor their headings have
    "missing",  # share of the question's terms that neither the best unit nor its headings have
    "lead",  # of the best document's fused score over the next document's; 0 where there is no next
    "rivals",  # how many other passages have a unit that scores about as well, each counted 0 to 1
    "both_searches",  # keyword search and vector search both have the best unit's document first
    "agreement",  # share of what the answer adds to the question that another document's best unit has too
    "no_answer_type",  # the question asks for a name, number or date, and no chosen unit has one
    "names",  # see alignment.Alignment, of the question and the chosen units with their headings
    "numbers",
    "opposites",
    "denied",
)
OTHERS = 7
"""Passages besides the best that can be rivals, and from among which documents can agree."""


def signals(
    evidence: Evidence, chosen: Sequence[int], ranked: Sequence[Ranked], weights: NDArray[np.float64]
) -> dict[str, float]:
    """chosen: indexes of units, best first, at least one. weights: of the units' FEATURES, as they were chosen by."""
    best = ranked[evidence.owner[chosen[0]]]
    column = {name: evidence.features[chosen, i] for i, name in enumerate(FEATURES)}
    in_headers = evidence.header_found[evidence.owner[chosen]]
    found = evidence.found[chosen].any(0) | in_headers.any(0)
    in_best = evidence.found[chosen[0]] | in_headers[0]
    scores = evidence.features @ weights
    others = _best_units(evidence, scores, but=int(evidence.owner[chosen[0]]))
    matched = align(evidence.question, _quoted(evidence, chosen))
    return {
        "unit_score": float(scores[chosen[0]]),
        "unit_cosine": float(column["cosine"].max()),
        "passage_cosine": best.cosine,
        "heaviest_missing": float((evidence.terms.weights * ~found).max(initial=0.0)),
        "missing": float(np.mean(~in_best)) if len(in_best) else 0.0,
        "lead": _lead(best, ranked),
        "rivals": float(sum(1 / (1 + np.exp(scores[chosen[0]] - scores[others])))),
        "both_searches": float(_first_in_both(ranked) == best.passage.document),
        "agreement": _agreement(evidence, chosen, others),
        "no_answer_type": float(column["no_answer_type"].min()),
        "names": matched.names,
        "numbers": matched.numbers,
        "opposites": matched.opposites,
        "denied": matched.denied,
    }


def _lead(best: Ranked, ranked: Sequence[Ranked]) -> float:
    """0 where nothing of another document was found: there is nothing to lead over, which says nothing for the best."""
    others = (r.score for r in ranked if r.passage.document != best.passage.document)
    return best.score - next(others, best.score)


def _quoted(evidence: Evidence, chosen: Sequence[int]) -> str:
    headers = dict.fromkeys(header_of(evidence.passages[evidence.owner[i]]) for i in chosen)
    return "\n".join([*headers, *(unit_text(evidence, i) for i in chosen)])


def _best_units(evidence: Evidence, scores: NDArray[np.float64], but: int) -> list[int]:
    """The best unit of each of the next passages."""
    owners = [owner for owner in dict.fromkeys(evidence.owner.tolist()) if owner != but][:OTHERS]
    units = (np.flatnonzero(evidence.owner == owner) for owner in owners)
    return [int(own[np.argmax(scores[own])]) for own in units]


def _first_in_both(ranked: Sequence[Ranked]) -> str | None:
    """The document that is first by cosine and by BM25; None where they differ."""
    nearest = max(ranked, key=lambda r: r.cosine).passage.document
    return nearest if nearest == max(ranked, key=lambda r: r.bm25).passage.document else None


def _agreement(evidence: Evidence, chosen: Sequence[int], others: Sequence[int]) -> float:
    document = evidence.passages[evidence.owner[chosen[0]]].document
    asked = _content(evidence.question)
    added = frozenset[str]().union(*(_content(unit_text(evidence, i)) for i in chosen)) - asked
    elsewhere = [i for i in others if evidence.passages[evidence.owner[i]].document != document]
    if not added or not elsewhere:
        return 0.0
    return max(len(added & _content(unit_text(evidence, i))) for i in elsewhere) / len(added)


def _content(text: str) -> frozenset[str]:
    return frozenset(stem for stem in stems(keywords(text.lower()).split()) if len(stem) > 2)
