"""A channel's settings, changed in a modal by those who manage the channel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.channels import LABELS, Channel, Channels
from adapters.settings_changes import change, in_words, offered_scopes
from adapters.slack.bot import PLATFORM, Refusal
from adapters.slack.clicks import kept_in, user_of
from adapters.slack.identity import Identity
from adapters.slack.ids import Ids
from adapters.slack.personal.settings_form import form, values_in, wrong_in
from adapters.slack.received import Handler, Received
from adapters.slack.showing.blocks import section
from adapters.slack.showing.escaping import escaped
from adapters.slack.showing.views import reading
from adapters.slack.showing.whispers import Spot, Whispers
from adapters.slack.web_api.api import Api
from adapters.slack.web_api.errors import SlackRefusal
from rag_core.access import Access
from rag_core.errors import AnswerloopError
from rag_core.messages import listed, say
from rag_core.settings import Settings

__all__ = ["ChannelForm"]

_NAMED = 5


class ChannelForm:
    """What is saved is in force with the next question. Who manages the channel is asked anew when it is saved."""

    def __init__(
        self,
        settings: Callable[[], Settings],
        ids: Ids,
        database: AsyncEngine,
        access: Access,
        identity: Identity,
        channels: Channels,
        whispers: Whispers,
    ) -> None:
        """access: the same object that the assistant judges by."""
        self._settings = settings
        self._ids = ids
        self._database = database
        self._access = access
        self._identity = identity
        self._channels = channels
        self._whispers = whispers

    def handlers(self) -> Mapping[str, Handler]:
        return {"view:settings": self._save, "action:settings_reset": self._reset}

    def refusals(self) -> Mapping[str, Refusal]:
        return {"view:settings": lambda body: wrong_in(body, self._ids)}

    async def open(self, received: Received) -> None:
        """What Commands calls for `/ask settings`."""
        body, api = received.body, received.api
        channel, url = str(body.get("channel_id") or ""), str(body.get("response_url") or "")
        spot = Spot("", str(body.get("user_id") or ""), "", url)
        if not await self._identity.is_manager(api, spot.user, channel):
            await self._refuse(api, spot)
            return
        language = await self._whispers.language_at_once(api, channel, spot.user)
        now = await self._channels.of(PLATFORM, received.team, channel)
        of_file = self._channels.of_file(PLATFORM, channel)
        kept = {"channel": channel, "team": received.team, "language": language, "url": url}
        scopes = await self._scopes(api, spot.user)
        view = form(self._ids, now, of_file, scopes, kept, language)
        if not await self._whispers.open(api, str(body.get("trigger_id") or ""), view):
            await self._whispers.tell(api, spot, "settings-not-opened")

    async def _save(self, received: Received) -> None:
        await self._change(received, values_in(received.body, self._ids))

    async def _reset(self, received: Received) -> None:
        """To the settings file, at once."""
        if not await self._change(received, None):
            return
        view = received.body.get("view") or {}
        language = str(kept_in(received.body).get("language") or "")
        said = [section(escaped(say(language, "settings-reset-done")))]
        done = reading(say(language, "settings-title"), say(language, "close"), said)
        try:
            await received.api.call("views.update", view_id=view.get("id"), view=done)
        except SlackRefusal:  # it was closed meanwhile
            return

    async def _change(self, received: Received, values: Mapping[str, Any] | None) -> bool:
        """Whether they may. What changed is told to them alone, by another attempt too. values: None: what the file says."""
        api, kept = received.api, kept_in(received.body)
        channel, team = str(kept.get("channel") or ""), str(kept.get("team") or received.team)
        spot = Spot(channel, user_of(received.body), "", str(kept.get("url") or ""))
        if not channel or not await self._identity.is_manager(api, spot.user, channel):
            await self._refuse(api, spot)
            return False
        progress, note = received.delivery.progress, received.note
        changed = await change(self._channels, PLATFORM, team, channel, values, spot.user, progress, note)
        language = await self._whispers.language(api, channel, spot.user)
        lines = [
            f"• {say(language, LABELS[name])}: {await self._said(api, name, changed.now, language)}"
            for name in changed.names
        ]
        if lines:
            await self._whispers.tell(api, spot, "settings-saved", changes="\n".join(lines))
        else:
            await self._whispers.tell(api, spot, "settings-unchanged")
        return True

    async def _scopes(self, api: Api, user: str) -> list[str]:
        """Those of sources that this person may read; names of others are not theirs to know."""
        principal = await self._identity.principal(api, user, "", "", direct=True)
        return await offered_scopes(self._database, self._access, principal)

    async def _refuse(self, api: Api, spot: Spot) -> None:
        """With the names of those who can, as far as they are people."""
        managers = [id for id in self._settings().slack.managers if id[:1] in "UW"][:_NAMED]
        names = [(await self._identity.person(api, id)).name for id in managers]
        language = await self._whispers.language(api, spot.channel, spot.user)
        if known := listed(language, [name for name in names if name]):
            await self._whispers.tell(api, spot, "settings-managers-named", names=known)
        else:
            await self._whispers.tell(api, spot, "settings-managers")

    async def _said(self, api: Api, name: str, channel: Channel, language: str) -> str:
        """A value in words."""
        if name == "allowed":
            people = [
                (await self._identity.person(api, id)).name or id for id in sorted(channel.allowed)[:10]
            ]
            return listed(language, people) or in_words(name, channel, language)
        if name == "escalation":
            return await self._place(api, channel.escalation) or in_words(name, channel, language)
        return in_words(name, channel, language)

    async def _place(self, api: Api, id: str) -> str:
        if not id.startswith(("C", "G")):
            return id
        try:
            said = await api.attempt("conversations.info", channel=id)
        except AnswerloopError:
            return id
        name = str((said.get("channel") or {}).get("name") or "")
        return f"#{name}" if name else id
