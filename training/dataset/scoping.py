"""What is learned from by everybody's models: passages of the scopes that the settings name, and no others. Pure.

A model does not ask who may read what it has learned. A generator that was trained on a passage can say it to anybody, and a
retriever puts forward what is like it. So passages outside of training.data.scopes teach nothing. Nor do answers of somebody
who may read more: they may lean on any passage that was found, and not only on what they cite.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from rag_core.access import PUBLIC
from training.dataset.drops import Dropped
from training.dataset.rows import Example

__all__ = ["PRIVATE", "within"]

PRIVATE = "a passage is outside of training.data.scopes"


def within(examples: Iterable[Example], scopes: Collection[str]) -> tuple[list[Example], list[Dropped]]:
    """Rows whose right passages are all in these scopes, without other passages that are not. A text whose scope is not
    known counts as outside."""
    kept, dropped = list[Example](), list[Dropped]()
    for example in examples:
        readers = example.origin.scopes
        closed = readers is None or not set(readers) <= {*scopes, PUBLIC}
        if closed and example.origin.source == "standard":
            dropped.append(Dropped(PRIVATE, example))
        elif all(text.scope in scopes for text in example.right):
            wrong = tuple(text for text in example.wrong if text.scope in scopes)
            mined = tuple(text for text in example.mined if text.scope in scopes)
            # What was answered from such a passage may say what it says.
            rejected = "" if closed or wrong != example.wrong else example.rejected
            answer = "" if closed else example.answer
            kept.append(example.moved(wrong=wrong, mined=mined, answer=answer, rejected=rejected))
        else:
            dropped.append(Dropped(PRIVATE, example))
    return kept, dropped
