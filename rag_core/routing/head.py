"""An output layer on the embedder of a release: it tells what kind of question a vector is of. No torch.

A router's folder holds router.safetensors (weight, bias) and card.json; training/tasks/router.py writes it. The question's
vector is there for the search already, so that a route costs one small matrix product.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag_core.errors import NotReady

__all__ = ["ANSWER", "CARD", "PERSON", "SMALL_TALK", "WEIGHTS", "RouterCard", "RouterHead", "probabilities"]

ANSWER, SMALL_TALK, PERSON = "answer", "small-talk", "person"
CARD = "card.json"
WEIGHTS = "router.safetensors"
KIND = "router"
Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class RouterCard:
    """What must be known of an output layer to use it as it was trained."""

    labels: tuple[str, ...]
    """In the order of the rows of its weight; 'answer' is one of them."""
    thresholds: Mapping[str, float]
    """label -> the probability at which a question takes that route. A label without one is never taken: it was not told
    from the others surely enough. 'answer' needs none: it is what remains."""
    dimension: int
    weights_sha256: str
    """Of the embedder whose vectors it was trained on, as its card has it."""
    figures: Mapping[str, float] = field(default_factory=dict)
    """What was measured of it."""
    kind: str = KIND

    def write(self, folder: Path) -> None:
        (folder / CARD).write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> RouterCard:
        """Raises NotReady: the folder holds no card of a router."""
        try:
            values = json.loads((folder / CARD).read_text(encoding="utf-8"))
            card = cls(
                labels=tuple(values["labels"]),
                thresholds=dict(values["thresholds"]),
                dimension=values["dimension"],
                weights_sha256=values["weights_sha256"],
                figures=dict(values.get("figures", {})),
                kind=values["kind"],
            )
            if card.is_whole():
                return card
        except (OSError, ValueError, TypeError, KeyError):
            pass
        raise _unusable(folder, "it has no card of a router")

    def is_whole(self) -> bool:
        """Whether its parts fit each other."""
        texts = all(isinstance(label, str) for label in self.labels)
        distinct = len(set(self.labels)) == len(self.labels) and ANSWER in self.labels
        known = set(self.thresholds) <= set(self.labels)
        return (
            self.kind == KIND
            and texts
            and distinct
            and known
            and all(map(_is_share, self.thresholds.values()))
        )


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and 0 <= value <= 1


def probabilities(vectors: Vectors, weight: Vectors, bias: Vectors) -> Vectors:
    """(n, dimension), (labels, dimension), (labels,) -> (n, labels), rows that sum to one."""
    logits = vectors @ weight.T + bias
    odds = np.exp(logits - logits.max(1, keepdims=True))
    return np.asarray(odds / odds.sum(1, keepdims=True), np.float32)


class RouterHead:
    """Thread-safe."""

    def __init__(self, card: RouterCard, weight: Vectors, bias: Vectors) -> None:
        """weight: (labels, dimension). bias: (labels,)."""
        self.card = card
        self.weight = np.ascontiguousarray(weight, np.float32)
        self.bias = np.ascontiguousarray(bias, np.float32)

    def probabilities(self, vectors: Vectors) -> Vectors:
        """(n, dimension), rows of length one -> (n, labels), rows that sum to one."""
        return probabilities(vectors, self.weight, self.bias)

    def write(self, folder: Path) -> None:
        """Into an empty folder."""
        from safetensors.numpy import save_file

        save_file({"weight": self.weight, "bias": self.bias}, folder / WEIGHTS)
        self.card.write(folder)

    @classmethod
    def read(cls, folder: Path, weights_sha256: str, dimension: int) -> RouterHead:
        """For the embedder with these weights.

        Raises:
            NotReady: the folder holds none, it is damaged, or it was trained on the vectors of another embedder.
        """
        from safetensors.numpy import load_file

        card = RouterCard.read(folder)
        if (card.weights_sha256, card.dimension) != (weights_sha256, dimension):
            raise _unusable(folder, "it was trained for another embedding model")
        try:
            tensors = load_file(folder / WEIGHTS)
            head = cls(card, tensors["weight"], tensors["bias"])
        except Exception as error:  # safetensors raises its own, and bare ones
            raise _unusable(folder, f"{WEIGHTS} cannot be read ({type(error).__name__})") from None
        if not head.is_whole():
            raise _unusable(folder, f"{WEIGHTS} does not fit its card")
        return head

    def is_whole(self) -> bool:
        """Whether weight and bias are as the card says, and numbers throughout."""
        labels = len(self.card.labels)
        fits = self.weight.shape == (labels, self.card.dimension) and self.bias.shape == (labels,)
        return fits and bool(np.isfinite(self.weight).all() and np.isfinite(self.bias).all())


def _unusable(folder: Path, reason: str) -> NotReady:
    return NotReady(
        f"The router in {folder} cannot be used: {reason}; `answerloop releases rollback` returns to the release before, "
        "and `answerloop train` makes a new one."
    )
