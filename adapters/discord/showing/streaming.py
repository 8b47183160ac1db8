"""One message of Discord's that grows by edits while an answer is written."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from adapters.attempts import trace_of
from adapters.discord.rest.errors import Limited
from adapters.discord.showing.components import Json
from adapters.glimpses import Glimpses
from rag_core.errors import AnswerloopError, Unavailable

__all__ = ["Growth", "Pace"]

_MOST = 2_000
_ELLIPSIS = "…"
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds. first: before anything is shown, so that an answer which comes at once is sent whole. edited: between two
    edits of one message, the last of all among them. typing: until the sign that the bot writes is given again; Discord
    takes it away after ten."""

    first: float = 0.7
    edited: float = 1.2
    typing: float = 8.0


class Growth:
    """Shows the text so far. What goes wrong here costs a look at it, never the answer."""

    def __init__(
        self, show: Callable[[Json], Awaitable[bool]], safe: Callable[[str], str], pace: Pace | None = None
    ) -> None:
        """show: sends or edits the message, once; False: it stays as it is. safe: makes text safe to show while the end
        is still to come."""
        self._show = show
        self._safe = safe
        self._pace = pace or Pace()
        self.shown = ""
        """What is shown last, as far as is known."""
        self._free_at = 0.0
        self._glimpses = Glimpses(self._look, self._pace.first)
        self.said = self._glimpses.said
        self.stop = self._glimpses.stop

    async def close(self) -> None:
        """Show no more. What is being shown is shown when this returns."""
        await self._glimpses.close()

    async def settle(self) -> None:
        """The same, and return when the message may be edited again."""
        await self.close()
        await asyncio.sleep(max(self._free_at - asyncio.get_running_loop().time(), 0))

    async def _look(self, text: str) -> float:
        shown = _beginning(self._safe(text))
        if not shown.strip() or shown == self.shown:
            return 0.0
        pause = await self._show_somehow(shown)
        self._free_at = asyncio.get_running_loop().time() + self._pace.edited
        return pause

    async def _show_somehow(self, shown: str) -> float:
        try:
            body: Json = {"content": shown, "allowed_mentions": {"parse": [], "replied_user": False}}
            if await self._show(body):
                self.shown = shown
                return self._pace.edited
        except Limited as limited:
            self._glimpses.again()
            return max(limited.retry_after, self._pace.edited)
        except Unavailable:  # also where it may have been shown: showing it twice shows nowhere
            self._glimpses.again()
            return self._pace.edited * 2
        except AnswerloopError as error:
            log.debug("The text so far is shown no more: %s", error)
        except Exception as error:  # its text may hold what people wrote
            log.error("The text so far is shown no more: %s", trace_of(error))
        self._glimpses.stop()
        return 0.0


def _beginning(text: str) -> str:
    """What of it fits one message, where whoever made it safe did not see to that."""
    if len(text.encode("utf-16-le", "surrogatepass")) // 2 <= _MOST:
        return text
    cut = text.encode("utf-16-le", "surrogatepass")[: 2 * (_MOST - 2)].decode("utf-16-le", "ignore")
    return cut + _ELLIPSIS
