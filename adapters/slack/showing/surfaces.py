"""Where an answer is shown in Slack while it is made: a thread that everyone reads, or a reply that only the asker sees."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.chat import Reply
from adapters.progress import Progress
from adapters.slack.showing.signs import Sign
from adapters.slack.showing.streaming import Growth, Pace, Place
from adapters.slack.web_api.api import Api
from adapters.slack.web_api.errors import SlackRefusal, Vanished, blocks_refused
from adapters.slack.web_api.posts import metadata_of
from rag_core.errors import AnswerloopError, Unavailable
from rag_core.messages import say

__all__ = ["EphemeralSurface", "Look", "ThreadSurface"]

_RESPONSES = 4
"""Of the five that a response_url takes, for an answer's messages; the first says that it is looked for."""
_LOOKING_AFTER_S = 0.7
"""An answer that comes sooner comes alone: what a command's response_url has said stays above it."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Look:
    """How a reply looks. final: its messages, in order. growing: the text so far -> text that is safe to show."""

    final: Callable[[Reply], Sequence[Mapping[str, Any]]]
    growing: Callable[[str], str]


class ThreadSurface:
    """A thread, channel or direct message. Implements adapters.answering.Surface."""

    def __init__(
        self,
        api: Api,
        place: Place,
        progress: Progress,
        look: Look,
        language: str = "",
        pace: Pace | None = None,
        signed: bool = False,
    ) -> None:
        """language: of the status, as a BCP 47 tag. signed: the question may bear a sign already."""
        self._api = api
        self._place = place
        self._progress = progress
        self._look = look
        self._parts: dict[int, str] = {}
        self._growth = Growth(api, place, progress.delivery, look.growing, self._opened, pace)
        self._sign = Sign(api, place, say(language, "thinking"), lambda: not self._growth.ts)
        if progress.attempt > 1 or signed:
            self._sign.left()
        if progress.attempt > 1 and progress.noted.get("ts"):
            self._growth.adopt(str(progress.noted["ts"]))

    async def begin(self) -> None:
        """A status where Slack shows one, and 👀 on the question outside the assistant container; not waited for."""
        self._sign.show()

    def said(self, text: str) -> None:
        self._growth.said(text)

    async def finish(self, reply: Reply) -> list[str]:
        """The answer in the place of what was shown, by this attempt or an earlier one; then the sign goes.

        Raises:
            SlackRefusal: Slack does not take it here. The sign is gone.
            Unavailable: not now. The sign stays; another attempt goes on with the same messages.
        """
        await self._growth.close()
        try:
            messages = await self._show(self._look.final(reply))
        except Unavailable:
            await self._sign.keep()
            raise
        except AnswerloopError:
            await self._sign.clear()
            raise
        except BaseException:
            self._sign.stop()
            raise
        await self._sign.clear()
        return messages

    async def give_up(self) -> None:
        """Delete what was shown, unless that is an earlier answer. What Slack refuses is logged."""
        if not self._progress.replaces:
            return await self.withdraw()
        await self._growth.close()
        await self._sign.clear()

    async def withdraw(self) -> None:
        """Delete what was shown. What Slack refuses is logged."""
        await self._growth.close()
        try:
            for ts in (await self._shown()).values():
                await self._growth.delete(ts)
        except AnswerloopError as error:
            log.warning("What was shown of an answer could not be taken back: %s", error)
        await self._sign.clear()

    async def _show(self, payloads: Sequence[Mapping[str, Any]]) -> list[str]:
        shown = await self._shown()
        messages: list[str] = []
        for part, payload in enumerate(payloads):
            self._parts[part] = await self._show_part(part, payload, shown.pop(part, ""))
            messages.append(self._parts[part])
            if part == 0 and messages[0] not in (self._growth.ts, self._progress.noted.get("ts")):
                await self._opened(messages[0])
        for ts in shown.values():  # an earlier attempt had more to say
            await self._growth.delete(ts)
        return messages

    async def _shown(self) -> dict[int, str]:
        """The ts of each part that stands there already."""
        known = {0: self._growth.ts} | self._parts if self._growth.ts else dict(self._parts)
        if self._progress.attempt == 1 and not self._growth.in_doubt:
            return known
        place = self._place
        try:
            found = await self._api.posted(
                delivery=self._progress.delivery,
                channel=place.channel,
                thread_ts=place.thread or None,
                since=place.question,
            )
        except SlackRefusal as error:  # rather an answer twice than none
            log.info("What an earlier attempt posted cannot be looked up: %s", error)
            return known
        return found | known

    async def _show_part(self, part: int, payload: Mapping[str, Any], ts: str) -> str:
        delivery = self._progress.delivery
        if ts:
            try:
                await self._growth.replace(ts, {**payload, "metadata": metadata_of(delivery, part)})
                return ts
            except Vanished as error:
                log.info("A message that showed an answer is gone, so it is posted anew: %s", error)
        return await self._api.post(
            delivery=delivery, part=part, since=self._place.question, **self._place.there, **payload
        )

    async def _opened(self, ts: str) -> None:
        await self._progress.note({**self._progress.noted, "ts": ts})


class EphemeralSurface:
    """A reply to a command that only the asker sees. Implements adapters.answering.Surface."""

    def __init__(
        self,
        api: Api,
        place: Place,
        response_url: str,
        progress: Progress,
        look: Look,
        language: str = "",
        looking_after_s: float = _LOOKING_AFTER_S,
    ) -> None:
        """response_url: of the command; '': none, and messages are posted for the asker's eyes. looking_after_s: until it is
        said that the answer is being looked for."""
        self._api = api
        self._place = place
        self._url = response_url
        self._progress = progress
        self._look = look
        self._language = language
        self._looking_after_s = looking_after_s
        self._beginning: asyncio.Task[bool] | None = None
        self._ending = asyncio.Event()
        self._sent = 0
        """Messages of the answer that are there."""

    async def begin(self) -> None:
        """Say that it is being looked for, unless it is found soon; not waited for."""
        if self._url and self._progress.attempt == 1:
            self._beginning = asyncio.create_task(self._say_looking())

    def said(self, text: str) -> None:
        """A response_url takes too few messages to show an answer grow."""

    async def finish(self, reply: Reply) -> list[str]:
        """The answer, in the place of the first words where Slack replaces them. No ids: what only one sees has none. Called
        again, it goes on with what is not there yet.

        Raises:
            SlackRefusal: Slack does not take it here.
            Unavailable: not now.
        """
        await self._begun()
        for part, payload in enumerate(self._look.final(reply)):
            if part >= self._sent:
                await self._send(part, payload)
                self._sent = part + 1
        return []

    async def give_up(self) -> None:
        await self.withdraw()

    async def withdraw(self) -> None:
        """Delete what was shown. What Slack refuses is logged."""
        if not await self._begun():
            return
        try:
            await self._api.respond(self._url, delete_original=True)
        except AnswerloopError as error:
            log.warning("What was shown of an answer could not be taken back: %s", error)

    async def _send(self, part: int, payload: Mapping[str, Any]) -> None:
        if self._url and part < _RESPONSES:
            how = {"response_type": "ephemeral", "replace_original": part == 0}
            try:
                await self._api.respond(self._url, **how, **payload)
                return
            except SlackRefusal as error:
                if blocks_refused(error):  # elsewhere, too
                    raise
                log.info("A command's response_url takes no more: %s", error)
                self._url = ""
        await self._api.call("chat.postEphemeral", **self._place.there, user=self._place.user, **payload)

    async def _say_looking(self) -> bool:
        """Whether it may have been said."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ending.wait(), self._looking_after_s)
            return False
        words = say(self._language, "looking")
        try:
            await self._api.respond(self._url, response_type="ephemeral", text=words)
        except AnswerloopError as error:
            log.debug("A command's asker could not be told that it is looked for: %s", error)
        return True

    async def _begun(self) -> bool:
        """Whether it was said that it is looked for; it is not said any more."""
        self._ending.set()
        if self._beginning is None:
            return False
        await asyncio.wait((self._beginning,))
        return self._beginning.exception() is None and self._beginning.result()
