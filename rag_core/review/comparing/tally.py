"""What people said of two releases' answers, question by question, and how far they agree. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rag_core.records.analytics.figures import Share, share
from rag_core.records.evaluation.comparisons import Item, Judgement
from rag_core.review.comparing.agreement import (
    cohen_kappa,
    fleiss_kappa,
    krippendorff_alpha,
    observed_agreement,
    sign_test,
)

__all__ = ["RATERS", "Count", "Result", "majority", "result"]

RATERS = 2
"""So many people should judge each question."""


@dataclass(frozen=True, slots=True)
class Count:
    """Questions, by what most of their raters prefer."""

    wins: int = 0
    """Of the candidate."""
    losses: int = 0
    ties: int = 0
    """No preference has the most raters, or tie has; or both releases say the same."""

    @property
    def decided(self) -> int:
        return self.wins + self.losses

    @property
    def judged(self) -> int:
        return self.decided + self.ties

    @property
    def rate(self) -> Share | None:
        """The candidate's share of what was decided, with Wilson's interval."""
        return share(self.wins, self.decided)

    @property
    def rate_with_ties(self) -> Share | None:
        """With a tie as half a win. The interval is that of as many plain questions, which is rather too wide."""
        return share(self.wins + self.ties / 2, self.judged)


@dataclass(frozen=True, slots=True)
class Result:
    count: Count
    identical: int
    """Of the ties: both releases say the same, and nobody was asked."""
    unjudged: int
    """Questions that nobody judged yet."""
    missing: int
    """Judgements that are still needed until each question has RATERS."""
    p: float
    """Of the sign test: how likely such a difference is where there is none."""
    raters: int
    judgements: int
    agreement: float | None
    """Share of pairs of judgements of the same question that are equal."""
    cohen: float | None
    """Of two raters; None where there are others."""
    fleiss: float | None
    alpha: float | None
    """Krippendorff's."""
    platforms: Mapping[str, Count]
    """'': golden questions."""
    disputed: tuple[int, ...]
    """Numbers of the questions where one rater prefers what another does not, the most disputed first."""


def result(items: Sequence[Item], judgements: Sequence[Judgement]) -> Result:
    shown = [item for item in items if not item.identical]
    by_item: dict[int, dict[str, str]] = {item.number: {} for item in shown}
    for one in judgements:
        if one.preference != "skipped" and one.number in by_item:
            by_item[one.number][one.rater] = one.preference
    outcomes = {item.number: "tie" for item in items if item.identical}
    outcomes |= {number: majority(rated) for number, rated in by_item.items() if rated}
    count = _counted(outcomes.values())
    ratings = list(by_item.values())
    raters = sorted({rater for rated in ratings for rater in rated})
    return Result(
        count=count,
        identical=len(items) - len(shown),
        unjudged=sum(not rated for rated in ratings),
        missing=sum(max(0, RATERS - len(rated)) for rated in ratings),
        p=sign_test(count.wins, count.losses),
        raters=len(raters),
        judgements=sum(map(len, ratings)),
        agreement=observed_agreement(ratings),
        cohen=cohen_kappa(ratings, *raters) if len(raters) == 2 else None,
        fleiss=fleiss_kappa(ratings),
        alpha=krippendorff_alpha(ratings),
        platforms=_by_platform(items, outcomes),
        disputed=_disputed(by_item),
    )


def majority(rated: Mapping[str, str]) -> str:
    """What most of its raters prefer; 'tie' where two preferences have as many."""
    most = Counter(rated.values()).most_common(2)
    return "tie" if len(most) > 1 and most[0][1] == most[1][1] else most[0][0]


def _counted(outcomes: Iterable[str]) -> Count:
    counts = Counter(outcomes)
    return Count(counts["candidate"], counts["baseline"], counts["tie"])


def _by_platform(items: Sequence[Item], outcomes: Mapping[int, str]) -> dict[str, Count]:
    of: defaultdict[str, list[str]] = defaultdict(list)
    for item in items:
        if item.number in outcomes:
            of[item.platform].append(outcomes[item.number])
    return {platform: _counted(of[platform]) for platform in sorted(of)}


def _disputed(by_item: Mapping[int, Mapping[str, str]]) -> tuple[int, ...]:
    """A candidate against a baseline is worse than either against a tie."""

    def dispute(number: int) -> tuple[int, int]:
        counts = Counter(by_item[number].values())
        opposed = min(counts["candidate"], counts["baseline"])
        return -opposed, -(len(by_item[number]) - max(counts.values()))

    disputed = [number for number, rated in by_item.items() if len(set(rated.values())) > 1]
    return tuple(sorted(disputed, key=lambda number: (*dispute(number), number)))
