"""Where an answer is shown in Discord while it is made: a message in a channel, or the response to an interaction."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from adapters.chat import Reply
from adapters.discord.interactions import Interaction
from adapters.discord.rest.errors import NO_MESSAGE, PlaceClosed, Vanished
from adapters.discord.rest.rest import Rest
from adapters.discord.showing.channel_messages import MESSAGES, ChannelMessages, whole
from adapters.discord.showing.components import Json
from adapters.discord.showing.late import headed
from adapters.discord.showing.signs import Typing
from adapters.discord.showing.streaming import Growth, Pace
from adapters.progress import Notes, Progress
from rag_core.errors import AnswerloopError

__all__ = ["MESSAGES", "InteractionSurface", "Look", "MessageSurface", "Pace", "Progress"]

_MARGIN = timedelta(minutes=1)
"""So long before an interaction's token ends it is used no more."""
_FURTHER = "follow_ups"
"""What is noted by this name: for each part, by its number, the id of the interaction's message that shows it."""
_LATE = "late"
"""By this name: the answer is delivered apart from its interaction."""
_DONE = "done"
"""By this name: the answer is all there, where only the asker sees it."""
_ORIGINAL = "@original"
_LOADING = 1 << 7
"""The flag of a message that says 'is thinking'."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Look:
    """How a reply looks. final: the bodies of its messages, in order. growing: the text so far -> text that is safe to
    show."""

    final: Callable[[Reply], Sequence[Json]]
    growing: Callable[[str], str]


class MessageSurface:
    """A channel, a thread or direct messages. Implements adapters.answering.Surface."""

    def __init__(
        self,
        rest: Rest,
        channel: str,
        question: str,
        progress: Progress,
        look: Look,
        pace: Pace | None = None,
    ) -> None:
        """question: the message that is replied to, without calling who wrote it; '': none. What progress has noted by
        MESSAGES is there already, and stays as it is until the answer takes its place."""
        pace = pace or Pace()
        self._progress = progress
        self._look = look
        self._messages = ChannelMessages(rest, channel, progress, Notes(progress), question)
        self._growth = Growth(self._grow, look.growing, pace)
        self._typing = Typing(rest, channel, pace.typing)
        if self._messages.ids:
            self._growth.stop()

    async def begin(self) -> None:
        """The sign that the bot writes, until something is shown; not waited for."""
        self._typing.show()

    def said(self, text: str) -> None:
        self._growth.said(text)

    async def finish(self, reply: Reply) -> list[str]:
        """The answer in the place of what was shown, by this attempt or an earlier one.

        Raises:
            DiscordRefusal: Discord does not take it here.
            Unavailable: not now; another attempt goes on with the same messages.
        """
        self._typing.stop()
        await self._growth.settle()
        bodies = self._look.final(reply)
        ids = [await self._messages.put(part, body) for part, body in enumerate(bodies)]
        await self._messages.keep(len(bodies))
        return ids

    async def give_up(self) -> None:
        """Delete what was shown, unless that is an earlier answer. What Discord refuses is logged."""
        if not self._progress.replaces:
            return await self.withdraw()
        self._typing.stop()
        await self._growth.close()

    async def withdraw(self) -> None:
        """Delete what was shown. What Discord refuses is logged."""
        self._typing.stop()
        await self._growth.close()
        try:
            await self._messages.remove()
        except AnswerloopError as error:
            log.warning("What was shown of an answer could not be taken back: %s", error)

    async def _grow(self, body: Json) -> bool:
        shown = await self._messages.grow(body)
        if shown:
            self._typing.stop()
        return shown


class InteractionSurface:
    """What a command or a menu is answered with. Implements adapters.answering.Surface.

    The interaction is deferred: 'is thinking' becomes the answer. Where Discord takes nothing more for it, the answer is
    sent apart: as a message in the channel where everybody reads it, or else as a direct message.
    """

    def __init__(
        self,
        rest: Rest,
        interaction: Interaction,
        progress: Progress,
        look: Look,
        *,
        channel: str,
        ephemeral: bool,
        pace: Pace | None = None,
    ) -> None:
        """channel: where it stands. ephemeral: the asker alone sees it; as it was deferred."""
        self._rest = rest
        self._one = interaction
        self._progress = progress
        self._look = look
        self._ephemeral = ephemeral
        self._notes = Notes(progress)
        self._messages = ChannelMessages(rest, channel, progress, self._notes)
        self._further: dict[str, str] = dict(self._notes.get(_FURTHER) or {})
        self._over = bool(self._notes.get(_LATE)) or not interaction.is_open(left=_MARGIN)
        self._closed = False
        """The bot may not write in the channel by itself."""
        self._original = ""
        self._growth = Growth(self._grow, look.growing, pace)
        self._ending: asyncio.Task[None] | None = None
        if self._messages.ids or self._further or self._over:
            self._growth.stop()

    async def begin(self) -> None:
        """Discord shows that the bot thinks. Before its token ends that is taken back, if there is no answer by then."""
        if self._ending is None and not self._over and not self._messages.ids and not self._further:
            self._ending = asyncio.create_task(self._take_back_in_time())

    def said(self, text: str) -> None:
        self._growth.said(text)

    async def finish(self, reply: Reply) -> list[str]:
        """The answer in the place of what was shown, by this attempt or an earlier one. No ids of what the asker alone sees.

        Raises:
            DiscordRefusal: it cannot be shown here, nor to the asker.
            Unavailable: not now; another attempt goes on with the same messages.
        """
        await self._end()
        await self._growth.settle()
        bodies = self._look.final(reply)
        if not self._ephemeral:
            return await self._show_all(bodies)
        if not self._notes.get(_DONE):
            await self._show_alone(bodies)
            await self._notes.keep(**{_DONE: True})
        return []

    async def give_up(self) -> None:
        """Show no more. 'Is thinking', or what there is of the answer, stays for another attempt or for the sentence that is
        said instead."""
        await self._end()

    async def withdraw(self) -> None:
        """Delete what was shown, and 'is thinking'. What Discord refuses is logged."""
        await self._end()
        try:
            if not self._over:
                await self._take_back(*self._further.values(), _ORIGINAL)
            if self._over and not self._ephemeral:
                await self._clear_remains()
            await self._messages.remove()
        except AnswerloopError as error:
            log.warning("What was shown of an answer could not be taken back: %s", error)

    # where everybody reads it

    async def _show_all(self, bodies: Sequence[Json]) -> list[str]:
        first = "" if self._over else await self._show_first(bodies[0])
        if first:
            ids = [first, *[await self._show_further(n, body) for n, body in enumerate(bodies[1:], 1)]]
            await self._keep(len(bodies))
            return ids
        try:
            return await self._show_apart(self._messages, bodies, names_asker=True)
        except PlaceClosed as error:
            log.info("An answer goes to the asker, as it cannot be shown where it was asked: %s", error)
        await self._show_directly(bodies)
        return []

    async def _show_first(self, body: Json) -> str:
        """The id of the message that was 'is thinking'; '': it is no more."""
        try:
            shown = await self._rest.original(self._one.token, whole(body))
        except Vanished as error:
            self._learn(error)
            return ""
        await self._messages.adopt(0, shown)
        return self._messages.ids[0]

    async def _show_further(self, part: int, body: Json) -> str:
        """As a message of its own, which has a nonce and can be edited at any time; or else as a follow-up."""
        if not self._closed and str(part) not in self._further:
            try:
                return await self._messages.put(part, body)
            except PlaceClosed as error:
                log.info("An answer goes on in follow-ups: %s", error)
                self._closed = True
        return await self._follow_up(part, body)

    # what the asker alone sees

    async def _show_alone(self, bodies: Sequence[Json]) -> None:
        try:
            if not self._over:
                for part, body in enumerate(bodies):
                    await self._show_part_alone(part, body)
                await self._keep(len(bodies))
                return
        except Vanished as error:
            log.info("An interaction takes no more: %s", error)
            self._learn(error)
        await self._show_directly(bodies)

    async def _show_part_alone(self, part: int, body: Json) -> None:
        if part == 0 and "0" not in self._further:
            try:
                await self._rest.original(self._one.token, whole(body))
                return
            except Vanished as error:
                if error.code != NO_MESSAGE:
                    raise
        await self._follow_up(part, body)

    async def _show_directly(self, bodies: Sequence[Json]) -> None:
        channel = await self._rest.direct(self._one.person.id)
        messages = ChannelMessages(self._rest, channel, self._progress, self._notes)
        await self._show_apart(messages, bodies, names_asker=False)

    # both

    async def _show_apart(
        self, messages: ChannelMessages, bodies: Sequence[Json], names_asker: bool
    ) -> list[str]:
        if self._notes.get(_LATE) or not messages.ids:
            await self._notes.keep(**{_LATE: True})
            bodies = headed(bodies, self._one, names_asker)
        ids = [await messages.put(part, whole(body)) for part, body in enumerate(bodies)]
        await messages.keep(len(bodies))
        if not self._ephemeral:
            await self._clear_remains()
        return ids

    async def _follow_up(self, part: int, body: Json) -> str:
        """These have no nonce: one whose id could not be noted is sent again by the next attempt."""
        token, known = self._one.token, self._further.get(str(part))
        if known:
            try:
                await self._rest.change(token, known, whole(body))
                return known
            except Vanished as error:
                if error.code != NO_MESSAGE:
                    raise
        sent = await self._rest.follow_up(token, whole(body), ephemeral=self._ephemeral)
        self._further[str(part)] = str(sent.get("id") or "")
        await self._notes.keep(**{_FURTHER: dict(self._further)})
        return self._further[str(part)]

    async def _keep(self, parts: int) -> None:
        """Delete what an earlier attempt had more to say."""
        await self._messages.keep(parts)
        for part in [part for part in self._further if int(part) >= parts]:
            await self._rest.take_back(self._one.token, self._further.pop(part))
            await self._notes.keep(**{_FURTHER: dict(self._further)})

    async def _take_back(self, *messages: str) -> None:
        try:
            for message in messages:
                await self._rest.take_back(self._one.token, message)
        except Vanished as error:
            self._learn(error)

    async def _grow(self, body: Json) -> bool:
        if self._over or not self._one.is_open(left=_MARGIN):
            return False
        shown = await self._rest.original(self._one.token, body, trying_s=0)
        self._original = str(shown.get("id") or "")
        return True

    def _learn(self, error: Vanished) -> None:
        """A message may be gone while its interaction is open."""
        self._over = self._over or error.code != NO_MESSAGE

    async def _end(self) -> None:
        if self._ending is not None:
            self._ending.cancel()
            await asyncio.wait((self._ending,))
        await self._growth.close()
        self._over = self._over or not self._one.is_open(left=_MARGIN)

    async def _take_back_in_time(self) -> None:
        left = self._one.left() - _MARGIN
        await asyncio.sleep(max(left.total_seconds(), 0))
        self._growth.stop()
        self._over = True
        try:
            if self._is_begun_only(await self._rest.response(self._one.token)):
                await self._rest.take_back(self._one.token)
        except AnswerloopError as error:
            log.info("What was shown of an answer that takes long could not be taken back: %s", error)

    def _is_begun_only(self, message: Mapping[str, Any]) -> bool:
        """Whether nobody has said anything else there meanwhile, such as why there is no answer."""
        loading = bool(int(message.get("flags") or 0) & _LOADING)
        grown = self._growth.shown.strip()
        return loading or bool(grown and grown == str(message.get("content") or "").strip())

    async def _clear_remains(self) -> None:
        """Delete 'is thinking', or what grew in its place, where the answer stands apart from it. What Discord refuses is
        logged."""
        try:
            original = self._original or await self._messages.of_interaction(self._one.id)
            await self._messages.delete_others([original, *self._further.values()])
        except AnswerloopError as error:
            log.info("What was shown of an answer could not be taken back: %s", error)
