"""Each task that the settings ask for, one after the other, each kept in the run's folder when it is finished.

A task that has nothing to learn from, or gains nothing, is refused with a reason; the others go on.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from rag_core.bootstrap import Core, make_search, model_folder
from rag_core.index.embedding import CARD, ModelCard
from rag_core.index.stores.protocol import Vector
from rag_core.records.index.releases import Release
from rag_core.retrieval.query_map import QueryMap
from rag_core.settings import Settings
from rag_core.types import Ranked
from training.conversion import replacing
from training.dataset import Dataset, Text
from training.dataset.passages import indexed
from training.job.asking import Corpus, asked_of
from training.job.job import Job, Learned
from training.tasks.task import Refused, Result

__all__ = ["learn_models", "learn_reranker", "made_of"]

WORTH_EMBEDDING = 0.005
"""nDCG@10 on the validation part that a trained embedder must gain over a map of questions' vectors, which needs no index of
its own."""
DEPTH = 20
"""Passages that the reranker learns to put in order."""
CORPUS = 20_000
"""Passages that validation questions are ranked among, at most."""
Task = Callable[[], Awaitable[Learned]]


async def learn_models(job: Job, data: Dataset, active: Core) -> list[Learned]:
    """All that can be learned before there is an index to search."""
    retriever, recipe = job.settings.training.retriever, job.settings.training
    corpus = await _corpus(active)
    learned = []
    if retriever.method in ("auto", "query-side"):
        learned.append(await _once(job, "query-side", lambda: _query_side(job, data, active, corpus)))
    if retriever.method in ("auto", "full"):
        learned.append(await _once(job, "retriever", lambda: _retriever(job, data, corpus)))
    learned = _better_of(learned)
    if recipe.router.method != "off":
        learned.append(await _once(job, "router", lambda: _router(job, data, active, learned)))
    if _wants_generator(job.settings):
        learned.append(await _once(job, "generator", lambda: _generator(job, data)))
    return learned


async def learn_reranker(job: Job, data: Dataset, candidate: Core) -> Learned | None:
    """From what the candidate's own search finds; None: the settings ask for none."""
    method = job.settings.training.reranker.method
    wanted = method == "on" or (method == "auto" and candidate.release.reranker is not None)
    if not wanted:
        return None
    return await _once(job, "reranker", lambda: _reranker(job, data, candidate))


def made_of(settings: Settings, active: Release, learned: Sequence[Learned]) -> Release:
    """The active release with what was learned in the place of what it has."""
    names = {one.task: one.folder for one in learned if one.folder}
    made = active
    if embedder := names.get("retriever"):
        card = ModelCard.read(model_folder(settings, embedder))
        # What was learned for the vectors of another embedder says nothing of these.
        made = replace(made, embedder=embedder, card=card, query_map=None, router=None)
    if query_map := names.get("query-side"):
        made = replace(made, query_map=query_map)
    return replace(
        made,
        router=names.get("router", made.router),
        adapter=names.get("generator", made.adapter),
        reranker=names.get("reranker", made.reranker),
    )


async def _once(job: Job, task: str, work: Task) -> Learned:
    """What an earlier attempt finished is not done again."""
    if known := job.folder.finished(task):
        return Learned(**known)
    try:
        learned = await work()
    except Refused as refused:
        learned = Learned.nothing(task, refused)
    job.folder.finish(task, learned.as_json())
    return learned


def _better_of(learned: Sequence[Learned]) -> list[Learned]:
    """Of the two ways to a better retriever one: a trained embedder makes a map of the old one's vectors useless."""
    made = {one.task: one for one in learned if one.folder}
    if len(made) < 2:
        return list(learned)
    map_, embedder = made["query-side"], made["retriever"]
    worth_it = embedder.after - map_.after > WORTH_EMBEDDING
    kept, left = (embedder, map_) if worth_it else (map_, embedder)
    reason = (
        f"The {kept.task} was taken instead: {kept.measure} on the validation part is {kept.after:.3f} by it, and "
        f"{left.after:.3f} by this."
    )
    return [kept, replace(left, folder="", refused=reason)]


async def _corpus(active: Core) -> Corpus:
    """Passages with their vectors, as the active release's index has them."""
    texts: list[Text] = []
    vectors: list[Vector] = []
    async for page in active.store.scan():
        texts += [indexed(row) for row in page.rows]
        vectors += [row.vector for row in page.rows]
        if len(texts) >= CORPUS:
            break
    return Corpus(texts[:CORPUS], vectors[:CORPUS])


async def _query_side(job: Job, data: Dataset, active: Core, corpus: Corpus) -> Learned:
    from training.tasks.query_side import train_query_map

    out, began = job.model("query-side"), time.monotonic()
    parts = [data.of("train"), data.of("validation"), data.general]
    training, validation, general = await asyncio.to_thread(asked_of, parts, corpus, active.embedder)
    guard = general if len(general.questions) else None
    found = await asyncio.to_thread(train_query_map, training, validation, guard, watcher=job.watcher)
    with replacing(out) as work:
        QueryMap(found.matrix, active.release.card.weights_sha256).write(work)
    figures = {**found.figures, "seconds": round(time.monotonic() - began, 1)}
    result = Result(out, found.before, found.after, "nDCG@10", found.rows, figures)
    return Learned.of("query-side", result, out)


async def _retriever(job: Job, data: Dataset, corpus: Corpus) -> Learned:
    from training.tasks.retriever import train_retriever

    training, work = job.settings.training, job.work("retriever")
    result = await asyncio.to_thread(
        train_retriever,
        data.examples,
        training.base or job.settings.embedding.model,
        training.retriever,
        work,
        corpus=corpus.texts,
        device=training.device,
        watcher=job.watcher,
        checkpoints=job.checkpoints("retriever"),
    )
    out = job.model("retriever")
    job.watcher.step("Exporting the trained embedder")
    await asyncio.to_thread(_exported, work, out, job.settings.embedding.model)
    return Learned.of("retriever", result, out)


def _exported(trained: Path, out: Path, name: str) -> None:
    """As serving opens it, under the name that the settings know it by: it is that model, trained."""
    from training.export import export

    replace(export(str(trained), out), name=name).write(out)


async def _router(job: Job, data: Dataset, active: Core, learned: Sequence[Learned]) -> Learned:
    from rag_core.index.embedding import Embedder
    from training.tasks.router import train_router

    made = made_of(job.settings, active.release, learned)
    folder = model_folder(job.settings, made.embedder)
    embedder = active.embedder if made.embedder == active.release.embedder else Embedder(folder)

    def embed(questions: Sequence[str]) -> np.ndarray:
        return np.stack([embedder.embed_query(question) for question in questions])

    out, training = job.model("router"), job.settings.training
    result = await asyncio.to_thread(
        train_router,
        data.examples,
        folder,
        training.router,
        out,
        embed=embed,
        device=training.device,
        watcher=job.watcher,
    )
    return Learned.of("router", result, out)


def _wants_generator(settings: Settings) -> bool:
    recipe = settings.training.generator
    if recipe.method == "off":
        return False
    return recipe.method != "auto" or recipe.base is not None or settings.generator.kind == "local"


async def _generator(job: Job, data: Dataset) -> Learned:
    from training.tasks.generator import Serving, train_generator

    training, out = job.settings.training, job.model("generator")
    base = training.generator.base or (job.settings.generator.model or "")
    if not base:
        raise Refused("The generator is not trained: training.generator.base names no model.")
    result = await asyncio.to_thread(
        train_generator,
        data.examples,
        base,
        training.generator,
        out,
        device=training.device,
        watcher=job.watcher,
        checkpoints=job.checkpoints("generator"),
        serving=Serving.of(job.settings),
    )
    card = {"kind": "generator", "base": base, "measure": result.measure, "after": result.after}
    (out / CARD).write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    return Learned.of("generator", result, out)


async def _reranker(job: Job, data: Dataset, candidate: Core) -> Learned:
    from training.export import export_reranker
    from training.tasks.reranker import train_reranker

    search = make_search(replace(candidate, reranker=None))

    async def found(question: str) -> Sequence[Ranked]:
        return (await search(question, None, keep=DEPTH)).ranked

    training, work, out = job.settings.training, job.work("reranker"), job.model("reranker")
    result: Result = await train_reranker(
        data.examples,
        training.base or job.settings.embedding.model,
        training.reranker,
        work,
        search=found,
        device=training.device,
        watcher=job.watcher,
        checkpoints=job.checkpoints("reranker"),
    )
    job.watcher.step("Exporting the trained reranker")
    await asyncio.to_thread(export_reranker, str(work), out)
    return Learned.of("reranker", result, out)
