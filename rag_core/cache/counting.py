"""How often something was found, by kind; what a page of metrics reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from rag_core.cache.protocol import KINDS

__all__ = ["Counts", "Tally", "rates"]


@dataclass(slots=True)
class Tally:
    hits: int = 0
    misses: int = 0
    """Lookups that found nothing, whatever the reason."""
    errors: int = 0
    """Of the misses: the cache was down, or what it had could not be read."""


@dataclass(slots=True)
class Counts:
    """Of this process, since it started."""

    by_kind: dict[str, Tally] = field(default_factory=lambda: {kind: Tally() for kind in KINDS})
    dropped: int = 0
    """Entries that were not kept, because too many were waiting to be written or the cache refused them."""
    _untold: Counter[str] = field(default_factory=Counter)

    def looked_up(self, kind: str, found: bool, failed: bool = False) -> None:
        tally = self.by_kind[kind]
        tally.hits += found
        tally.misses += not found
        tally.errors += failed
        self._untold[f"{kind}.{'hits' if found else 'misses'}"] += 1
        if failed:
            self._untold[f"{kind}.errors"] += 1

    def take_untold(self) -> Counter[str]:
        """What was counted since the last time."""
        untold, self._untold = self._untold, Counter()
        return untold

    def give_back(self, untold: Counter[str]) -> None:
        """What could not be told after all."""
        self._untold.update(untold)


def rates(counts: Mapping[str, int]) -> dict[str, dict[str, float]]:
    """'answer.hits' and the like -> by kind: hits, misses, errors and the share of lookups that hit."""
    table: dict[str, dict[str, float]] = {}
    for kind in KINDS:
        hits, misses, errors = (counts.get(f"{kind}.{name}", 0) for name in ("hits", "misses", "errors"))
        rate = round(hits / (hits + misses), 4) if hits + misses else 0.0
        table[kind] = {"hits": hits, "misses": misses, "errors": errors, "hit_rate": rate}
    return table
