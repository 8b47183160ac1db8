"""`/ask`: an answer that only the asker sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from adapters.answering import Answering, Asked
from adapters.channels import Channel
from adapters.chat import Reply
from adapters.progress import Progress
from adapters.slack.identity import asker_team
from adapters.slack.received import Handler, Received
from adapters.slack.showing.controls import Rendering
from adapters.slack.showing.looks import Shown
from adapters.slack.showing.streaming import Place
from adapters.slack.showing.surfaces import EphemeralSurface
from adapters.slack.showing.whispers import Spot, Whispers
from adapters.slack.talking.addressing import readable
from adapters.slack.talking.asking import Asking
from adapters.slack.talking.questions import minutes_late
from adapters.wording import is_help, is_settings
from rag_core.settings import Settings

__all__ = ["Commands", "Private"]

_LONGEST_AGAIN = 1_900
"""Of a question that a button carries; Slack takes 2,000."""


class Private:
    """Answers that are shown to one person only, wherever they are."""

    def __init__(self, asking: Asking, answering: Answering, whispers: Whispers) -> None:
        self._asking = asking
        self._answering = answering
        self._whispers = whispers

    async def answer(
        self, received: Received, text: str, spot: Spot, channel: Channel, *, direct: bool = True, **more: Any
    ) -> Reply | None:
        """Ask, and show it to who is at the spot; where answers are drafts, say that they are. direct: as in Principal;
        False has it made from what the channel may read.

        Raises:
            SlackRefusal, Unavailable: it cannot be shown, or not now.
        """
        api, team = received.api, asker_team(received)
        if channel.draft:
            await self._whispers.tell(api, spot, "draft-not-private")
            return None
        language = await self._asking.language(api, spot.user, channel)
        place = Place(spot.channel, spot.user, team, spot.thread)
        delivery = received.delivery
        progress = Progress(delivery.key, delivery.attempt, delivery.progress, received.note)
        options = Rendering(share=_can_share(received), escalation=bool(channel.escalation))
        look = self._asking.looks.of(api, spot.channel, language, options, f"text:{text[:_LONGEST_AGAIN]}")
        surface = EphemeralSurface(api, place, spot.response_url, progress, look, language)
        await surface.begin()
        principal = await self._asking.principal(api, spot.user, team, spot.channel, channel, direct)
        question = self._asking.question(text, principal, channel, language, workspace=received.team, **more)
        return await self._answering.answer(Asked(question, channel), Shown(surface, api, spot.channel))


class Commands:
    """open_settings: shows the channel's settings, which Slack allows for three seconds."""

    def __init__(
        self,
        settings: Callable[[], Settings],
        asking: Asking,
        private: Private,
        whispers: Whispers,
        open_settings: Handler | None = None,
    ) -> None:
        self._settings = settings
        self._asking = asking
        self._private = private
        self._whispers = whispers
        self._open_settings = open_settings

    def handlers(self) -> Mapping[str, Handler]:
        return {"command": self._run}

    async def _run(self, received: Received) -> None:
        body, api = received.body, received.api
        text = readable(str(body.get("text") or ""), "", {})
        if is_settings(text) and self._open_settings is not None:
            return await self._open_settings(received)
        spot = Spot("", str(body.get("user_id") or ""), "", str(body.get("response_url") or ""))
        command = self._settings().slack.command
        if not text or is_help(text):
            return await self._whispers.tell(api, spot, "ask-help", command=command)
        where = str(body.get("channel_id") or "")
        channel = await self._asking.channel(received, where)
        if not await self._asking.admits(api, spot.user, channel):
            return await self._whispers.tell(api, spot, "not-allowed")
        if (late := minutes_late(received, self._settings())) is not None:
            return await self._whispers.tell(api, spot, "asked-long-ago", minutes=str(late))
        await self._private.answer(received, text, Spot(where, spot.user, "", spot.response_url), channel)
        return None


def _can_share(received: Received) -> bool:
    """Whether others read there: not in direct messages."""
    body = received.body
    channel = body.get("channel")
    id = body.get("channel_id") or (channel.get("id") if isinstance(channel, Mapping) else "")
    return not str(id or "").startswith("D")
