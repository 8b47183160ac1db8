"""What an answer was made from, as a reviewer sees it: each passage as it stands now, and what was quoted of it. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from rag_core.index.stores.protocol import BY_NAME, Candidate, VectorStore
from rag_core.records.reviews.items import GivenAnswer
from rag_core.types import Citation, Passage, Ranked

__all__ = ["Evidence", "Piece", "evidence", "found", "highlighted", "passages_of", "quoted"]

ELLIPSIS = "…"
"""Between the parts of a quote that are not next to each other."""
BATCH = 200


@dataclass(frozen=True, slots=True)
class Piece:
    text: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    id: str
    """The passage's."""
    rank: int
    """From 1; 0: it was cited, and is not among what was recorded as found."""
    cosine: float | None
    bm25: float | None
    score: float | None
    passage: Passage | None
    """None: it is not in the index any more."""
    cited: tuple[int, ...]
    """Numbers of the citations that quote it."""
    pieces: tuple[Piece, ...]
    """Its text, or what was quoted of it where it is not in the index any more."""
    changed: bool
    """Its document was read again since the answer was given."""
    hidden: bool = False
    """The asker may not read it."""


def evidence(
    given: GivenAnswer, passages: Mapping[str, Passage], changed: Collection[str] = ()
) -> list[Evidence]:
    """Of all that was found for an answer, and of what it cites besides.

    passages: those that are in the index now, by id. changed: ids of documents read again since.
    """
    scores = {str(one["passage"]): one for one in given.passages}
    cited = [one.passage for one in given.citations if one.passage]
    rows = []
    for id in dict.fromkeys([*scores, *cited]):
        score, passage = scores.get(id, {}), passages.get(id)
        citations = [one for one in given.citations if one.passage == id]
        rank = list(scores).index(id) + 1 if id in scores else 0
        rows.append(
            Evidence(
                id,
                rank,
                score.get("cosine"),
                score.get("bm25"),
                score.get("score"),
                passage,
                tuple(one.number for one in citations),
                _pieces(passage, citations),
                passage is not None and passage.document in changed,
            )
        )
    return rows


def found(
    ranked: Iterable[Ranked], citations: Sequence[Citation], scopes: frozenset[str] | None
) -> list[Evidence]:
    """Of what a search brings now.

    scopes: what the asker may read; what lies beyond is marked.
    """
    return [
        Evidence(
            one.passage.id,
            rank,
            one.cosine,
            one.bm25,
            one.score,
            one.passage,
            tuple(c.number for c in citations if c.passage == one.passage.id),
            _pieces(one.passage, [c for c in citations if c.passage == one.passage.id]),
            False,
            scopes is not None and one.passage.scope not in scopes,
        )
        for rank, one in enumerate(ranked, start=1)
    ]


def _pieces(passage: Passage | None, citations: Sequence[Citation]) -> tuple[Piece, ...]:
    if passage is None:
        return tuple(Piece(one.quote, True) for one in citations if one.quote)
    return tuple(highlighted(passage.text, [one.quote for one in citations]))


def highlighted(text: str, quotes: Iterable[str]) -> list[Piece]:
    """The text in pieces, with those that are quoted marked, whatever white space lies between the words of either."""
    marked = bytearray(len(text))
    for quote in quotes:
        for start, end in quoted(text, quote):
            marked[start:end] = b"\1" * (end - start)
    pieces, at = [], 0
    for end in range(1, len(text) + 1):
        if end == len(text) or marked[end] != marked[at]:
            pieces.append(Piece(text[at:end], bool(marked[at])))
            at = end
    return pieces


def quoted(text: str, quote: str) -> list[tuple[int, int]]:
    """Where each part of a quote stands first in the text."""
    spans = []
    for part in quote.split(ELLIPSIS):
        if words := part.split():
            match = re.search(r"\s+".join(map(re.escape, words)), text)
            if match:
                spans.append(match.span())
    return spans


async def passages_of(store: VectorStore, ids: Iterable[str]) -> dict[str, Passage]:
    """Those that are in the index now, by id, whoever may read them.

    Raises:
        Unavailable: the index does not work now.
    """
    wanted, held = sorted({id for id in ids if id}), dict[str, Passage]()
    for at in range(0, len(wanted), BATCH):
        batch = [Candidate(id, 0.0, 0.0, BY_NAME) for id in wanted[at : at + BATCH]]
        held |= {passage.id: passage for passage in await store.fetch(batch, None)}
    return held
