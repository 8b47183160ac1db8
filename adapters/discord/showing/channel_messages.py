"""The messages that show one answer in a channel: each is sent once, however often that is tried, and edited after."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from adapters.discord.rest.errors import DiscordRefusal, PlaceClosed, Unconfirmed, Vanished
from adapters.discord.rest.rest import Rest, nonce_of
from adapters.discord.showing.components import Json
from adapters.discord.showing.plain import without_embeds
from adapters.progress import Notes, Progress

__all__ = ["MESSAGES", "ChannelMessages", "whole"]

MESSAGES = "messages"
"""What is noted by this name: the ids of the messages that show the answer, in the order of its parts; '' for one that is
not there."""
_GONE = "gone"
"""By this name: for each part, by its number, the id of a message of it that was deleted."""
_TRIES = 3
_NO_REFERENCE = 160002
"""Discord's code for: replies need the permission to read what was written before."""
_BAD_FORM = 50035
_NOT_ALLOWED = 50013
"""Also where it is embeds that the bot may not send."""
_LOOKED_AT = 100
log = logging.getLogger(__name__)


class ChannelMessages:
    """By part, from 0."""

    def __init__(
        self, rest: Rest, channel: str, progress: Progress, notes: Notes, question: str = ""
    ) -> None:
        """question: the message that the first part replies to; '': none."""
        self._rest = rest
        self._channel = channel
        self._delivery = progress.delivery
        self._notes = notes
        self._question = self._replied_to = question
        noted = notes.get(MESSAGES) or ()
        self._ids = {part: str(id) for part, id in enumerate(noted) if id}
        self._gone: dict[str, str] = dict(notes.get(_GONE) or {})
        self._earlier = self._doubtful = progress.attempt > 1
        """An earlier attempt may have sent a message whose id was not noted, or this one has."""

    @property
    def ids(self) -> Mapping[int, str]:
        """Of the messages that are known to be there."""
        return self._ids

    async def grow(self, body: Json) -> bool:
        """Show a look at the first part, once. False: there is one of an earlier attempt, and it stays as it is.

        Raises:
            DiscordRefusal, Unavailable: as Rest does.
        """
        if self._earlier and self._doubtful and 0 not in self._ids:
            await self._look_up()
            if 0 in self._ids:
                return False
        if 0 in self._ids:
            await self._rest.edit(self._channel, self._ids[0], body, trying_s=0)
            return True
        await self.adopt(0, await self._send(0, body, trying_s=0))
        return True

    async def put(self, part: int, body: Mapping[str, Any]) -> str:
        """Have the part's message show this, and nothing of before; its id. One that was deleted is sent anew.

        Raises:
            DiscordRefusal: Discord does not take it here.
            Unavailable: not now.
        """
        try:
            return await self._put(part, whole(body))
        except PlaceClosed as error:
            if error.code != _NOT_ALLOWED or not body.get("embeds"):
                raise
            log.info("An answer is shown without embeds: %s", error)
        return await self._put(part, whole(without_embeds(body)))

    async def _put(self, part: int, body: Json) -> str:
        if self._doubtful and part == 0 and not self._ids:
            await self._look_up()
        for _ in range(_TRIES):
            if part in self._ids:
                try:
                    await self._rest.edit(self._channel, self._ids[part], body)
                    return self._ids[part]
                except Vanished as error:
                    log.info("A message that showed an answer is gone, so it is sent anew: %s", error)
                    self._gone[str(part)] = self._ids.pop(part)
            sent = await self._send(part, body)
            await self.adopt(part, sent)
            if _shows(sent, body):
                break
        return self._ids[part]

    async def adopt(self, part: int, message: Mapping[str, Any]) -> None:
        """The part is shown by this message."""
        self._ids[part] = str(message.get("id") or "")
        await self._note()

    async def keep(self, parts: int) -> None:
        """Delete those of an earlier attempt that had more to say.

        Raises:
            DiscordRefusal, Unavailable: as Rest does.
        """
        await self._delete([part for part in self._ids if part >= parts])

    async def remove(self) -> None:
        """Delete all of them.

        Raises:
            DiscordRefusal, Unavailable: as Rest does.
        """
        if self._doubtful and 0 not in self._ids:
            await self._look_up()
        await self._delete(list(self._ids))

    async def delete_others(self, messages: Iterable[str]) -> None:
        """Delete those of these that show no part; '' stands for none.

        Raises:
            DiscordRefusal, Unavailable: as Rest does.
        """
        for message in set(messages) - {"", *self._ids.values()}:
            await self._rest.delete(self._channel, message)

    async def of_interaction(self, interaction: str) -> str:
        """The id of the first message here that came from an interaction; '': it is not found.

        Raises:
            DiscordRefusal, Unavailable: as Rest does.
        """
        messages = await self._rest.messages(self._channel, limit=_LOOKED_AT, after=interaction)
        found = [str(each.get("id") or "") for each in messages if _made_by(each) == interaction]
        return found[-1] if found else ""

    async def _delete(self, parts: Iterable[int]) -> None:
        for part in parts:
            await self._rest.delete(self._channel, self._ids[part])
            self._gone[str(part)] = self._ids.pop(part)
        await self._note()

    async def _send(self, part: int, body: Mapping[str, Any], trying_s: float | None = None) -> Json:
        gone = self._gone.get(str(part))  # Discord may give that one back for its nonce
        nonce = nonce_of(self._delivery, f"{part}:{gone}" if gone else part)
        try:
            if part == 0 and self._replied_to:
                return await self._reply(body, nonce, trying_s)
            return await self._rest.send(self._channel, body, nonce=nonce, trying_s=trying_s)
        except Unconfirmed:
            self._doubtful = True
            raise

    async def _reply(self, body: Mapping[str, Any], nonce: str, trying_s: float | None) -> Json:
        reference = {"message_id": self._replied_to, "fail_if_not_exists": False}
        reply = {**body, "message_reference": reference}
        try:
            return await self._rest.send(self._channel, reply, nonce=nonce, trying_s=trying_s)
        except DiscordRefusal as error:
            if not _reference_refused(error):
                raise
            log.info("An answer is shown without a reference to its question: %s", error)
        self._replied_to = ""
        return await self._rest.send(self._channel, body, nonce=nonce, trying_s=trying_s)

    async def _look_up(self) -> None:
        """Find the first part where its id was not noted: our own reply to the question. Where Discord does not let us
        look, the nonce of the message has to do."""
        if not self._question:
            return
        try:
            messages = await self._rest.messages(self._channel, limit=_LOOKED_AT, after=self._question)
        except DiscordRefusal as error:  # rather an answer twice than none
            log.info("What an earlier attempt sent cannot be looked up: %s", error)
            messages = []
        self._doubtful = False
        for message in messages:
            if _author(message) == self._rest.user and _replies_to(message) == self._question:
                await self.adopt(0, message)
                return

    async def _note(self) -> None:
        parts = max(self._ids, default=-1) + 1
        await self._notes.keep(
            **{MESSAGES: [self._ids.get(n, "") for n in range(parts)], _GONE: dict(self._gone)}
        )


def whole(body: Mapping[str, Any]) -> Json:
    """The body with all that a message can show, so that what it edits keeps nothing of before, and calling nobody."""
    empty: Json = {"content": "", "embeds": [], "components": []}
    mentions = {"parse": [], **(body.get("allowed_mentions") or {}), "replied_user": False}
    return {**empty, **body, "allowed_mentions": mentions}


def _shows(message: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """Whether the message is what the body says, rather than one that was sent before with the same nonce."""
    return (
        str(message.get("content") or "").strip() == str(body["content"] or "").strip()
        and _embedded(message) == _embedded(body)
        and len(message.get("components") or ()) == len(body["components"])
    )


def _embedded(body: Mapping[str, Any]) -> list[str]:
    return [str(each.get("description") or "").strip() for each in body.get("embeds") or ()]


def _reference_refused(error: DiscordRefusal) -> bool:
    return error.code == _NO_REFERENCE or (error.code == _BAD_FORM and "message_reference" in str(error))


def _author(message: Mapping[str, Any]) -> str:
    return str((message.get("author") or {}).get("id") or "")


def _replies_to(message: Mapping[str, Any]) -> str:
    return str((message.get("message_reference") or {}).get("message_id") or "")


def _made_by(message: Mapping[str, Any]) -> str:
    """The interaction that it came from."""
    return str((message.get("interaction_metadata") or {}).get("id") or "")
