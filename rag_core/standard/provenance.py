"""What a standard answer was made from: who may read it, and whether it still stands there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rag_core.access import PUBLIC
from rag_core.errors import InvalidEntry
from rag_core.index.stores.protocol import BY_NAME, Candidate, VectorStore
from rag_core.records.standard import Given
from rag_core.standard.answer import StandardAnswer
from rag_core.types import Citation, Passage

__all__ = ["changed_sources", "scopes_of"]

NEIGHBOURS = 3
"""Passages before and after the cited one that an answer may have been quoting along with it: neighbours are read as one."""
ELLIPSIS = " … "
"""Between the parts of a quote that are not next to each other."""
BATCH = 200


async def scopes_of(given: Given, store: VectorStore | None) -> frozenset[str]:
    """What somebody must be able to read to see this answer.

    That of the passages cited, if all still say what was quoted; of all passages found, if a language model wrote the
    answer, since it may lean on any that it was shown. Where this cannot be told, all that its asker might read.

    Raises:
        InvalidEntry: it cannot be told, and the asker might read everything.
    """
    named = {citation.passage for citation in given.citations}
    if given.generator != "extractive":
        named |= set(given.passages)
    known = (
        store is not None and bool(named) and "" not in named and not given.generator.startswith("standard:")
    )
    if store is not None and known:
        passages = await _passages(store, named)
        standing = all(_stands(citation, passages) for citation in given.citations)
        if standing and named <= passages.keys():
            return frozenset(passages[id].scope for id in named)
    if given.scopes is None:
        raise InvalidEntry(
            "scopes: what this answer was made from is not known any more, and who asked might read everything; name the "
            "scopes that are needed to see it."
        )
    return given.scopes


async def changed_sources(entries: Iterable[StandardAnswer], store: VectorStore) -> dict[str, list[str]]:
    """By id of a standard answer: a sentence for each source that no longer says what was quoted from it, or that now
    needs a scope which the standard answer does not."""
    entries = list(entries)
    passages = await _passages(store, {c.passage for entry in entries for c in entry.citations if c.passage})
    changed: dict[str, list[str]] = {}
    for entry in entries:
        for citation in entry.citations:
            if citation.passage and (why := _changed(entry, citation, passages)):
                changed.setdefault(entry.id, []).append(f"{citation.title}: {why}")
    return changed


def _changed(entry: StandardAnswer, citation: Citation, passages: dict[str, Passage]) -> str:
    passage = passages.get(citation.passage)
    if passage is not None and passage.scope not in entry.scopes | {PUBLIC}:
        return f"it is for readers of {passage.scope} now, and this answer is not."
    if not _stands(citation, passages):
        return "what was quoted does not stand there any more."
    return ""


async def _passages(store: VectorStore, ids: Iterable[str]) -> dict[str, Passage]:
    wanted = sorted({around for id in ids for around in _around(id)})
    found: dict[str, Passage] = {}
    for at in range(0, len(wanted), BATCH):
        batch: Sequence[Candidate] = [Candidate(id, 0.0, 0.0, BY_NAME) for id in wanted[at : at + BATCH]]
        found |= {passage.id: passage for passage in await store.fetch(batch, None)}
    return found


def _around(id: str) -> list[str]:
    """The passage and its neighbours: an id ends in the passage's number within its document."""
    document, mark, number = id.rpartition("#")
    if not (mark and number.isdecimal()):
        return [id]
    first, last = max(0, int(number) - NEIGHBOURS), int(number) + NEIGHBOURS
    return [f"{document}#{n}" for n in range(first, last + 1)]


def _stands(citation: Citation, passages: dict[str, Passage]) -> bool:
    if citation.passage not in passages:
        return False
    near = " ".join(passages[id].text for id in _around(citation.passage) if id in passages)
    text = " ".join(near.split())
    return all(" ".join(part.split()) in text for part in citation.quote.split(ELLIPSIS))
