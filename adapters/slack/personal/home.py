"""The Home tab: put together from parts, each of which may fail without the others."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from adapters.complaints import Complaints
from adapters.slack.clicks import kept_in
from adapters.slack.received import Handler, Received
from adapters.slack.showing.blocks import Json, context
from adapters.slack.showing.escaping import escaped
from adapters.slack.showing.views import home
from adapters.slack.showing.whispers import Whispers
from adapters.slack.web_api.api import Api
from adapters.slack.web_api.errors import SlackRefusal
from rag_core.messages import say

__all__ = ["Home", "Part", "Visitor", "offset_in"]

PART_S = 3.0
"""The longest that a part is waited for."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person who looks at their Home tab."""

    api: Api
    user: str
    language: str
    """To speak to them, as a BCP 47 tag."""
    offset: int = 0
    """How many of what is to be reviewed stand on the pages before."""


Part = Callable[[Visitor], Awaitable[list[Json]]]
"""Its blocks; none: it is not for this person."""


class Home:
    def __init__(self, parts: Sequence[Part], whispers: Whispers) -> None:
        """parts: in the order in which they stand."""
        self._parts = parts
        self._whispers = whispers
        self._complaints = Complaints(log)

    def handlers(self) -> Mapping[str, Handler]:
        return {"app_home_opened": self._opened}

    async def show(self, api: Api, user: str, offset: int = 0, notice: str = "") -> None:
        """As it is now. notice: a message of the catalogues to stand above all.

        Raises:
            Unavailable: Slack does not take it now.
        """
        visitor = Visitor(api, user, await self._whispers.language(api, "", user), offset)
        parts = await asyncio.gather(*(self._made(part, visitor) for part in self._parts))
        blocks = [block for part in parts for block in part]
        if notice:
            blocks.insert(0, context("ℹ️ " + escaped(say(visitor.language, notice))))
        try:
            await api.call("views.publish", user_id=user, view=home(blocks, {"offset": offset}))
        except SlackRefusal as error:  # the app has no Home tab, or the person has left
            self._complaints.about(error.code, f"A Home tab is not shown: {error}")

    async def _opened(self, received: Received) -> None:
        event = received.event
        if event.get("tab", "home") == "home" and event.get("user"):
            await self.show(received.api, str(event["user"]))

    async def _made(self, part: Part, visitor: Visitor) -> list[Json]:
        """A sentence, where it cannot be made."""
        try:
            async with asyncio.timeout(PART_S):
                return await part(visitor)
        except Exception as error:
            kind = f"{getattr(part, '__qualname__', part)}: {type(error).__name__}"
            self._complaints.about(kind, f"A part of the Home tab cannot be shown: {kind}")
            return [context(escaped(say(visitor.language, "home-part-failed")))]


def offset_in(received: Received) -> int:
    """Of the page that was looked at, where something on the Home tab was clicked or a modal over it sent."""
    try:
        return max(0, int(kept_in(received.body).get("offset") or 0))
    except (TypeError, ValueError):
        return 0
