"""Training an embedder on a set's questions, beside sentence-transformers' own trainer: what it gains, costs and takes.

    python -m benchmarks.fine_tuning SET [--pairs N …] [--general SET …] [--json]

SET is a folder in BEIR layout. Both learn from the same so many question-document pairs of its train split, one after the
other in this process, from the same base. Ours is the task that `answerloop train` runs, with the settings as they come; of
its pairs it keeps every tenth question to stop early by, and its seconds count all that it does. The trainer's are those of
train() alone: MultipleNegativesRankingLoss, bfloat16 where the processor has it, 128 tokens. Then the models, before they
are quantized, rank documents by vectors alone for the test split, and for that of --general sets: what it has cost.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rag_core.settings import Settings
from rag_core.settings.training import RetrieverRecipe
from training.dataset.rows import Example, Origin, Text
from training.evaluate import Beir, ndcg, read_beir
from training.tasks.retriever import load_base, train_retriever
from training.tasks.task import device_of, uses_bf16

BASE = Settings().embedding.model
BATCH = 64


@dataclass(frozen=True, slots=True)
class Plain:
    """Settings of the trainer."""

    epochs: float
    learning_rate: float
    frozen_layers: int = 0


PLAIN = (Plain(2, 5e-5), Plain(2, 1e-4, frozen_layers=3))
"""All layers; and faster, with half of them frozen."""
TOKENS = 128
"""Of a text: what the trainer learns from, and what all are ranked by."""


@dataclass(frozen=True, slots=True)
class Trained:
    name: str
    pairs: int
    seconds: float
    ndcg: dict[str, float]
    """Set -> nDCG@10 on its test split."""


def paired(data: Beir, count: int) -> list[tuple[str, str, str]]:
    """(question, document id, its text), so many of them by chance."""
    texts = {document.id: document.whole for document in data.documents}
    pairs = [
        (data.queries[q], d, texts[d]) for q, found in data.relevant.items() for d in found if d in texts
    ]
    return random.Random(0).sample(pairs, min(count or len(pairs), len(pairs)))


def ours(pairs: Sequence[tuple[str, str, str]], corpus: Sequence[Text], device: str, out: Path) -> float:
    """Seconds."""
    questions = list(dict.fromkeys(question for question, _, _ in pairs))
    held = set(questions[::10])
    examples = [
        Example(
            question,
            Origin("review", str(n)),
            right=(Text(f"{document}#0", document, text),),
            part="validation" if question in held else "train",
        )
        for n, (question, document, text) in enumerate(pairs)
    ]
    began = time.monotonic()
    train_retriever(examples, BASE, RetrieverRecipe(), out, corpus=corpus, device=device)
    return time.monotonic() - began


def theirs(pairs: Sequence[tuple[str, str, str]], plain: Plain, device: str, out: Path) -> float:
    """Seconds."""
    from datasets import Dataset
    from sentence_transformers import SentenceTransformerTrainer, SentenceTransformerTrainingArguments, losses
    from sentence_transformers.training_args import BatchSamplers

    model = load_base(BASE, device, RetrieverRecipe())
    model.max_seq_length = TOKENS
    encoder = model[0].auto_model
    frozen = (
        [encoder.embeddings, *encoder.encoder.layer[: plain.frozen_layers]] if plain.frozen_layers else []
    )
    for parameter in (p for part in frozen for p in part.parameters()):
        parameter.requires_grad = False
    arguments = SentenceTransformerTrainingArguments(
        output_dir=str(out / "work"), num_train_epochs=plain.epochs, per_device_train_batch_size=BATCH,
        learning_rate=plain.learning_rate, warmup_ratio=0.1, bf16=uses_bf16(device), use_cpu=device == "cpu",
        batch_sampler=BatchSamplers.NO_DUPLICATES, report_to="none", logging_steps=1000, disable_tqdm=True,
        save_strategy="no",
    )  # fmt: skip
    rows = Dataset.from_dict({"anchor": [q for q, _, _ in pairs], "positive": [text for _, _, text in pairs]})
    loss = losses.MultipleNegativesRankingLoss(model)
    trainer = SentenceTransformerTrainer(model=model, args=arguments, train_dataset=rows, loss=loss)
    began = time.monotonic()
    trainer.train()
    seconds = time.monotonic() - began
    model.save_pretrained(str(out))
    return seconds


def measured(folder: str, sets: dict[str, Beir], device: str) -> dict[str, float]:
    """nDCG@10 of each set, by the vectors of documents, as far as they are read."""
    import torch

    model = load_base(folder, device, RetrieverRecipe())
    model.max_seq_length = TOKENS

    def vectors(texts: Sequence[str]) -> Any:
        with torch.autocast(model.device.type, torch.bfloat16, enabled=uses_bf16(device)):
            return model.encode(
                list(texts), batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False
            ).astype(np.float32)

    found = {}
    for name, data in sets.items():
        documents, asked = [one.id for one in data.documents], list(data.queries)
        likeness = vectors([data.queries[q] for q in asked]) @ vectors([d.whole for d in data.documents]).T
        best = np.argsort(-likeness, axis=1, kind="stable")[:, :10]
        ranked = ([documents[i] for i in row] for row in best)
        each = [ndcg(row, data.relevant[query]) for query, row in zip(asked, ranked, strict=True)]
        found[name] = round(statistics.fmean(each), 4)
    return found


def compared(arguments: argparse.Namespace) -> Iterator[Trained]:
    data = read_beir(arguments.set, "train")
    sets = {one.name: read_beir(one, arguments.split) for one in [arguments.set, *arguments.general]}
    corpus = [Text(f"{one.id}#0", one.id, one.whole) for one in data.documents]
    device = device_of(arguments.device)
    yield Trained("base", 0, 0.0, measured(BASE, sets, device))
    for count in arguments.pairs or [0]:
        pairs = paired(data, count)
        with tempfile.TemporaryDirectory() as scratch:
            out = Path(scratch) / "answerloop"
            seconds = ours(pairs, corpus, device, out)
            yield Trained("answerloop", len(pairs), round(seconds, 1), measured(str(out), sets, device))
            for plain in () if arguments.alone else PLAIN:
                out = Path(scratch) / f"{plain.epochs}-{plain.learning_rate}"
                name = f"trainer, {plain.epochs:g} epochs, lr {plain.learning_rate:g}, {plain.frozen_layers} frozen"
                seconds = theirs(pairs, plain, device, out)
                yield Trained(name, len(pairs), round(seconds, 1), measured(str(out), sets, device))


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.fine_tuning", description=__doc__.splitlines()[0]
    )
    parser.add_argument("set", type=Path)
    parser.add_argument("--pairs", type=int, nargs="*", help="how many to learn from; all of the train split")
    parser.add_argument("--general", type=Path, nargs="*", default=[])
    parser.add_argument("--split", default="test", help="what is measured on; dev while anything is chosen")
    parser.add_argument("--alone", action="store_true", help="without the trainer")
    parser.add_argument("--device", default="cpu", help="auto, cpu, cuda; a GPU's start is not counted")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    for one in compared(arguments):
        if arguments.json:
            print(json.dumps(asdict(one)), flush=True)
        else:
            scores = "  ".join(f"{name} {score:.4f}" for name, score in one.ndcg.items())
            print(f"{one.name:42} {one.pairs:5} pairs {one.seconds:7.1f} s   {scores}", flush=True)


if __name__ == "__main__":
    main()
