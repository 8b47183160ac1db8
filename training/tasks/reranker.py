"""Questions whose passages were judged -> a cross-encoder that puts the passages found in a better order.

train_reranker() learns from reviewed questions; the command from judged sets:

    python -m training.tasks.reranker EMBEDDER_FOLDER OUT SET [SET ...] [--base MODEL] [--rows N] [--bf16] ...
    python -m training.export OUT FOLDER --reranker

EMBEDDER_FOLDER is an exported embedder, as in home/models. Each SET is a folder in BEIR layout with a train split, the
only one that is read. OUT becomes a sentence-transformers CrossEncoder: safetensors, tokenizer, model card. Where cores
are shared, OMP_NUM_THREADS=1 with --bf16 was up to seven times as fast as torch's own choice.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import fields, replace
from pathlib import Path

from rag_core.compute import Compute
from rag_core.errors import AnswerloopError
from rag_core.index.embedding import Embedder
from rag_core.index.stores.lance import LanceStore
from rag_core.ingest.indexing import Indexer
from rag_core.records.evaluation.golden import Expected
from rag_core.retrieval.reranking import readable
from rag_core.retrieval.search import Search
from rag_core.review.golden.matching import found_at
from rag_core.settings import Settings
from rag_core.settings.training import RerankerRecipe
from rag_core.types import Passage, Ranked
from training.dataset.rows import Example, Text
from training.evaluate import Beir, index_beir, read_beir
from training.tasks.cross_encoder import Trained, train
from training.tasks.pairs import Judged, Recipe, held_out
from training.tasks.task import Nobody, Refused, Result, Watcher, device_of, uses_bf16

__all__ = ["Find", "judge", "judged_example", "judged_sets", "train_reranker"]

Find = Callable[[str], Awaitable[Sequence[Ranked]]]
"""A question -> passages, best first: the candidate release's search without a reranker, Recipe.depth of them at least."""
REVIEWED = "reviewed"
_ASKED = ("review", "golden", "standard")


async def train_reranker(
    examples: Sequence[Example],
    base: str,
    recipe: RerankerRecipe,
    out: Path,
    *,
    search: Find,
    device: str = "auto",
    watcher: Watcher | None = None,
    checkpoints: Path | None = None,
) -> Result:
    """Write a cross-encoder to `out`: whole, or not at all. It is trained in a thread, so that the loop is free.

    base: hub name or folder of an encoder. checkpoints: a folder that an interrupted training goes on from.

    Raises:
        NotReady: the base cannot be loaded, or has fewer layers than are to be frozen.
        Refused: there are too few questions, or the order without it is as good.
        Unavailable: the index does not work now.
    """
    watcher = watcher or Nobody()
    device = device_of(device)
    varied = _varied(recipe, base, uses_bf16(device))
    # 1. What the candidate release finds for each question, beside what people judged.
    training = await _judged(_learned(examples), search, varied.depth, watcher)
    validation = await _judged(_measured(examples), search, varied.depth, watcher)
    if len(validation) < 2:
        raise Refused(
            "The reranker is not trained: the validation part has no two questions that passages answer."
        )
    # 2. Train, and keep it where it gains on the validation part.
    trained = await asyncio.to_thread(
        train,
        training,
        validation,
        varied,
        out,
        device=device,
        watcher=watcher,
        checkpoints=checkpoints,
        least_gain=0.0,
    )
    return _result(trained, out, len(validation))


def _varied(recipe: RerankerRecipe, base: str, bf16: bool) -> Recipe:
    """The settings have other names for some, and leave out what is best left alone."""
    named = {field.name for field in fields(Recipe)} & set(RerankerRecipe.model_fields)
    values = {name: getattr(recipe, name) for name in named}
    return replace(Recipe(base=base, window=recipe.max_length, bf16=bf16), **values)


def _learned(examples: Sequence[Example]) -> list[Example]:
    """Not headings: a passage begins with its own."""
    return [e for e in examples if e.part == "train" and e.right and e.origin.source != "heading"]


def _measured(examples: Sequence[Example]) -> list[Example]:
    return [e for e in examples if e.part == "validation" and e.right and e.origin.source in _ASKED]


async def _judged(examples: Sequence[Example], search: Find, depth: int, watcher: Watcher) -> list[Judged]:
    judged = []
    for n, example in enumerate(examples, 1):
        judged.append(judged_example(example, (await search(example.question))[:depth]))
        watcher.step("Searching for the reranker", n, len(examples))
    return judged


def _result(trained: Trained, out: Path, questions: int) -> Result:
    figures = {
        "weight": trained.weight,
        "step": trained.step,
        "nDCG@10 of the model alone": trained.alone,
        "validation questions": questions,
    }
    return Result(out, trained.before, trained.crossed, "nDCG@10", trained.rows, figures)


def judged_example(example: Example, ranked: Sequence[Ranked]) -> Judged:
    """A question with passages found for it and which of them people judged, each passage by itself.

    A passage next to the right one in its document may answer too: unless somebody judged it wrong, it is no negative.
    """
    passages = [one.passage for one in ranked]
    by_text = [[p.id for p in passages if _is(text, p)] for text in example.right]
    right = {id for text, ids in zip(example.right, by_text, strict=True) for id in ids or [text.id]}
    wrong = {p.id for text in example.wrong for p in passages if _is(text, p)} - right
    beside = {text.document for text in example.right}
    return Judged(
        example.question,
        tuple(passage.id for passage in passages),
        tuple(readable(passage) for passage in passages),
        tuple(one.score for one in ranked),
        dict.fromkeys(sorted(right), 1),
        REVIEWED,
        example.right[0].text if example.right else "",
        _worded((*example.wrong, *example.mined), passages, right),
        frozenset(p.id for p in passages if p.document in beside) - right - wrong,
    )


def _worded(texts: Sequence[Text], passages: Sequence[Passage], right: set[str]) -> tuple[str, ...]:
    """Each text as it would be read where it was found, without those that answer after all."""
    worded: dict[str, None] = {}
    for text in texts:
        found = [passage for passage in passages if _is(text, passage)]
        if text.id not in right and not any(passage.id in right for passage in found):
            worded |= dict.fromkeys([readable(passage) for passage in found[:1]] or [text.text])
    return tuple(worded)


def _is(text: Text, passage: Passage) -> bool:
    """Whether what was judged is this passage, however documents are cut now. An id alone says nothing: it is counted
    within a document (rag_core/ingest/indexing.py), and the words below it may have changed."""
    if passage.id == text.id and passage.text in text.text:
        return True
    body = text.text.partition("\n")[2] or text.text
    wanted = [Expected(text.document, text.source, "", words) for words in (text.text, body)]
    return found_at(wanted, [passage]) is not None


async def judge(name: str, data: Beir, search: Search, depth: int) -> list[Judged]:
    """Ask the index each question of the set. depth: passages looked at."""
    judged = []
    for query, text in data.queries.items():
        found = (await search(text, None, keep=depth)).ranked
        judged.append(
            Judged(
                text,
                tuple(r.passage.document for r in found),
                tuple(readable(r.passage) for r in found),
                tuple(r.score for r in found),
                data.relevant[query],
                name,
            )
        )
    return judged


async def judged_sets(folders: Sequence[Path], embedder: Embedder, depth: int) -> list[Judged]:
    """The train questions of every set, asked as they would be when served."""
    compute = Compute()
    judged: list[Judged] = []
    for folder in folders:
        data = read_beir(folder, "train")
        with tempfile.TemporaryDirectory() as scratch:
            store = await LanceStore.open(Path(scratch), "passages", embedder.card.dimension)
            await index_beir(data.documents, Indexer(embedder, store, compute))
            await store.optimize()
            search = Search(embedder, store, compute, Settings().retrieval)
            judged += await judge(folder.name, data, search, depth)
            await store.close()
    compute.close()
    return judged


class _Printing(Nobody):
    def point(self, curve: str, x: float, y: float) -> None:
        print(f"step {x:.0f}: {curve} {y:.4f}")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m training.tasks.reranker", description=__doc__.splitlines()[0]
    )
    parser.add_argument("embedder", type=Path, help="folder of an exported embedding model")
    parser.add_argument("out", type=Path, help="where the cross-encoder is written")
    parser.add_argument("sets", type=Path, nargs="+", help="folders in BEIR layout with a train split")
    parser.add_argument(
        "--held-out", type=float, default=0.15, help="share of the documents kept for validation"
    )
    for field in fields(Recipe):
        option = "--" + field.name.replace("_", "-")
        if isinstance(field.default, bool):
            parser.add_argument(option, action="store_true")
        else:
            parser.add_argument(option, type=type(field.default), default=field.default)
    arguments = vars(parser.parse_args())
    recipe = Recipe(**{field.name: arguments[field.name] for field in fields(Recipe)})
    try:
        embedder = Embedder(arguments["embedder"])
        judged = asyncio.run(judged_sets(arguments["sets"], embedder, recipe.depth))
        parts = held_out(judged, arguments["held_out"], recipe.seed)
        trained = train(*parts, recipe, arguments["out"], watcher=_Printing())
    except AnswerloopError as error:
        print(error, file=sys.stderr)
        return 1
    print(
        f"{trained.rows} pairs; nDCG@10 on held-out questions {trained.before} before, {trained.after} with weight "
        f"{trained.weight}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
