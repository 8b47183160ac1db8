"""Rows <-> Weaviate's objects. Pure.

A passage is an object of these properties. Only what is filtered or searched has an index:

    passage, document, scope   labels, filtered as a whole (tokenization `field`)
    write                      the number of the write that put it there, filtered
    keywords                   the passage's words, as rag_core/index/stores/words.py finds them, searched by BM25
                               (tokenization `whitespace`); Weaviate neither stems English nor divides Chinese or Thai
                               without modules that a server may lack
    record                     everything else as JSON, without an index
    unit_vectors               a blob, without an index
"""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from dataclasses import dataclass
from typing import Any

import numpy as np

from rag_core.index.stores.protocol import Row, Vector
from rag_core.index.stores.words import passage_words
from rag_core.types import Passage, Place

__all__ = [
    "VECTOR",
    "Stored",
    "from_label",
    "group_of",
    "label",
    "object_id",
    "passage_of",
    "properties_of",
    "row_of",
]

VECTOR = "default"
"""The name of the one vector that each object has."""
_ESCAPED = "json:"


@dataclass(frozen=True, slots=True)
class Stored:
    """What tells whether an object is to be seen."""

    passage: str
    document: str
    """Both as labels."""
    write: int


def label(text: str) -> str:
    """Any text, so that Weaviate stores and compares it exactly: it refuses what is not UTF-8, and ignores blanks at the
    ends. Nearly all texts stay as they are; from_label gives every one back."""
    is_plain = text.isprintable() and text == text.strip() and text and not text.startswith(_ESCAPED)
    return text if is_plain else _ESCAPED + json.dumps(text)


def from_label(text: str) -> str:
    return str(json.loads(text.removeprefix(_ESCAPED))) if text.startswith(_ESCAPED) else text


def object_id(row: Row, write: int) -> uuid.UUID:
    """The same for the same passage and write. The first half is the document's, so that in the order of ids, which is
    the only one that Weaviate pages through, the passages of a document stand together."""
    document = hashlib.sha256(_bytes(row.passage.document)).digest()[:8]
    passage = hashlib.sha256(_bytes(f"{row.passage.id}\n{write}")).digest()[:8]
    return uuid.UUID(bytes=document + passage, version=5)


def group_of(id: uuid.UUID) -> str:
    """What the ids of all passages of a document share."""
    return uuid.UUID(str(id)).hex[:16]


def properties_of(row: Row, write: int) -> dict[str, Any]:
    passage = row.passage
    return {
        "passage": label(passage.id),
        "document": label(passage.document),
        "scope": label(passage.scope),
        "write": write,
        "keywords": " ".join(passage_words(f"{row.header}\n{passage.text}")),
        "record": _record(row),
        "unit_vectors": base64.b64encode(passage.unit_vectors).decode(),
    }


def _record(row: Row) -> str:
    passage, place = row.passage, row.passage.place
    values = {
        "id": passage.id,
        "document": passage.document,
        "source": passage.source,
        "scope": passage.scope,
        "title": passage.title,
        "headings": passage.headings,
        "header": row.header,
        "text": passage.text,
        "url": passage.url,
        "place": [place.line, place.page, place.anchor],
        "units": passage.units,
    }
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair; escaped, it can travel
        return json.dumps(values, separators=(",", ":"))
    return text


def passage_of(properties: dict[str, Any]) -> Passage:
    values = json.loads(properties["record"])
    return Passage(
        id=values["id"],
        document=values["document"],
        source=values["source"],
        scope=values["scope"],
        title=values["title"],
        headings=tuple(values["headings"]),
        text=values["text"],
        url=values["url"],
        place=Place(*values["place"]),
        units=tuple((a, b) for a, b in values["units"]),
        unit_vectors=base64.b64decode(properties.get("unit_vectors") or ""),
    )


def row_of(properties: dict[str, Any], vector: Vector) -> Row:
    return Row(
        passage_of(properties), json.loads(properties["record"])["header"], np.asarray(vector, np.float32)
    )


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
