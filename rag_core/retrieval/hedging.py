"""A follow-up searched as it is understood and as it was asked: two rankings -> one.

What a question was taken to lean on may be wrong, and a wrong word harms a search more than a missing one. Each passage
counts by the mean of its two scores. Where the question says enough by itself, its own ranking is a steep one and keeps
its first passages in front of what wrong words bring; where it leans on others, its ranking is flat and the other decides.
Both count the same: no weight is fitted. Measured in docs/conversation.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rag_core.types import Ranked

__all__ = ["hedged"]


def hedged(understood: Sequence[Ranked], asked: Sequence[Ranked]) -> list[Ranked]:
    """All passages of both, best first; ties in the order of their ids.

    A passage that one search did not find has that search's lowest score. Cosine and BM25 are those of the question as it is
    understood, in whose ranking a passage that only the other found stands last; the scores are its too, given out anew,
    the highest to the first: what was calibrated on their spread (rag_core/generation/calibration.json) holds in the new
    order.
    """
    if not understood or not asked:
        return sorted(understood or asked, key=lambda r: (-r.score, r.passage.id))
    lowest = min(r.score for r in understood)
    farthest = min(r.cosine for r in understood)
    known = {r.passage.id: r for r in understood}
    both = [
        *understood,
        *(replace(r, cosine=farthest, bm25=0.0, score=lowest) for r in asked if r.passage.id not in known),
    ]
    of_asked = {r.passage.id: r.score for r in asked}
    least = min(of_asked.values())
    order = sorted(both, key=lambda r: (-(r.score + of_asked.get(r.passage.id, least)), r.passage.id))
    scores = sorted((r.score for r in both), reverse=True)
    return [replace(r, score=score) for r, score in zip(order, scores, strict=True)]
