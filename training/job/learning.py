"""Which tasks a run has, one after the other, each kept in the run's folder when it is finished; what a release is made of.

A task that has nothing to learn from, or gains nothing, is refused with a reason; the others go on. tasks.py calls each.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial

from rag_core.bootstrap import Core, model_folder
from rag_core.index.embedding import ModelCard
from rag_core.index.stores.protocol import Vector
from rag_core.records.index.releases import Release
from rag_core.settings import Settings
from training.dataset import Dataset, Text
from training.dataset.passages import indexed
from training.job import tasks
from training.job.asking import Corpus
from training.job.job import Job, Learned
from training.tasks.task import Refused

__all__ = ["learn_models", "learn_reranker", "made_of"]

WORTH_EMBEDDING = 0.005
"""nDCG@10 on the validation part that a trained embedder must gain over a map of questions' vectors, which needs no index of
its own."""
CORPUS = 20_000
"""Passages that validation questions are ranked among, at most."""


async def learn_models(job: Job, data: Dataset, active: Core) -> list[Learned]:
    """All that can be learned before there is an index to search."""
    settings = job.settings.training
    corpus = await _corpus(active)
    learned = []
    if settings.retriever.method in ("auto", "query-side"):
        learned.append(await _once(job, "query-side", partial(tasks.query_side, job, data, active, corpus)))
    if settings.retriever.method in ("auto", "full"):
        learned.append(await _once(job, "retriever", partial(tasks.retriever, job, data, active, corpus)))
    learned = _better_of(learned)
    for one in learned:
        job.folder.finish(one.task, one.as_json())
    if settings.router.method != "off":
        made = made_of(job.settings, active.release, learned)
        learned.append(await _once(job, "router", partial(tasks.router, job, data, active, made)))
    if _wants_generator(job.settings):
        learned.append(await _once(job, "generator", partial(tasks.generator, job, data)))
    return learned


async def learn_reranker(job: Job, data: Dataset, candidate: Core) -> Learned | None:
    """From what the candidate's own search finds; None: the settings ask for none."""
    method = job.settings.training.reranker.method
    wanted = method == "on" or (method == "auto" and candidate.release.reranker is not None)
    return await _once(job, "reranker", partial(tasks.reranker, job, data, candidate)) if wanted else None


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


async def _once(job: Job, task: str, work: Callable[[], Awaitable[Learned]]) -> Learned:
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
    """Passages that are learned from with their vectors, as the active release's index has them."""
    texts: list[Text] = []
    vectors: list[Vector] = []
    scopes = active.settings.training.data.scopes
    async for page in active.store.scan():
        rows = [row for row in page.rows if row.passage.scope in scopes]
        texts += [indexed(row) for row in rows]
        vectors += [row.vector for row in rows]
        if len(texts) >= CORPUS:
            break
    return Corpus(texts[:CORPUS], vectors[:CORPUS])


def _wants_generator(settings: Settings) -> bool:
    recipe = settings.training.generator
    if recipe.method == "off":
        return False
    return recipe.method != "auto" or recipe.base is not None or settings.generator.kind == "local"
