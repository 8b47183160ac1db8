"""How much of an answer the passages support that it cites: the comparison that serving holds answers to.

Words alone are compared. With vectors, each release would be judged by an embedder of its own, and a trained one might seem
to support more only because it finds everything about its subject alike.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from rag_core.generation.grounding import Grounding
from rag_core.generation.protocol import Draft
from rag_core.generation.writing.pieces import Piece, Pieces
from rag_core.types import Passage

__all__ = ["groundedness"]

CLAIMING = ("sentence", "row", "code")


async def groundedness(draft: Draft, passages: Mapping[str, Passage], grounding: Grounding) -> float:
    """Share of the draft's sentences, list items and rows that the passages they cite support. What cites nothing is held
    to all that its paragraph cites; what claims nothing is not counted. NaN: it claims nothing at all, or abstains.

    passages: that it was written from, by id. grounding: without an embedder, so that all releases have the same judge.
    """
    if draft.abstained:
        return math.nan
    cited = {c.number: passages[c.passage] for c in draft.citations if c.passage in passages}
    checked = [await _supported(piece, by, grounding) for piece, by in _owned(draft.text, cited)]
    counted = [one for one in checked if one is not None]
    return sum(counted) / len(counted) if counted else math.nan


def _owned(text: str, cited: Mapping[int, Passage]) -> Iterator[tuple[Piece, list[Passage]]]:
    """Each piece, with what it is held to."""
    for paragraph in _paragraphs(text):
        named = dict.fromkeys(n for piece in paragraph for n in piece.cited)
        for piece in paragraph:
            yield piece, [cited[number] for number in piece.cited or named if number in cited]


def _paragraphs(text: str) -> list[list[Piece]]:
    splitter = Pieces()
    paragraphs: list[list[Piece]] = [[]]
    for piece in [*splitter.feed(text), *splitter.end()]:
        if "\n\n" in piece.before:
            paragraphs.append([])
        paragraphs[-1].append(piece)
    return paragraphs


async def _supported(piece: Piece, by: list[Passage], grounding: Grounding) -> bool | None:
    """None: it claims nothing."""
    if piece.kind not in CLAIMING:
        return None
    support = await grounding.check(piece.text, by)
    return support.supported if support.claim else None
