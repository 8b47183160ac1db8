"""Passages for tests of stores: short, and as different as a test needs them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag_core.index.stores import Row, VectorStore
from rag_core.types import Passage, Place

DIMENSION = 64


def vector(*values: float) -> NDArray[np.float32]:
    """Of length one, in the direction of these values."""
    made = np.zeros(DIMENSION, np.float32)
    made[: len(values)] = values
    return made / np.linalg.norm(made)


def row(document: str, number: int = 0, text: str = "some words", **fields: Any) -> Row:
    """A passage of a document; its direction differs by its number."""
    given = fields.pop("vector", None)
    header = fields.pop("header", "Title")
    passage = Passage(
        id=f"{document}#{number}",
        document=document,
        source="source",
        scope="public",
        title="Title",
        headings=(),
        text=text,
        url=f"https://docs.example/{document}",
        place=Place(line=number + 1),
    )
    direction = vector(1, number + 1) if given is None else given
    return Row(replace(passage, **fields), header, direction)


async def found(
    store: VectorStore, text: str = "", at: NDArray[np.float32] | None = None, limit: int = 100, **kwargs: Any
) -> dict[str, str]:
    """id -> text of all that a search finds."""
    scopes = kwargs.get("scopes")
    candidates = await store.search(vector(1) if at is None else at, text, scopes, limit)
    return {p.id: p.text for p in await store.fetch(candidates, scopes)}


async def count(store: VectorStore) -> int:
    return (await store.state()).passages


def clustered(n: int, seed: int) -> NDArray[np.float32]:
    """Vectors as embeddings are: in clusters of different size, of length one."""
    random_ = np.random.default_rng(seed)
    centres = random_.normal(size=(100, DIMENSION))
    vectors = centres[random_.integers(0, 100, n)] + 0.7 * random_.normal(size=(n, DIMENSION))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
