"""`answerloop evaluate`."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bots.commands.setup import Where
from rag_core.settings import Settings

if TYPE_CHECKING:
    from rag_core.compute import Compute
    from rag_core.generation.protocol import Draft, Request
    from rag_core.index.embedding import Embedder
    from rag_core.index.stores import VectorStore
    from rag_core.retrieval.reranking import Reranker
    from rag_core.types import Passage
    from training.evaluate import Beir, Reply, Supports
    from training.evaluate.conversation import Conversations

__all__ = ["answers", "conversation", "retrieval"]

STRANGERS = 300
"""Questions of another set that are asked."""
AT_ONCE = 8
"""Questions that wait for a language model side by side."""

Folder = Annotated[Path, typer.Argument(help="A set in BEIR layout: corpus, queries, qrels/SPLIT.tsv.")]
Split = Annotated[str, typer.Option(help="Which qrels.")]
Limit = Annotated[int | None, typer.Option(min=1, help="Ask the first so many questions only.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")]


def retrieval(
    context: typer.Context,
    folder: Folder,
    split: Split = "test",
    limit: Limit = None,
    as_json: AsJson = False,
) -> None:
    """Index a judged set in a scratch folder, search it as served, and score what is found."""
    where: Where = context.obj
    _print(asyncio.run(_retrieval(where.settings(), folder, split, limit)), folder, as_json)


async def _retrieval(settings: Settings, folder: Path, split: str, limit: int | None) -> dict[str, Any]:
    from training.evaluate import evaluate_retrieval, read_beir

    data = read_beir(folder, split, limit)
    async with _scratch(settings, "indexing", "searching") as it:
        result = await evaluate_retrieval(
            data, settings, it.embedder, it.store, it.compute, it.progress, it.reranker
        )
    return {**result, "peak_mb": _peak_mb()}


def answers(
    context: typer.Context,
    folder: Annotated[
        Path, typer.Argument(help="A set in BEIR layout with answers.jsonl or unanswerable.jsonl.")
    ],
    split: Split = "test",
    limit: Annotated[
        int | None, typer.Option(min=1, help="Ask the first so many questions of each kind only.")
    ] = None,
    as_json: AsJson = False,
    plot: Annotated[
        Path | None, typer.Option(help="Draw reliability, and risk over coverage: .svg, .png or .pdf.")
    ] = None,
    replies: Annotated[
        Path | None, typer.Option("--answers", help="Write each question with its answer to this JSONL file.")
    ] = None,
    strangers: Annotated[
        Path | None,
        typer.Option(help=f"Another set: {STRANGERS} of its questions should find no answer here."),
    ] = None,
) -> None:
    """Index a set in a scratch folder, answer its questions with the generator configured, and score the answers."""
    from training.evaluate import answers_plot, judged, scores

    where: Where = context.obj
    settings = where.settings()
    data, others = _questions(folder, strangers, split, limit)
    _check_outputs(data, plot, replies)
    given, facts = asyncio.run(_answers(settings, data, others))
    if replies:
        replies.parent.mkdir(parents=True, exist_ok=True)
        lines = (json.dumps(reply.row(), ensure_ascii=False) + "\n" for reply in given)
        replies.write_text("".join(lines), encoding="utf-8")
    if plot:
        answers_plot(
            *judged(given), facts["threshold"], plot, f"{folder.name} ({split}), {facts['generator']}"
        )
    _print({**scores(given), **facts, "peak_mb": _peak_mb()}, folder, as_json)


def _questions(folder: Path, strangers: Path | None, split: str, limit: int | None) -> tuple[Beir, list[str]]:
    """The set, and questions of another one."""
    from training.evaluate import read_beir, read_questions

    data = read_questions(folder, split, limit)
    others = read_beir(strangers, split, min(limit or STRANGERS, STRANGERS)).queries if strangers else {}
    return data, list(others.values())


def _check_outputs(data: Beir, plot: Path | None, replies: Path | None) -> None:
    """What would fail after the last question fails before the first."""
    from training.evaluate import PLOT_SUFFIXES, needs_matplotlib, needs_scorers

    if plot and plot.suffix not in PLOT_SUFFIXES:
        raise typer.BadParameter(
            f"{plot}: its name must end in {', '.join(PLOT_SUFFIXES)}.", param_hint="--plot"
        )
    for option, path in (("--plot", plot), ("--answers", replies)):
        if path and path.is_dir():
            raise typer.BadParameter(f"{path} is a folder; name a file.", param_hint=option)
    if plot and not data.answers:
        raise typer.BadParameter(
            "the set has no answers.jsonl, so that nothing tells which answers are right.",
            param_hint="--plot",
        )
    if data.answers:
        needs_scorers()
    if plot:
        needs_matplotlib()


async def _answers(
    settings: Settings, data: Beir, strangers: list[str]
) -> tuple[list[Reply], dict[str, Any]]:
    """The replies, and what they were made with."""
    from rag_core.generation.calibration import Calibration
    from rag_core.generation.extractive import Extractive
    from rag_core.generation.opening import CALIBRATION, make_generator, open_language_model
    from rag_core.ingest.indexing import Indexer
    from rag_core.retrieval.search import Search
    from training.evaluate import evaluate_answers

    unsure = settings.answers.model_copy(update={"min_confidence": 0.0})
    async with (
        _scratch(settings, "indexing", "answering") as it,
        open_language_model(settings) as model,
    ):
        if model is not None:
            await model.ready()
        generator = make_generator(
            settings.model_copy(update={"answers": unsure}), model, it.embedder, it.compute
        )
        own = Calibration.read(own=settings.home / CALIBRATION)
        served = Extractive(settings.answers, settings.retrieval.top_k, own)

        def declines(request: Request, draft: Draft) -> bool:
            """A language model is not even asked where the documents' own words are not sure enough."""
            if draft.confidence < served.threshold:
                return True
            return model is not None and served.draft(request.text, request.vector, request.ranked).abstained

        replies = await evaluate_answers(
            data,
            Indexer(it.embedder, it.store, it.compute),
            Search(it.embedder, it.store, it.compute, settings.retrieval, reranker=it.reranker),
            generator,
            it.compute,
            declines,
            at_once=AT_ONCE if model else 1,
            strangers=strangers,
            supports=_grounded(it),
            progress=it.progress,
        )
    return replies, {"generator": generator.name, "threshold": round(served.threshold, 4)}


def _grounded(it: _Scratch) -> Supports:
    from rag_core.generation.grounding import Grounding
    from rag_core.retrieval.batching import QueryBatches

    grounding = Grounding(QueryBatches(it.embedder, it.compute).embed)

    async def supports(sentence: str, passages: Sequence[Passage]) -> bool:
        return (await grounding.check(sentence, passages)).supported

    return supports


def conversation(
    context: typer.Context,
    folder: Annotated[
        Path, typer.Argument(help="A set whose queries have metadata.history, or with rewrites.jsonl.")
    ],
    split: Split = "test",
    limit: Limit = None,
    as_json: AsJson = False,
) -> None:
    """Rewrite follow-up questions as served, search with them, and hold them against people's rewrites."""
    from training.evaluate import needs_scorers, read_conversations

    where: Where = context.obj
    conversations = read_conversations(folder, split, limit)
    if conversations.rewrites:
        needs_scorers()
    _print(asyncio.run(_conversation(where.settings(), conversations)), folder, as_json)


async def _conversation(settings: Settings, conversations: Conversations) -> dict[str, Any]:
    from rag_core.conversation import Rewriter
    from rag_core.generation.opening import open_language_model
    from rag_core.ingest.indexing import Indexer
    from rag_core.retrieval.search import Search
    from training.evaluate import evaluate_rewrites, evaluate_searches, index_beir

    said = settings.conversation
    result: dict[str, Any] = {}
    stages = ["indexing", "searching"] if conversations.judged else []
    async with (
        _scratch(settings, *stages, *(["rewriting"] if conversations.rewrites else [])) as it,
        open_language_model(settings) as model,
    ):
        if model is not None:
            await model.ready()
        rewriter = Rewriter(said, model, settings.generator.first_token_timeout_s)
        if conversations.judged:
            documents = conversations.judged.documents
            total = len(documents)
            indexer = Indexer(it.embedder, it.store, it.compute)
            await index_beir(documents, indexer, lambda done, _: it.progress("indexing", done, total))
            await it.store.optimize()
            search = Search(it.embedder, it.store, it.compute, settings.retrieval, reranker=it.reranker)
            result |= await evaluate_searches(conversations, rewriter, said.turns, search, it.progress)
        if conversations.rewrites:
            result |= await evaluate_rewrites(conversations.rewrites, rewriter, said.turns, it.progress)
    rewrites = said.rewriter != "rules" and model is not None
    return {**result, "rewriter": model.name if model and rewrites else "rules", "peak_mb": _peak_mb()}


@dataclass(frozen=True, slots=True)
class _Scratch:
    """What serves, over an empty index that is gone afterwards."""

    embedder: Embedder
    store: VectorStore
    compute: Compute
    reranker: Reranker | None
    progress: Callable[[str, int, int], None]
    """stage, done, total: moves the stage's bar on standard error."""


@asynccontextmanager
async def _scratch(settings: Settings, *stages: str) -> AsyncIterator[_Scratch]:
    """The models that the settings name, exported at first need, and an empty store in a scratch folder.

    stages: a progress bar for each.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from rag_core.compute import Compute
    from rag_core.index.embedding import Embedder
    from rag_core.index.stores.lance import LanceStore
    from rag_core.running.preparation import prepared_model, prepared_reranker

    console = Console(stderr=True)
    with console.status(
        "Looking at the embedding model (the first time it is exported, about half a minute) …"
    ):
        model = await prepared_model(settings)
        reranker = await prepared_reranker(settings)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with tempfile.TemporaryDirectory() as scratch, Progress(*columns, console=console) as bars:
        tasks = {stage: bars.add_task(stage, total=None) for stage in stages}
        embedder = Embedder(model, settings.embedding.threads)
        store = await LanceStore.open(Path(scratch), "passages", embedder.card.dimension)
        compute = Compute()
        try:
            yield _Scratch(
                embedder,
                store,
                compute,
                _opened(reranker, compute, settings) if reranker else None,
                lambda stage, done, total: bars.update(tasks[stage], completed=done, total=total),
            )
        finally:
            await store.close()
            compute.close()


def _opened(folder: Path, compute: Compute, settings: Settings) -> Reranker:
    from rag_core.retrieval.reranking import PairScorer, Reranker

    return Reranker(PairScorer(folder), compute, settings.retrieval.rerank_candidates)


def _print(result: Mapping[str, Any], folder: Path, as_json: bool) -> None:
    """As one line of JSON, or as a table for a reader."""
    if as_json:
        typer.echo(json.dumps(result))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("measure", str(folder))
    for name, value in result.items():
        table.add_row(name, _shown(value))
    Console().print(table)


def _shown(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def _peak_mb() -> float:
    """Peak resident memory of this process. Linux counts in kB, macOS in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1 << 20 if sys.platform == "darwin" else 1 << 10), 1)
