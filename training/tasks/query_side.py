"""Reviewed questions -> a linear map of questions' vectors (rag_core.retrieval.query_map), in seconds.

What is searched for is q + qA, of length one again. A begins at zero and is held near it: by weight decay, by what moves
general questions, and by taking the largest share of it that validation is best with.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.evaluate.ranking import DEPTH, ndcg
from training.tasks.task import Nobody, Refused, Watcher

__all__ = ["Asked", "LearnedMap", "MapRecipe", "train_query_map"]

MIN_ASKED = 5
"""Questions of either part below which nothing is learned."""
SHARES = (0.25, 0.5, 0.75, 1.0)
"""Of A that are tried at the end."""
COLUMNS = 8_192
"""Passages that compete at once, at most."""

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class MapRecipe:
    """What can be varied."""

    learning_rate: float = 1e-3
    steps: int = 60
    every: int = 5
    """Steps between evaluations; the passages that compete are looked for anew each time."""
    patience: int = 5
    temperature: float = 0.05
    depth: int = 50
    """Of each question, so many of the passages found for it compete, with the right ones of all."""
    ridge: float = 1.0
    """Weight of the square of A's norm, divided by the dimension."""
    stay: float = 50.0
    """Weight of how far general questions move: the mean square of the distance."""
    general_loss: float = 0.01
    """Share of the quality on general questions that it may lose."""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """Questions as vectors, and the passages that answer them by number."""

    questions: Vectors
    """(questions, dimension), each of length one."""
    right: Sequence[Sequence[int]]
    """Of each question: rows of `passages`, at least one."""
    passages: Vectors
    """(passages, dimension), each of length one."""

    def ndcg(self, matrix: Vectors | None = None) -> float:
        """Mean nDCG@10 among these passages. matrix: A."""
        moved = self.questions if matrix is None else _moved(self.questions, matrix)
        return float(np.mean(list(self._each(moved))))

    def _each(self, moved: Vectors) -> Iterator[float]:
        for start in range(
            0, len(moved), 256
        ):  # a row of scores for each passage: not of all questions at once
            ranked = _best(moved[start : start + 256] @ self.passages.T, DEPTH)
            for row, right in zip(ranked, self.right[start : start + 256], strict=True):
                yield ndcg([str(n) for n in row], {str(n): 1 for n in right})


@dataclass(frozen=True, slots=True)
class LearnedMap:
    matrix: Vectors
    """A, (dimension, dimension)"""
    before: float
    """nDCG@10 on the validation questions, of their vectors as they were."""
    after: float
    """With A, whose best step and share were chosen on the same questions: somewhat too good."""
    rows: int
    """Questions learned from."""
    figures: Mapping[str, float] = field(default_factory=dict)
    """general_before, general_after (nDCG@10 of general questions), share, step, seconds."""


def train_query_map(
    training: Asked,
    validation: Asked,
    general: Asked | None = None,
    recipe: MapRecipe | None = None,
    watcher: Watcher | None = None,
) -> LearnedMap:
    """Learn A from the first, stop by the second, and lose next to nothing on the third. Takes seconds, on a processor.

    general: questions that nobody gave feedback on, with their passages.

    Raises:
        Refused: there are too few questions, or nothing was gained that general questions do not pay for.
    """
    recipe, watcher = recipe or MapRecipe(), watcher or Nobody()
    began = time.monotonic()
    for name, part in (("training", training), ("validation", validation)):
        if len(part.questions) < MIN_ASKED:
            raise Refused(
                f"The query map was not trained: {len(part.questions)} {name} questions are too few, "
                f"{MIN_ASKED} are needed. Review more questions."
            )
    before, floor = validation.ndcg(), -1.0
    if general is not None:
        floor = general.ndcg() * (1 - recipe.general_loss)
    best, step = _learned(training, validation, general, recipe, watcher)
    tried = [
        (validation.ndcg(share * best), share)
        for share in SHARES
        if general is None or general.ndcg(np.float32(share) * best) >= floor
    ]
    after, share = max(tried, default=(before, 0.0), key=lambda found: (found[0], -found[1]))
    if after <= before:
        raise Refused(
            f"The query map gained nothing: nDCG@10 on {len(validation.questions)} validation questions was {before:.3f} "
            f"before and at best {after:.3f} after, with at most {recipe.general_loss:.0%} lost on general questions."
        )
    matrix = np.asarray(share * best, np.float32)
    figures = {"share": share, "step": float(step), "seconds": round(time.monotonic() - began, 2)}
    if general is not None:
        figures |= {"general_before": general.ndcg(), "general_after": general.ndcg(matrix)}
    return LearnedMap(matrix, before, after, len(training.questions), figures)


def _learned(
    training: Asked, validation: Asked, general: Asked | None, recipe: MapRecipe, watcher: Watcher
) -> tuple[Vectors, int]:
    """A of the evaluation that was best for validation, and after how many steps."""
    import torch

    torch.manual_seed(recipe.seed)
    width = training.questions.shape[1]
    matrix = torch.zeros((width, width), requires_grad=True)
    optimizer = torch.optim.Adam([matrix], recipe.learning_rate)
    questions, guarded = torch.from_numpy(training.questions), None
    if general is not None:
        guarded = torch.from_numpy(general.questions)
    best, best_step, measure, without_gain = np.zeros((width, width), np.float32), 0, validation.ndcg(), 0
    competing = _competing(training, best, recipe.depth)
    for step in range(1, recipe.steps + 1):
        loss = _loss(matrix, questions, competing, guarded, recipe)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        watcher.point("loss", step, float(loss.detach()))
        if step % recipe.every and step != recipe.steps:
            continue
        now = np.asarray(matrix.detach().numpy(), np.float32).copy()
        measured = validation.ndcg(now)
        watcher.point("nDCG@10", step, measured)
        watcher.step("training the query map", step, recipe.steps)
        without_gain = 0 if measured > measure else without_gain + 1
        if measured > measure:
            best, best_step, measure = now, step, measured
        if without_gain >= recipe.patience:
            break
        competing = _competing(training, now, recipe.depth)
    return best, best_step


@dataclass(frozen=True, slots=True)
class _Competing:
    """Passages that questions are to be told apart by."""

    passages: Any
    """(c, dimension)"""
    right: Any
    """(questions, c), bool"""


def _competing(asked: Asked, matrix: Vectors, depth: int) -> _Competing:
    import torch

    chosen = dict.fromkeys(n for right in asked.right for n in right)
    moved = _moved(asked.questions, matrix)
    found = [_best(moved[n : n + 256] @ asked.passages.T, depth) for n in range(0, len(moved), 256)]
    # By rank over all questions: where not all fit, the hardest of each stay.
    chosen |= dict.fromkeys(int(n) for rank in np.concatenate(found).T for n in rank)
    columns = sorted(list(chosen)[:COLUMNS])
    place = {n: at for at, n in enumerate(columns)}
    right = torch.zeros((len(moved), len(columns)), dtype=torch.bool)
    for row, numbers in enumerate(asked.right):
        right[row, [place[n] for n in numbers if n in place]] = True
    return _Competing(torch.from_numpy(asked.passages[columns]), right)


def _loss(matrix: Any, questions: Any, competing: _Competing, guarded: Any, recipe: MapRecipe) -> Any:
    """Minus the logarithm of the right passages' mean share, over those that are wrong; and what holds A near zero."""
    import torch

    scores = _turned(questions, matrix) @ competing.passages.T / recipe.temperature
    wrong = scores.masked_fill(competing.right, -torch.inf).logsumexp(1, keepdim=True)
    each = torch.nn.functional.softplus(wrong - scores)[competing.right]  # -log of e^s / (e^s + wrong)
    loss = each.mean() + recipe.ridge * matrix.square().sum() / len(matrix)
    if guarded is not None:
        loss = loss + recipe.stay * (_turned(guarded, matrix) - guarded).square().sum(1).mean()
    return loss


def _turned(vectors: Any, matrix: Any) -> Any:
    import torch

    return torch.nn.functional.normalize(vectors + vectors @ matrix, dim=1)


def _moved(vectors: Vectors, matrix: Vectors) -> Vectors:
    moved = vectors + vectors @ matrix
    return np.asarray(moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-12), np.float32)


def _best(scores: Vectors, depth: int) -> NDArray[np.intp]:
    """(rows, depth): the columns with the highest scores, best first."""
    depth = min(depth, scores.shape[1])
    near = np.argpartition(-scores, depth - 1, axis=1)[:, :depth]
    order = np.argsort(-np.take_along_axis(scores, near, 1), axis=1, kind="stable")
    return np.take_along_axis(near, order, 1)
