"""Who a person is: what Discord says of them, and what that lets them do here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from adapters.discord.persons import Person, person_of
from adapters.discord.places import Place
from adapters.discord.received import PLATFORM
from adapters.discord.rest.errors import DiscordRefusal
from adapters.discord.rest.rest import Rest
from adapters.remembered import Remembered
from rag_core.errors import Unavailable
from rag_core.settings import Settings
from rag_core.types import Principal

__all__ = ["Identity"]

MEMBER_S, ROLES_S = 30.0, 60.0
"""For so long it is not asked again which roles somebody has, where an event does not tell, and what roles there are."""
_MOST_SERVERS = 20
"""In which somebody who writes directly is looked up."""


class Identity:
    """What Discord does not tell now counts as not so."""

    def __init__(self, settings: Callable[[], Settings], guilds: Callable[[], Sequence[str]]) -> None:
        """settings: those in force. guilds: the servers that the bot is in, by id."""
        self._settings = settings
        self._guilds = guilds
        self._members: Remembered[Mapping[str, Any]] = Remembered("Discord", MEMBER_S)
        self._roles: Remembered[Sequence[Mapping[str, Any]]] = Remembered("Discord", ROLES_S)

    async def principal(self, rest: Rest, person: Person, place: Place, direct: bool) -> Principal:
        """Who asks, and from where. direct: this person alone sees the answer.

        In direct messages workspaces are the servers that both they and the bot are in, and roles those of there.
        """
        here = {place.guild: person.roles} if place.guild else await self._everywhere(rest, person.id)
        return Principal(
            PLATFORM,
            person.id,
            place.guild,
            place.channel,
            frozenset().union(*here.values()),
            direct,
            frozenset() if place.guild else frozenset(here),
        )

    async def name(self, rest: Rest, guild: str, user: str) -> str:
        """As others see it there; the id where Discord does not tell. Never raises."""
        member = (await self._member(rest, guild, user)) if guild else None
        found = member or await self._members.get(f"user:{user}", lambda: _told(rest.user_of(user))) or {}
        return person_of({"member": found, "user": found.get("user") or found}).name or user

    async def roles(self, rest: Rest, guild: str, user: str) -> frozenset[str]:
        """By id, for events that do not tell them. Never raises."""
        return person_of({"member": await self._member(rest, guild, user) or {}}).roles

    async def role_names(self, rest: Rest, guild: str) -> dict[str, str]:
        """Of the server's roles, by id; none where Discord does not tell. Never raises."""
        return {
            str(role.get("id")): str(role.get("name") or "") for role in await self._roles_of(rest, guild)
        }

    async def own_role(self, rest: Rest, guild: str) -> str:
        """The id of the role that Discord made for the bot alone; '': there is none. Never raises."""
        tagged = ((role, role.get("tags") or {}) for role in await self._roles_of(rest, guild))
        return next((str(role["id"]) for role, tags in tagged if str(tags.get("bot_id")) == rest.user), "")

    async def is_role(self, rest: Rest, guild: str, id: str) -> bool:
        """Whether this is the id of a role of the server. Never raises."""
        return any(str(role.get("id")) == id for role in await self._roles_of(rest, guild))

    def forget(self, user: str) -> None:
        """What was looked up of them."""
        for key in (f"user:{user}", *(f"{guild}:{user}" for guild in self._guilds())):
            self._members.forget(key)

    def is_manager(self, person: Person) -> bool:
        """Whether they may change settings: with Manage Server, or named by discord.managers."""
        return person.manages_server or _is_listed(person, self._settings().discord.managers)

    async def is_reviewer(self, rest: Rest, person: Person, guild: str) -> bool:
        """Whether review.reviewers names them or a role of theirs."""
        reviewers = [
            id
            for at, _, id in (one.partition(":") for one in self._settings().review.reviewers)
            if at == PLATFORM
        ]
        everywhere = {} if guild else await self._everywhere(rest, person.id)
        roles = person.roles.union(*everywhere.values())
        return person.id in reviewers or not roles.isdisjoint(reviewers)

    async def _everywhere(self, rest: Rest, user: str) -> dict[str, frozenset[str]]:
        """Their roles by server, of those that they are in."""
        guilds = self._guilds()[:_MOST_SERVERS]
        members = await asyncio.gather(*(self._member(rest, guild, user) for guild in guilds))
        found = zip(guilds, members, strict=True)
        return {guild: person_of({"member": member}).roles for guild, member in found if member}

    async def _roles_of(self, rest: Rest, guild: str) -> Sequence[Mapping[str, Any]]:
        if not guild:
            return ()
        return await self._roles.get(guild, lambda: _told(rest.roles(guild))) or ()

    async def _member(self, rest: Rest, guild: str, user: str) -> Mapping[str, Any] | None:
        return await self._members.get(f"{guild}:{user}", lambda: _told(rest.member(guild, user)))


async def _told(call: Any) -> Any:
    try:
        return await call
    except DiscordRefusal as error:
        raise Unavailable(str(error)) from error


def _is_listed(person: Person, ids: Collection[str]) -> bool:
    return person.id in ids or not person.roles.isdisjoint(ids)
