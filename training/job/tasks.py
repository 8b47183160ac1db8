"""Each task as a run calls it: what it is given, where its model goes, and how serving opens that."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from rag_core.bootstrap import Core, make_search, model_folder
from rag_core.index.embedding import CARD, Embedder
from rag_core.records.index.releases import Release
from rag_core.retrieval.query_map import QueryMap
from rag_core.settings.training import GeneratorRecipe, RerankerRecipe, RetrieverRecipe
from rag_core.types import Ranked
from training.conversion import replacing
from training.dataset import Dataset
from training.job.asking import Corpus, asked_of
from training.job.job import Job, Learned
from training.tasks.searching import GENERATOR, RERANKER, RETRIEVER, Space, search_recipe
from training.tasks.task import Nobody, Refused, Result, Watcher

__all__ = ["generator", "query_side", "reranker", "retriever", "router"]

DEPTH = 20
"""Passages that the reranker learns to put in order."""
R = TypeVar("R", bound=BaseModel)
Attempt = Callable[[R, Path, Watcher, Path | None], Coroutine[Any, Any, Result]]
"""Trains by a recipe, into a folder; is told, and keeps checkpoints, where there is anybody and anywhere."""


async def query_side(job: Job, data: Dataset, active: Core, corpus: Corpus) -> Learned:
    from training.tasks.query_side import train_query_map

    out, began = job.model("query-side"), time.monotonic()
    # It is held back by questions from headings that others learn from: those that guard judge it afterwards.
    headings = [one for one in data.of("train") if one.origin.source == "heading"]
    reviewed = [one for one in data.of("train") if one.origin.source != "heading"]
    parts = [reviewed, data.of("validation"), headings]
    training, validation, general = await asyncio.to_thread(asked_of, parts, corpus, active.embedder)
    guard = general if len(general.questions) else None
    found = await asyncio.to_thread(train_query_map, training, validation, guard, watcher=job.watcher)
    map_ = QueryMap(found.matrix, active.release.card.weights_sha256)
    with replacing(out) as work:
        map_.write(work)
    before, after = await asyncio.to_thread(_as_served, job, data, corpus, active.embedder, None, map_)
    figures = {**found.figures, "seconds": round(time.monotonic() - began, 1)}
    result = Result(out, before, after, "nDCG@10", found.rows, figures)
    return Learned.of("query-side", result, out)


def _as_served(
    job: Job, data: Dataset, corpus: Corpus, embedder: Embedder, *maps: QueryMap | None
) -> list[float]:
    """nDCG@10 on the validation part with each of these maps: one measure for both ways to a better retriever, in int8 and
    of texts as long as the index has them."""
    from training.dataset.building import fitting
    from training.tasks.retriever import validation_of

    validation = validation_of(data.examples, corpus.texts, job.settings.training.retriever.seed)
    passages = embedder.embed_passages([fitting(text, embedder) for text in validation.passages]).vectors
    questions = np.stack([embedder.embed_query(question) for question in validation.questions])
    return [validation.ndcg(map_(questions) if map_ else questions, passages) for map_ in maps]


async def retriever(job: Job, data: Dataset, active: Core, corpus: Corpus) -> Learned:
    from training.tasks.retriever import train_retriever

    training, work = job.settings.training, job.work("retriever")
    base = training.base or job.settings.embedding.model

    async def attempt(
        recipe: RetrieverRecipe, out: Path, watcher: Watcher, checkpoints: Path | None
    ) -> Result:
        return await asyncio.to_thread(
            train_retriever, data.examples, base, recipe, out,
            corpus=corpus.texts, device=training.device, watcher=watcher, checkpoints=checkpoints,
        )  # fmt: skip

    recipe = await _best(job, "retriever", training.retriever, RETRIEVER, attempt)
    result = await attempt(recipe, work, job.watcher, job.checkpoints("retriever"))
    out = job.model("retriever")
    job.watcher.step("Exporting the trained embedder")
    await asyncio.to_thread(_exported, work, out, job.settings.embedding.model)
    [before] = await asyncio.to_thread(_as_served, job, data, corpus, active.embedder, None)
    [after] = await asyncio.to_thread(_as_served, job, data, corpus, Embedder(out), None)
    if after <= before:
        raise Refused(
            f"Training the retriever gained nothing that is left as it is served: nDCG@10 on the validation part was "
            f"{before:.3f} before and is {after:.3f} after."
        )
    return Learned.of("retriever", replace(result, before=before, after=after), out)


def _exported(trained: Path, out: Path, name: str) -> None:
    """As serving opens it, under the name that the settings know it by: it is that model, trained."""
    from training.export import export

    replace(export(str(trained), out), name=name).write(out)


async def router(job: Job, data: Dataset, active: Core, made: Release) -> Learned:
    """made: with the embedder whose vectors it is to tell apart."""
    from training.tasks.router import train_router

    folder = model_folder(job.settings, made.embedder)
    embedder = active.embedder if made.embedder == active.release.embedder else Embedder(folder)

    def embed(questions: Sequence[str]) -> NDArray[np.float32]:
        return np.stack([embedder.embed_query(question) for question in questions])

    out, training = job.model("router"), job.settings.training
    result = await asyncio.to_thread(
        train_router, data.examples, folder, training.router, out,
        embed=embed, watcher=job.watcher,
    )  # fmt: skip
    return Learned.of("router", result, out)


async def generator(job: Job, data: Dataset) -> Learned:
    from training.tasks.generator import Serving, train_generator

    training, out = job.settings.training, job.model("generator")
    base = training.generator.base or job.settings.generator.model
    if not base:
        raise Refused("The generator is not trained: training.generator.base names no model.")
    if job.settings.generator.kind != "local":
        raise Refused(
            'The generator is not trained here: generator.kind is not "local", so that no release could answer by it; '
            "docs/learning.md says how to train one for an endpoint."
        )

    async def attempt(
        recipe: GeneratorRecipe, out: Path, watcher: Watcher, checkpoints: Path | None
    ) -> Result:
        return await asyncio.to_thread(
            train_generator, data.examples, base, recipe, out, device=training.device,
            watcher=watcher, checkpoints=checkpoints, serving=Serving.of(job.settings),
        )  # fmt: skip

    recipe = await _best(job, "generator", training.generator, GENERATOR, attempt)
    result = await attempt(recipe, out, job.watcher, job.checkpoints("generator"))
    card = {"kind": "generator", "base": base, "measure": result.measure, "after": result.after}
    (out / CARD).write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    return Learned.of("generator", result, out)


async def reranker(job: Job, data: Dataset, candidate: Core) -> Learned:
    from training.export import export_reranker
    from training.tasks.reranker import train_reranker

    training, work, out = job.settings.training, job.work("reranker"), job.model("reranker")
    base, search = (
        training.base or job.settings.embedding.model,
        make_search(replace(candidate, reranker=None)),
    )

    async def found(question: str) -> Sequence[Ranked]:
        ranked = (await search(question, None, keep=DEPTH)).ranked
        return [one for one in ranked if one.passage.scope in training.data.scopes]

    async def attempt(
        recipe: RerankerRecipe, out: Path, watcher: Watcher, checkpoints: Path | None
    ) -> Result:
        return await train_reranker(
            data.examples, base, recipe, out,
            search=found, device=training.device, watcher=watcher, checkpoints=checkpoints,
        )  # fmt: skip

    recipe = await _best(job, "reranker", training.reranker, RERANKER, attempt)
    result = await attempt(recipe, work, job.watcher, job.checkpoints("reranker"))
    job.watcher.step("Exporting the trained reranker")
    await asyncio.to_thread(export_reranker, str(work), out)
    return Learned.of("reranker", result, out)


async def _best(job: Job, task: str, recipe: R, space: Space, attempt: Attempt[R]) -> R:
    """The best recipe that could be found within training.search.budget; without one, the recipe as it is."""
    search = job.settings.training.search
    if search.budget is None:
        return recipe
    loop, journal = asyncio.get_running_loop(), job.folder.path / f"{task}-recipes.jsonl"

    def objective(tried: R) -> float:
        (job.folder.path / "models").mkdir(exist_ok=True)
        scratch = Path(tempfile.mkdtemp(dir=job.folder.path / "models", prefix=f"{task}-"))
        try:
            made = attempt(tried, scratch / "model", Nobody(), None)
            result = asyncio.run_coroutine_threadsafe(made, loop).result()
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        return -result.after if "loss" in result.measure else result.after

    return await asyncio.to_thread(search_recipe, recipe, space, objective, search, job.watcher, journal)
