"""'Answer this', on a message: the answer stands in its thread; where the bot is not, only who asked for it sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from adapters.slack.bot import PLATFORM
from adapters.slack.identity import asker_team
from adapters.slack.received import Handler, Received
from adapters.slack.showing.whispers import Spot, Whispers
from adapters.slack.talking.addressing import message_of
from adapters.slack.talking.asking import Asking, Inquiry
from adapters.slack.talking.commands import Private
from adapters.slack.talking.history import History
from adapters.slack.talking.questions import Questions, bot_user, minutes_late
from adapters.slack.web_api.errors import PlaceClosed, SlackRefusal
from rag_core.records.platforms.postings import Postings
from rag_core.settings import Settings

__all__ = ["Shortcuts"]


class Shortcuts:
    def __init__(
        self,
        settings: Callable[[], Settings],
        asking: Asking,
        questions: Questions,
        private: Private,
        history: History,
        postings: Postings,
        whispers: Whispers,
    ) -> None:
        self._settings = settings
        self._asking = asking
        self._questions = questions
        self._private = private
        self._history = history
        self._postings = postings
        self._whispers = whispers

    def handlers(self) -> Mapping[str, Handler]:
        return {"shortcut:answer": self._used}

    async def _used(self, received: Received) -> None:
        body, api = received.body, received.api
        where, user = _id(body.get("channel")), _id(body.get("user"))
        message = message_of({**_table(body.get("message"))}, await bot_user(received), where)
        spot = Spot(where, user, message.thread, str(body.get("response_url") or ""))
        if not message.ts or message.user == api.bot_user or not await self._history.text(api, message.text):
            return await self._whispers.tell(api, spot, "no-words")
        channel = await self._asking.channel(received, where)
        if not await self._asking.admits(api, user, channel):
            return await self._whispers.tell(api, spot, "not-allowed")
        inquiry = Inquiry(message, channel, user, asker_team(received))
        if await self._is_member(received, where):
            try:
                return await self._in_thread(received, inquiry, spot)
            except PlaceClosed:
                pass
        if minutes_late(received, self._settings()) is not None:
            return None
        return await self._alone(received, inquiry, spot)

    async def _in_thread(self, received: Received, inquiry: Inquiry, spot: Spot) -> None:
        message = inquiry.message
        shown = await self._postings.of_question(PLATFORM, message.channel, message.ts)
        if any(row.answer_id or row.kind == "draft" for row in shown):
            if received.delivery.attempt == 1:
                await self._whispers.tell(received.api, spot, "answered-already")
        elif (late := minutes_late(received, self._settings())) is not None:
            await self._asking.say(received, inquiry, "asked-late", retry=True, minutes=str(late))
        else:
            await self._questions.answer(received, inquiry)

    async def _alone(self, received: Received, inquiry: Inquiry, spot: Spot) -> None:
        """For their eyes only, with the reason."""
        text = await self._history.text(received.api, inquiry.message.text)
        await self._whispers.tell(received.api, spot, "not-in-channel")
        await self._private.answer(received, text, spot, inquiry.channel)

    async def _is_member(self, received: Received, channel: str) -> bool:
        try:
            said = await received.api.call("conversations.info", channel=channel)
        except PlaceClosed:
            return False
        except SlackRefusal:
            return True  # whether it is shows when it posts
        info = _table(said.get("channel"))
        return bool(info.get("is_member", True)) or bool(info.get("is_im"))


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _id(value: object) -> str:
    return str(_table(value).get("id") or "")
