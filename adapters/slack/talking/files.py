"""Files that a person gives in a direct message: fetched from Slack, read for that conversation alone."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from adapters.files import LARGEST, MOST, Reader, Reading, read_each
from adapters.slack.web_api.api import Api
from adapters.slack.web_api.errors import ScopeMissing, SlackRefusal
from rag_core.errors import DocumentError, InvalidEntry
from rag_core.types import Attached

__all__ = ["Files", "name_of"]

Payload = Mapping[str, Any]

_GONE = frozenset({"tombstone", "hidden_by_limit", "external"})
log = logging.getLogger(__name__)


class Files:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def read(self, api: Api, files: Sequence[Payload], language: str) -> Reading:
        """The latest of them, in order.

        Raises:
            Unavailable: Slack does not hand one out now.
        """
        return await read_each([partial(self._told, api, file) for file in _latest(files)], language)

    async def _told(self, api: Api, file: Payload) -> Attached:
        """Raises DocumentError with what to say, whatever is wrong with it."""
        name = name_of(file)
        try:
            return await self._read(api, file)
        except InvalidEntry as error:
            most = str(LARGEST >> 20)
            raise DocumentError(str(error), "file-too-large", name=name, most=most) from error
        except ScopeMissing as error:  # the log says what the app lacks
            raise DocumentError(str(error), "file-not-permitted", name=name) from error
        except SlackRefusal as error:
            log.info("A file is not handed out: %s", error)
            raise DocumentError(str(error), "file-not-given", name=name) from error

    async def _read(self, api: Api, file: Payload) -> Attached:
        if file.get("file_access") == "check_file_info" or not _url(file):
            file = (await api.call("files.info", file=str(file.get("id")))).get("file") or file
        if file.get("mode") in _GONE or not _url(file):
            raise DocumentError("is not kept by Slack", "file-not-given", name=name_of(file))
        id = f"slack:{file.get('id')}:{file.get('size', '')}:{file.get('updated') or file.get('timestamp') or ''}"
        if known := self._reader.known_file(id):
            return known
        if int(file.get("size") or 0) > LARGEST:
            raise InvalidEntry(f"This file is larger than {LARGEST >> 20} MB")
        data = await api.download(_url(file))
        return await self._reader.read_file(id, name_of(file), data, str(file.get("permalink") or ""))


def name_of(file: Payload) -> str:
    """With what tells its format: Slack's own kinds of text have no ending."""
    name = str(file.get("name") or file.get("title") or file.get("id") or "file")
    kind = str(file.get("filetype") or "")
    if "." in name or not kind.isalnum():
        return name
    return f"{name}.{'txt' if kind == 'text' else kind}"


def _latest(files: Sequence[Payload]) -> list[Payload]:
    """Each once."""
    by_id = {str(file.get("id")): file for file in files if file.get("id")}
    return list(by_id.values())[-MOST:]


def _url(file: Payload) -> str:
    return str(file.get("url_private_download") or file.get("url_private") or "")
