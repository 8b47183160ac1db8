"""Passages of the files that an asker gave, ranked together with what the index finds.

The vectors come from one embedder, so cosines compare as they are. BM25 does not compare between two collections: a word's
rarity differs. It is therefore counted anew over both, the files' passages and those found, which gives both one measure.
A question that speaks of the file is answered from the files alone: 'What does this file say about leave?' is not answered
from the handbook, however much that says of leave. Measured in docs/attachments.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from rag_core.index.stores import Candidate
from rag_core.index.stores.bm25 import Bm25
from rag_core.index.stores.protocol import Vector
from rag_core.index.stores.words import passage_words, question_words
from rag_core.retrieval.fusion import SHIPPED, Fusion, fuse
from rag_core.types import Attached, Passage, Ranked

__all__ = ["attached_words", "speaks_of_file", "with_attached", "without_mention"]

_KINDS = (
    r"(?:(?:pdf|word|excel|text|csv|powerpoint|markdown)[ -])?"
    r"(?:files?|documents?|docs?|attachments?|pdfs?|spreadsheets?|workbooks?|presentations?|slides?|decks?|notebooks?|uploads?|"
    r"papers?|reports?|handbooks?|manuals?|articles?|contracts?|invoices?|receipts?|letters?|memos?)"
)
_MENTIONS = (
    (rf"\b(?:(?:this|these|that|the|my|our)\s+)?(?:attached|uploaded|enclosed)\s+{_KINDS}\b", "it"),
    (rf"\b(?:this|these|that|those)\s+{_KINDS}\b(?!\s+(?:format|type|server|system|share|store)s?\b)", "it"),
    (rf"\b(?:the|my|our)\s+{_KINDS}\s+(?:(?:that|which)\s+)?(?:i|we)(?:'ve|\s+have)?\s+"
     r"(?:(?:just\s+)?(?:attached|uploaded|sent|shared|gave|posted)(?:\s+(?:you|here))?)\b", "it"),
    (r"\bdiese[rmsn]?\s+(?:\w+-)?(?:datei(?:en)?|dokumente?s?|pdf|tabelle|präsentation|anhang|folien)\b", "es"),
    (r"\b(?:der|die|das|dem|den|meine[rmn]?)?\s*(?:angehängte|beigefügte|hochgeladene)[rmsn]?\s+"
     r"(?:datei(?:en)?|dokumente?s?|pdf|tabelle|präsentation)\b", "es"),
    (r"\b(?:im|den|dem|der|meine[mnr]?)\s+anhangs?\b", "es"),
    (r"\b(?:ce|cet|cette|ces)\s+(?:fichiers?|documents?|pdf|tableur|présentation|pièces?\s+jointes?)\b", "il"),
    (r"\b(?:le|la|les|mon|ma)\s+(?:fichiers?|documents?|pdf|pièces?)\s+(?:ci-joint|joint)e?s?\b", "il"),
    (r"\b(?:este|esta|estos|estas|ese)\s+(?:archivos?|ficheros?|documentos?|pdf|presentación|adjuntos?|hoja)\b", "esto"),
    (r"\b(?:el|la|los|mi)\s+(?:archivos?|ficheros?|documentos?|pdf)\s+adjuntos?\b", "esto"),
)  # fmt: skip
"""What speaks of the file, and the small word that stands for it."""
_NAME = re.compile(r"\w\W+\w|_")
"""A title of several words. One word may be what the question is about: 'Leave'."""
_GOES_ON = re.compile(
    r"\W*(?:and|but|what about|how about|what else|und|aber|was ist mit|wie sieht es mit|et|mais|qu'en est-il|"
    r"y|pero|qué hay de)\b",
    re.IGNORECASE,
)
_COMPILED = tuple((re.compile(pattern, re.IGNORECASE), word) for pattern, word in _MENTIONS)


def speaks_of_file(text: str, attached: Sequence[Attached], before: str = "") -> bool:
    """Whether the question is about the files themselves: 'this document', 'the attached file', or one's title.

    before: the question before it; 'And about leave?' is about the files where that was.
    """
    if not attached:
        return False
    lower = text.casefold()
    titled = any(_NAME.search(one.title) and one.title.casefold() in lower for one in attached)
    if titled or any(pattern.search(text) for pattern, _ in _COMPILED):
        return True
    return bool(before and _GOES_ON.match(text)) and speaks_of_file(before, attached)


def without_mention(text: str) -> str:
    """The question with a small word where it speaks of the file, so that 'file' is nothing to be found in it."""
    for pattern, word in _COMPILED:
        text = pattern.sub(word, text)
    return text


def attached_words(passage: Passage) -> str:
    """The words of a passage, between spaces, that keyword search compares."""
    return " ".join(passage_words("\n".join((passage.title, *passage.headings, passage.text))))


def with_attached(
    text: str,
    vector: Vector,
    found: Sequence[Ranked],
    attached: Sequence[Attached],
    dense_weight: float | None,
    keep: int,
    fusion: Fusion = SHIPPED,
) -> list[Ranked]:
    """The best `keep` of what the index found and of the files' passages, best first, scored by one measure.

    vector: the question's, (dimension,), of the embedder that read the files. dense_weight, fusion: as for
    fusion.fuse.
    """
    passages = [ranked.passage for ranked in found] + [p for one in attached for p in one.passages]
    cosines = [ranked.cosine for ranked in found] + [float(c) for one in attached for c in _near(one, vector)]
    bm25 = _bm25(text, [attached_words(r.passage) for r in found] + list(_words(attached)))
    candidates = [
        Candidate(passage.id, cosine, score, at)
        for at, (passage, cosine, score) in enumerate(zip(passages, cosines, bm25, strict=True))
    ]
    best = fuse(candidates, dense_weight, fusion)[:keep]
    return [Ranked(passages[f.candidate.key], f.candidate.cosine, f.candidate.bm25, f.score) for f in best]


def _near(attached: Attached, vector: Vector) -> Vector:
    """(passages,) cosines."""
    return np.asarray(np.frombuffer(attached.vectors, np.float32).reshape(-1, len(vector)) @ vector)


def _words(attached: Sequence[Attached]) -> Iterator[str]:
    for one in attached:
        yield from one.words


def _bm25(text: str, words: Sequence[str]) -> list[float]:
    import pyarrow as pa

    scores: list[float] = Bm25(pa.array(words, pa.string())).scores(question_words(text)).tolist()
    return scores
