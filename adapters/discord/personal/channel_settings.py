"""`/answerloop settings`: a channel's or the whole server's, changed in menus by those who manage the server."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.channels import Channel, Channels
from adapters.discord.bot import RESPONDED, UNCHANGED
from adapters.discord.identity import Identity
from adapters.discord.ids import Ids
from adapters.discord.interactions import interaction_of
from adapters.discord.people.feedback import MODAL
from adapters.discord.personal.pages import Pages
from adapters.discord.personal.settings_choices import Control, chosen, control_of, refused, resolved, typed
from adapters.discord.personal.settings_pages import (
    LABELLED,
    Named,
    Shown,
    described,
    form,
    menu_people,
    settings_page,
)
from adapters.discord.places import Place, Places
from adapters.discord.received import PLATFORM, First, Handler, Json, Received
from adapters.discord.rest.rest import Rest
from adapters.settings_changes import change, offered_scopes, origins, wrong
from rag_core.access import Access
from rag_core.messages import listed, say
from rag_core.settings import Settings

__all__ = ["SettingsPages"]

_NAMED = 5


class SettingsPages:
    """What is chosen is in force with the next question. Who manages the server is asked anew with each step."""

    def __init__(
        self,
        settings: Callable[[], Settings],
        ids: Ids,
        database: AsyncEngine,
        access: Access,
        identity: Identity,
        places: Places,
        channels: Channels,
        pages: Pages,
    ) -> None:
        """access: the same object that the assistant judges by."""
        self._settings = settings
        self._ids = ids
        self._database = database
        self._access = access
        self._identity = identity
        self._places = places
        self._channels = channels
        self._pages = pages

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "command:settings": self._show,
            "action:settings_page": self._show,
            "action:setting": self._chosen,
            "action:settings_clear": self._clear,
            "action:settings_type": self._not_opened,
            "modal:settings_typed": self._typed,
        }

    def firsts(self) -> Mapping[str, Json | First]:
        return {"action:settings_type": self._form, "modal:settings_typed": UNCHANGED}

    async def _show(self, received: Received, notice: str = "") -> None:
        """The page that a button is about, or else the first of the channel's. notice: lines of plain text."""
        if not await self._may(received.rest, received.body):
            return await self._refuse(received)
        control, language = self._control(received.body), await self._pages.language(received.body)
        shown = await self._shown(received.rest, received.body, control, language)
        page = settings_page(shown, control.page, language, self._ids, notice)
        return await self._pages.show(received, page)

    async def _chosen(self, received: Received) -> None:
        if not await self._may(received.rest, received.body):
            return await self._refuse(received)
        control, one = self._control(received.body), interaction_of(received.body, self._ids)
        place, language = (
            await self._place(received.rest, received.body),
            await self._pages.language(received.body),
        )
        now, offered = await self._now(place, control), await self._scopes(received.rest, received.body)
        values = chosen(control, one.values, now, offered, place.guild)
        if reason := refused(values, now, place.guild):
            return await self._show(received, say(language, reason))
        unseen = control.name == "escalation_channel" and not await self._seen(received.rest, one.values)
        return await self._change(received, values, [say(language, "settings-unseen")] if unseen else ())

    async def _typed(self, received: Received) -> None:
        """What is wrong is told, and the rest set: a modal cannot be opened again for it."""
        if not await self._may(received.rest, received.body):
            return await self._refuse(received)
        values = typed(interaction_of(received.body, self._ids))
        found = wrong(PLATFORM, values, lambda id: True)
        language = await self._pages.language(received.body)
        told = [f"{say(language, LABELLED[name])}: {say(language, words)}" for name, words in found.items()]
        fine = {name: value for name, value in values.items() if name not in found}
        return await self._change(received, fine, told)

    async def _clear(self, received: Received) -> None:
        """What is set for the server or the settings file counts again, at once."""
        if not await self._may(received.rest, received.body):
            return await self._refuse(received)
        await self._saved(received, None)
        return await self._show(received, say(await self._pages.language(received.body), "settings-cleared"))

    async def _change(self, received: Received, values: Mapping[str, Any], told: Sequence[str] = ()) -> None:
        names, language = await self._saved(received, values), await self._pages.language(received.body)
        shown = await self._shown(received.rest, received.body, self._control(received.body), language)
        lines = [f"• {say(language, LABELLED[name])}: {described(name, shown, language)}" for name in names]
        if lines:
            said = [say(language, "settings-changed", changes="\n".join(lines))]
        else:
            said = [] if told else [say(language, "settings-unchanged")]
        await self._show(received, "\n".join([*told, *said]))

    async def _seen(self, rest: Rest, channels: Sequence[str]) -> bool:
        return all([await self._places.name(rest, id) for id in channels])

    async def _saved(self, received: Received, values: Mapping[str, Any] | None) -> Sequence[str]:
        """Names of what changed."""
        place, control = await self._place(received.rest, received.body), self._control(received.body)
        id, within = _target(place, control)
        by, progress = interaction_of(received.body, self._ids).person.id, received.delivery.progress
        args = (self._channels, PLATFORM, place.guild, id, values, by, progress, received.note)
        return (await change(*args, within=within)).names

    async def _not_opened(self, received: Received) -> None:
        if received.body.get(RESPONDED) != MODAL:
            language = await self._pages.language(received.body)
            await self._show(received, say(language, "modal-not-opened"))

    async def _form(self, payload: Mapping[str, Any], rest: Rest) -> Json:
        if not await self._may(rest, payload):
            return UNCHANGED
        control, language = self._control(payload), await self._pages.language(payload)
        now = await self._now(await self._place(rest, payload), control)
        return {"type": MODAL, "data": form(Shown(control.target, now, (), False), language, self._ids)}

    async def _shown(self, rest: Rest, payload: Mapping[str, Any], control: Control, language: str) -> Shown:
        place = await self._place(rest, payload)
        id, within = _target(place, control)
        now = await self._channels.of(PLATFORM, place.guild, id, within)
        here = (await self._channels.of(PLATFORM, place.guild, id)).set_here
        above = await self._channels.of(PLATFORM, place.guild, place.guild) if within else Channel()
        usual = "settings-as-usual" if control.target == "c" else "settings-as-usual-server"
        said = origins(
            replace(now, set_here=here),
            self._channels.of_file(PLATFORM, id, within),
            language,
            above=above.set_here,
            labels=LABELLED,
            usual=usual,
        )
        if now.auto_answer is not None and not rest.reads_all:
            said = [*said, say(language, "settings-no-content")]
        of_forum = place.kind in ("post", "forum") and control.target == "c"
        return Shown(
            target=control.target,
            now=now,
            origins=said,
            is_set=bool(here),
            name=await self._places.name(rest, place.channel),
            scopes=await self._scopes(rest, payload),
            tags=await self._places.tags(rest, place.channel) if of_forum else {},
            known=await self._known(rest, place.guild, now, resolved(payload)),
            is_forum=of_forum,
        )

    async def _known(
        self, rest: Rest, guild: str, now: Channel, told: Mapping[str, Named]
    ) -> dict[str, Named]:
        """What the ids stand for, as far as Discord tells. told: what it said just now."""
        roles = await self._identity.role_names(rest, guild)
        found = dict(told)
        for id in menu_people(now):
            found[id] = told.get(id) or await self._named(rest, guild, roles, id)
        if (id := now.escalation) and id not in told:
            channel = "" if id in roles else await self._places.name(rest, id)
            found[id] = Named("channel", channel) if channel else await self._named(rest, guild, roles, id)
        return found

    async def _named(self, rest: Rest, guild: str, roles: Mapping[str, str], id: str) -> Named:
        if id in roles:
            return Named("role", roles[id].lstrip("@"))
        return Named("user", await self._identity.name(rest, guild, id))

    async def _scopes(self, rest: Rest, payload: Mapping[str, Any]) -> list[str]:
        """Those of sources that this person may read; names of others are not theirs to know."""
        person = interaction_of(payload, self._ids).person
        place = await self._place(rest, payload)
        principal = await self._identity.principal(rest, person, place, direct=True)
        return await offered_scopes(self._database, self._access, principal)

    async def _now(self, place: Place, control: Control) -> Channel:
        id, within = _target(place, control)
        return await self._channels.of(PLATFORM, place.guild, id, within)

    async def _place(self, rest: Rest, payload: Mapping[str, Any]) -> Place:
        return await self._places.of(rest, payload)

    async def _may(self, rest: Rest, payload: Mapping[str, Any]) -> bool:
        person = interaction_of(payload, self._ids).person
        return bool((await self._place(rest, payload)).guild) and self._identity.is_manager(person)

    async def _refuse(self, received: Received) -> None:
        """With the names of those who can, as far as the settings file has them."""
        guild = interaction_of(received.body, self._ids).guild
        roles = await self._identity.role_names(received.rest, guild)
        managers = self._settings().discord.managers[:_NAMED]
        known = [await self._named(received.rest, guild, roles, id) for id in managers]
        names = [str(one) for one, id in zip(known, managers, strict=True) if one.name != id]
        if names:
            language = await self._pages.language(received.body)
            said = listed(language, names)
            await self._pages.say(received, "settings-managers-server-named", names=said)
        else:
            await self._pages.say(received, "settings-managers-server")

    def _control(self, payload: Mapping[str, Any]) -> Control:
        return control_of(interaction_of(payload, self._ids).argument)


def _target(place: Place, control: Control) -> tuple[str, Sequence[str]]:
    """The id that settings are kept under, and what that is in. A thread counts as the channel that it is in."""
    return (place.guild, ()) if control.target == "s" else (place.channel, (place.guild,))
