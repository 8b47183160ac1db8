"""Judged questions -> a cross-encoder that puts the passages found in a better order. Read train() first.

    python -m training.reranker EMBEDDER_FOLDER OUT SET [SET ...] [--base MODEL] [--rows N] [--bf16] ...
    python -m training.export OUT FOLDER --reranker

EMBEDDER_FOLDER is an exported embedder, as in home/models. Each SET is a folder in BEIR layout with a train split, the
only one that is read. OUT becomes a sentence-transformers CrossEncoder: safetensors, tokenizer, model card. Where cores
are shared, OMP_NUM_THREADS=1 with --bf16 was up to seven times as fast as torch's own choice.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag_core.compute import Compute
from rag_core.errors import AnswerloopError, NotReady
from rag_core.index.embedding import Embedder
from rag_core.index.stores.lance import LanceStore
from rag_core.ingest.indexing import Indexer
from rag_core.retrieval.reranking import readable
from rag_core.retrieval.search import Search
from rag_core.settings import Settings
from training.conversion import local_model, packaged
from training.evaluate import Beir, index_beir, ndcg, read_beir

__all__ = ["Judged", "Recipe", "Row", "Trained", "combined_ndcg", "held_out", "judge", "rows_of", "train"]

WEIGHTS = tuple(round(n / 20, 2) for n in range(21))
"""Shares of the model's probability that are tried against the fused score."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What can be varied."""

    base: str = "sentence-transformers/all-MiniLM-L6-v2"
    """Any encoder; its output layer is replaced."""
    rows: int = 6_000
    """Pairs trained on in one epoch, at most."""
    negatives: int = 3
    """Pairs that do not answer, for each that does."""
    spared: int = 2
    """The best so many unjudged passages are not taken as negatives: they may answer after all."""
    epochs: int = 1
    learning_rate: float = 1e-4
    warm_up: float = 0.1
    weight_decay: float = 0.01
    batch_size: int = 16
    frozen_layers: int = 2
    """Lower layers, with the embeddings below them, that stay as they are."""
    window: int = 192
    """Tokens of question and passage together."""
    evaluations: int = 3
    """In each epoch."""
    patience: int = 2
    """Evaluations without a gain before it stops early."""
    validated: int = 80
    """Held-out questions of each evaluation."""
    depth: int = 20
    """Passages reordered in validation; as many negatives are drawn from."""
    bf16: bool = False
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Judged:
    """A question with what retrieval finds for it and what is known to answer it."""

    question: str
    documents: tuple[str, ...]
    """Of the passages found, best first."""
    passages: tuple[str, ...]
    """As the model reads them."""
    fused: tuple[float, ...]
    relevant: Mapping[str, int]
    """document -> grade above 0; also of those that were not found"""
    group: str = ""
    """The set; each weighs the same in validation."""


@dataclass(frozen=True, slots=True)
class Row:
    """One pair to learn from."""

    question: str
    passage: str
    label: float


@dataclass(frozen=True, slots=True)
class Trained:
    before: float
    """nDCG@10 of the fused order, on the held-out questions."""
    after: float
    """With the model and the weight chosen on the same questions: somewhat too good."""
    weight: float
    rows: int
    step: int
    """After which the weights were kept."""


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


def held_out(judged: Sequence[Judged], share: float, seed: int) -> tuple[list[Judged], list[Judged]]:
    """Training and validation, divided by document: questions that one document answers stay together."""
    cluster: dict[str, int] = {}
    clusters: dict[int, set[str]] = {}
    for n, question in enumerate(judged):
        names = {f"{question.group} {document}" for document in question.relevant}
        for old in {cluster[name] for name in names if name in cluster}:
            names |= clusters.pop(old)
        clusters[n] = names
        cluster |= dict.fromkeys(names, n)
    order = sorted(clusters)
    random.Random(seed).shuffle(order)
    chosen = set(order[: round(len(order) * share)])
    parts: tuple[list[Judged], list[Judged]] = ([], [])
    for question in judged:
        owner = cluster[f"{question.group} {next(iter(question.relevant))}"]
        parts[owner in chosen].append(question)
    return parts


def rows_of(judged: Sequence[Judged], recipe: Recipe) -> list[Row]:
    """One row that answers and `negatives` that do not, for each question whose answer was found, until `rows`."""
    rng = random.Random(recipe.seed)
    rows: list[Row] = []
    for question in rng.sample(list(judged), len(judged)):
        found = list(zip(question.documents, question.passages, strict=True))[: recipe.depth]
        right = [passage for document, passage in found if document in question.relevant]
        wrong = [passage for document, passage in found if document not in question.relevant][recipe.spared :]
        if not right or not wrong or len(rows) + 1 + recipe.negatives > recipe.rows:
            continue
        # Of a long document the passage that was found first is taken for the one that answers.
        rows.append(Row(question.question, right[0], 1.0))
        chosen = rng.sample(wrong, min(recipe.negatives, len(wrong)))
        rows += [Row(question.question, passage, 0.0) for passage in chosen]
    return rng.sample(rows, len(rows))


def combined_ndcg(
    judged: Sequence[Judged], probabilities: Sequence[NDArray[np.float32]], weight: float
) -> float:
    """nDCG@10 of the served order, mean over the sets. probabilities: of each question's first passages."""
    by_group: dict[str, list[float]] = {}
    for question, p in zip(judged, probabilities, strict=True):
        scores = (1 - weight) * np.array(question.fused)
        scores[: len(p)] += weight * p
        order = np.argsort(-scores, kind="stable")
        documents = list(dict.fromkeys(question.documents[i] for i in order))
        by_group.setdefault(question.group, []).append(ndcg(documents, question.relevant))
    return statistics.fmean(statistics.fmean(values) for values in by_group.values())


def train(training: Sequence[Judged], validation: Sequence[Judged], recipe: Recipe, out: Path) -> Trained:
    """Write a cross-encoder to `out`, with the weight it is best combined with.

    Raises:
        NotReady: the base model cannot be loaded, or there is nothing to learn from.
    """
    import torch
    from datasets import Dataset
    from sentence_transformers.cross_encoder import CrossEncoderTrainer, CrossEncoderTrainingArguments
    from sentence_transformers.cross_encoder.losses import BinaryCrossEntropyLoss

    # 1. Pairs: the passage that answers, and what retrieval took for an answer.
    rows = rows_of(training, recipe)
    if not rows or not validation:
        raise NotReady("There is nothing to learn from: retrieval finds no passage that is judged to answer.")
    data = Dataset.from_list([{"question": r.question, "passage": r.passage, "label": r.label} for r in rows])
    # 2. The base model with a new output layer, its lower layers frozen.
    model = _model(recipe)
    # 3. Train; of all evaluations the best weights are kept.
    steps = -(-len(rows) // recipe.batch_size)
    best = _Best(model, validation, recipe)
    with tempfile.TemporaryDirectory() as scratch:
        arguments = CrossEncoderTrainingArguments(
            scratch,
            num_train_epochs=recipe.epochs,
            per_device_train_batch_size=recipe.batch_size,
            learning_rate=recipe.learning_rate,
            warmup_steps=round(steps * recipe.epochs * recipe.warm_up),
            weight_decay=recipe.weight_decay,
            bf16=recipe.bf16,
            use_cpu=not torch.cuda.is_available(),
            seed=recipe.seed,
            save_strategy="no",  # a checkpoint of the trainer would be a pickle
            logging_steps=max(1, steps // 10),
            report_to="none",
        )
        loss = BinaryCrossEntropyLoss(model)
        trainer = CrossEncoderTrainer(model=model, args=arguments, train_dataset=data, loss=loss)
        trainer.add_callback(best.callback(every=max(1, steps // recipe.evaluations)))
        trainer.train()
    # 4. Write what was best, with its weight against the fused score.
    model.load_state_dict(best.state)
    model.model.config.answerloop = {"weight": best.weight}
    model.save_pretrained(
        str(out), create_model_card=False
    )  # the generated one shows rows of the training data
    trained = Trained(round(best.before, 4), round(best.ndcg, 4), best.weight, len(rows), best.step)
    (out / "README.md").write_text(_card(recipe, trained, training), encoding="utf-8")
    return trained


def _card(recipe: Recipe, trained: Trained, training: Sequence[Judged]) -> str:
    sets = ", ".join(sorted({question.group for question in training}))
    said = "\n".join(f"| {name} | {value} |" for name, value in asdict(recipe).items())
    return (
        "---\nlibrary_name: sentence-transformers\npipeline_tag: text-ranking\n"
        f"base_model: {recipe.base}\n---\n\n# Reranker\n\n"
        f"A cross-encoder of {recipe.base}, trained by training/reranker.py of answerloop on {trained.rows} pairs of "
        f"{len(training)} questions ({sets}); their licences apply. nDCG@10 on held-out questions: {trained.before} "
        f"before, {trained.after} with a weight of {trained.weight} that was chosen on the same questions. Kept are the "
        f"weights after step {trained.step}.\n\n| setting | value |\n| --- | --- |\n{said}\n"
    )


def _model(recipe: Recipe) -> Any:
    from sentence_transformers import CrossEncoder
    from transformers import set_seed

    set_seed(recipe.seed)
    with local_model(f"The base model {recipe.base}"):
        model = CrossEncoder(
            packaged(recipe.base) or recipe.base,
            num_labels=1,
            max_length=recipe.window,
            model_kwargs={"use_safetensors": True},
        )
    base = model.model.base_model
    if recipe.frozen_layers:
        for part in (base.embeddings, *base.encoder.layer[: recipe.frozen_layers]):
            part.requires_grad_(False)
    return model


class _Best:
    """The weights of the best evaluation, in memory.

    Best is what the model orders best alone. With the best weight against the fused score a model that has learned
    nothing gains by chance as much as one that has learned a little.
    """

    def __init__(self, model: Any, validation: Sequence[Judged], recipe: Recipe) -> None:
        rng = random.Random(recipe.seed)
        self._asked = rng.sample(list(validation), min(len(validation), recipe.validated))
        self._model = model
        self._recipe = recipe
        self._without_gain = 0
        self.before = combined_ndcg(self._asked, [np.empty(0, np.float32)] * len(self._asked), 0.0)
        self._alone = -1.0
        self.ndcg, self.weight, self.step = 0.0, 0.0, 0
        self.state: dict[str, Any] = {}

    def callback(self, every: int) -> Any:
        from transformers import TrainerCallback

        best = self

        class Evaluate(TrainerCallback):  # type: ignore[misc]
            def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
                if state.global_step % every == 0 or state.global_step == state.max_steps:
                    control.should_training_stop |= best.evaluate(state.global_step)

        return Evaluate()

    def evaluate(self, step: int) -> bool:
        """Whether it is time to stop."""
        probabilities = self._probabilities()
        tried = [(combined_ndcg(self._asked, probabilities, weight), weight) for weight in WEIGHTS]
        alone = tried[-1][0]
        ndcg, weight = max(tried)
        print(
            f"step {step}: nDCG@10 {tried[0][0]:.4f} fused, {tried[-1][0]:.4f} model, {ndcg:.4f} with weight {weight}"
        )
        self._without_gain = 0 if alone > self._alone else self._without_gain + 1
        if alone >= self._alone:  # of equals the later: it has learned from more
            self._alone, self.ndcg, self.weight, self.step = alone, ndcg, weight, step
            self.state = {name: tensor.detach().clone() for name, tensor in self._model.state_dict().items()}
        return self._without_gain >= self._recipe.patience

    def _probabilities(self) -> list[NDArray[np.float32]]:
        import torch

        depth = self._recipe.depth
        pairs = [(j.question, passage) for j in self._asked for passage in j.passages[:depth]]
        self._model.eval()
        device = self._model.device.type
        with torch.autocast(device, torch.bfloat16, enabled=self._recipe.bf16):
            scored = self._model.predict(pairs, activation_fn=torch.nn.Sigmoid(), show_progress_bar=False)
        self._model.train()
        ends = np.cumsum([len(j.passages[:depth]) for j in self._asked])
        return np.split(np.asarray(scored, np.float32), ends[:-1])


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


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m training.reranker", description=__doc__.splitlines()[0])
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
        trained = train(*parts, recipe, arguments["out"])
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
