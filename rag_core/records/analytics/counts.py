"""What is counted of some answers, and the rates that follow. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from rag_core.records.analytics.figures import Share, share
from rag_core.records.analytics.latency import quantile

__all__ = ["Counts", "gathered"]


@dataclass(slots=True)
class Counts:
    """Votes and escalations are those of the answers counted, whenever they came. Grows by add()."""

    questions: int = 0
    abstained: int = 0
    cached: int = 0
    good: int = 0
    """Votes that count, as all votes here."""
    bad: int = 0
    escalated: int = 0
    resolved: int = 0
    """Of the escalated."""
    took: Counter[int] = field(default_factory=Counter)
    """Answers by the step of latency.py that they took."""

    def add(self, other: Counts) -> None:
        for name in ("questions", "abstained", "cached", "good", "bad", "escalated", "resolved"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.took.update(other.took)

    @property
    def helpful(self) -> Share | None:
        return share(self.good, self.good + self.bad)

    @property
    def abstention(self) -> Share | None:
        return share(self.abstained, self.questions)

    @property
    def escalation(self) -> Share | None:
        return share(self.escalated, self.questions)

    @property
    def resolution(self) -> Share | None:
        return share(self.resolved, self.escalated)

    @property
    def hits(self) -> Share | None:
        """Answers from the cache."""
        return share(self.cached, self.questions)

    @property
    def p50(self) -> float | None:
        """Milliseconds."""
        return quantile(self.took, 0.5)

    @property
    def p95(self) -> float | None:
        return quantile(self.took, 0.95)


def gathered(parts: list[Counts]) -> Counts:
    total = Counts()
    for part in parts:
        total.add(part)
    return total
