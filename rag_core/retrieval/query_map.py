"""A linear map of questions' vectors, learned from feedback: the index stays, and questions go where it has their answers.

What is searched for is q + qA, of length one again: with A = 0 it is the question's own vector. training/tasks/query_side.py
learns A; a release that has one is made in seconds, and left in seconds, since nothing is embedded again.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag_core.errors import NotReady

__all__ = ["QueryMap"]

CARD = "card.json"
WEIGHTS = "query_map.safetensors"
KIND = "query-map"


class QueryMap:
    """For the vectors of one embedder."""

    def __init__(self, matrix: NDArray[np.float32], weights_sha256: str = "") -> None:
        """matrix: A, (dimension, dimension). weights_sha256: of the embedder, as its card has it."""
        self.matrix = np.ascontiguousarray(matrix, np.float32)
        self.weights_sha256 = weights_sha256

    def __call__(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """(dimension,) or (n, dimension), each of length one -> the same shape, each of length one."""
        moved = vectors + vectors @ self.matrix
        lengths = np.linalg.norm(moved, axis=-1, keepdims=True)
        return np.asarray(moved / np.maximum(lengths, 1e-12), np.float32)

    def write(self, folder: Path) -> None:
        """Into an empty folder: safetensors, and a card."""
        from safetensors.numpy import save_file

        save_file({"matrix": self.matrix}, folder / WEIGHTS)
        card = {"kind": KIND, "dimension": len(self.matrix), "weights_sha256": self.weights_sha256}
        (folder / CARD).write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path, weights_sha256: str, dimension: int) -> QueryMap:
        """For the embedder with these weights.

        Raises:
            NotReady: the folder holds none, it is damaged, or it was learned for another embedder.
        """
        from safetensors.numpy import load_file

        try:
            card: dict[str, Any] = json.loads((folder / CARD).read_text(encoding="utf-8"))
            matrix = load_file(folder / WEIGHTS)["matrix"]
        except Exception as error:  # safetensors raises its own, and bare ones
            raise _unusable(folder, f"it cannot be read ({type(error).__name__})") from None
        if card.get("kind") != KIND or matrix.shape != (dimension, dimension):
            raise _unusable(folder, f"it is none for vectors of {dimension} numbers")
        if card.get("weights_sha256") != weights_sha256:
            raise _unusable(folder, "it was learned for another embedding model")
        return cls(matrix, weights_sha256)


def _unusable(folder: Path, reason: str) -> NotReady:
    return NotReady(
        f"The query map in {folder} cannot be used: {reason}; `answerloop releases rollback` returns to the release before."
    )
