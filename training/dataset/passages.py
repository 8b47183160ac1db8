"""The passages that people judged or cited, as the index has them now: texts to be learned from are those it embeds.

A passage that was judged outlives the index it was read in, by its text; its id does not, since a document may be cut anew.
So it is looked for by its id, then by its words in its document as it stands (rag_core/review/golden/matching.py); what is
found nowhere is taken as it was.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from rag_core.index.stores.protocol import Row, VectorStore
from rag_core.records.evaluation.golden import Expected
from rag_core.retrieval.reranking import readable
from rag_core.review.golden.matching import found_at
from rag_core.review.resolving.evidence import ELLIPSIS, passages_of
from rag_core.types import Passage
from training.dataset.rows import Text

__all__ = ["Named", "Standing", "indexed", "standing", "text_of"]

AT_ONCE = 100
"""Passages of a document looked up at a time."""
MOST_PASSAGES = 2_000
"""Of one document."""


@dataclass(frozen=True, slots=True)
class Named:
    """A passage that a record names."""

    document: str
    source: str
    title: str
    text: str
    id: str = ""
    """When it was judged; '': not known."""
    scope: str = ""
    quoted: bool = False
    """Whether text is only what an answer quotes of it: where it stands nowhere, there is no passage."""

    @property
    def expected(self) -> Expected:
        return Expected(self.document, self.source, self.title, self.text)


Standing = Mapping[Named, tuple[Text, ...]]
"""What became of each: one text, or several where it is cut finer now; none of a quote that stands nowhere."""


async def standing(store: VectorStore, named: Collection[Named]) -> Standing:
    """
    Raises:
        Unavailable: the index does not work now.
    """
    by_id = await passages_of(store, (one.id for one in named))
    found: dict[Named, tuple[Text, ...]] = {}
    for one in named:
        if one.id in by_id and _says(by_id[one.id], one):
            found[one] = (text_of(by_id[one.id]),)
    sought: defaultdict[str, list[Named]] = defaultdict(list)
    for one in dict.fromkeys(named):
        if one not in found:
            sought[one.document].append(one)
    for document, missing in sought.items():
        passages = await _document(store, document)
        found |= {one: _found(one, passages) or _as_it_was(one) for one in missing}
    return found


def text_of(passage: Passage) -> Text:
    """As the index embeds it."""
    return Text(passage.id, passage.document, readable(passage), passage.scope, passage.source)


def indexed(row: Row) -> Text:
    """The same, of a row of the store, whose header may be shortened to fit the window."""
    passage = row.passage
    whole = f"{row.header}\n{passage.text}" if row.header else passage.text
    return Text(passage.id, passage.document, whole, passage.scope, passage.source)


def _says(passage: Passage, one: Named) -> bool:
    text = " ".join(passage.text.split())
    parts = one.text.split(ELLIPSIS.strip()) if one.quoted else [one.text]
    return bool(one.text.strip()) and all(" ".join(part.split()) in text for part in parts)


def _found(one: Named, passages: Iterable[Passage]) -> tuple[Text, ...]:
    passages = list(passages)
    exact = [text_of(passage) for passage in passages if _says(passage, one)]
    if exact or one.quoted:
        return tuple(exact[:1])
    return tuple(text_of(passage) for passage in passages if found_at([one.expected], [passage]))


def _as_it_was(one: Named) -> tuple[Text, ...]:
    """By an id of its own: another text may stand now under the one that it had."""
    if one.quoted:
        return ()
    number = hashlib.sha256(one.text.encode("utf-8", "replace")).hexdigest()[:12]
    whole = f"{one.title}\n{one.text}" if one.title else one.text
    return (Text(f"{one.document}#{number}", one.document, whole, one.scope, one.source),)


async def _document(store: VectorStore, document: str) -> list[Passage]:
    """All its passages that are in the index now, in order."""
    passages: list[Passage] = []
    for at in range(0, MOST_PASSAGES if document else 0, AT_ONCE):
        ids = [f"{document}#{number}" for number in range(at, at + AT_ONCE)]
        found = await passages_of(store, ids)
        passages += [found[id] for id in ids if id in found]
        if len(found) < AT_ONCE:
            break
    return passages
