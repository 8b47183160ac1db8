"""Threads of the assistant container of AI apps, and their titles."""

from __future__ import annotations

import logging

from adapters.slack.bot import PLATFORM
from adapters.slack.web_api.api import Api
from adapters.text import shortened
from rag_core.errors import AnswerloopError
from rag_core.records.platforms.threads import Thread, Threads

__all__ = ["Titles"]

LONGEST = 60
log = logging.getLogger(__name__)


class Titles:
    def __init__(self, threads: Threads) -> None:
        self._threads = threads

    @staticmethod
    def is_assistants(thread: Thread) -> bool:
        """Whether it is one of the assistant container."""
        return bool(thread.context.get("assistant"))

    async def name(self, api: Api, team: str, channel: str, ts: str, thread: Thread, question: str) -> None:
        """Name it after its first question, so that it is found again. Never raises for what Slack refuses."""
        title = shortened(" ".join(question.split()), LONGEST)
        if thread.context.get("titled") or not title:
            return
        try:
            await api.call("assistant.threads.setTitle", channel_id=channel, thread_ts=ts, title=title)
        except AnswerloopError as error:
            log.info("A thread has no title: %s", error)
            return
        await self._threads.note(PLATFORM, team, channel, ts, {**thread.context, "titled": True})
