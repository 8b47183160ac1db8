"""Toy examples, and vectors that say what the tests say: questions of one topic are alike."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from training.dataset.rows import Example, Origin, Source, Text
from training.dataset.similar import Matrix

__all__ = ["example", "text", "topics"]

DIMENSION = 256


def text(id: str, words: str = "", scope: str = "public") -> Text:
    """Of the document before the number: 'docs/leave#0'."""
    own = " ".join(f"{id}{n}".replace("/", "").replace("#", "x") for n in range(9))
    return Text(id, id.rpartition("#")[0], words or f"Title\n{own}", scope, id.partition("/")[0])


def example(
    question: str,
    *right: str,
    wrong: Iterable[str] = (),
    source: Source = "review",
    at: int = 0,
    by: str = "web:rita",
    scopes: tuple[str, ...] | None = ("public",),
    **fields: object,
) -> Example:
    """right, wrong: ids of passages. at: minutes."""
    origin = Origin(
        source, f"{source}-{question}-{at}", "slack", by, ("slack:U1", by), scopes, "training.data.slack",
        f"2026-01-01T{at // 60:02}:{at % 60:02}:00+00:00",
    )  # fmt: skip
    made = Example(question, origin, tuple(map(text, right)), tuple(map(text, wrong)))
    return made.moved(**fields)


def topics(questions: Iterable[str], **told: str) -> dict[str, Matrix]:
    """Vectors of length one: equal for questions of one topic, at right angles else. told: topics by question; each other
    question has its own."""
    names: dict[str, int] = {}
    found = {}
    for question in questions:
        place = names.setdefault(told.get(question, question), len(names))
        found[question] = np.eye(DIMENSION, dtype=np.float32)[place % DIMENSION]
    return found
