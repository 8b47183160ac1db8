"""The sign that a question was seen: a status in the thread where Slack shows one, and a reaction on the question."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Any

from adapters.slack.showing.streaming import Place
from adapters.slack.web_api.api import Api
from adapters.slack.web_api.errors import Limited, SlackRefusal, TokenGone, everywhere
from rag_core.errors import AnswerloopError, Unavailable

__all__ = ["Sign"]

EYES = "eyes"
STATUS = "assistant.threads.setStatus"
REACT = "reactions.add"
_STATUS_S = 90.0
"""Slack takes a status away after two minutes."""
_PATIENCE_S = 30.0
"""So long an answer waits for its sign to go; then the sign goes when it can."""
_leaving: set[asyncio.Task[None]] = set()
log = logging.getLogger(__name__)


class Sign:
    """Shown and taken away in the background: it holds up no answer, and what refuses it costs none."""

    def __init__(self, api: Api, place: Place, status: str, waiting: Callable[[], bool]) -> None:
        """status: in words, such as 'is thinking…'. waiting: whether nothing else shows that an answer is coming."""
        self._api = api
        self._place = place
        self._status = status
        self._waiting = waiting
        self._over = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._reacted = self._stated = False

    def show(self) -> None:
        """At once; not waited for."""
        if self._reacts:
            self._tasks.append(asyncio.create_task(self._react()))
        if self._states:
            self._tasks.append(asyncio.create_task(self._state()))

    def left(self) -> None:
        """An earlier attempt may have shown it."""
        self._reacted, self._stated = self._reacts, self._states

    def stop(self) -> None:
        """Show no more than is shown; not waited for."""
        self._over.set()

    async def keep(self) -> None:
        """Let it stand as it is, for another attempt."""
        self.stop()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def clear(self) -> None:
        """Take it away."""
        await self.keep()
        leaving = asyncio.create_task(self._leave())
        _leaving.add(leaving)
        leaving.add_done_callback(_leaving.discard)
        await asyncio.wait((leaving,), timeout=_PATIENCE_S)

    async def _react(self) -> None:
        while not self._over.is_set():
            try:
                self._reacted = True
                await self._api.attempt(REACT, **self._on_question)
                return
            except SlackRefusal as error:
                self._learn(REACT, error)
                self._reacted = error.code == "already_reacted"
                return
            except Unavailable as error:
                await self._over_within(error.retry_after if isinstance(error, Limited) else 2.0)

    async def _state(self) -> None:
        while not self._over.is_set() and self._waiting():
            try:
                self._stated = True
                await self._api.attempt(STATUS, **self._in_thread, status=self._status)
                pause = _STATUS_S
            except SlackRefusal as error:
                self._learn(STATUS, error)
                self._stated = False
                return
            except Unavailable as error:
                pause = error.retry_after if isinstance(error, Limited) else 2.0
            await self._over_within(pause)

    async def _leave(self) -> None:
        """Both at once: neither stays because Slack is slow to take the other away."""
        taken = []
        if self._stated:
            taken.append(self._taken_away(STATUS, {**self._in_thread, "status": ""}))
        if self._reacted:
            taken.append(self._taken_away("reactions.remove", self._on_question))
        self._stated = self._reacted = False
        await asyncio.gather(*taken)

    async def _taken_away(self, method: str, arguments: dict[str, Any]) -> None:
        try:
            await self._api.call(method, **arguments)
        except AnswerloopError as error:
            log.debug("The sign on a question is gone or stays: %s", error)

    @property
    def _reacts(self) -> bool:
        return bool(self._place.question) and not self._place.assistant and not self._refused(REACT)

    @property
    def _states(self) -> bool:
        return bool(self._place.thread) and not self._refused(STATUS)

    def _refused(self, method: str) -> bool:
        return self._api.unsupported.knows(method, self._place.channel)

    def _learn(self, method: str, error: SlackRefusal) -> None:
        """What is refused for the place or the workspace, rather than for this message, is not asked for again soon."""
        if error.code in ("already_reacted", "message_not_found", "invalid_thread_ts", "bad_timestamp"):
            return
        if not isinstance(error, TokenGone):
            self._api.unsupported.learn(method, "" if everywhere(error) else self._place.channel)

    @property
    def _on_question(self) -> dict[str, Any]:
        return {"channel": self._place.channel, "timestamp": self._place.question, "name": EYES}

    @property
    def _in_thread(self) -> dict[str, Any]:
        return {"channel_id": self._place.channel, "thread_ts": self._place.thread}

    async def _over_within(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), seconds)
