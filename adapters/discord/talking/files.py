"""Files that a person gives in a direct message: fetched from Discord, read for that conversation alone."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from adapters.discord.rest.errors import DiscordRefusal
from adapters.discord.rest.rest import Rest
from adapters.files import LARGEST, MOST, Reader, Reading, read_each
from rag_core.errors import DocumentError, InvalidEntry
from rag_core.types import Attached

__all__ = ["Files"]

Payload = Mapping[str, Any]

log = logging.getLogger(__name__)


class Files:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def read(self, rest: Rest, files: Sequence[Payload], language: str) -> Reading:
        """The latest of them, in order.

        Raises:
            Unavailable: Discord does not hand one out now.
        """
        by_id = {str(file.get("id")): file for file in files if file.get("id")}
        latest = list(by_id.values())[-MOST:]
        return await read_each([partial(self._read, rest, file) for file in latest], language)

    async def _read(self, rest: Rest, file: Payload) -> Attached:
        id = f"discord:{file.get('id')}:{file.get('size', '')}"
        if known := self._reader.known_file(id):
            return known
        name = str(file.get("filename") or file.get("id"))
        most = str(LARGEST >> 20)
        if int(file.get("size") or 0) > LARGEST:
            raise DocumentError("is too large", "file-too-large", name=name, most=most)
        try:
            data = await rest.download(str(file.get("url") or ""), LARGEST)
        except InvalidEntry as error:
            raise DocumentError(str(error), "file-too-large", name=name, most=most) from error
        except DiscordRefusal as error:
            log.info("A file is not handed out: %s", error)
            raise DocumentError(str(error), "file-not-given", name=name) from error
        return await self._reader.read_file(id, name, data, "")
