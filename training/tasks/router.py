"""Reviewed routes -> an output layer on the embedder that serves: answer, small talk, a person, the team's own topics.

Read train_router() first. The encoder stays as it is, whatever its layers: the vector that a question is searched with is
the only one it gets, and a second encoder for the router would double what each question costs. The layer is made anew
for each set of labels, and trained in seconds; an interrupted run begins anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag_core.index.embedding import ModelCard
from rag_core.routing import ANSWER, RouterCard, RouterHead
from rag_core.routing.head import probabilities
from rag_core.routing.router import decided
from rag_core.settings.training import RouterRecipe
from training.conversion import replacing
from training.dataset.rows import Example
from training.tasks.routes import RoutedQuestion, folds, learnable, measures, questions_of, thresholds
from training.tasks.task import Nobody, Refused, Result, Watcher

__all__ = ["Embed", "train_router"]

Vectors = NDArray[np.float32]
Embed = Callable[[Sequence[str]], Vectors]
"""Questions -> (n, dimension), rows of length one, by the exported embedder of the release; not moved by a query map."""


def train_router(
    examples: Sequence[Example],
    base: Path,
    recipe: RouterRecipe,
    out: Path,
    *,
    embed: Embed,
    watcher: Watcher | None = None,
) -> Result:
    """Write the router's folder to `out`.

    base: folder of the exported embedder that `embed` asks.

    Raises:
        Refused: there are too few questions of two routes, or sending them elsewhere gains nothing.
    """
    watcher = watcher or Nobody()
    # 1. Questions with their routes; routes with too few of them are not learned.
    questions = questions_of(examples)
    labels = _labels(questions, recipe.min_rows)
    questions = [question for question in questions if question.label in labels]
    # 2. Their vectors, as they are when served.
    watcher.step("Embedding the router's questions", 0, len(questions))
    training, validation = _parts(questions, labels, embed)
    if all(question.built_in for question in validation.questions):
        raise Refused(
            "The router is not trained: no question with a route is in the validation part; review more of them."
        )
    # 3. The output layer, until it gets no better on the validation part.
    trainer = _Trainer(len(labels), recipe, watcher)
    with _one_thread():
        layer = trainer.fit(training, validation)
        crossed = _crossed(trainer, training, layer.epoch)
    # 4. How sure it must be, from questions that the layer asked had not learned from.
    unseen = np.concatenate([crossed, layer.of(validation.vectors)])
    truth = [question.label for part in (training, validation) for question in part.questions]
    open_routes = thresholds(labels, unseen, truth)
    # 5. What that gains, and where it gains, keep it.
    figures = _figures(labels, open_routes, layer.of(validation.vectors), validation)
    _must_gain(open_routes, figures)
    card = ModelCard.read(base)
    kept = RouterCard(labels, open_routes, card.dimension, card.weights_sha256, figures)
    with replacing(out) as work:
        RouterHead(kept, layer.weight, layer.bias).write(work)
    for name, value in figures.items():
        watcher.figure(f"router: {name}", value)
    rest = {name: value for name, value in figures.items() if name not in ("accuracy", "accuracy before")}
    rows = len(training.questions)
    return Result(
        out, figures["accuracy before"], figures["accuracy"], "accuracy", rows, rest | {"epoch": layer.epoch}
    )


@contextmanager
def _one_thread() -> Iterator[None]:
    """For matrices so small, threads wait for each other longer than they work; a GPU would, too."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@dataclass(frozen=True, slots=True)
class _Part:
    questions: Sequence[RoutedQuestion]
    vectors: Vectors
    """(n, dimension)"""
    classes: NDArray[np.int64]
    """(n,) numbers of the labels"""

    def where(self, chosen: NDArray[np.bool_]) -> _Part:
        questions = [question for question, one in zip(self.questions, chosen, strict=True) if one]
        return _Part(questions, self.vectors[chosen], self.classes[chosen])


@dataclass(frozen=True, slots=True)
class _Layer:
    weight: Vectors
    """(labels, dimension)"""
    bias: Vectors
    epoch: int
    """After which it was kept."""

    def of(self, vectors: Vectors) -> Vectors:
        """(n, labels) probabilities."""
        return probabilities(vectors, self.weight, self.bias)


def _labels(questions: Sequence[RoutedQuestion], least: int) -> tuple[str, ...]:
    labels = learnable(questions, least)
    if ANSWER not in labels or len(labels) < 2:
        counts = Counter(question.label for question in questions)
        there = ", ".join(f"{name} {n}" for name, n in counts.most_common()) or "none"
        raise Refused(
            f"The router is not trained: 'answer' and another route need {least} reviewed questions each "
            f"(there are: {there}); review more, or lower training.router.min_rows."
        )
    return labels


def _parts(questions: Sequence[RoutedQuestion], labels: Sequence[str], embed: Embed) -> tuple[_Part, _Part]:
    vectors = np.asarray(embed([question.question for question in questions]), np.float32)
    whole = _Part(
        questions, vectors, np.array([labels.index(question.label) for question in questions], np.int64)
    )
    trained = np.array([question.part == "train" for question in questions], np.bool_)
    return whole.where(trained), whole.where(~trained)


class _Trainer:
    """Multinomial logistic regression by AdamW. Each label weighs the same, however many questions it has."""

    def __init__(self, labels: int, recipe: RouterRecipe, watcher: Watcher) -> None:
        self.labels = labels
        self.recipe = recipe
        self._watcher = watcher
        self.epochs = max(1, round(recipe.epochs))

    def fit(self, part: _Part, held: _Part) -> _Layer:
        """The layer of the best epoch on what is held out."""
        inputs, classes = self._tensors(held)
        loss = self._loss(held)
        best, lowest, without_gain = None, float("inf"), 0
        for epoch, layer in self._epochs(part):
            now = float(loss(layer(inputs), classes).detach())
            self._watcher.step("Training the router", epoch, self.epochs)
            self._watcher.point("router loss", epoch, now)
            without_gain = 0 if now < lowest else without_gain + 1
            if now < lowest:
                best, lowest = _kept(layer, epoch), now
            if without_gain >= self.recipe.patience:
                break
        if best is None:
            raise Refused("The router's training diverged; lower training.router.learning_rate.")
        return best

    def fit_for(self, part: _Part, epochs: int) -> _Layer:
        """The layer after so many epochs."""
        return _kept(next(layer for epoch, layer in self._epochs(part) if epoch == epochs), epochs)

    def _epochs(self, part: _Part) -> Iterator[tuple[int, Any]]:
        """The layer after each epoch, from zeros: what is learned is the same whatever it began with, were there time."""
        import torch

        recipe = self.recipe
        inputs, classes = self._tensors(part)
        layer = torch.nn.Linear(inputs.shape[1], self.labels)
        for parameter in layer.parameters():
            torch.nn.init.zeros_(parameter)
        optimizer = torch.optim.AdamW(
            layer.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
        )
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, self._rate(len(inputs)))
        loss = self._loss(part)
        order = torch.Generator().manual_seed(recipe.seed)
        for epoch in range(1, self.epochs + 1):
            for batch in torch.randperm(len(inputs), generator=order).split(recipe.batch_size):
                chosen = batch
                optimizer.zero_grad()
                loss(layer(inputs[chosen]), classes[chosen]).backward()
                optimizer.step()
                schedule.step()
            yield epoch, layer

    def _rate(self, rows: int) -> Callable[[int], float]:
        steps = -(-rows // self.recipe.batch_size) * self.epochs
        rising = max(1, round(steps * self.recipe.warm_up))
        return lambda step: min((step + 1) / rising, max(0.0, (steps - step) / max(1, steps - rising)))

    def _tensors(self, part: _Part) -> tuple[Any, Any]:
        import torch

        return torch.tensor(part.vectors), torch.tensor(part.classes)

    def _loss(self, part: _Part) -> Any:
        import torch

        counts = np.bincount(part.classes, minlength=self.labels)
        weights = np.where(counts, len(part.classes) / np.maximum(counts, 1) / self.labels, 0)
        return torch.nn.CrossEntropyLoss(torch.tensor(weights, dtype=torch.float32))


def _kept(layer: Any, epoch: int) -> _Layer:
    weight, bias = (tensor.detach().cpu().numpy().copy() for tensor in (layer.weight, layer.bias))
    return _Layer(weight, bias, epoch)


def _crossed(trainer: _Trainer, part: _Part, epochs: int) -> Vectors:
    """(n, labels) probabilities of the questions trained on, each from a layer that did not see its group."""
    fold_of = folds(part.questions, trainer.recipe.seed)
    unseen: Vectors = np.zeros((len(part.questions), trainer.labels), np.float32)
    for fold in sorted(set(fold_of)):
        layer = trainer.fit_for(part.where(fold_of != fold), epochs)
        unseen[fold_of == fold] = layer.of(part.vectors[fold_of == fold])
    return unseen


def _figures(
    labels: Sequence[str], open_routes: dict[str, float], found: Vectors, held: _Part
) -> dict[str, float]:
    truth = [question.label for question in held.questions]
    given = [route.label for route in decided(labels, open_routes, found)]
    asked = [n for n, question in enumerate(held.questions) if not question.built_in]
    reviewed = [truth[n] for n in asked]
    return {
        **measures(labels, truth, given),
        "accuracy before": truth.count(ANSWER) / len(truth),
        "reviewed accuracy": float(np.mean([truth[n] == given[n] for n in asked])),
        "reviewed accuracy before": reviewed.count(ANSWER) / len(reviewed),
    }


def _must_gain(open_routes: dict[str, float], figures: dict[str, float]) -> None:
    if not open_routes:
        raise Refused(
            "The router is not kept: no route can be told from 'answer' surely enough; review more questions of each route."
        )
    if figures["accuracy"] <= figures["accuracy before"]:
        raise Refused(
            "The router is not kept: on the validation part it is no better than answering every question."
        )
    if figures["reviewed accuracy"] < figures["reviewed accuracy before"]:
        raise Refused(
            "The router is not kept: it sends reviewed questions the wrong way; look at their routes in the review."
        )
