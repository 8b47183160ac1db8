"""`answerloop evaluate`."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bots.commands.setup import Where
from rag_core.settings import Settings

if TYPE_CHECKING:
    from rag_core.compute import Compute
    from rag_core.retrieval.reranking import Reranker

__all__ = ["retrieval"]


def retrieval(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="A set in BEIR layout: corpus, queries, qrels/SPLIT.tsv.")],
    split: Annotated[str, typer.Option(help="Which qrels.")] = "test",
    limit: Annotated[int | None, typer.Option(min=1, help="Ask the first so many questions only.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")] = False,
) -> None:
    """Index a judged set in a scratch folder, search it as served, and score what is found."""
    where: Where = context.obj
    result = asyncio.run(_retrieval(where.settings(), folder, split, limit))
    if as_json:
        typer.echo(json.dumps(result))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("measure", str(folder))
    for name, value in result.items():
        table.add_row(name, f"{value:,}")
    Console().print(table)


async def _retrieval(settings: Settings, folder: Path, split: str, limit: int | None) -> dict[str, Any]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from bots.preparation import prepared_model, prepared_reranker
    from rag_core.compute import Compute
    from rag_core.index.embedding import Embedder
    from rag_core.index.stores.lance import LanceStore
    from training.evaluate import evaluate_retrieval, read_beir

    data = read_beir(folder, split, limit)
    console = Console(stderr=True)
    with console.status(
        "Looking at the embedding model (the first time it is exported, about half a minute) …"
    ):
        model = await prepared_model(settings)
        reranker = await prepared_reranker(settings)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with tempfile.TemporaryDirectory() as scratch, Progress(*columns, console=console) as bars:
        embedder = Embedder(model, settings.embedding.threads)
        store = await LanceStore.open(Path(scratch), "passages", embedder.card.dimension)
        compute = Compute()
        tasks = {stage: bars.add_task(stage, total=None) for stage in ("indexing", "searching")}
        result = await evaluate_retrieval(
            data,
            settings,
            embedder,
            store,
            compute,
            lambda stage, done, total: bars.update(tasks[stage], completed=done, total=total),
            _opened(reranker, compute, settings) if reranker else None,
        )
        await store.close()
        compute.close()
    return {**result, "peak_mb": _peak_mb()}


def _opened(folder: Path, compute: Compute, settings: Settings) -> Reranker:
    from rag_core.retrieval.reranking import PairScorer, Reranker

    return Reranker(PairScorer(folder), compute, settings.retrieval.rerank_candidates)


def _peak_mb() -> float:
    """Peak resident memory of this process. Linux counts in kB, macOS in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1 << 20 if sys.platform == "darwin" else 1 << 10), 1)
