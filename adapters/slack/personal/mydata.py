"""What is kept of a person: given to them as a file, and forgotten when they say so."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from adapters.own_data import FILE, as_file, forgotten_counts
from adapters.slack.bot import PLATFORM
from adapters.slack.clicks import click_of, user_of
from adapters.slack.identity import Identity
from adapters.slack.ids import Ids
from adapters.slack.personal.home import Home, offset_in
from adapters.slack.received import Handler, Received
from adapters.slack.showing.blocks import Json, section
from adapters.slack.showing.escaping import escaped
from adapters.slack.showing.modals import modal
from adapters.slack.showing.quoting import direct_channel
from adapters.slack.showing.rendering import message
from adapters.slack.showing.whispers import Whispers
from adapters.slack.web_api.api import Api
from adapters.slack.web_api.errors import ScopeMissing, SlackRefusal
from adapters.slack.web_api.uploads import upload
from rag_core.errors import AnswerloopError
from rag_core.messages import say
from rag_core.records.people.people import People

__all__ = ["MyData"]

_PIECE, _PIECES = 6_000, 10
"""Characters of a message, and messages, where no file can be uploaded."""
log = logging.getLogger(__name__)


class MyData:
    def __init__(self, ids: Ids, people: People, identity: Identity, home: Home, whispers: Whispers) -> None:
        self._ids = ids
        self._people = people
        self._identity = identity
        self._home = home
        self._whispers = whispers

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "action:export_mine": self._export,
            "action:forget_mine": self._ask,
            "view:forget_mine": self._forget,
        }

    async def _export(self, received: Received) -> None:
        api, user = received.api, user_of(received.body)
        kept = await self._people.export(PLATFORM, user)
        language = await self._whispers.language(api, "", user)
        try:
            await self._give(received, user, kept, language)
            notice = "data-sent"
        except SlackRefusal as error:
            log.warning("A person's data could not be given to them: %s", error)
            notice = "data-not-sent"
        await self._home.show(api, user, offset_in(received), notice)

    async def _give(self, received: Received, user: str, kept: Mapping[str, Any], language: str) -> None:
        api, channel = received.api, await direct_channel(received.api, user)
        data = as_file(kept)
        try:
            words = escaped(say(language, "data-yours"))
            await upload(api, channel, FILE, data, words)
        except ScopeMissing as error:
            for part, shown in enumerate(_without_file(data.decode(), language, error.needed)):
                look_first = received.delivery.attempt > 1
                key = received.delivery.key
                await api.post(delivery=key, part=part, look_first=look_first, channel=channel, **shown)

    async def _ask(self, received: Received) -> None:
        """Before all is forgotten."""
        api, click = received.api, click_of(received.body, self._ids)
        language = await self._whispers.language_at_once(api, "", click.user)
        words = ("data-forget", "data-forget-sure", "page-cancel")
        title, send, close = (say(language, one) for one in words)
        what = [section(escaped(say(language, one))) for one in ("data-goes", "data-stays")]
        kept = {"offset": offset_in(received)}
        view = modal(self._ids.of("forget_mine"), title, send, close, kept, what)
        if not await self._whispers.open(api, click.trigger, view):
            await self._home.show(api, click.user, offset_in(received), "modal-not-opened")

    async def _forget(self, received: Received) -> None:
        """A second attempt would not know any more who asked for it, so nothing after it may fail it."""
        api, user = received.api, user_of(received.body)
        language = await self._whispers.language(api, "", user)
        removed = await self._people.forget(PLATFORM, user, received.delivery.key)
        try:
            await self._report(api, user, removed, language, received.delivery.key)
            await self._home.show(api, user, notice="data-forgotten-notice")
        except AnswerloopError as error:
            log.warning("Somebody could not be told that they are forgotten: %s", error)
        finally:  # to tell them, Slack was asked for their language
            self._identity.forget(user)

    async def _report(
        self, api: Api, user: str, removed: Mapping[str, int], language: str, delivery: str
    ) -> None:
        said = section(escaped(say(language, "data-forgotten", **forgotten_counts(removed))))
        channel = await direct_channel(api, user)
        await api.post(delivery=delivery, part=0, channel=channel, **message([said]))


def _without_file(data: str, language: str, scope: str) -> list[Json]:
    """The same in messages, where it is not too much, and why it is no file."""
    why = message([section(escaped(say(language, "data-no-file", scope=scope)))])
    pieces = [data[at : at + _PIECE] for at in range(0, len(data), _PIECE)]
    return [why, *map(_as_it_is, pieces)] if len(pieces) <= _PIECES else [why]


def _as_it_is(text: str) -> Json:
    """Text in which nothing acts: rich text has no marks."""
    element = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": text}]}
    return message([{"type": "rich_text", "elements": [element]}])
