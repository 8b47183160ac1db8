"""What speaks for each unit (sentence, list item, table row, code block) of the passages found: its features.

No inference: a unit's vector was made with its passage (rag_core/index/embedding.py), the rest is counting words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag_core.generation.asking import asked_for
from rag_core.index.embedding import unit_similarities
from rag_core.retrieval.search import Ranked
from rag_core.types import Passage

__all__ = ["FEATURES", "Evidence", "Terms", "gather"]

FEATURES = (
    "cosine",  # of question and unit
    "passage_lag",  # fused score behind the best passage's
    "coverage",  # weighted share of the question's terms in the unit
    "answer_type",  # the unit has what such a question asks for: a name, number or date
    "no_answer_type",  # the question asks for such a thing and the unit lacks it
    "echo",  # little but the question's own words
    "short",  # below five words
    "code",
    "question",  # itself a question
)

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_STOP = frozenset(
    (
        "a an and any are as at be been but by can could did do does for from had has have how i if in into is it "
        "its me my no not of on or our s shall should so such t than that the their them then there these they "
        "this those to too us was we were what when where which who whom whose why will with would you your d ll "
        "m re ve about also just please tell wer wie was wann wo warum der die das ein eine ist und qui que quoi "
        "quand comment le la les est quién qué cuándo cómo dónde el los las es"
    ).split()
)


@cache
def _stemmer() -> Any:
    import Stemmer

    return Stemmer.Stemmer("english")


@dataclass(frozen=True, slots=True)
class Terms:
    """A question's content words by their stems, each weighted by how few of the passages found have it."""

    stems: tuple[str, ...]
    weights: NDArray[np.float64]
    """(stems,), adding up to one."""

    @classmethod
    def of(cls, question: str, texts: Sequence[str]) -> Terms:
        """texts: lower-cased, those of the passages found."""
        words = [w.lower() for w in _WORD.findall(question)]
        content = [w for w in words if w not in _STOP] or words
        stems = tuple(dict.fromkeys(_stemmer().stemWords(content)))
        have = np.array([sum(_has(text, stem) for text in texts) for stem in stems], float)
        weights = np.log((len(texts) + 1.5) / (have + 0.5))
        return cls(stems, weights / max(weights.sum(), 1e-9))

    def found_in(self, text: str) -> NDArray[np.bool_]:
        """(stems,). text: lower-cased."""
        return np.array([_has(text, stem) for stem in self.stems], bool)


def _has(text: str, stem: str) -> bool:
    """A stem of three letters or fewer must begin a word; a longer one may stand in a compound."""
    at = text.find(stem)
    if len(stem) > 3:
        return at >= 0
    while at >= 0:
        if at == 0 or not text[at - 1].isalnum():
            return True
        at = text.find(stem, at + 1)
    return False


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


def gather(question: str, vector: NDArray[np.float32], ranked: Sequence[Ranked], top_k: int) -> Evidence:
    """Features of every unit of the best top_k passages.

    vector: the question's, (dimension,). ranked: best first, at least one.
    """
    top = ranked[:top_k]
    terms = Terms.of(question, [f"{_header(r.passage)}\n{r.passage.text}".lower() for r in ranked])
    wanted = asked_for(question)
    stems = max(len(terms.stems), 1)
    blocks, owners, numbers, founds, headers = [], [], [], [], []
    for i, entry in enumerate(top):
        passage = entry.passage
        header = terms.found_in(_header(passage).lower())
        texts = [passage.text[a:b] for a, b in passage.units]
        found = np.array([terms.found_in(text.lower()) for text in texts], bool).reshape(len(texts), -1)
        columns = {
            "cosine": unit_similarities(vector, passage.unit_vectors),
            "passage_lag": np.full(len(texts), top[0].score - entry.score),
            "coverage": found @ terms.weights,
            "answer_type": np.array([wanted is not None and bool(wanted.search(t)) for t in texts], float),
            "no_answer_type": np.array([wanted is not None and not wanted.search(t) for t in texts], float),
            "echo": np.array([_words(t) <= f.sum() + 2 for t, f in zip(texts, found, strict=True)], float),
            "short": np.array([_words(t) < 5 for t in texts], float),
            "code": np.array([t.lstrip().startswith("```") for t in texts], float),
            "question": np.array([t.rstrip().endswith("?") for t in texts], float),
        }
        blocks.append(np.column_stack([columns[name] for name in FEATURES]))
        owners.append(np.full(len(texts), i))
        numbers.append(np.arange(len(texts)))
        founds.append(found)
        headers.append(header)
    return Evidence(
        passages=tuple(entry.passage for entry in top),
        owner=np.concatenate(owners),
        number=np.concatenate(numbers),
        features=np.concatenate(blocks),
        found=np.concatenate(founds).reshape(-1, stems),
        header_found=np.array(headers, bool).reshape(-1, stems),
        terms=terms,
    )


def _header(passage: Passage) -> str:
    return " ".join((passage.title, *passage.headings))


def _words(text: str) -> int:
    return text.count(" ") + 1
