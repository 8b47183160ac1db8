"""What every vector store does. tests/conformance/test_stores.py holds each implementation to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rag_core.types import Passage

__all__ = ["BY_NAME", "Candidate", "Page", "Row", "StoreState", "Vector", "VectorStore"]

Vector = NDArray[np.float32]
BY_NAME = -1
"""The key of a candidate that is looked up by the passage's id."""


@dataclass(frozen=True, slots=True)
class Row:
    """A passage as it is stored."""

    passage: Passage
    header: str
    """Title and heading path; searched by keyword together with the text."""
    vector: NDArray[np.float32]
    """(dimension,), length one."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage found by either search, with what each has to say of it. Its text is fetched when it is wanted."""

    id: str
    """The passage's."""
    cosine: float
    """Of question and passage, also for passages that only keyword search found."""
    bm25: float
    """0 where keyword search did not find it among its candidates."""
    key: int = 0
    """Where the store finds it; means nothing outside the store."""


@dataclass(frozen=True, slots=True)
class StoreState:
    passages: int
    generation: int
    """Grows with every change of the content."""


@dataclass(frozen=True, slots=True)
class Page:
    """A part of all that is stored: documents, each with all its rows."""

    rows: list[Row]
    position: str
    """Where the scan goes on after this page."""


class VectorStore(Protocol):
    """Holds the passages of one release. Safe to use from many tasks; one writer at a time.

    Every method raises Unavailable when the store cannot be reached or read. Stores are opened, and closed again, by
    rag_core.index.stores.opening.
    """

    async def replace(self, documents: Collection[str], rows: Sequence[Row]) -> None:
        """Put rows in the place of all that is stored of these documents, in one step.

        A reader, or a crash at any moment, sees each document either as it was or as it is now. A document without
        rows is removed. Rows of a document that is not named are refused with ValueError.
        """

    async def search(
        self, vector: Vector | Awaitable[Vector], text: str, scopes: frozenset[str] | None, limit: int
    ) -> list[Candidate]:
        """The best `limit` passages by vector and the best `limit` by keyword, each once, in no particular order.

        vector: (dimension,), or what it will come from: keyword search need not wait for the embedding.
        text is searched as words; nothing in it is query syntax. scopes restrict the query itself; None does not
        restrict it, the empty set finds nothing.
        """

    async def fetch(self, candidates: Sequence[Candidate], scopes: frozenset[str] | None) -> list[Passage]:
        """The passages of candidates as they are now, in their order; without those that were removed since, or that
        left the scopes."""

    async def state(self) -> StoreState:
        """What is stored now."""

    async def optimize(self) -> None:
        """After a batch of writes: bring indexes up to date and release what no reader needs."""

    def scan(self, after: str = "") -> AsyncIterator[Page]:
        """All rows, page by page, in an order that stays the same while nothing is written.

        after: the position of a page; begins behind it. A position means something to the kind of store that gave it.
        """
