"""What speaks for each unit (sentence, list item, table row, code block) of the passages found: its features.

No inference: a unit's vector was made with its passage (rag_core/index/embedding.py), the rest is counting words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag_core.generation.asking import asked_for
from rag_core.index.embedding import unit_similarities
from rag_core.retrieval.terms import Terms
from rag_core.types import Passage, Ranked

__all__ = ["FEATURES", "Evidence", "gather", "header_of"]

FEATURES = (
    "cosine",  # of question and unit
    "passage_lag",  # fused score behind the best passage's
    "coverage",  # weighted share of the question's terms in the unit
    "header_coverage",  # in the title and headings above it, but not in the unit
    "lead",  # the same, for the first unit below the headings
    "answer_type",  # the unit has what such a question asks for: a name, number or date
    "no_answer_type",  # the question asks for such a thing and the unit lacks it
    "echo",  # little but the question's own words
    "short",  # below five words
    "code",
    "question",  # itself a question
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The units of the passages that reach the generator, and what speaks for each."""

    passages: tuple[Passage, ...]
    owner: NDArray[np.int64]
    """(units,) index into passages"""
    number: NDArray[np.int64]
    """(units,) index into the passage's units"""
    features: NDArray[np.float64]
    """(units, len(FEATURES))"""
    found: NDArray[np.bool_]
    """(units, stems) which of the question's terms stand in the unit"""
    header_found: NDArray[np.bool_]
    """(passages, stems) which stand in the passage's title and headings"""
    terms: Terms
    question: str


def gather(question: str, vector: NDArray[np.float32], ranked: Sequence[Ranked], top_k: int) -> Evidence:
    """Features of every unit of the best top_k passages.

    vector: the question's, (dimension,). ranked: best first, at least one.
    """
    top = ranked[:top_k]
    terms = Terms.of(question, [f"{header_of(r.passage)}\n{r.passage.text}".lower() for r in ranked])
    wanted = asked_for(question)
    texts = [[r.passage.text[a:b] for a, b in r.passage.units] for r in top]
    found = [_found(terms, units) for units in texts]
    headers = [terms.found_in(header_of(r.passage).lower()) for r in top]
    features = [
        _features(entry, top[0].score, vector, units, matches, header, terms, wanted)
        for entry, units, matches, header in zip(top, texts, found, headers, strict=True)
    ]
    return Evidence(
        passages=tuple(entry.passage for entry in top),
        owner=np.concatenate([np.full(len(units), i) for i, units in enumerate(texts)]),
        number=np.concatenate([np.arange(len(units)) for units in texts]),
        features=np.concatenate(features),
        found=np.concatenate(found),
        header_found=np.array(headers, bool),
        terms=terms,
        question=question,
    )


def _features(
    entry: Ranked,
    best_score: float,
    vector: NDArray[np.float32],
    units: Sequence[str],
    found: NDArray[np.bool_],
    header: NDArray[np.bool_],
    terms: Terms,
    wanted: re.Pattern[str] | None,
) -> NDArray[np.float64]:
    """(units, len(FEATURES)) of one passage."""
    prose = np.array([not unit.lstrip().startswith(("```", "|")) for unit in units])
    words = np.array([unit.count(" ") + 1 for unit in units])
    echo = prose & (words <= found.sum(1) + 2)
    above = _above(header, found, echo)
    matches = np.array([wanted is not None and bool(wanted.search(unit)) for unit in units])
    columns = {
        "cosine": unit_similarities(vector, entry.passage.unit_vectors),
        "passage_lag": np.full(len(units), best_score - entry.score),
        "coverage": found @ terms.weights,
        "header_coverage": (above & ~found) @ terms.weights,
        "lead": ((above & ~found) @ terms.weights) * _leads(echo),
        "answer_type": matches,
        "no_answer_type": ~matches & (wanted is not None),
        "echo": echo,
        "short": prose & (words < 5),
        "code": [unit.lstrip().startswith("```") for unit in units],
        "question": [unit.rstrip().endswith("?") for unit in units],
    }
    return np.column_stack([columns[name] for name in FEATURES]).astype(float)


def _found(terms: Terms, units: Sequence[str]) -> NDArray[np.bool_]:
    """(units, stems)"""
    return np.array([terms.found_in(unit.lower()) for unit in units], bool).reshape(
        len(units), len(terms.stems)
    )


def _above(header: NDArray[np.bool_], found: NDArray[np.bool_], echo: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(units, stems) what stands in the headings, or in a label right before: 'New: Dusk mode.' names what follows."""
    above = np.repeat(header[None, :], len(found), axis=0)
    above[1:] |= found[:-1] & echo[:-1, None]
    return above


def _leads(echo: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(units,) the first of the passage, and those right after a label."""
    return np.concatenate([[True], echo[:-1]])


def header_of(passage: Passage) -> str:
    """Title and headings, as terms are looked for in them."""
    return " ".join((passage.title, *passage.headings))
