"""The old question, asked of this installation: base model, retrieval, fine-tuning, or both? See four.py for what each is.

The untrained side is made of the models that the settings name; the trained side is a release. One after the other, so that
two language models are never held at a time; both search the same passages, each with vectors of its own.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from rag_core.bootstrap import Core, make_search, open_core, open_records
from rag_core.compute import Compute
from rag_core.generation.opening import make_generator, open_language_model
from rag_core.index.embedding import Embedder
from rag_core.index.stores import VectorStore
from rag_core.index.stores.opening import open_lance
from rag_core.ingest.indexing import Indexer
from rag_core.records.index.releases import Release, Releases
from rag_core.records.index.tuning import UNTUNED
from rag_core.retrieval.search import Search
from rag_core.running.preparation import prepared_model, prepared_reranker
from rag_core.settings import Settings
from training.evaluate import index_beir, needs_scorers, read_beir, read_questions
from training.evaluate.releases import opened
from training.evaluate.sampling import Wanted, sample_indexes
from training.evaluate.sets import Beir
from training.report.four import NAMES, Compared, System, not_asked
from training.report.posing import Posed, of_a_run, of_a_set, posed
from training.report.sides import Side, Told, asked_twice
from training.tasks.task import Nobody

__all__ = ["compare_on"]

NO_MODEL = "No language model is configured (generator.kind), so that nothing answers from memory."
UNTRAINED_MODEL = "No language model was trained, so that nothing else answers from memory."
NOTHING_TRAINED = "Nothing was trained yet: `answerloop train` does."


async def compare_on(
    settings: Settings, sets: Sequence[Path], split: str, limit: int | None, release: str | None, told: Told
) -> list[Compared]:
    """sets: in BEIR layout; none: the questions that the last run kept for testing. release: whose models are the trained
    ones; None: the active one's. limit: the first so many questions of each set.

    Raises:
        NotFound: a file of a set, the release, or a run that kept questions is missing.
        DocumentError: a set cannot be read.
        NotReady: a model or a package is missing; the message names the remedy.
        Unavailable: the index or the language model does not work now.
    """
    async with open_records(settings) as database:
        records = Releases(database)
        named = await (records.get(release) if release else records.active())
    base = await prepared_model(settings)
    reranker = await prepared_reranker(settings)
    trained = named if named and _is_trained(named, base, reranker) else None
    if not sets:
        return [await _on_own(settings, named, trained, base, limit, told)]
    read = [(folder, _read(folder, split, limit)) for folder in sets]
    return [await _on_set(settings, trained, base, folder, data, told) for folder, data in read]


def _is_trained(release: Release, base: Path, reranker: Path | None) -> bool:
    named = (base.name, reranker.name if reranker else None, None, None)
    same = named == (release.embedder, release.reranker, release.query_map, release.adapter)
    return not same or release.tuning != UNTUNED


def _read(folder: Path, split: str, limit: int | None) -> Beir:
    judged = (folder / "qrels").is_dir()
    data = read_beir(folder, split, limit) if judged else read_questions(folder, split, limit)
    if data.answers:
        needs_scorers()
    return data


async def _on_set(
    settings: Settings, trained: Release | None, base: Path, folder: Path, data: Beir, told: Told
) -> Compared:
    questions, name = of_a_set(data), folder.name or str(folder)

    async def filled(embedder: Embedder, store: VectorStore, compute: Compute) -> None:
        total = len(data.documents)
        stage = f"{name}: indexing by {embedder.card.name}"
        indexer = Indexer(embedder, store, compute)
        await index_beir(data.documents, indexer, lambda done, _: told(stage, done, total))
        await indexer.tidy()

    with tempfile.TemporaryDirectory() as scratch:
        async with (
            _opened(settings, base) as (embedder, compute),
            open_lance(Path(scratch), "base", embedder.card.dimension) as store,
        ):
            await filled(embedder, store, compute)
            systems = await _untrained(settings, embedder, store, compute, questions, told)
        if trained is None:
            return _compared(name, questions, [*systems, *_nothing_trained()])
        async with opened(settings, trained) as served:
            core = served.core
            async with open_lance(Path(scratch), "trained", core.embedder.card.dimension) as store:
                await filled(core.embedder, store, core.compute)
                systems += await _trained(replace(core, store=store), questions, told)
    return _compared(name, questions, systems)


async def _on_own(
    settings: Settings,
    named: Release | None,
    trained: Release | None,
    base: Path,
    limit: int | None,
    told: Told,
) -> Compared:
    """The passages are those of the release's own index, sampled where it is large."""
    run, examples = of_a_run(settings.home, limit)
    questions, name = [posed(one) for one in examples], f"test questions of run {run}"
    if any(one.accepted for one in questions):
        needs_scorers()
    watcher = _Stages(told)
    async with _opened(settings, base) as (embedder, compute), open_core(settings, named) as core:
        if core.release.embedder == base.name:
            systems = await _untrained(settings, embedder, core.store, compute, questions, told)
            rest = await _trained(core, questions, told) if trained else _nothing_trained()
            return _compared(name, questions, [*systems, *rest])
        async with sample_indexes(core.store, embedder, Wanted.by(examples), watcher) as (own, other):
            systems = await _untrained(settings, embedder, other, compute, questions, told)
            systems += await _trained(replace(core, store=own), questions, told)
    return _compared(name, questions, systems)


@asynccontextmanager
async def _opened(settings: Settings, folder: Path) -> AsyncIterator[tuple[Embedder, Compute]]:
    compute = Compute()
    try:
        yield await compute.run(Embedder, folder, settings.embedding.threads), compute
    finally:
        compute.close()


async def _untrained(
    settings: Settings,
    embedder: Embedder,
    store: VectorStore,
    compute: Compute,
    questions: Sequence[Posed],
    told: Told,
) -> list[System]:
    from rag_core.retrieval.reranking import PairScorer, Reranker

    folder = await prepared_reranker(settings)
    scorer = await compute.run(PairScorer, folder) if folder else None
    reranker = Reranker(scorer, compute, settings.retrieval.rerank_candidates) if scorer else None
    async with open_language_model(settings) as model:
        side = Side(
            embedder.card.name,
            Search(embedder, store, compute, settings.retrieval, reranker=reranker),
            store,
            compute,
            make_generator(settings, model, embedder, compute),
            model,
            settings.generator.max_tokens,
            memory="" if model else NO_MODEL,
            served=f" and {folder.name}" if folder else "",
        )
        return await asked_twice(side, NAMES[:2], questions, told)


async def _trained(core: Core, questions: Sequence[Posed], told: Told) -> list[System]:
    release = core.release
    has_own = release.adapter is not None and core.settings.generator.kind == "local"
    parts = [one for one in (release.query_map, release.reranker) if one]
    side = Side(
        release.embedder,
        make_search(core),
        core.store,
        core.compute,
        core.generator,
        core.model,
        core.settings.generator.max_tokens,
        core.query_map,
        NO_MODEL if core.model is None else "" if has_own else UNTRAINED_MODEL,
        "".join(f" and {one}" for one in parts),
    )
    return await asked_twice(side, NAMES[2:], questions, told)


def _nothing_trained() -> list[System]:
    return [not_asked(name, NOTHING_TRAINED) for name in NAMES[2:]]


def _compared(name: str, questions: Sequence[Posed], systems: Sequence[System]) -> Compared:
    return Compared(name, len(questions), sum(bool(one.accepted) for one in questions), tuple(systems))


class _Stages(Nobody):
    """A Watcher that tells steps alone."""

    def __init__(self, told: Told) -> None:
        self._told = told

    def step(self, words: str, done: int = 0, total: int = 0) -> None:
        self._told(words, done, total)
