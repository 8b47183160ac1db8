"""Any number of passages made from real ones, with vectors as the embedder would give them; see scale.py.

The pieces lie in a folder: pieces.jsonl (text and units), sums.npy (float32, each piece's weighted sum of unit vectors) and
units.npy (int8). Batches are made from (seed, batch number), so that any of them can be made again alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from corpus import real_documents
from numpy.typing import NDArray

from rag_core.index.embedding import Embedder, Span
from rag_core.index.stores import Row
from rag_core.ingest.chunking import Chunk, chunk_markdown
from rag_core.types import Passage, Place

PIECE = 240
"""Characters; a piece ends with the unit that reaches this."""
PARTS = 4
"""Pieces of a made passage, at most; two at least."""
NOISE = 0.05
"""Length of what is added to a vector of length one. int8 inference strays more: it has cosine .99 to float32."""
PER_DOCUMENT = 10
BATCH = 20_000
EMBED_AT = 512
SEED = 3


@dataclass(frozen=True, slots=True)
class Piece:
    title: str
    text: str
    units: list[Span]


class Maker:
    """Makes passages in batches. batch: how many to a batch; dimension: of a vector."""

    batch = BATCH

    def __init__(
        self, pieces: list[Piece], sums: NDArray[np.float32], units: NDArray[np.int8] | None
    ) -> None:
        self._pieces = pieces
        self._sums = sums
        self._units = units
        ends = np.cumsum([len(piece.units) for piece in pieces])
        self._starts = np.concatenate([[0], ends])
        self.dimension = int(sums.shape[1])

    @classmethod
    def open(cls, folder: Path, units: bool = False) -> Maker:
        """units: whether passages carry the vectors of their units."""
        with (folder / "pieces.jsonl").open(encoding="utf-8") as lines:
            pieces = [Piece(row[0], row[1], [(a, b) for a, b in row[2]]) for row in map(json.loads, lines)]
        stored = np.load(folder / "units.npy", allow_pickle=False) if units else None
        return cls(pieces, np.load(folder / "sums.npy", allow_pickle=False), stored)

    @staticmethod
    def is_there(folder: Path) -> bool:
        return (folder / "units.npy").is_file()  # the last one written

    @staticmethod
    def make(folder: Path, embedder: Embedder, data: Path, say: Callable[[str], None]) -> None:
        """Divide, embed and cut up all real documents; some minutes."""
        folder.mkdir(parents=True, exist_ok=True)
        pieces: list[Piece] = []
        sums: list[NDArray[np.float32]] = []
        blobs: list[NDArray[np.int8]] = []
        for done, (title, chunk, vectors) in enumerate(_embedded(embedder, data), start=1):
            for units in _cut(chunk.units):
                begin = chunk.units[units[0]][0]
                spans = [(a - begin, b - begin) for a, b in (chunk.units[i] for i in units)]
                lengths = np.array([b - a for a, b in spans], np.float32)
                unit = vectors[units].astype(np.float32)
                unit /= np.maximum(np.linalg.norm(unit, axis=1, keepdims=True), 1e-6)
                pieces.append(Piece(title, chunk.text[begin : begin + spans[-1][1]], spans))
                sums.append(lengths @ unit)
                blobs.append(vectors[units])
            if done % 1_000 == 0:
                say(f"{done:,} real passages embedded, {len(pieces):,} pieces")
        with (folder / "pieces.jsonl").open("w", encoding="utf-8") as file:
            file.writelines(json.dumps([p.title, p.text, p.units]) + "\n" for p in pieces)
        np.save(folder / "sums.npy", np.stack(sums), allow_pickle=False)
        np.save(folder / "units.npy", np.concatenate(blobs), allow_pickle=False)

    def vectors(
        self, number: int, count: int, scopes: frozenset[str]
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Numbers (see name) and vectors (n, dimension) of the first `count` passages of a batch, those that these
        scopes may read."""
        _, vectors = self._drawn(number)
        kept = np.array(
            [i for i in range(count) if _scope(_document(number * BATCH + i)) in scopes], np.int64
        )
        return kept + number * BATCH, vectors[kept]

    @staticmethod
    def name(passage: int) -> str:
        """The id of the passage of this number, counted through all batches."""
        return f"{_document(passage)}#{passage % PER_DOCUMENT}"

    def rows(self, number: int, count: int) -> list[Row]:
        """The first `count` passages of a batch."""
        picked, vectors = self._drawn(number)
        return [self._row(number, i, [p for p in picked[i] if p >= 0], vectors[i]) for i in range(count)]

    def _drawn(self, number: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The pieces of each passage (-1: none), and its vector."""
        random = np.random.default_rng([SEED, number])
        picked = random.integers(0, len(self._pieces), (BATCH, PARTS))
        parts = random.integers(2, PARTS + 1, BATCH)
        absent = np.arange(PARTS)[None, :] >= parts[:, None]
        vectors = np.zeros((BATCH, self.dimension), np.float32)
        for part in range(PARTS):
            vectors += self._sums[picked[:, part]] * ~absent[:, part, None]
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        noise = random.standard_normal(vectors.shape, np.float32)
        vectors += noise * (NOISE / np.sqrt(self.dimension))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.where(absent, -1, picked), vectors

    def _row(self, number: int, i: int, picked: list[int], vector: NDArray[np.float32]) -> Row:
        pieces = [self._pieces[p] for p in picked]
        text, units = "", []
        for piece in pieces:
            text += " " if text else ""
            units += [(a + len(text), b + len(text)) for a, b in piece.units]
            text += piece.text
        document, title = _document(number * BATCH + i), pieces[0].title
        passage = Passage(
            id=self.name(number * BATCH + i),
            document=document,
            source="made",
            scope=_scope(document),
            title=title,
            headings=(),
            text=text,
            url=f"made:{document}",
            place=Place(line=i % PER_DOCUMENT * 10 + 1),
            units=tuple(units),
            unit_vectors=self._unit_vectors(picked),
        )
        return Row(passage, title, vector)

    def _unit_vectors(self, picked: list[int]) -> bytes:
        if self._units is None:
            return b""
        return b"".join(self._units[self._starts[p] : self._starts[p + 1]].tobytes() for p in picked)


def _document(passage: int) -> str:
    return f"made-{passage // PER_DOCUMENT}"


def _scope(document: str) -> str:
    """Six of ten documents are public, three are the team's, one is the board's."""
    last = int(document[-1])
    return "public" if last < 6 else "team" if last < 9 else "board"


def _cut(units: tuple[Span, ...]) -> Iterator[list[int]]:
    """Neighbouring units in pieces of about PIECE characters."""
    piece: list[int] = []
    for i, (_, end) in enumerate(units):
        piece.append(i)
        if end - units[piece[0]][0] >= PIECE:
            yield piece
            piece = []
    if piece:
        yield piece


def _embedded(embedder: Embedder, data: Path) -> Iterator[tuple[str, Chunk, NDArray[np.int8]]]:
    """Every real passage with its document's title and the vectors of its units, (units, dimension)."""
    waiting: list[tuple[str, Chunk]] = []
    for document in real_documents(data):
        chunks = chunk_markdown(document.text, document.title, embedder.room, embedder.count, plain=True)
        waiting += [(document.title, chunk) for chunk in chunks if chunk.units]
        if len(waiting) >= EMBED_AT:
            yield from _with_vectors(embedder, waiting)
            waiting = []
    yield from _with_vectors(embedder, waiting)


def _with_vectors(
    embedder: Embedder, waiting: list[tuple[str, Chunk]]
) -> Iterator[tuple[str, Chunk, NDArray[np.int8]]]:
    chunks = [chunk for _, chunk in waiting]
    before = [len(chunk.whole) - len(chunk.text) for chunk in chunks]
    spans = [[(a + o, b + o) for a, b in chunk.units] for chunk, o in zip(chunks, before, strict=True)]
    blobs = embedder.embed_passages([chunk.whole for chunk in chunks], spans).unit_vectors
    for (title, chunk), blob in zip(waiting, blobs, strict=True):
        yield title, chunk, np.frombuffer(blob, np.int8).reshape(len(chunk.units), -1)
