"""How likely the model finds answers, and the losses that follow. The same before, while and after it is trained."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from training.tasks.generator.base import Base
from training.tasks.generator.lessons import Row

__all__ = ["UNSEEN", "Measure", "answer_loss", "margin", "padded", "preference_loss", "summed", "vote_loss"]

UNSEEN = -100
"""What torch's loss leaves out."""


class Measure:
    """Log-probabilities of answers by a model as it is at the time, without dropout."""

    def __init__(self, base: Base, model: Any, batch: int) -> None:
        self._base = base
        self._model = model
        self._batch = batch

    def __call__(self, pairs: Sequence[tuple[list[int], list[int]]]) -> list[float]:
        """Of each answer after its prompt: the sum over its tokens, natural logarithm. pairs: (prompt, answer)."""
        import torch

        order = sorted(range(len(pairs)), key=lambda n: len(pairs[n][0]) + len(pairs[n][1]))
        sums = [0.0] * len(pairs)
        device = next(self._model.parameters()).device
        trained = self._model.training
        self._model.eval()
        with (
            torch.no_grad(),
            torch.autocast(device.type, torch.bfloat16, enabled=self._base.bf16),
        ):
            for begin in range(0, len(order), self._batch):
                places = order[begin : begin + self._batch]
                batch = padded(self._base, [pairs[n] for n in places], device)
                for n, value in zip(places, summed(self._model, batch).tolist(), strict=True):
                    sums[n] = value
        self._model.train(trained)
        return sums


def padded(base: Base, pairs: Sequence[tuple[list[int], list[int]]], device: Any) -> dict[str, Any]:
    """What the model takes, with labels that leave out the prompt; (pairs, tokens) each."""
    import torch

    def rows(lists: Sequence[list[int]], filler: int) -> Any:
        width = max(map(len, lists))
        return torch.tensor([row + [filler] * (width - len(row)) for row in lists], device=device)

    inputs = [prompt if base.seq2seq else prompt + answer for prompt, answer in pairs]
    labels = [answer if base.seq2seq else [UNSEEN] * len(prompt) + answer for prompt, answer in pairs]
    return {
        "input_ids": rows(inputs, base.pad),
        "attention_mask": rows([[1] * len(ids) for ids in inputs], 0),
        "labels": rows(labels, UNSEEN),
    }


def summed(model: Any, batch: dict[str, Any]) -> Any:
    """The log-probability of each row's labels, (rows,)."""
    logits, labels = _logits(model, batch)
    seen = labels != UNSEEN
    chosen = logits.float().log_softmax(-1).gather(-1, labels.clamp(min=0).unsqueeze(-1)).squeeze(-1)
    return (chosen * seen).sum(-1)


def _logits(model: Any, batch: dict[str, Any]) -> tuple[Any, Any]:
    """(rows, tokens, vocabulary) and the labels that they are to tell, (rows, tokens); prompts are cut away as far as all
    rows have one."""
    labels = batch["labels"]
    ids = {"input_ids": batch["input_ids"], "attention_mask": batch["attention_mask"]}
    config = getattr(model, "module", model).config  # launched on several GPUs it is wrapped
    if config.is_encoder_decoder:
        begun = getattr(model, "module", model).prepare_decoder_input_ids_from_labels(labels=labels)
        return model(**ids, decoder_input_ids=begun).logits, labels
    first = max(1, int((labels != UNSEEN).int().argmax(-1).min()))
    return model(**ids, use_cache=False).logits[:, first - 1 : -1], labels[:, first:]


def answer_loss(measure: Measure, rows: Sequence[Row]) -> float:
    """Mean negative log-likelihood of the answers' tokens."""
    sums = measure([(row.prompt, row.answer) for row in rows])
    return -sum(sums) / sum(len(row.answer) for row in rows)


def margin(measure: Measure, rows: Sequence[Row]) -> list[float]:
    """Of each pair: by how much the better answer's log-probability is above the worse one's."""
    better = measure([(row.prompt, row.answer) for row in rows])
    worse = measure([(row.prompt, row.rejected) for row in rows])
    return [b - w for b, w in zip(better, worse, strict=True)]


def preference_loss(margins: Sequence[float], references: Sequence[float], beta: float) -> float:
    """DPO (Rafailov and others 2023, equation 7), mean over the pairs."""
    gains = [beta * (now - before) for now, before in zip(margins, references, strict=True)]
    return sum(_softplus(-gain) for gain in gains) / len(gains)


def vote_loss(sums: Sequence[float], references: Sequence[float], rows: Sequence[Row], beta: float) -> float:
    """KTO (Ethayarajh and others 2024) with its reference point at 0, so that it does not depend on batches.

    Liked and disliked answers weigh the same, however many there are of each.
    """
    by_kind: dict[bool, list[float]] = {}
    for now, before, row in zip(sums, references, rows, strict=True):
        gain = beta * (now - before) * (1 if row.liked else -1)
        by_kind.setdefault(row.liked, []).append(math.exp(-_softplus(gain)))
    return sum(sum(kind) / len(kind) for kind in by_kind.values()) / len(by_kind)


def _softplus(x: float) -> float:
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))
