"""Where a question goes. A wrong detour is worse than a search, so that whatever is not sure is answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag_core.routing.head import ANSWER, RouterHead

__all__ = ["Route", "Router", "decided"]


@dataclass(frozen=True, slots=True)
class Route:
    label: str
    """'answer', 'small-talk', 'person', or a topic of the team's own."""
    probability: float
    """Of this label, 0 to 1."""


class Router:
    """Thread-safe."""

    def __init__(self, head: RouterHead) -> None:
        self._head = head

    def route(self, vector: NDArray[np.float32]) -> Route:
        """vector: of the question as it stands by itself, (dimension,), of length one; not moved by a query map."""
        return self.routes(vector[None])[0]

    def routes(self, vectors: NDArray[np.float32]) -> list[Route]:
        """vectors: (n, dimension), rows of length one."""
        card = self._head.card
        return decided(card.labels, card.thresholds, self._head.probabilities(vectors))


def decided(
    labels: Sequence[str], thresholds: Mapping[str, float], probabilities: NDArray[np.float32]
) -> list[Route]:
    """The likeliest label where it reaches its threshold; else 'answer'. probabilities: (n, labels)."""
    answer = labels.index(ANSWER)
    routes = []
    for row in probabilities:
        best = int(row.argmax())
        sure = row[best] >= thresholds.get(labels[best], np.inf)
        taken = best if sure else answer
        routes.append(Route(labels[taken], float(row[taken])))
    return routes
