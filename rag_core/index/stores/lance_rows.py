"""Rows as LanceDB keeps them, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from rag_core.index.stores.protocol import Row
from rag_core.index.stores.words import passage_words
from rag_core.types import Passage, Place

__all__ = ["READ", "arrow_of", "header_of", "passage_of", "table_schema", "vectors_in"]

READ = ["id", "content", "details", "unit_vectors"]
"""The columns that make a passage."""


class Details(msgspec.Struct, frozen=True):
    """What is neither searched nor filtered, in one column: each column read costs as much as a row."""

    document: str
    source: str
    scope: str
    title: str
    headings: tuple[str, ...]
    text_from: int
    """Where in the column content the passage's text begins; before it stands the header."""
    url: str
    place: tuple[int | None, int | None, str | None]
    units: tuple[tuple[int, int], ...]


_encoder, _decoder = msgspec.json.Encoder(), msgspec.json.Decoder(Details)


def table_schema(dimension: int) -> Any:
    """What is filtered or searched has a column; the rest is one, because each column read costs as much as a row."""
    import pyarrow as pa

    return pa.schema(
        [
            pa.field("id", pa.string(), nullable=False),
            pa.field("document", pa.string(), nullable=False),
            pa.field("scope", pa.string(), nullable=False),
            pa.field("content", pa.string()),
            pa.field("words", pa.string()),
            pa.field("details", pa.string()),
            pa.field("unit_vectors", pa.binary()),
            pa.field("vector", pa.list_(pa.float32(), dimension)),
        ]
    )


def arrow_of(rows: Sequence[Row], dimension: int) -> Any:
    """A table of these rows, as table_schema says."""
    import pyarrow as pa

    records = [_record(row) for row in rows]
    schema = table_schema(dimension)
    flat = pa.array(np.concatenate([row.vector for row in rows]).astype(np.float32))
    columns = [
        pa.FixedSizeListArray.from_arrays(flat, dimension)
        if field.name == "vector"
        else pa.array([record[field.name] for record in records], field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)


def _record(row: Row) -> dict[str, Any]:
    passage, header = row.passage, f"{row.header}\n" if row.header else ""
    place = passage.place
    details = Details(
        passage.document,
        passage.source,
        passage.scope,
        passage.title,
        passage.headings,
        len(header),
        passage.url,
        (place.line, place.page, place.anchor),
        passage.units,
    )
    return {
        "id": passage.id,
        "document": passage.document,
        "scope": passage.scope,
        "content": header + passage.text,
        "words": " ".join(passage_words(header + passage.text)),
        "details": _encoder.encode(details).decode(),
        "unit_vectors": passage.unit_vectors,
    }


def passage_of(row: dict[str, Any]) -> Passage:
    """row: the columns of READ."""
    details = _decoder.decode(row["details"])
    return Passage(
        id=row["id"],
        document=details.document,
        source=details.source,
        scope=details.scope,
        title=details.title,
        headings=details.headings,
        text=row["content"][details.text_from :],
        url=details.url,
        place=Place(*details.place),
        units=details.units,
        unit_vectors=row["unit_vectors"],
    )


def vectors_in(found: Any, dimension: int) -> NDArray[np.float32]:
    """(rows, dimension), of a table that has the column."""
    column = found.column("vector").combine_chunks()
    return np.asarray(column.flatten().to_numpy(zero_copy_only=False)).reshape(-1, dimension)


def header_of(record: dict[str, Any]) -> str:
    """What was searched by keyword before the passage's text."""
    return str(record["content"][: max(_decoder.decode(record["details"]).text_from - 1, 0)])
