"""What only one person sees, where they are; and modals, where Slack still opens them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from adapters.channels import Channels
from adapters.chat import Chat
from adapters.slack.bot import PLATFORM
from adapters.slack.identity import Identity
from adapters.slack.showing.blocks import Json, actions, button, section
from adapters.slack.showing.escaping import escaped
from adapters.slack.showing.rendering import message
from adapters.slack.web_api.api import Api
from adapters.slack.web_api.errors import SlackRefusal
from rag_core.errors import Unavailable
from rag_core.messages import say

__all__ = ["Pressed", "Spot", "Whispers"]

AT_ONCE_S = 1.0
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Spot:
    """A person, and where they are looking."""

    channel: str
    user: str
    thread: str = ""
    response_url: str = ""
    """Of their click: it reaches them also where the bot is no member."""


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button. words: a message of the catalogues."""

    action: str
    words: str
    value: str


class Whispers:
    def __init__(self, identity: Identity, channels: Channels, chat: Chat) -> None:
        self._identity = identity
        self._channels = channels
        self._chat = chat

    async def language(self, api: Api, channel: str, user: str = "") -> str:
        """To speak to this person there, as a BCP 47 tag. user: '': to all who are there."""
        known = await api.identity()
        here = await self._channels.of(PLATFORM, known.team, channel) if channel else None
        if here and here.language:
            return here.language
        return self._chat.language(await self._identity.language(api, user) if user else "")

    async def language_at_once(self, api: Api, channel: str, user: str) -> str:
        """The same, for a modal, which does not wait for a Slack that is slow to say who somebody is."""
        try:
            async with asyncio.timeout(AT_ONCE_S):
                return await self.language(api, channel, user)
        except TimeoutError:
            return self._chat.language("")

    async def tell(
        self, api: Api, spot: Spot, words: str, buttons: Sequence[Pressed] = (), **values: object
    ) -> None:
        """Say a message of the catalogues. What cannot be said is logged."""
        try:
            language = await self.language(api, spot.channel, spot.user)
            blocks = [section(escaped(say(language, words, **values)))]
            if buttons:
                blocks.append(actions(*(button(say(language, b.words), b.action, b.value) for b in buttons)))
            await self._send(api, spot, message(blocks))
        except (SlackRefusal, Unavailable) as error:
            log.info("Somebody could not be told: %s", error)

    async def open(self, api: Api, trigger: str, view: Json) -> bool:
        """Whether Slack opened the modal; it does so for three seconds after a click."""
        try:
            await api.attempt("views.open", trigger_id=trigger, view=view)
        except (SlackRefusal, Unavailable) as error:
            log.info("A modal was not opened: %s", error)
            return False
        return True

    async def _send(self, api: Api, spot: Spot, payload: dict[str, Any]) -> None:
        where = {"channel": spot.channel, "user": spot.user, "thread_ts": spot.thread or None}
        try:
            if spot.channel:
                await api.call("chat.postEphemeral", **where, **payload)
                return
        except SlackRefusal:
            if not spot.response_url:
                raise
        if spot.response_url:
            how = {"response_type": "ephemeral", "replace_original": False}
            await api.respond(spot.response_url, **how, **payload)
