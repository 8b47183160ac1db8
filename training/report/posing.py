"""The questions that systems are compared on: those of a judged set, or those that a run kept for testing."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag_core.errors import AnswerloopError, InvalidQuestion, NotFound
from rag_core.retrieval.search import clean_question
from rag_core.types import Ranked
from training.dataset import Example, read
from training.dataset.files import datasets_folder
from training.evaluate.finding import ranking_scores, scopes_of
from training.evaluate.ranking import ndcg
from training.evaluate.retrieval import DEEP, SCOPES
from training.evaluate.sets import Beir
from training.job.folder import folders

__all__ = ["Posed", "of_a_run", "of_a_set", "posed"]

NAN = float("nan")
_MARK = re.compile(r"\s*\[\d+\]")


@dataclass(frozen=True, slots=True)
class Posed:
    text: str
    group: str
    """Questions of one group rise and fall together."""
    ndcg: Callable[[Sequence[Ranked]], float]
    """At 10, of what was found; NaN where nobody judged."""
    accepted: tuple[str, ...] = ()
    scopes: frozenset[str] | None = None
    keep: int = 10
    """Passages to rank."""


def of_a_set(data: Beir) -> list[Posed]:
    """A document scores as its best passage."""
    return [
        Posed(
            clean_question(text),
            "+".join(sorted(data.relevant.get(query, ()))) or query,
            _by_document(data.relevant.get(query, {})),
            tuple(data.answers.get(query, ())),
            SCOPES,
            DEEP,
        )
        for query, text in data.queries.items()
        if _can_be_asked(text)
    ]


def of_a_run(home: Path, limit: int | None = None) -> tuple[str, list[Example]]:
    """The newest run that kept test questions, and those of them that passages or an approved answer are known for.

    Raises:
        NotFound: there is none.
    """
    for folder in folders(home):
        try:
            test = read(datasets_folder(home) / folder.id).of("test")
        except (AnswerloopError, OSError):
            continue
        if known := [one for one in test if (one.right or one.answer) and _can_be_asked(one.question)]:
            return folder.id, known[:limit]
    raise NotFound(
        "No run has kept questions for testing yet: run `answerloop train`, or name a set in BEIR layout."
    )


def posed(example: Example) -> Posed:
    answer = _MARK.sub("", example.answer).strip()
    return Posed(
        clean_question(example.question),
        example.group or example.question,
        lambda ranked: float(ranking_scores(example.right, ranked).get("ndcg", NAN)),
        (answer,) if answer else (),
        scopes_of(example),
    )


def _by_document(relevant: dict[str, int]) -> Callable[[Sequence[Ranked]], float]:
    if not relevant:
        return lambda ranked: NAN
    return lambda ranked: ndcg(list(dict.fromkeys(one.passage.document for one in ranked)), relevant)


def _can_be_asked(text: str) -> bool:
    try:
        clean_question(text)
    except InvalidQuestion:
        return False
    return True
