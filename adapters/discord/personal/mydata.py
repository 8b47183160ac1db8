"""What is kept of a person: counted for them, given to them as a file, and forgotten when they say so twice."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from adapters.discord.identity import Identity
from adapters.discord.ids import Ids
from adapters.discord.interactions import interaction_of
from adapters.discord.personal.pages import Pages
from adapters.discord.received import PLATFORM, Handler, Json, Received
from adapters.discord.rest.errors import DiscordRefusal
from adapters.discord.showing.components import DANGER, PRIMARY, button, row
from adapters.discord.showing.escaping import escaped
from adapters.discord.showing.rendering import body
from adapters.discord.whispers import Whispers
from adapters.own_data import FILE, as_file, forgotten_counts, kept_counts
from rag_core.errors import AnswerloopError
from rag_core.messages import say
from rag_core.records.people.people import People

__all__ = ["MyData"]

log = logging.getLogger(__name__)


class MyData:
    """In servers and in direct messages; the same person is known in both."""

    def __init__(
        self, ids: Ids, people: People, identity: Identity, pages: Pages, whispers: Whispers
    ) -> None:
        self._ids = ids
        self._people = people
        self._identity = identity
        self._pages = pages
        self._whispers = whispers

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "command:mydata": self._show,
            "action:data_back": self._show,
            "action:data_export": self._export,
            "action:data_forget": self._ask,
            "action:data_forget_sure": self._forget,
        }

    async def _show(self, received: Received) -> None:
        kept = await self._people.export(PLATFORM, self._user(received))
        language = await self._pages.language(received.body)
        lines = [
            f"**{escaped(say(language, 'data'))}**",
            escaped(say(language, "data-what")),
            escaped(say(language, "data-kept", **kept_counts(kept))),
        ]
        pressed = row(
            button(say(language, "data-download"), self._ids.of("data_export"), PRIMARY),
            button(say(language, "data-forget"), self._ids.of("data_forget"), DANGER),
        )
        await self._pages.show(received, body("\n".join(lines), components=[pressed]))

    async def _export(self, received: Received) -> None:
        """Behind what they clicked on, so that they can go on there."""
        spot = await self._whispers.spot(received)
        kept = await self._people.export(PLATFORM, spot.user)
        language = await self._pages.language(received.body)
        said = body(escaped(say(language, "data-yours")))
        try:
            await self._whispers.show(received.rest, spot, [said], [(FILE, as_file(kept))])
        except DiscordRefusal as error:
            log.warning("A person's data could not be given to them: %s", error)
            await self._whispers.show(received.rest, spot, [body(escaped(say(language, "data-not-sent")))])

    async def _ask(self, received: Received) -> None:
        """Before all is forgotten."""
        language = await self._pages.language(received.body)
        lines = [escaped(say(language, words)) for words in ("data-goes", "data-stays")]
        pressed = row(
            button(say(language, "data-forget-sure"), self._ids.of("data_forget_sure"), DANGER),
            button(say(language, "page-cancel"), self._ids.of("data_back")),
        )
        await self._pages.show(received, body("\n".join(lines), components=[pressed]))

    async def _forget(self, received: Received) -> None:
        """A second attempt would not know any more who asked for it, so nothing after it may fail it."""
        user = self._user(received)
        language = await self._pages.language(received.body)
        removed = await self._people.forget(PLATFORM, user, received.delivery.key)
        try:
            await self._pages.show(received, _report(removed, language))
        except AnswerloopError as error:
            log.warning("Somebody could not be told that they are forgotten: %s", error)
        finally:  # to tell them, it was looked who they are
            self._identity.forget(user)
            self._whispers.locales.forget(user)

    def _user(self, received: Received) -> str:
        return interaction_of(received.body, self._ids).person.id


def _report(removed: Mapping[str, int], language: str) -> Json:
    return body(escaped(say(language, "data-forgotten", **forgotten_counts(removed))))
