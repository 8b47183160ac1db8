"""Train, validation and test, by groups of like questions and by documents: never by row. Pure and seeded.

Questions belong together that are like each other, and those with a right passage in the same document. The connected groups
of these are parted whole, so that no question of the test part has a like one, or its document, in what is trained on.

In a small team a few documents answer most questions, and would make one group of all. While the largest group holds more
than MOST_SHARE of the rows, or there are fewer than FEWEST groups, the document that most questions of it have is cut: it
binds its questions by the same passage only, then not at all. What was cut is named in Split.shared; of those documents
other passages, or other questions, may be on both sides. Like questions are never cut apart, but what counts as like is
stricter where else more than MOST_SHARE would hang together, each like the next.

Where a group goes is decided by a hash of the seed and its oldest question, so that it stays there while rows are added;
what was assigned before is kept. Once test, always test: a group with a question that was in the test part goes there as a
whole. A group that would make its part too large is learned from and not measured on. Where hashing leaves too little to
measure on, further groups follow in the order of their hashes.

Golden questions are in the test part and bind nothing: as they are about what matters most, they would draw all with them.
Training questions that ask the same are taken out (cleaning.without_leaked). Headings and synthetic questions are learned
from only, and so not of documents that are measured on.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.dataset.drops import Dropped
from training.dataset.rows import Example, Part
from training.dataset.similar import Pairs, Vectors, grouped, key_of, like, matrix_of

__all__ = ["LIKE", "MEASURED_DOCUMENT", "Split", "split"]

LIKE = (0.8, 0.85, 0.9, 0.95)
"""Cosine of like questions: the first at which they do not all hang together, one like the next."""
MOST_SHARE = 0.5
FEWEST = 8
"""Groups below which a split says little; fewer than that of rows are not cut for it."""
LARGE = 1.5
"""Times its share that a part may have; a group that would be more is learned from."""
LEAST = 0.5
"""Of the share that a part should have, which it is filled up to."""
FEW = 10
"""Questions of a part below which it is told that its figures say little."""
MEASURED_DOCUMENT = "of a document that is measured on"
_MEASURED: tuple[Part, ...] = ("test", "validation")
_PASSAGES, _NOTHING = 1, 2
"""What a document that is cut binds by."""


@dataclass(frozen=True, slots=True)
class Split:
    examples: tuple[Example, ...]
    """With group and part, in their order."""
    dropped: tuple[Dropped, ...]
    parts: Mapping[str, Part]
    """By key_of a question, for the next run: those given, and those of now."""
    shared: tuple[str, ...]
    """Documents that do not keep their questions together."""
    notes: tuple[str, ...]
    """Sentences: what is too small, and why."""


def split(
    examples: Sequence[Example],
    vectors: Vectors,
    validation: float,
    test: float,
    seed: int,
    previous: Mapping[str, Part] | None = None,
) -> Split:
    """validation, test: shares of the questions that people asked, headings and golden ones not counted. previous:
    Split.parts of the run before."""
    previous = previous or {}
    asked = [one for one in examples if one.origin.source in ("review", "standard")]
    labels, shared = _groups(asked, matrix_of(asked, vectors))
    names = _names(asked, labels)
    parts = _assigned(asked, names, {"validation": validation, "test": test}, seed, previous)
    placed = iter(one.moved(group=name, part=parts[name]) for one, name in zip(asked, names, strict=True))
    whole = [next(placed) if one.origin.source in ("review", "standard") else _own(one) for one in examples]
    measured = {text.document for one in whole if _is_measured(one) for text in one.right} - shared
    kept = [one for one in whole if not _made_of(one, measured)]
    known = {key_of(one.question): one.part for one in whole if one.origin.source in ("review", "standard")}
    return Split(
        tuple(kept),
        tuple(Dropped(MEASURED_DOCUMENT, one) for one in whole if _made_of(one, measured)),
        {**previous, **known},
        tuple(sorted(shared)),
        tuple(_notes(kept, len(set(names)))),
    )


def _own(example: Example) -> Example:
    """Golden, headings and synthetic ones."""
    golden = example.origin.source == "golden"
    group = f"{example.origin.source}:{example.origin.id}" if golden or not example.right else ""
    group = group or f"document:{example.right[0].document}"
    return example.moved(group=group, part="test" if golden else "train")


def _is_measured(example: Example) -> bool:
    return example.part != "train" and example.origin.source != "golden"


def _made_of(example: Example, documents: set[str]) -> bool:
    made = example.origin.source in ("heading", "synthetic")
    return made and any(text.document in documents for text in example.right)


def _groups(asked: Sequence[Example], matrix: NDArray[np.float32]) -> tuple[NDArray[np.int64], set[str]]:
    """(asked,) labels, and the documents that were cut."""
    alike = _alike(asked, matrix)
    cut: dict[str, int] = {}
    while True:
        labels = grouped(len(asked), [(alike, np.arange(len(asked))), *_linked(asked, cut)])
        documents = _to_cut(asked, labels, cut)
        if not documents:
            return labels, set(cut)
        cut |= {document: cut.get(document, 0) + 1 for document in documents}


def _alike(asked: Sequence[Example], matrix: NDArray[np.float32]) -> NDArray[np.int64]:
    """(asked,) labels by likeness alone."""
    labels = np.arange(len(asked))
    for threshold in LIKE:
        labels = grouped(len(asked), [*like(matrix, threshold), *_same_words(asked)])
        if np.bincount(labels, minlength=1).max() <= MOST_SHARE * len(asked):
            break
    return labels


def _same_words(asked: Sequence[Example]) -> Iterator[Pairs]:
    first: dict[str, int] = {}
    pairs = [(first.setdefault(key_of(one.question), row), row) for row, one in enumerate(asked)]
    yield _pairs(pairs)


def _linked(asked: Sequence[Example], cut: Mapping[str, int]) -> Iterator[Pairs]:
    """Each question with the first of the same document, or passage."""
    first: dict[str, int] = {}
    links = ((row, link) for row, one in enumerate(asked) for link in _links(one, cut))
    yield _pairs([(first.setdefault(link, row), row) for row, link in links])


def _links(example: Example, cut: Mapping[str, int]) -> set[str]:
    how = {text: cut.get(text.document, 0) for text in example.right}
    return {
        f"passage {text.id}" if level == _PASSAGES else f"document {text.document}"
        for text, level in how.items()
        if level < _NOTHING
    }


def _pairs(pairs: Sequence[tuple[int, int]]) -> Pairs:
    both = np.array(pairs, np.int64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def _to_cut(asked: Sequence[Example], labels: NDArray[np.int64], cut: Mapping[str, int]) -> list[str]:
    """Of the largest group, where it is too large, the documents that most of its questions have, a tenth of them at a time;
    none: nothing is to be cut, or nothing is left that can be."""
    if not len(labels):
        return []
    label, size = Counter(labels.tolist()).most_common(1)[0]
    few = len(set(labels.tolist())) < min(FEWEST, len(labels) // 2)
    if size < 2 or not (size > MOST_SHARE * len(labels) or few):
        return []
    counts: Counter[str] = Counter()
    for row in np.nonzero(labels == label)[0].tolist():
        counts.update({text.document for text in asked[row].right if cut.get(text.document, 0) < _NOTHING})
    bound = sorted((-count, document) for document, count in counts.items() if count > 1)
    return [document for _, document in bound[: 1 + len(bound) // 10]]


def _names(asked: Sequence[Example], labels: NDArray[np.int64]) -> list[str]:
    """Of each example's group: the key of its oldest question."""
    oldest: dict[int, tuple[str, str]] = {}
    for label, one in zip(labels.tolist(), asked, strict=True):
        mine = (one.origin.at, key_of(one.question))
        oldest[label] = min(oldest.get(label, mine), mine)
    return [oldest[label][1] for label in labels.tolist()]


def _assigned(
    asked: Sequence[Example],
    names: Sequence[str],
    shares: Mapping[Part, float],
    seed: int,
    previous: Mapping[str, Part],
) -> dict[str, Part]:
    """The part of each group."""
    sizes = Counter(names)
    parts = _before(asked, names, previous)
    new = sorted(sizes.keys() - parts.keys(), key=lambda name: _number(name, seed))
    filled: Counter[Part] = Counter(part for name, part in parts.items() for _ in range(sizes[name]))
    most = {part: max(LARGE * shares[part] * len(asked), 1) for part in _MEASURED}

    def put(name: str, part: Part) -> None:
        fits = part == "train" or filled[part] + sizes[name] <= most[part]
        filled[parts.get(name, "train")] -= sizes[name] if name in parts else 0
        parts[name] = part if fits else "train"
        filled[parts[name]] += sizes[name]

    for name in new:
        put(name, _hashed(_number(name, seed), shares))
    for part in _MEASURED:
        for name in new:
            if parts[name] == "train" and filled[part] < LEAST * shares[part] * len(asked):
                put(name, part)
    return parts


def _before(asked: Sequence[Example], names: Sequence[str], previous: Mapping[str, Part]) -> dict[str, Part]:
    """Test where any question was in it; else the part of the oldest that was in one."""
    said: defaultdict[str, list[tuple[bool, str, str, Part]]] = defaultdict(list)
    for one, name in zip(asked, names, strict=True):
        if part := previous.get(key := key_of(one.question)):
            said[name].append((part != "test", one.origin.at, key, part))
    return {name: min(found)[3] for name, found in said.items()}


def _number(name: str, seed: int) -> float:
    """0 to 1, even over groups."""
    digest = hashlib.blake2b(f"{seed}:{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def _hashed(number: float, shares: Mapping[Part, float]) -> Part:
    if number < shares["test"]:
        return "test"
    return "validation" if number < shares["test"] + shares["validation"] else "train"


def _notes(examples: Sequence[Example], groups: int) -> Iterator[str]:
    for part in ("validation", "test"):
        count = sum(one.part == part and one.origin.source != "golden" for one in examples)
        if count < FEW:
            yield (
                f"The {part} part has {count} reviewed questions, fewer than {FEW}: there are {groups} groups of like "
                "questions to take from; review more, about other documents."
            )
