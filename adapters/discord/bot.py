"""What takes and handles each delivery from Discord."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from adapters.attempts import trace_of
from adapters.discord.arrivals import Arrival, question_key
from adapters.discord.ids import Ids
from adapters.discord.received import PLATFORM, First, Handler, Json, Received
from adapters.discord.rest.errors import DiscordRefusal, TokenGone
from adapters.discord.rest.rest import Rest
from adapters.inbox import Delivery, Inbox, Note
from adapters.overtaking import Overtaking
from adapters.pacing import Pacing
from rag_core.errors import AnswerloopError, Unavailable
from rag_core.messages import say

__all__ = ["ALONE", "EVERYBODY", "HIDDEN", "INTERRUPTED", "RESPONDED", "UNCHANGED", "DiscordBot"]

EVERYBODY: Json = {"type": 5}
"""A first response: the bot is thinking, and everybody will read what it says."""
ALONE: Json = {"type": 5, "data": {"flags": 64}}
"""The same for the person alone."""
UNCHANGED: Json = {"type": 6}
"""A first response to a click: what was clicked on stays as it is."""
INTERRUPTED = "answerloop_interrupted"
"""Added to an edit's payload when it is taken: its message was being worked on."""
RESPONDED = "answerloop_responded"
"""Added to an interaction's payload: the type of its first response."""
HIDDEN = "answerloop_hidden"
"""Added to an interaction's payload: whether the person alone sees its first response."""
_EPHEMERAL = 64
_OVERTAKING = frozenset({"message_edited", "message_deleted"})
_MADE_WITHIN_S, _FIRST_WITHIN_S = 1.0, 2.5
"""Discord waits for three seconds."""
_LEFT_TO_OTHERS_S = 0.7
_CONTROLS = ("action:", "modal:")
_PAUSES = (0.5, 1, 2, 4, 8, 15, 30, 60)
"""Seconds between attempts to keep what Discord will not tell again."""
_MOST_UNKEPT = 2_000
log = logging.getLogger(__name__)


class DiscordBot:
    """Takes deliveries into the inbox, and hands each to the part that handles its kind."""

    def __init__(
        self,
        rest: Rest,
        ids: Ids,
        command: str,
        handlers: Mapping[str, Handler],
        firsts: Mapping[str, Json | First],
        failed: Callable[[Received, str], Awaitable[None]],
        language: Callable[[str], str],
    ) -> None:
        """handlers: by the kind of arrival. firsts: of interactions, by the same, how they are responded to at once;
        commands and modals are thought about alone, and clicks leave all as it is, where nothing else is said. command: the
        name of the one with which people ask. failed: tells those concerned that it failed, under a reference.
        language: a person's -> that to speak to them."""
        self.ids = ids
        self.command = command
        self.rest = rest
        self.inbox: Inbox | None = None
        self._handlers = handlers
        self._firsts = firsts
        self._failed = failed
        self._language = language
        self._pacing = Pacing()
        self._unkept: set[asyncio.Task[None]] = set()
        self._overtaking = Overtaking(PLATFORM)

    async def take(self, arrival: Arrival) -> None:
        """What Discord told. It will not do so again: what cannot be kept now is tried again for two minutes."""
        if arrival.kind not in self._handlers:
            return
        payload = arrival.payload
        assert self.inbox is not None
        question = question_key(str(payload.get("id")))
        if arrival.kind in _OVERTAKING and self._overtaking.interrupt(self.inbox, question):
            # another process may hear and keep it as well, and does not know what was broken off here
            arrival = replace(arrival, key=f"{arrival.key}:interrupted")
            payload = {**payload, INTERRUPTED: True}
        if arrival.kind == "message_edited":
            self._overtaking.edited(question, arrival.key)
        try:
            await self._keep(arrival, payload)
        except Unavailable as error:
            if len(self._unkept) >= _MOST_UNKEPT:
                log.error("A %s is lost, as too much cannot be kept: %s", arrival.kind, error)
                return
            log.warning("A delivery cannot be kept now, and is tried again: %s", error)
            task = asyncio.create_task(self._keep_later(arrival, payload))
            self._unkept.add(task)
            task.add_done_callback(self._unkept.discard)

    async def interacted(self, arrival: Arrival) -> None:
        """Responded to and kept at once, side by side. What cannot be kept is told to the person."""
        if arrival.kind not in self._handlers and arrival.kind not in self._firsts:
            if arrival.kind.startswith(_CONTROLS):
                await self._disclaim(arrival)
            return
        with self._pacing.arriving():
            await self._interacted(arrival, await self._first(arrival))

    async def _interacted(self, arrival: Arrival, first: Json) -> None:
        responding = asyncio.create_task(self._respond(arrival, first))
        try:
            if arrival.kind in self._handlers:
                hidden = bool((first.get("data") or {}).get("flags", 0) & _EPHEMERAL)
                said = {RESPONDED: first["type"], HIDDEN: hidden}
                await self._keep(arrival, {**arrival.payload, **said})
        except Exception as error:
            reference = secrets.token_hex(3)
            log.error("An interaction could not be kept (reference %s): %s", reference, trace_of(error))
            await responding
            await self._apologise(arrival.payload, first["type"], reference)
        else:
            await responding

    async def handle(self, delivery: Delivery, note: Note) -> None:
        """What the inbox calls."""
        handler = self._handlers.get(delivery.kind)
        if handler is None:  # an earlier version left it, that could do more
            return
        if delivery.kind in ("message", "command:ask", "menu:answer"):
            await self._pacing.before_question()
        try:
            await handler(Received(delivery, self.rest, note))
        except TokenGone as error:  # there is nobody who could be told
            log.error("%s", error)
            raise Unavailable(str(error)) from error

    async def failed(self, delivery: Delivery, error: BaseException, reference: str) -> None:
        """What the inbox calls when it gives up."""
        await self._failed(Received(delivery, self.rest, _nothing), reference)

    async def _keep(self, arrival: Arrival, payload: Mapping[str, Any]) -> None:
        assert self.inbox is not None
        with self._pacing.arriving():
            await self.inbox.accept(PLATFORM, arrival.key, arrival.kind, arrival.lane, payload)

    async def _keep_later(self, arrival: Arrival, payload: Mapping[str, Any]) -> None:
        for pause in _PAUSES:
            await asyncio.sleep(pause)
            try:
                return await self._keep(arrival, payload)
            except Unavailable as error:
                refused = error
        log.error("A %s is lost, as it could not be kept: %s", arrival.kind, refused)

    async def _first(self, arrival: Arrival) -> Json:
        usual = UNCHANGED if arrival.kind.startswith("action:") else ALONE
        found = self._firsts.get(arrival.kind, usual)
        if isinstance(found, dict):
            return found
        try:
            async with asyncio.timeout(_MADE_WITHIN_S):
                return await found(arrival.payload, self.rest)
        except TimeoutError:
            log.warning("The response to a %s took too long to make", arrival.kind)
            return usual
        except Exception as error:
            log.warning("The response to a %s could not be made: %s", arrival.kind, trace_of(error))
            return usual

    async def _respond(self, arrival: Arrival, first: Json) -> None:
        id, token = str(arrival.payload["id"]), str(arrival.payload["token"])
        try:
            async with asyncio.timeout(_FIRST_WITHIN_S):
                await self.rest.respond(id, token, first)
        except (AnswerloopError, TimeoutError) as error:
            log.info("An interaction was not responded to in time: %s", error or type(error).__name__)
        except Exception as error:
            log.error("An interaction was not responded to: %s", trace_of(error))

    async def _disclaim(self, arrival: Arrival) -> None:
        """A button that does nothing here. Another process may be of a version that knows it, and comes first."""
        await asyncio.sleep(_LEFT_TO_OTHERS_S)
        said = say(self._language(str(arrival.payload.get("locale") or "")), "control-unknown")
        data = {"content": said, "flags": _EPHEMERAL, "allowed_mentions": {"parse": []}}
        await self._respond(arrival, {"type": 4, "data": data})

    async def _apologise(self, payload: Mapping[str, Any], responded: int, reference: str) -> None:
        """In the place of 'is thinking'; a message that was clicked on stays as it is."""
        language = self._language(str(payload.get("locale") or ""))
        body = {"content": say(language, "failed", reference=reference), "allowed_mentions": {"parse": []}}
        try:
            if responded in (EVERYBODY["type"], ALONE["type"]):
                await self.rest.original(str(payload["token"]), body)
            else:
                await self.rest.follow_up(str(payload["token"]), body)
        except (DiscordRefusal, Unavailable) as error:
            log.info("Somebody could not be told of failure %s: %s", reference, error)

    async def close(self) -> None:
        for task in self._unkept:
            task.cancel()
        await asyncio.gather(*self._unkept, return_exceptions=True)


async def _nothing(progress: Mapping[str, Any]) -> None:
    return
