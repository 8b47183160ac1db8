"""Examples -> questions and passages as vectors of the active release, and which passages answer which question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag_core.index.embedding import Embedder
from rag_core.index.stores.protocol import Vector
from training.dataset import Example, Text
from training.dataset.building import fitting
from training.tasks.query_side import Asked

__all__ = ["Corpus", "asked_of"]


@dataclass(frozen=True, slots=True)
class Corpus:
    """Passages of the index."""

    texts: Sequence[Text]
    vectors: Sequence[Vector]
    """As they are stored, one for each."""


def asked_of(parts: Sequence[Sequence[Example]], corpus: Corpus, embedder: Embedder) -> list[Asked]:
    """Of each part the questions that have a right passage, all among the same passages: the corpus, and what was judged
    right and is not in it any more."""
    known = {text.text for text in corpus.texts}
    judged = {text.text: text for part in parts for example in part for text in example.right}
    others = [text for text in judged if text not in known]
    texts = [*(text.text for text in corpus.texts), *others]
    place = {text: n for n, text in enumerate(texts)}
    gone = embedder.embed_passages([fitting(text, embedder) for text in others]).vectors
    passages = _stacked([*corpus.vectors, *gone], embedder.card.dimension)
    return [_asked(part, place, passages, embedder) for part in parts]


def _asked(
    part: Sequence[Example], place: dict[str, int], passages: NDArray[np.float32], embedder: Embedder
) -> Asked:
    asking = [example for example in part if example.right]
    questions = _stacked([embedder.embed_query(one.question) for one in asking], embedder.card.dimension)
    return Asked(questions, [[place[text.text] for text in one.right] for one in asking], passages)


def _stacked(rows: Sequence[Vector], dimension: int) -> NDArray[np.float32]:
    return np.stack(rows).astype(np.float32) if len(rows) else np.zeros((0, dimension), np.float32)
