"""The one object that holds the visibility record, read and written."""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import Any

from rag_core.errors import NotReady, Unavailable
from rag_core.index.stores.weaviate.connection import within
from rag_core.index.stores.weaviate.visibility import Visibility
from rag_core.settings import Store

__all__ = ["Record"]

READS, PAUSE_S = 8, 0.02
"""While an object is overwritten Weaviate may miss it for a moment, when it is looked for by its id."""


class Record:
    """Of one index and tenant."""

    def __init__(self, collection: Any, settings: Store) -> None:
        self._collection = collection
        self._settings = settings
        self._id = uuid.uuid5(uuid.NAMESPACE_OID, f"answerloop {settings.tenant}")
        self._last: Visibility | None = None

    @property
    def last(self) -> Visibility:
        """As it was when it was last read or written here."""
        if self._last is None:
            raise RuntimeError("begin() comes first")
        return self._last

    async def begin(self, dimension: int) -> None:
        """Read the record, or make the first one.

        Raises:
            NotReady: the index holds vectors of another dimension, or is of another version.
        """
        text = await self._text() or await self._first(dimension)
        self._last = Visibility.decoded(text)
        if self._last.dimension != dimension:
            raise NotReady(
                f"The index in Weaviate holds vectors of {self._last.dimension} numbers and the model makes {dimension}; "
                "`answerloop ingest --rebuild` builds it anew."
            )

    async def read(self) -> Visibility:
        for _ in range(READS):
            if text := await self._text():
                self._last = Visibility.decoded(text)
                return self._last
            await asyncio.sleep(PAUSE_S)
        raise Unavailable(
            "The index in Weaviate has lost its record; `answerloop ingest --rebuild` builds it anew."
        )

    async def write(self, visibility: Visibility) -> Visibility:
        from weaviate.classes.data import DataObject

        record = DataObject(properties={"record": visibility.encoded()}, uuid=self._id)
        async with within(self._settings.write_timeout_s, "writing the index's record"):
            result = await self._collection.data.insert_many([record])
        if result.has_errors:
            raise Unavailable(f"Weaviate did not write the index's record: {result.errors[0].message}")
        self._last = visibility
        return visibility

    async def _text(self) -> str | None:
        async with within(self._settings.timeout_s, "reading the index's record"):
            found = await self._collection.query.fetch_object_by_id(self._id, return_properties=["record"])
        return str(found.properties["record"]) if found else None

    async def _first(self, dimension: int) -> str:
        """Made where there is none; another process may be as quick, and its record stays."""
        from weaviate.exceptions import UnexpectedStatusCodeError

        first = Visibility(dimension, counted=time.time_ns() // 1000)
        async with within(self._settings.write_timeout_s, "writing the index's record"):
            try:
                await self._collection.data.insert({"record": first.encoded()}, uuid=self._id)
            except UnexpectedStatusCodeError as error:
                if error.status_code != 422:
                    raise
        return (await self.read()).encoded()
