"""The assistant container of AI apps: questions to begin with, and what the person looks at beside it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from adapters.chat import Chat
from adapters.slack.bot import PLATFORM
from adapters.slack.identity import Identity
from adapters.slack.received import Handler, Received
from adapters.text import shortened
from rag_core.errors import AnswerloopError
from rag_core.messages import say
from rag_core.records.platforms.threads import Threads
from rag_core.settings import Settings

__all__ = ["Container"]

MOST_PROMPTS, LONGEST_TITLE = 4, 75
log = logging.getLogger(__name__)


class Container:
    """Questions in it come as direct messages in a thread (questions.py); their thread is named by titles.py."""

    def __init__(
        self, settings: Callable[[], Settings], chat: Chat, identity: Identity, threads: Threads
    ) -> None:
        self._settings = settings
        self._chat = chat
        self._identity = identity
        self._threads = threads

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "assistant_thread_started": self._started,
            "assistant_thread_context_changed": self._looks_at,
        }

    async def _started(self, received: Received) -> None:
        thread = _thread(received)
        where = {
            "channel_id": str(thread.get("channel_id") or ""),
            "thread_ts": str(thread.get("thread_ts") or ""),
        }
        if not all(where.values()):
            return
        await self._note(received, thread)
        language = self._chat.language(
            await self._identity.language(received.api, str(thread.get("user_id") or ""))
        )
        prompts = [
            {"title": shortened(text, LONGEST_TITLE), "message": text} for text in self._suggestions(language)
        ]
        try:
            await received.api.call("assistant.threads.setSuggestedPrompts", **where, prompts=prompts)
        except AnswerloopError as error:
            log.info("A thread begins without suggestions: %s", error)

    async def _looks_at(self, received: Received) -> None:
        await self._note(received, _thread(received))

    async def _note(self, received: Received, thread: Mapping[str, Any]) -> None:
        channel, ts = str(thread.get("channel_id") or ""), str(thread.get("thread_ts") or "")
        if not channel or not ts:
            return
        known = await self._threads.get(PLATFORM, channel, ts)
        context = thread.get("context")
        beside = str(context.get("channel_id") or "") if isinstance(context, Mapping) else ""
        noted = {**known.context, "assistant": True, "beside": beside}
        await self._threads.note(PLATFORM, received.team, channel, ts, noted)

    def _suggestions(self, language: str) -> tuple[str, ...]:
        settings = self._settings()
        found = settings.slack.suggestions or settings.web.suggestions or (say(language, "ask-what"),)
        return found[:MOST_PROMPTS]


def _thread(received: Received) -> Mapping[str, Any]:
    thread = received.event.get("assistant_thread")
    return thread if isinstance(thread, Mapping) else {}
