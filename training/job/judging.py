"""The active release and the candidate, measured on the same questions -> what the gate decides on. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from rag_core.records.index.releases import Release
from training import gate
from training.evaluate.measured import ELSEWHERE, MEASURES, Measured, Scored

if TYPE_CHECKING:
    from rag_core.review.comparing.comparing import HumanVerdict

__all__ = ["compared", "primary_of"]

NAMES = {
    "ndcg": "nDCG@10",
    "recall": "Recall@10",
    "mrr": "MRR@10",
    "rouge_l": "ROUGE-L",
    "groundedness": "Groundedness",
    "routed": "Routes that are right",
}


def primary_of(active: Release, candidate: Release) -> str:
    """The one measure by which a candidate can be better, named before anything is measured: that of the part that was
    trained. A column of evaluate.measured.Scored, or 'routed'."""
    same = ("embedder", "query_map", "reranker")
    searches_alike = all(getattr(active, name) == getattr(candidate, name) for name in same)
    if not searches_alike or active.tuning.fusion != candidate.tuning.fusion:
        return "ndcg"
    if active.adapter != candidate.adapter:
        return "rouge_l"
    return "routed" if active.router != candidate.router else "ndcg"


def compared(
    primary: str,
    before: Measured,
    after: Measured,
    latency_ms: tuple[Sequence[float], Sequence[float]] | None = None,
    golden: tuple[int, Sequence[str]] = (0, ()),
    people: HumanVerdict | None = None,
    lacking: int = 0,
    reviewed: int = 0,
) -> gate.Measured:
    """latency_ms: of the same questions asked of both in turn. golden: how many both were asked, and which are lost.
    lacking: reviews that a document was missing or stale for, of so many reviewed."""
    others = [name for name in NAMES if name != primary]
    pairs = (_paired(name, before.scored, after.scored) for name in others)
    return gate.Measured(
        primary=_paired(primary, before.scored, after.scored),
        others=tuple(pair for pair in pairs if len(pair.before)),
        general=_general(before, after),
        golden=golden[0],
        golden_lost=tuple(golden[1]),
        abstaining=_abstaining(before.scored, after.scored),
        latency_ms=_percentiles(latency_ms),
        people=people,
        lacking=lacking,
        reviewed=reviewed,
    )


def _general(before: Measured, after: Measured) -> tuple[gate.Paired, ...]:
    """Questions from headings, and those of the set that training.general names: neither may hide what the other lost."""
    named = {False: "nDCG@10 on questions from headings", True: "nDCG@10 on the set of training.general"}
    pairs = []
    for judged, name in named.items():
        here, there = (
            [one for one in side.general if one.key.startswith(ELSEWHERE) is judged]
            for side in (before, after)
        )
        pairs.append(_paired("ndcg", here, there, name))
    return tuple(pair for pair in pairs if len(pair.before))


def _paired(column: str, before: Sequence[Scored], after: Sequence[Scored], name: str = "") -> gate.Paired:
    """Of the questions that the measure applies to with both."""
    values = np.array([[_value(a, column), _value(b, column)] for a, b in zip(before, after, strict=True)])
    known = ~np.isnan(values).any(axis=1) if len(values) else np.zeros(0, bool)
    kept = values[known] if len(values) else np.zeros((0, 2))
    groups = [one.group for one, there in zip(before, known, strict=True) if there]
    return gate.Paired(name or NAMES[column], kept[:, 0].tolist(), kept[:, 1].tolist(), groups)


def _value(scored: Scored, column: str) -> float:
    if column != "routed":
        return float(getattr(scored, column))
    return float(scored.wanted == scored.route) if scored.wanted and scored.route else np.nan


def _abstaining(before: Sequence[Scored], after: Sequence[Scored]) -> gate.Abstaining | None:
    rows = [
        (one.should_abstain == 1, one.abstained == 1, other.abstained == 1, one.group)
        for one, other in zip(before, after, strict=True)
        if not np.isnan([one.should_abstain, one.abstained, other.abstained]).any()
    ]
    return gate.Abstaining(*map(list, zip(*rows, strict=True))) if rows else None


def _percentiles(latency_ms: tuple[Sequence[float], Sequence[float]] | None) -> tuple[float, float] | None:
    if latency_ms is None or not len(latency_ms[0]):
        return None
    before, after = (float(np.percentile(one, 95)) for one in latency_ms)
    return before, after


assert set(NAMES) >= set(MEASURES)
