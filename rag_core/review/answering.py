"""What a release answers to a question by itself: nothing comes from the cache, nothing is recorded, nobody is told."""

from __future__ import annotations

from rag_core.answering import Answering
from rag_core.bootstrap import Core, make_search

__all__ = ["by_itself"]


def by_itself(core: Core) -> Answering:
    """In the steps of Assistant, of this release."""
    return Answering(make_search(core), core.generator, core.compute, core.router)
