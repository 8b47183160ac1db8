"""One message of Slack's that grows while an answer is written: streamed where Slack streams, edited elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from adapters.glimpses import Glimpses
from adapters.slack.web_api.api import Api
from adapters.slack.web_api.errors import (
    Limited,
    NotSent,
    NotSupported,
    PlaceClosed,
    SlackRefusal,
    TokenGone,
    Unconfirmed,
    Vanished,
    everywhere,
)
from rag_core.errors import AnswerloopError, Unavailable

__all__ = ["Growth", "Pace", "Place"]

STREAM = "chat.startStream"
_STREAMED_MOST = 11_000
"""Characters; what goes beyond stands in the messages that replace the stream."""
_FALLBACK = 1_000
"""Characters for where blocks are not shown, such as notifications: they count towards the same limit."""
_STILL_STREAMED = "streaming_state_conflict"
_SETTLING_S = (0.2, 0.5, 1.0)
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an answer goes, as Slack names it."""

    channel: str
    user: str
    """Who asked."""
    user_team: str
    """The asker's own workspace."""
    thread: str = ""
    """ts of the message whose thread the answer goes to; '': not to a thread."""
    question: str = ""
    """ts of the message that asks; '': none."""
    assistant: bool = False
    """The thread is one of the assistant container."""

    @property
    def there(self) -> dict[str, Any]:
        """What every message posted here names."""
        return {"channel": self.channel, "thread_ts": self.thread or None}


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds. first: before anything is shown, so that an answer which comes at once is posted whole."""

    first: float = 0.7
    appended: float = 1.0
    edited: float = 1.5


class Growth:
    """Shows the text so far. What goes wrong here costs a look at it, never the answer.

    shown: makes text safe to show while the end is still to come; what it makes of a longer text begins with what it made of
    a shorter one, or else no more is streamed. opened: is told the ts once there is one.
    """

    def __init__(
        self,
        api: Api,
        place: Place,
        delivery: str,
        shown: Callable[[str], str],
        opened: Callable[[str], Awaitable[None]],
        pace: Pace | None = None,
    ) -> None:
        self._api = api
        self._place = place
        self._delivery = delivery
        self._safe = shown
        self._opened = opened
        self._pace = pace or Pace()
        self._sent = ""
        self._by_stream = bool(place.thread)
        self._streaming = False
        self._glimpses = Glimpses(self._show_somehow, self._pace.first)
        self.ts = ""
        """Of the message; '': there is none."""
        self.in_doubt = False
        """A post may have arrived whose ts is not known."""

    def said(self, text: str) -> None:
        """Show the text so far when its time comes."""
        self._glimpses.said(text)

    async def close(self) -> None:
        """Show no more. What is being sent is sent; a stream is stopped when the message is replaced."""
        await self._glimpses.close()

    def adopt(self, ts: str) -> None:
        """Go on with a message of an earlier attempt: it stays as it is until it is replaced."""
        self.ts = ts
        self._glimpses.stop()
        self._streaming = self._by_stream  # it may have been streamed

    async def replace(self, ts: str, payload: Mapping[str, Any]) -> None:
        """Have the message show the payload, and nothing of what it showed.

        Raises:
            Vanished: it cannot be changed any more.
            SlackRefusal, Unavailable: as Api.call does.
        """
        await self._settled("chat.update", ts, payload)

    async def delete(self, ts: str) -> None:
        """Have it gone.

        Raises:
            SlackRefusal, Unavailable: as Api.call does.
        """
        with contextlib.suppress(Vanished):
            await self._settled("chat.delete", ts, {})

    async def _settled(self, method: str, ts: str, arguments: Mapping[str, Any]) -> None:
        """Change a message that may be streamed still, by us or by an earlier attempt: its stream is stopped first."""
        if self._streaming and ts == self.ts:
            await self._stop_stream(ts)
        for pause in (*_SETTLING_S, None):
            try:
                await self._api.call(method, channel=self._place.channel, ts=ts, **arguments)
            except SlackRefusal as error:
                if error.code != _STILL_STREAMED:
                    raise
                if pause is None:
                    raise Vanished(method, error.code) from None
                await self._stop_stream(ts)
                await asyncio.sleep(pause)
            else:
                return

    async def _stop_stream(self, ts: str) -> None:
        with contextlib.suppress(Vanished, NotSupported):  # it ended by itself
            await self._api.call("chat.stopStream", channel=self._place.channel, ts=ts)
        self._streaming = False

    async def _show_somehow(self, text: str) -> float:
        """Show the text so far; seconds to wait before more is shown."""
        try:
            return await (self._append(text) if self._by_stream else self._edit(text))
        except Limited as limited:
            self._glimpses.again()
            return max(limited.retry_after, self._pace.edited)
        except NotSent:
            self._glimpses.again()
            return self._pace.edited * 2
        except AnswerloopError as error:
            log.debug("The text so far is shown no more: %s", error)
        except Exception:
            log.exception("The text so far is shown no more")
        self._glimpses.stop()
        return 0.0

    async def _append(self, text: str) -> float:
        text = self._safe(_whole_words(text))
        if not text.startswith(self._sent) or len(text) > _STREAMED_MOST:
            self._glimpses.stop()  # was revised; a stream cannot take back
            return 0.0
        more = text[len(self._sent) :]
        if more and not self.ts:
            await self._start(more)
        elif more:
            await self._continue(more)
        if self._by_stream:
            return self._pace.appended
        return self._pace.edited if self.ts else 0.0  # without a stream nothing is seen yet

    async def _start(self, text: str) -> None:
        place = self._place
        if self._api.unsupported.knows(STREAM, place.channel):
            self._by_stream = False
            self._glimpses.again()
            return
        recipient = {"recipient_team_id": place.user_team, "recipient_user_id": place.user}
        try:
            reply = await self._api.attempt(STREAM, **place.there, markdown_text=text, **recipient)
        except (TokenGone, PlaceClosed):
            raise
        except SlackRefusal as error:
            self._api.unsupported.learn(STREAM, "" if everywhere(error) else place.channel)
            self._by_stream = False
            self._glimpses.again()
            return
        except Limited:
            self._by_stream = False  # streams are few a minute: do without
            self._glimpses.again()
            return
        except Unconfirmed:
            self.in_doubt = True
            raise
        self._streaming, self._sent = True, text
        await self._open(str(reply.get("ts") or ""))

    async def _continue(self, more: str) -> None:
        try:
            await self._api.attempt(
                "chat.appendStream", channel=self._place.channel, ts=self.ts, markdown_text=more
            )
        except Vanished:  # Slack ended the stream: it was quiet for too long
            self._streaming = self._by_stream = False
            self._glimpses.again()
            return
        self._sent += more

    async def _edit(self, text: str) -> float:
        text = self._safe(text)
        if not text:
            return self._pace.edited
        if len(text) > _STREAMED_MOST:
            self._glimpses.stop()
            return self._pace.edited
        message = {"text": text[:_FALLBACK], "blocks": [{"type": "markdown", "text": text}]}
        if self.ts:
            await self._api.attempt("chat.update", channel=self._place.channel, ts=self.ts, **message)
            return self._pace.edited
        try:
            ts = await self._api.post_at_once(
                delivery=self._delivery,
                part=0,
                **self._place.there,
                **message,
                unfurl_links=False,
                unfurl_media=False,
            )
        except Unconfirmed:
            self.in_doubt = True
            raise
        await self._open(ts)
        return self._pace.edited

    async def _open(self, ts: str) -> None:
        self.ts = ts
        try:
            await self._opened(ts)
        except (Unavailable, OSError) as error:
            log.warning("Which message shows an answer could not be noted: %s", error)


def _whole_words(text: str) -> str:
    """Without the word at the end, which may be half a link."""
    cut = max(text.rfind(" "), text.rfind("\n"))
    return text[: cut + 1]
