"""A dataset from all there is to learn from: the list of steps. See docs/learning.md."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.generation.protocol import LanguageModel
from rag_core.index.embedding import Embedder
from rag_core.index.stores.protocol import Row, VectorStore
from rag_core.settings import Settings
from rag_core.settings.training import TrainingData
from training.dataset.cleaning import cleaned, without_leaked
from training.dataset.drops import Dropped
from training.dataset.files import Dataset
from training.dataset.gathering import gather
from training.dataset.headings import MOST, headings, is_general
from training.dataset.negatives import Found, mined
from training.dataset.passages import indexed, text_of
from training.dataset.rows import Example, Part, Text
from training.dataset.scoping import within
from training.dataset.similar import Matrix, Vectors
from training.dataset.splitting import split
from training.dataset.synthetic import Search, Written, written
from training.tasks.task import Nobody, Watcher

__all__ = ["Built", "build", "fitting"]

AT_ONCE = 8
"""Searches that wait for each other's embeddings and reads."""
HEADINGS, LEAST_HEADINGS = 0.25, 100
"""Questions from headings for each that people asked, and how many there are at least: what people say is not to be
drowned."""
BATCH = 64
"""Texts embedded between two reports of how far it is."""
_NO_VECTOR = np.zeros(0, np.float32)
_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Built:
    dataset: Dataset
    parts: Mapping[str, Part]
    """For files.write_parts, once what is learned from it is evaluated with it."""


async def build(
    database: AsyncEngine,
    settings: Settings,
    store: VectorStore,
    embedder: Embedder,
    search: Search,
    model: LanguageModel | None = None,
    watcher: Watcher | None = None,
    previous: Mapping[str, Part] | None = None,
) -> Built:
    """store, embedder, search: of the release that answers now. model: writes questions where
    settings.training.data.synthetic says so; None: nobody does. previous: files.read_parts.

    The same records, index and settings give the same dataset, where no language model writes.

    Raises:
        Unavailable: the database or the index does not work now.
    """
    data, watcher = settings.training.data, watcher or Nobody()
    watcher.step("What was reviewed is read")
    gathered = await gather(database, store, data)
    most = max(LEAST_HEADINGS, round(HEADINGS * len(gathered.examples)))
    made, general, notes, dropped = await _from_documents(store, search, model, settings, most, watcher)
    examples, private = within([*gathered.examples, *made], data.scopes)
    general, _ = within(general, data.scopes)
    dropped = [*gathered.dropped, *dropped, *private]

    vectors = await _vectors([*examples, *general], embedder, watcher)
    watcher.step("The rows are cleaned and parted")
    examples, gone = await asyncio.to_thread(cleaned, examples, vectors)
    parted = await asyncio.to_thread(
        split, examples, vectors, data.validation, data.test, data.seed, previous
    )
    kept, leaked = await asyncio.to_thread(_without_leaks, parted.examples, vectors)
    guard, _ = await asyncio.to_thread(
        without_leaked, general, [one for one in kept if one.part == "train"], vectors
    )
    dropped = [*dropped, *gone, *parted.dropped, *leaked]

    if data.negatives:
        kept = await _with_negatives(kept, vectors, embedder, search, settings, watcher)
    notes = [*notes, *parted.notes]
    dataset = Dataset(tuple(kept), tuple(guard), tuple(dropped), tuple(notes), parted.shared, data.seed)
    return Built(dataset, parted.parts)


async def _from_documents(
    store: VectorStore,
    search: Search,
    model: LanguageModel | None,
    settings: Settings,
    most: int,
    watcher: Watcher,
) -> tuple[list[Example], list[Example], list[str], list[Dropped]]:
    """To learn from, to guard with, notes, and what was dropped."""
    data = settings.training.data
    watcher.step("The documents are read")
    rows = [_bare(row) async for page in store.scan() for row in page.rows]
    found = await asyncio.to_thread(headings, rows, data.seed, min(MOST, most))
    new = Written((), ())
    if model is not None and data.synthetic:
        new = await written(model, _askable(rows, data), search, data.synthetic, data.seed, watcher)
    made = [*(found.train if data.headings else ()), *new.examples]
    return made, list(found.general), [new.stopped] if new.stopped else [], list(new.dropped)


def _bare(row: Row) -> Row:
    """Without its vectors, which are by far the most of it, and its units."""
    return replace(row, passage=replace(row.passage, units=(), unit_vectors=b""), vector=_NO_VECTOR)


def _askable(rows: Iterable[Row], data: TrainingData) -> list[Text]:
    """Passages that questions are written for: of no document that guards against forgetting."""
    return [
        indexed(row)
        for row in rows
        if not is_general(row.passage.document, data.seed) and row.passage.scope in data.scopes
    ]


def _without_leaks(examples: Sequence[Example], vectors: Vectors) -> tuple[list[Example], list[Dropped]]:
    """Train and validation without what the test part asks, train without what validation asks."""
    kept, dropped = list(examples), list[Dropped]()
    for measured, learned in (("test", ("train", "validation")), ("validation", ("train",))):
        held = [one for one in kept if one.part == measured]
        others = [one for one in kept if one.part in learned]
        stay, gone = without_leaked(others, held, vectors)
        staying = {id(one) for one in stay}
        kept = [one for one in kept if one.part not in learned or id(one) in staying]
        dropped += gone
    return kept, dropped


async def _with_negatives(
    examples: Sequence[Example],
    vectors: Vectors,
    embedder: Embedder,
    search: Search,
    settings: Settings,
    watcher: Watcher,
) -> list[Example]:
    """Of what is trained on, and of what decides when to stop. Not of headings: other documents have a section of that
    name."""
    data = settings.training.data
    asking = [one for one in examples if one.part != "test" and one.right and one.origin.source != "heading"]

    async def found(example: Example) -> list[Found]:
        ranked = await search(example.question, _scopes(example))
        taught = (one for one in ranked if one.passage.scope in data.scopes)
        return [Found(text_of(one.passage), one.cosine) for one in taught]

    rankings = await _all(found, asking, "Passages that do not answer are looked for", watcher)
    nearness = await _nearness(asking, vectors, embedder, watcher)
    made = await asyncio.to_thread(mined, asking, rankings, nearness, vectors, data.negatives, data.margin)
    by_id = {id(before): after for before, after in zip(asking, made, strict=True)}
    return [by_id.get(id(one), one) for one in examples]


def _scopes(example: Example) -> frozenset[str] | None:
    return None if example.origin.scopes is None else frozenset(example.origin.scopes)


async def _all(
    one: Callable[[Example], Awaitable[_Found]], examples: Sequence[Example], words: str, watcher: Watcher
) -> list[_Found]:
    """Of each, a few at a time, in order."""
    found: list[_Found] = []
    for at in range(0, len(examples), AT_ONCE):
        watcher.step(words, at, len(examples))
        found += await asyncio.gather(*(one(example) for example in examples[at : at + AT_ONCE]))
    return found


async def _vectors(examples: Iterable[Example], embedder: Embedder, watcher: Watcher) -> Vectors:
    """Of all questions, each embedded once."""
    questions = list(dict.fromkeys(example.question for example in examples))
    found: dict[str, Matrix] = {}
    with ThreadPoolExecutor(thread_name_prefix="questions") as threads:
        for at in range(0, len(questions), BATCH):
            watcher.step("Questions are embedded", at, len(questions))
            batch = questions[at : at + BATCH]
            waiting = [asyncio.wrap_future(threads.submit(embedder.embed_query, text)) for text in batch]
            found |= dict(zip(batch, await asyncio.gather(*waiting), strict=True))
    return found


async def _nearness(
    examples: Sequence[Example], vectors: Vectors, embedder: Embedder, watcher: Watcher
) -> list[float]:
    """Of each the greatest cosine of its question and a right passage."""
    texts = list(dict.fromkeys(text.text for example in examples for text in example.right))
    places = {text: n for n, text in enumerate(texts)}
    matrix = np.zeros((len(texts), embedder.card.dimension), np.float32)
    for at in range(0, len(texts), BATCH):
        watcher.step("Passages that answer are embedded", at, len(texts))
        batch = [fitting(text, embedder) for text in texts[at : at + BATCH]]
        matrix[at : at + BATCH] = (await asyncio.to_thread(embedder.embed_passages, batch)).vectors
    rows = [[places[text.text] for text in example.right] for example in examples]
    return [
        float((matrix[some] @ vectors[example.question]).max())
        for some, example in zip(rows, examples, strict=True)
    ]


def fitting(text: str, embedder: Embedder) -> str:
    """Its beginning, as far as the window reaches: what was judged may be longer than what this embedder reads."""
    while (tokens := embedder.count([text])[0]) > embedder.room:
        text = text[: max(1, len(text) * embedder.room // tokens - 1)]
    return text
