"""Hard negatives that the search itself finds: near to the question, and no answer to it, as far as can be told. Pure.

What a search ranks high and nobody judged is often an answer too (Qu et al. 2021, RocketQA, arXiv 2010.08191: 70% of the
best ranked passages of MS MARCO without a label). So a passage is taken only where

- it is not right, nor does it share most of its words with what is right;
- it is of no document that is right for this question or a like one;
- it is at most `margin` times as near as the right passage (the share of a positive's score of NV-Retriever, Moreira et al.
  2024, arXiv 2407.15831).

What reviewers judged wrong needs none of this, and stands in Example.wrong, before these.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from training.dataset.rows import Example, Text
from training.dataset.similar import Vectors, contained, like, matrix_of, shingles

__all__ = ["LIKE", "Found", "mined"]

LIKE = 0.8
"""Cosine of questions that the same documents may answer."""
SAME_WORDS = 0.6
"""Share of the runs of three words of the shorter of two passages that stands in the other: they say the same."""
RUN = 3


@dataclass(frozen=True, slots=True)
class Found:
    """A passage that the search brings."""

    text: Text
    nearness: float
    """Its cosine to the question."""


def mined(
    examples: Sequence[Example],
    rankings: Sequence[Sequence[Found]],
    nearness: Sequence[float],
    vectors: Vectors,
    most: int,
    margin: float,
) -> list[Example]:
    """The examples, each with up to `most` passages in `mined`.

    rankings: for each example what is found for it, best first. nearness: of each the greatest cosine of its question and a
    right passage. An example without a right passage gets none: what is found for it may have been written since it was
    asked.
    """
    documents = _documents(examples, vectors)
    return [
        example.moved(mined=_chosen(example, found, margin * near, beside, most))
        if example.right
        else example
        for example, found, near, beside in zip(examples, rankings, nearness, documents, strict=True)
    ]


def _documents(examples: Sequence[Example], vectors: Vectors) -> list[set[str]]:
    """For each the documents that are right for it or a like question."""
    own = [{text.document for text in example.right} for example in examples]
    beside = [set(one) for one in own]
    for rows, others in like(matrix_of(examples, vectors), LIKE):
        for row, other in zip(rows.tolist(), others.tolist(), strict=True):
            beside[row] |= own[other]
            beside[other] |= own[row]
    return beside


def _chosen(
    example: Example, found: Sequence[Found], nearest: float, beside: set[str], most: int
) -> tuple[Text, ...]:
    judged = {text.id for text in (*example.right, *example.wrong)}
    right = [shingles(_body(text), RUN, RUN) for text in example.right]
    chosen: list[Text] = []
    for one in found:
        if len(chosen) == most:
            break
        other = one.text.id not in judged and one.text.document not in beside and one.nearness <= nearest
        if other and not _says_the_same(one.text, right):
            chosen.append(one.text)
    return tuple(chosen)


def _says_the_same(text: Text, right: Sequence[frozenset[str]]) -> bool:
    words = shingles(_body(text), RUN, RUN)
    return any(contained(words, one) >= SAME_WORDS for one in right)


def _body(text: Text) -> str:
    """Without its first line, which many passages share."""
    return text.text.partition("\n")[2] or text.text
