"""What makes two questions the same: the names that cached values have.

A key is a prefix that no other installation and no other release has, the kind, and a digest over all that the value
depends on. Digests are 20 bytes of BLAKE2b over JSON, in which no two lists of parts are written alike.
"""

from __future__ import annotations

import base64
import hashlib
import json
import unicodedata
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rag_core.records.index.releases import Release
    from rag_core.types import Turn

__all__ = ["FORMAT", "Keys", "normalised", "prefix_of"]

FORMAT = 1
"""Of keys, values, and how rankings and answers are made: grows when what an earlier version kept must not be served."""


class Keys:
    """The keys of one release.

    retrieval, answers: all that a ranking and an answer depend on besides question, scopes and index; as JSON would
    hold it.
    """

    def __init__(self, release: Release, retrieval: Mapping[str, Any], answers: Mapping[str, Any]) -> None:
        card = release.card
        self.prefix = prefix_of(release.index_name)
        self._weights = [card.name, card.weights_sha256, card.quantized, card.query_prefix, card.dimension]
        self._ranking = [release.id, *self._weights, retrieval]  # a release's other models never change
        self._answer = [*self._ranking, answers]

    def embedding(self, text: str) -> str:
        """Of the question exactly as it is embedded: another spelling has another vector."""
        return self._key("embedding", [*self._weights, text])

    def ranking(self, text: str, scopes: frozenset[str] | None, generation: int, keep: int) -> str:
        return self._key("ranking", [*self._ranking, generation, _listed(scopes), normalised(text), keep])

    def answer(
        self,
        text: str,
        scopes: frozenset[str] | None,
        generation: int,
        turns: Iterable[Turn] = (),
        tone: str = "",
    ) -> str:
        """generation: the index's as it was before it was searched. tone: counts whatever generator there is; one that
        has no use for it finds less in the cache, and no rule about generators can be wrong."""
        earlier = [[turn.role, turn.text] for turn in turns]
        parts = [*self._answer, generation, _listed(scopes), normalised(text), earlier]
        return self._key("answer", [*parts, tone] if tone else parts)

    def partition(self, scopes: frozenset[str] | None, generation: int, tone: str = "") -> str:
        """Names all that an answer depends on besides its question: only within one may an answer be taken for another's."""
        parts = [*self._answer, generation, _listed(scopes)]
        return self._key("partition", [*parts, tone] if tone else parts)

    def _key(self, kind: str, parts: list[Any]) -> str:
        written = json.dumps([kind, *parts], sort_keys=True).encode()
        digest = hashlib.blake2b(written, digest_size=20).digest()
        return f"{self.prefix}{kind}:{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


def prefix_of(index_name: str) -> str:
    """Of all keys of a release. Names of indexes are drawn by chance, so that no two installations have the same."""
    return f"answerloop:{FORMAT}:{index_name}:"


def normalised(text: str) -> str:
    """The question without what does not change its answer: Unicode composition (NFC), the capital it opens with, runs
    of white space, and '?', '!', '.' at its end. Other capitals may: -v and -V are two options, us is not the US."""
    composed = " ".join(unicodedata.normalize("NFC", text).split()).rstrip("?!. ")
    if composed[1:2].isupper():
        return composed
    # lower() can undo the composition; it is used since casefold() would make one word of German 'Maße' and 'Masse'.
    return unicodedata.normalize("NFC", composed[:1].lower() + composed[1:])


def _listed(scopes: frozenset[str] | None) -> list[str] | None:
    """None, which is everything, differs from every set."""
    return None if scopes is None else sorted(scopes)
