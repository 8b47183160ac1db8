"""Reviewed questions -> an embedding model that finds their passages. Read train_retriever() first.

A sentence-transformers model, trained as its MultipleNegativesRankingLoss does, in a loop of our own: the frozen lower
layers pass each text once instead of once in each epoch, a batch is made of questions that are hard to tell apart, and
passages are held near where the base has them, so that questions that nobody gave feedback on are answered as before.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag_core.settings.training import RetrieverRecipe
from training.conversion import MODEL_ARGUMENTS, local_model, packaged, replacing
from training.dataset.rows import Example, Text
from training.evaluate.ranking import DEPTH, ndcg
from training.tasks.contrastive import Batch, Rows, batches, contrast, rows_of
from training.tasks.layers import Tokenised, freeze, merged, with_lora
from training.tasks.resuming import Checkpoint, read_checkpoint, restore, write_checkpoint
from training.tasks.task import Nobody, Refused, Result, Watcher, device_of, uses_bf16

__all__ = ["Validation", "load_base", "train_retriever", "validation_of"]

MIN_PAIRS = 16
"""Questions with a right passage, below which nothing is trained."""
MIN_ASKED = 5
"""Validation questions, below which nothing can be said."""
ASKED = 250
"""Validation questions that are asked at each evaluation, at most."""
RANKED = 500
"""Passages that they are ranked among, at most."""
APART = 16
"""Steps from one evaluation to the next, at least; else an epoch."""
SPREAD = 0.15
"""Standard deviation, over questions, of what nDCG@10 differs by between two evaluations, about."""
MEASURE = "nDCG@10"


@dataclass(frozen=True, slots=True)
class Validation:
    """Questions that decide when to stop, and what they are asked of."""

    questions: tuple[str, ...]
    passages: tuple[str, ...]
    right: tuple[Mapping[str, int], ...]
    """Of each question: the passages that answer it, by their text."""

    def ndcg(self, questions: NDArray[np.float32], passages: NDArray[np.float32]) -> float:
        """Mean nDCG@10. questions (q, d), passages (n, d), all of length one."""
        ranked = np.argsort(-(questions @ passages.T), axis=1, kind="stable")[:, :DEPTH]
        found = ([self.passages[i] for i in row] for row in ranked)
        return float(np.mean([ndcg(row, right) for row, right in zip(found, self.right, strict=True)]))


def train_retriever(
    examples: Sequence[Example],
    base: str,
    recipe: RetrieverRecipe,
    out: Path,
    *,
    corpus: Sequence[Text] = (),
    device: str = "auto",
    watcher: Watcher | None = None,
    checkpoints: Path | None = None,
) -> Result:
    """Write a sentence-transformers model to `out`: whole, or not at all.

    base: hub name or folder. corpus: what else validation questions are ranked among. checkpoints: a folder that an
    interrupted training is continued from; None: it begins anew.

    Raises:
        Refused: there is too little to learn from, or nothing was gained on the validation part.
        NotReady: the base cannot be loaded, or has only pickled weights, or fewer layers than are to be frozen.
    """
    watcher = watcher or Nobody()
    began = time.monotonic()
    # 1. Questions with their right and wrong passages; those that decide when to stop.
    rows = rows_of([_taught(example) for example in examples if example.part == "train"])
    validation = validation_of(examples, corpus, recipe.seed)
    _refuse_too_few(rows, validation)
    # 2. The base, its lower layers frozen.
    model = load_base(base, device_of(device), recipe)
    freeze(model[0].auto_model, recipe.frozen_layers)
    adapted = _adapted(model, recipe)
    texts = _Texts(model, rows, validation, recipe)
    # 3. Train; of the evaluations that are best, as far as can be told, the last one's weights are kept.
    run = _Run(model, texts, rows, validation, recipe, watcher)
    before = run.measure()
    at = run.train(checkpoints, began, before)
    # 4. Write what was best.
    after = run.keep(at.kept)
    if after <= before:
        raise Refused(
            f"Training the retriever gained nothing: {MEASURE} on {len(validation.questions)} validation questions was "
            f"{before:.3f} before and {after:.3f} after."
        )
    if adapted is not None:
        merged(adapted)
    with replacing(out) as work:
        model.save_pretrained(str(work), create_model_card=False)
    seconds = time.monotonic() - began + at.seconds
    figures = {"seconds": round(seconds, 1), "steps": at.step, "kept_step": at.best_step}
    return Result(out, round(before, 4), round(after, 4), MEASURE, len(rows.pairs), figures)


def _taught(example: Example) -> Example:
    """Of a section that its heading asks for, what it begins with: the rest adds little, and takes as long."""
    return example.moved(right=example.right[:1]) if example.origin.source == "heading" else example


def load_base(base: str, device: str, recipe: RetrieverRecipe) -> Any:
    """A SentenceTransformer.

    Raises:
        NotReady: it cannot be loaded, or has only pickled weights; the message says so.
    """
    with local_model(f"The embedding model {base}"):
        from sentence_transformers import SentenceTransformer
        from transformers import set_seed

        set_seed(recipe.seed)
        # On a processor, torch's fused attention was slower than the plain one while training.
        attention = "sdpa" if device.startswith("cuda") else "eager"
        return SentenceTransformer(
            packaged(base) or base,
            device=device,
            model_kwargs={**MODEL_ARGUMENTS, "attn_implementation": attention},
        )


def validation_of(examples: Sequence[Example], corpus: Sequence[Text], seed: int) -> Validation:
    """The questions of the validation part, ranked among what is hard for them first: what people judged or mining found,
    then their own documents' other passages, other examples' passages, and the rest by chance, up to RANKED."""
    chance = random.Random(seed)
    asked = [e for e in examples if e.part == "validation" and e.right]
    asked = chance.sample(asked, min(len(asked), ASKED))
    others = [text for e in examples if e.part != "test" for text in (*e.right, *e.wrong, *e.mined)]
    own = {text.document for e in asked for text in e.right}
    rest = [*others, *corpus]
    beside = [text for text in rest if text.document in own]
    ordered = [
        *(text for e in asked for text in e.right),
        *(text for e in asked for text in (*e.wrong, *e.mined)),
        *chance.sample(beside, len(beside)),
        *chance.sample(rest, len(rest)),
    ]
    passages = tuple(dict.fromkeys(text.text for text in ordered))
    right = tuple(dict.fromkeys((text.text for text in e.right), 1) for e in asked)
    return Validation(tuple(e.question for e in asked), passages[:RANKED], right)


def _refuse_too_few(rows: Rows, validation: Validation) -> None:
    if len(rows.pairs) < MIN_PAIRS:
        raise Refused(
            f"The retriever was not trained: {len(rows.pairs)} questions with a passage that answers them are too few, "
            f"{MIN_PAIRS} are needed. Review more questions."
        )
    if len(validation.questions) < MIN_ASKED:
        raise Refused(
            f"The retriever was not trained: {len(validation.questions)} validation questions are too few to tell when "
            f"to stop, {MIN_ASKED} are needed. Review more questions."
        )


def _adapted(model: Any, recipe: RetrieverRecipe) -> Any:
    if not recipe.lora_rank:
        return None
    return with_lora(model[0].auto_model, recipe.lora_rank, recipe.frozen_layers, recipe.seed)


class _Texts:
    """All questions and passages as the encoder takes them: those that are learned from, and those that decide."""

    def __init__(self, model: Any, rows: Rows, validation: Validation, recipe: RetrieverRecipe) -> None:
        prompts = model.prompts or {}
        asked, read = prompts.get("query") or "", prompts.get("document") or prompts.get("passage") or ""
        frozen, window = recipe.frozen_layers, int(model.max_seq_length)
        bf16 = uses_bf16(model.device.type)
        self.questions = Tokenised(
            model, [asked + q for q in rows.questions], recipe.max_length, frozen, bf16
        )
        self.passages = Tokenised(model, [read + p for p in rows.passages], recipe.max_length, frozen, bf16)
        # What decides is read as far as it is when served.
        self.asked = Tokenised(model, [asked + q for q in validation.questions], window, frozen, bf16)
        self.ranked = Tokenised(model, [read + p for p in validation.passages], window, frozen, bf16)


class _Run:
    """One training."""

    def __init__(
        self,
        model: Any,
        texts: _Texts,
        rows: Rows,
        validation: Validation,
        recipe: RetrieverRecipe,
        watcher: Watcher,
    ) -> None:
        import torch

        self._model, self._texts, self._validation = model, texts, validation
        self._recipe, self._watcher = recipe, watcher
        self._learning = {name: p for name, p in model.named_parameters() if p.requires_grad}
        self._base = {name: p.detach().clone() for name, p in self._learning.items()}
        self._optimizer = torch.optim.AdamW(
            self._learning.values(), recipe.learning_rate, weight_decay=recipe.weight_decay
        )
        self._plan, self._epoch = _plan(rows, recipe, texts.questions.embedded(range(len(rows.questions))))
        self._of = _digest(rows, validation, recipe)
        self._anchors = np.zeros((0, 0), np.float32)
        """Passages' vectors by the base, which the trained ones are held near."""
        if recipe.stay:
            self._anchors = texts.passages.embedded(range(len(rows.passages)))

    def measure(self) -> float:
        asked = self._texts.asked.embedded(range(len(self._validation.questions)))
        ranked = self._texts.ranked.embedded(range(len(self._validation.passages)))
        return self._validation.ndcg(asked, ranked)

    def train(self, checkpoints: Path | None, began: float, before: float) -> Checkpoint:
        """Until the last step, or until nothing is gained any more."""
        at, tensors = read_checkpoint(checkpoints, self._of)
        restore(tensors, self._learning, self._optimizer)
        every = max(APART, self._epoch)
        earlier = at.seconds
        self._watcher.point(MEASURE, 0, before)
        self._model.train()
        while at.step < len(self._plan) and at.without_gain < self._recipe.patience:
            loss = self._step(self._plan[at.step], at.step)
            at.step += 1
            self._watcher.point("loss", at.step, loss)
            self._watcher.step("training the retriever", at.step, len(self._plan))
            if at.step % every == 0 or at.step == len(self._plan):
                self._evaluate(at)
                at.seconds = earlier + time.monotonic() - began
                if checkpoints is not None:
                    write_checkpoint(checkpoints, at, self._learning, self._optimizer)
        at.seconds = earlier
        return at

    def keep(self, weights: Mapping[str, Any]) -> float:
        """Take these weights, as far as the recipe's share goes (Wortsman et al. 2022, WiSE-FT), and measure them."""
        import torch

        with torch.no_grad():
            for name, tensor in weights.items():
                self._learning[name].copy_(
                    torch.lerp(self._base[name], tensor.to(self._base[name]), self._recipe.share)
                )
        self._model.eval()
        return self.measure()

    def _step(self, batch: Batch, step: int) -> float:
        import torch

        for group in self._optimizer.param_groups:
            group["lr"] = self._recipe.learning_rate * _pace(step, len(self._plan), self._recipe.warm_up)
        questions = self._texts.questions.vectors(batch.questions)
        passages = self._texts.passages.vectors(batch.passages)
        masked = torch.as_tensor(batch.masked, device=questions.device)
        loss = contrast(questions, passages, masked, self._recipe.temperature, self._recipe.matryoshka)
        if self._recipe.stay:
            before = torch.as_tensor(self._anchors[list(batch.passages)], device=passages.device)
            loss = loss + self._recipe.stay * (passages - before).square().sum(1).mean()
        self._optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._learning.values(), 1.0)
        self._optimizer.step()
        return float(loss.detach())

    def _evaluate(self, at: Checkpoint) -> None:
        measured = self.measure()
        self._watcher.point(MEASURE, at.step, measured)
        at.without_gain = 0 if measured > at.best else at.without_gain + 1
        at.best = max(at.best, measured)
        # Of those that few questions cannot tell apart the last: it has learned from more.
        if measured >= at.best - SPREAD / math.sqrt(len(self._validation.questions)):
            at.best_step = at.step
            at.kept = {name: p.detach().clone() for name, p in self._learning.items()}


def _plan(rows: Rows, recipe: RetrieverRecipe, vectors: NDArray[np.float32]) -> tuple[list[Batch], int]:
    """The batches of all epochs, of the last one a part where epochs is no whole number; and how many an epoch has."""

    def epoch(n: int) -> list[Batch]:
        seed = recipe.seed + 1_000 * n
        return list(batches(rows, recipe.batch_size, recipe.hard_negatives, recipe.near, vectors, seed))

    plan, n = epoch(0), 0
    one = len(plan)
    steps = max(1, round(one * recipe.epochs), recipe.min_steps)
    while len(plan) < steps:
        n += 1
        plan += epoch(n)
    return plan[:steps], one


def _pace(step: int, steps: int, warm_up: float) -> float:
    """Share of the learning rate: rises, then falls as a cosine does."""
    rising = max(1, round(steps * warm_up))
    if step < rising:
        return (step + 1) / rising
    return 0.5 * (1 + math.cos(math.pi * (step - rising) / max(1, steps - rising)))


def _digest(rows: Rows, validation: Validation, recipe: RetrieverRecipe) -> str:
    said = [
        rows.questions,
        rows.passages,
        [sorted(right) for right in rows.right],
        rows.wrong,
        validation.questions,
        validation.passages,
        recipe.model_dump(mode="json"),
    ]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()
