"""Passages that a person picks from the index, as what a golden question expects."""

from __future__ import annotations

from collections.abc import Sequence

from rag_core.index.stores.protocol import BY_NAME, Candidate, VectorStore
from rag_core.records.evaluation.golden import Expected
from rag_core.types import Passage

__all__ = ["expected_of", "picked"]


def expected_of(passage: Passage) -> Expected:
    return Expected(passage.document, passage.source, passage.title, passage.text)


async def picked(
    store: VectorStore, ids: Sequence[str], scopes: frozenset[str] | None
) -> tuple[Expected, ...]:
    """The passages of these ids as they are now, in their order; without those that are gone or outside the scopes."""
    candidates = [Candidate(id, 0.0, 0.0, BY_NAME) for id in dict.fromkeys(ids)]
    return tuple(expected_of(passage) for passage in await store.fetch(candidates, scopes))
