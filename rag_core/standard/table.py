"""All standard answers as they are looked up: a dictionary for each way to match. Pure, and made anew when one changes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag_core.standard.answer import Match, StandardAnswer
from rag_core.standard.pattern import Pattern, anchors_of
from rag_core.standard.wording import normalised, words_of

if TYPE_CHECKING:
    from rag_core.cache.paraphrase import Reading

__all__ = ["Found", "Prepared", "Table", "precedence", "prepared"]


@dataclass(frozen=True, slots=True)
class Found:
    """A standard answer that may be given, and why."""

    answer: StandardAnswer
    kind: Match
    wording: str
    """The wording or the pattern that the question is like."""
    cosine: float = 1.0
    """Of the question and the wording; 1 where vectors were not asked."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A standard answer with all that is worked out of it once."""

    answer: StandardAnswer
    exact: tuple[tuple[str, str], ...]
    """Normalised wordings, each with the wording."""
    pattern: Pattern | None
    readings: tuple[tuple[Reading, str], ...]
    """With match 'semantic': what each wording says."""


def prepared(answer: StandardAnswer) -> Prepared:
    exact = tuple((normalised(question), question) for question in answer.questions)
    readings: tuple[tuple[Reading, str], ...] = ()
    if answer.match == "semantic":
        from rag_core.cache.paraphrase import read  # its patterns take 50 ms to compile

        readings = tuple((read(question), question) for question in answer.questions)
    pattern = Pattern(answer.pattern) if answer.match == "pattern" else None
    return Prepared(answer, exact, pattern, readings)


def precedence(found: Found) -> tuple[int, float, float, str]:
    """Sorts those of one kind: for a channel before a platform before all, then nearer, then newer."""
    answer = found.answer
    place = 0 if answer.channels else 1 if answer.platform else 2
    made = answer.created_at.timestamp() if answer.created_at else 0.0
    return place, -round(found.cosine, 6), -made, answer.id


class Table:
    def __init__(self, entries: Iterable[Prepared] = ()) -> None:
        self._exact: dict[str, list[Found]] = defaultdict(list)
        self._patterns: dict[str, list[tuple[Pattern, Found]]] = defaultdict(list)
        self._readings: dict[tuple[str, ...], list[tuple[Reading, Found]]] = defaultdict(list)
        entries = list(entries)
        frequent = Counter(w for e in entries if e.pattern for anchor in e.pattern.anchors for w in anchor)
        for entry in entries:
            self._add(entry, frequent)
        self.size = len(entries)

    def _add(self, entry: Prepared, frequent: Counter[str]) -> None:
        for text, wording in entry.exact:
            self._exact[text].append(Found(entry.answer, "exact", wording))
        if entry.pattern:
            rarest = min(entry.pattern.anchors, key=lambda anchor: sum(frequent[word] for word in anchor))
            for word in rarest:
                found = Found(entry.answer, "pattern", entry.answer.pattern)
                self._patterns[word].append((entry.pattern, found))
        for reading, wording in entry.readings:
            self._readings[reading.key].append((reading, Found(entry.answer, "semantic", wording)))

    def exact(self, question: str) -> list[Found]:
        return sorted(self._exact.get(normalised(question), ()), key=precedence)

    def patterns(self, question: str) -> list[Found]:
        words = words_of(question)
        matching: dict[str, Found] = {}
        for word in anchors_of(words):
            for pattern, found in self._patterns.get(word, ()):
                if found.answer.id not in matching and pattern.matches(words):
                    matching[found.answer.id] = found
        return sorted(matching.values(), key=precedence)

    def readings(self, question: str) -> Iterator[Found]:
        """Those with a wording that is read as the same; cosines are still to be compared."""
        if not self._readings:
            return
        from rag_core.cache.paraphrase import read, same

        asked = read(question)
        for reading, found in self._readings.get(asked.key, ()):
            if same(reading, asked):
                yield found
