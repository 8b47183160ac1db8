"""Which objects are to be seen: the record that makes a write to many objects one step.

Weaviate has no transactions. Each replacement is a write with a number of its own; the number stands in its objects, and
one small object beside them, the record, tells which numbers count. It is Weaviate's own promise that one object is
changed whole. A replacement goes:

    1. the record hides the number          readers go on seeing the documents as they were
    2. the new objects are inserted         under ids of their own; nothing old is touched
    3. the record counts the number, and names the replaced documents:
                                            from here on readers see them as they are now
    4. the old objects are deleted
    5. the record forgets the documents

A crash between any two leaves a record that still says what is to be seen. The next writer first finishes what the last
one left: what never came to count is deleted, what was replaced is deleted as well. A number that failed stays hidden for
KEEP_FAILED_S after its objects were deleted, because a server that hung may still carry out what it was asked long ago.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from rag_core.errors import NotReady
from rag_core.index.stores.weaviate.objects import Stored

__all__ = ["KEEP_FAILED_S", "Visibility", "seen"]

FORMAT = 1
KEEP_FAILED_S = 600


@dataclass(frozen=True, slots=True)
class Visibility:
    """The record. Writes are numbered by the clock, in microseconds, and always upwards."""

    dimension: int
    """Of the vectors."""
    counted: int
    """The newest write that counts: the store's generation."""
    hidden: tuple[int, ...] = ()
    """Writes whose objects are not to be seen: one under way, and those that failed."""
    replaced: frozenset[str] = field(default=frozenset())
    """Labels of the documents of the newest write; what older writes say of them is not to be seen."""

    def next(self) -> int:
        """The number of a new write."""
        return max(time.time_ns() // 1000, self.counted + 1, *(number + 1 for number in self.hidden), 1)

    def hiding(self, write: int) -> Visibility:
        return replace(self, hidden=(*self.hidden, write))

    def also_hiding(self, writes: Iterable[int]) -> Visibility:
        return replace(self, hidden=tuple(sorted({*self.hidden, *writes})))

    def counting(self, write: int, documents: Iterable[str]) -> Visibility:
        hidden = tuple(number for number in self.hidden if number != write)
        return replace(self, counted=write, hidden=hidden, replaced=frozenset(documents))

    def cleaned(self) -> Visibility:
        """Once all that is not to be seen was deleted."""
        oldest = time.time_ns() // 1000 - KEEP_FAILED_S * 1_000_000
        return replace(self, hidden=tuple(n for n in self.hidden if n > oldest), replaced=frozenset())

    def shows(self, stored: Stored) -> bool:
        if stored.write in self.hidden:
            return False
        return stored.document not in self.replaced or stored.write >= self.counted

    def encoded(self) -> str:
        values = [FORMAT, self.dimension, self.counted, list(self.hidden), sorted(self.replaced)]
        return json.dumps(values, ensure_ascii=False)

    @classmethod
    def decoded(cls, text: str) -> Visibility:
        """
        Raises:
            NotReady: it is none, or of another version.
        """
        try:
            version, dimension, counted, hidden, replaced = json.loads(text)
            if version == FORMAT:
                return cls(int(dimension), int(counted), tuple(map(int, hidden)), frozenset(replaced))
        except (ValueError, TypeError):
            pass
        raise NotReady(
            "The index in Weaviate was made by another version of answerloop; `answerloop ingest --rebuild` builds it anew."
        )


def seen(found: Mapping[str, Stored], visibility: Visibility) -> set[str]:
    """Of objects by id, those that are to be seen: of each document one write, the newest."""
    shown = {id: stored for id, stored in found.items() if visibility.shows(stored)}
    newest: dict[str, int] = {}
    for stored in shown.values():
        newest[stored.document] = max(stored.write, newest.get(stored.document, 0))
    return {id for id, stored in shown.items() if stored.write == newest[stored.document]}
