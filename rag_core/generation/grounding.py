"""Does a passage support a sentence? From words, numbers, names and stored vectors; no language model.

What is compared is learned in `training/grounding.py` and measured in docs/grounding.md.
"""

from __future__ import annotations

import json
import math
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag_core.generation.statements import OPPOSITES, Statement, plain
from rag_core.index.embedding import unit_similarities
from rag_core.ingest.sentences import sentence_spans
from rag_core.types import Passage

__all__ = ["DEFAULT", "FEATURES", "Grounding", "Support", "Weights"]

Embed = Callable[[str], Awaitable[NDArray[np.float32]]]

FEATURES = (
    "coverage",  # share of the sentence's terms in the best one or two neighbouring units, or the headings
    "passage_coverage",  # in the passage, its title and headings
    "akin",  # share of terms that only begin like a word of the passage
    "number_missing",  # the passage lacks a number that the sentence has
    "number_apart",  # it has it, but in a unit that has less of the other terms than the best one: by how much less
    "a_name_missing",  # the passage lacks a name that the sentence has
    "name_missing",  # share of the sentence's names that the passage lacks
    "name_elsewhere",  # share that it has outside those units
    "run",  # longest run of words in common, over the sentence's length
    "negation",  # one of sentence and units denies a term that the other has and does not deny
    "opposite",  # the units have the opposite of a word that they lack
    "brief",  # one over the number of terms
    "cosine",  # of the sentence and its nearest unit; without vectors 0
)
AKIN = 5
"""Letters that words of one family have in common at their beginning."""
DEFAULT = Path(__file__).with_name("grounding.json")


@dataclass(frozen=True, slots=True)
class Weights:
    """A logistic regression over FEATURES."""

    intercept: float
    weights: Mapping[str, float]
    threshold: float
    """From this probability on a sentence counts as supported."""

    def probability(self, features: Mapping[str, float]) -> float:
        score = self.intercept + sum(w * features[name] for name, w in self.weights.items())
        return 1 / (1 + math.exp(-max(-60.0, min(60.0, score))))

    @classmethod
    def read(cls, path: Path = DEFAULT) -> tuple[Weights, Weights]:
        """With vectors, and without.

        Raises:
            ValueError: the file has weights of what is not measured.
        """
        values = json.loads(path.read_text(encoding="utf-8"))
        both = [
            cls(values[k]["intercept"], values[k]["weights"], values[k]["threshold"])
            for k in ("vectors", "words")
        ]
        if unknown := {name for one in both for name in one.weights} - set(FEATURES):
            raise ValueError(f"{path} has weights of what is not measured: {', '.join(sorted(unknown))}")
        return both[0], both[1]


@dataclass(frozen=True, slots=True)
class Support:
    """How well passages support a sentence."""

    probability: float
    passage: int
    """Index of the one that supports it best."""
    unit: tuple[int, int]
    """Where in its text: the range of the one or two units that say most of it; (0, 0) without any passage."""
    supported: bool
    """Probability at or above the threshold; and for a sentence that claims nothing: true."""
    claim: bool = True
    """Whether the sentence claims anything: 'Yes.' and 'Here is what I found:' do not, and have probability 1."""


class Grounding:
    """Compares sentences with passages. A comparison takes well under a millisecond besides the embedding."""

    def __init__(self, embed: Embed | None = None, weights: tuple[Weights, Weights] | None = None) -> None:
        """embed: the vector of a text, by the embedder that made the passages' unit vectors; None: words alone.

        weights: with vectors, and without; those of grounding.json where not given.
        """
        self._embed = embed
        self._with_vectors, self._with_words = weights or Weights.read()

    async def check(self, sentence: str, passages: Sequence[Passage]) -> Support:
        """Whether one of these passages supports the sentence, or two of them do together.

        sentence: as written; Markdown's signs and citation marks are passed over.
        """
        statement = Statement.of(sentence)
        if not claims(statement):
            return Support(1.0, 0, (0, 0), supported=True, claim=False)
        if not passages:
            return Support(0.0, 0, (0, 0), supported=False)
        vectors = self._embed is not None and any(p.unit_vectors for p in passages)
        vector = await self._embed(plain(sentence).strip()) if self._embed is not None and vectors else None
        return self.compare(statement, vector, passages)

    def compare(
        self, statement: Statement, vector: NDArray[np.float32] | None, passages: Sequence[Passage]
    ) -> Support:
        """As check; vector: the sentence's, (dimension,). passages: at least one."""
        model = self._with_words if vector is None else self._with_vectors
        best, look, features = self._best(model, statement, vector, passages)
        probability = model.probability(features)
        return Support(probability, best, look.unit, probability >= model.threshold)

    def features(
        self, statement: Statement, vector: NDArray[np.float32] | None, passages: Sequence[Passage]
    ) -> dict[str, float]:
        """Those that compare judges by: of the passage that supports it best, or of two together."""
        model = self._with_words if vector is None else self._with_vectors
        return self._best(model, statement, vector, passages)[2]

    def _best(
        self,
        model: Weights,
        statement: Statement,
        vector: NDArray[np.float32] | None,
        passages: Sequence[Passage],
    ) -> tuple[int, _Look, dict[str, float]]:
        looks = [_Look.at(statement, vector, passage) for passage in passages]
        order = sorted(range(len(looks)), key=lambda i: -model.probability(looks[i].features))
        best = looks[order[0]]
        if len(order) > 1 and model.probability(best.features) < model.threshold:
            both = together(statement, best, looks[order[1]])
            if model.probability(both) > model.probability(best.features):
                return order[0], best, both
        return order[0], best, best.features


def claims(statement: Statement) -> bool:
    """Whether it says anything that could be right or wrong."""
    return bool(statement.numbers or statement.content)


@dataclass(frozen=True, slots=True)
class _Look:
    """A statement beside one passage."""

    unit: tuple[int, int]
    features: dict[str, float]
    window: tuple[Statement, ...]
    """The one or two units that say most of it."""
    everywhere: frozenset[str]
    header: frozenset[str]

    @classmethod
    def at(cls, statement: Statement, vector: NDArray[np.float32] | None, passage: Passage) -> _Look:
        read = _read(passage.text, passage.units, (passage.title, *passage.headings))
        first, last = _best_window(statement, read)
        window = read.units[first : last + 1]
        features = _features(statement, window, read.everywhere, read.header)
        features["number_apart"] = _number_apart(statement, read)
        features["cosine"] = _cosine(vector, passage)
        return cls(
            (read.spans[first][0], read.spans[last][1]), features, window, read.everywhere, read.header
        )


def together(statement: Statement, one: _Look, other: _Look) -> dict[str, float]:
    """Features of a statement beside what two passages say of it."""
    features = _features(
        statement, one.window + other.window, one.everywhere | other.everywhere, one.header | other.header
    )
    for name in ("number_apart", "cosine"):
        features[name] = max(one.features[name], other.features[name])
    return features


@dataclass(frozen=True, slots=True)
class _Passage:
    spans: tuple[tuple[int, int], ...]
    units: tuple[Statement, ...]
    everywhere: frozenset[str]
    """Stems of its text, title and headings."""
    header: frozenset[str]


@lru_cache(maxsize=256)
def _read(text: str, units: tuple[tuple[int, int], ...], above: tuple[str, ...]) -> _Passage:
    spans = units or tuple(sentence_spans(text)) or ((0, len(text)),)
    statements = tuple(Statement.of(text[a:b]) for a, b in spans)
    header = frozenset(stem for words in above for stem in Statement.of(words).stems)
    return _Passage(spans, statements, header.union(*(s.stems for s in statements)), header)


def _best_window(statement: Statement, read: _Passage) -> tuple[int, int]:
    """First and last of the one or two neighbouring units that have most of the statement's terms; numbers weigh double."""
    wanted = {statement.stems[i] for i in statement.content}
    has = [wanted.intersection(unit.stems) for unit in read.units]

    def worth(stems: Iterable[str]) -> float:
        return sum(2.0 if s in statement.numbers else 1.0 for s in stems)

    singles = [(worth(h) + 0.5, i, i) for i, h in enumerate(has)]
    pairs = [(worth(a | b), i, i + 1) for i, (a, b) in enumerate(pairwise(has)) if a - b and b - a]
    _, first, last = max([*singles, *pairs], key=lambda entry: (entry[0], -entry[1]))
    return first, last


def _features(
    statement: Statement, window: Sequence[Statement], everywhere: frozenset[str], header: frozenset[str]
) -> dict[str, float]:
    here = header.union(*(unit.stems for unit in window))
    terms = [statement.stems[i] for i in statement.content]
    unique = frozenset(terms)
    missing = unique - everywhere
    families = {stem[:AKIN] for stem in everywhere if len(stem) >= AKIN}
    akin = {stem for stem in missing if stem[:AKIN] in families}
    names = statement.names & unique
    words = [stem for unit in window for stem in unit.stems]
    return {
        "coverage": _share(unique & here, unique),
        "passage_coverage": _share(unique - missing, unique),
        "akin": _share(akin, unique),
        "number_missing": float(bool(statement.numbers - everywhere)),
        "number_apart": 0.0,
        "a_name_missing": float(bool(names - everywhere)),
        "name_missing": _share(names - everywhere, names),
        "name_elsewhere": _share((names & everywhere) - here, names),
        "run": _longest_run(statement.stems, words) / max(len(statement.stems), 1),
        "negation": float(_contradicted(statement, window)),
        "opposite": float(_opposed(statement, window)),
        "brief": 1 / max(len(unique), 1),
        "cosine": 0.0,
    }


def _share(some: frozenset[str] | set[str], of: frozenset[str]) -> float:
    return len(some) / len(of) if of else 0.0


def _number_apart(statement: Statement, read: _Passage) -> float:
    others = {statement.stems[i] for i in statement.content} - statement.numbers
    has = [len(others.intersection(unit.stems)) for unit in read.units]
    apart = 0.0
    for number in statement.numbers & read.everywhere - read.header:
        beside = max(count for count, unit in zip(has, read.units, strict=True) if number in unit.numbers)
        apart = max(apart, 1 - beside / max(*has, 1))
    return apart


def _longest_run(one: Sequence[str], other: Sequence[str]) -> int:
    """Length of the longest run of words that both have."""
    longest = 0
    above: dict[int, int] = {}
    places: dict[str, list[int]] = {}
    for j, stem in enumerate(other):
        places.setdefault(stem, []).append(j)
    for stem in one:
        row = {j: above.get(j - 1, 0) + 1 for j in places.get(stem, ())}
        longest = max(longest, max(row.values(), default=0))
        above = row
    return longest


def _contradicted(statement: Statement, window: Sequence[Statement]) -> bool:
    denied = frozenset().union(*(unit.denied for unit in window))
    here = frozenset().union(*(unit.stems for unit in window))
    return bool((statement.denied & here) - denied or denied.intersection(statement.stems) - statement.denied)


def _opposed(statement: Statement, window: Sequence[Statement]) -> bool:
    words = {word for unit in window for word in unit.words}
    return any(OPPOSITES[w] & words for w in statement.words if w in OPPOSITES and w not in words)


def _cosine(vector: NDArray[np.float32] | None, passage: Passage) -> float:
    if vector is None or not passage.unit_vectors:
        return 0.0
    return float(unit_similarities(vector, passage.unit_vectors).max())
