"""Who a person is: what Slack says of them, and what that lets them do here."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from adapters.remembered import Remembered
from adapters.slack.bot import PLATFORM
from adapters.slack.received import Received
from adapters.slack.web_api.api import Api
from rag_core.settings import Settings
from rag_core.types import Principal

__all__ = ["Identity", "Person", "asker_team"]

PERSON_S, GROUPS_S, CREATOR_S = 600.0, 30.0, 3600.0
"""For so long it is not asked again what Slack says of a person, which groups there are, and who made a channel."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Person:
    """What Slack says of a user; all empty where it does not say."""

    id: str
    name: str = ""
    """As others see it."""
    team: str = ""
    """Their own workspace."""
    language: str = ""
    """A BCP 47 tag."""
    is_admin: bool = False
    is_foreign: bool = False
    """Of another workspace, as in channels that are shared with it."""
    """Of the workspace; owners are too."""
    is_bot: bool = False


class Identity:
    """Looks people up, each once in a while; what Slack does not tell now counts as not so."""

    def __init__(self, settings: Callable[[], Settings]) -> None:
        """settings: those in force."""
        self._settings = settings
        self._people: WeakKeyDictionary[Api, Remembered[Person]] = WeakKeyDictionary()
        self._groups: WeakKeyDictionary[Api, Remembered[Mapping[str, frozenset[str]]]] = WeakKeyDictionary()
        self._creators: WeakKeyDictionary[Api, Remembered[str]] = WeakKeyDictionary()

    async def principal(
        self, api: Api, user: str, team: str, channel: str, direct: bool, named: Collection[str] = ()
    ) -> Principal:
        """Who asks, and from where.

        team: the asker's own workspace; '' where the payload does not tell it for sure: then Slack is asked. direct: this
        person alone sees the answer. named: ids that a channel's own settings name, user groups among them.
        """
        if not team:
            team = (await self.person(api, user)).team
        roles = await self.roles(api, user, named)
        return Principal(PLATFORM, user, team, channel, roles, direct)

    async def person(self, api: Api, user: str) -> Person:
        """What Slack says of them. Never raises."""
        if not user:
            return Person("")
        people = _of(self._people, api, PERSON_S)
        found = await people.get(user, lambda: _person(api, user))
        return found or Person(user)

    async def language(self, api: Api, user: str) -> str:
        """A BCP 47 tag; '' where Slack does not tell."""
        return (await self.person(api, user)).language

    async def roles(self, api: Api, user: str, named: Collection[str] = ()) -> frozenset[str]:
        """The user groups that they are in. Asked only where the settings, or `named`, name a group. Never raises."""
        wanted = self._named_groups() | {id for id in named if _is_group(id)}
        if not wanted:
            return frozenset()
        return frozenset(id for id, users in (await self._all_groups(api)).items() if user in users)

    async def members(self, api: Api, group: str) -> frozenset[str]:
        """The users of a user group; none where Slack does not tell. Never raises."""
        return (await self._all_groups(api)).get(group, frozenset())

    async def is_manager(self, api: Api, user: str, channel: str) -> bool:
        """Whether they may change the channel's settings: who made it, admins and owners, and slack.managers."""
        if await self._is_listed(api, user, self._settings().slack.managers):
            return True
        person = await self.person(api, user)
        if person.is_admin or person.is_foreign:  # who manages another workspace has no say in this one
            return not person.is_foreign
        return bool(channel) and user == await self._creator(api, channel)

    async def is_reviewer(self, api: Api, user: str) -> bool:
        """Whether review.reviewers names them or a group that they are in."""
        return await self._is_listed(api, user, self._reviewers())

    def forget(self, user: str) -> None:
        """Keep nothing of what Slack said of this person."""
        for people in self._people.values():
            people.forget(user)

    async def _is_listed(self, api: Api, user: str, ids: Collection[str]) -> bool:
        if not user:
            return False
        groups = {id for id in ids if _is_group(id)}
        return user in ids or (bool(groups) and not groups.isdisjoint(await self.roles(api, user, groups)))

    def _reviewers(self) -> set[str]:
        return {
            id
            for at, _, id in (one.partition(":") for one in self._settings().review.reviewers)
            if at == PLATFORM
        }

    def _named_groups(self) -> set[str]:
        settings = self._settings()
        named: set[str] = {*settings.slack.managers, *self._reviewers()}
        for rule in settings.access.rules:
            if rule.platform in (None, PLATFORM):
                named.update(rule.role or ())
        for channel in settings.channels:
            named.update(channel.allowed or ())
        return {id for id in named if _is_group(id)}

    async def _all_groups(self, api: Api) -> Mapping[str, frozenset[str]]:
        return await _of(self._groups, api, GROUPS_S).get("", lambda: _groups(api)) or {}

    async def _creator(self, api: Api, channel: str) -> str:
        return await _of(self._creators, api, CREATOR_S).get(channel, lambda: _creator(api, channel)) or ""


def asker_team(received: Received) -> str:
    """The own workspace of who sent this, as the payload tells it; '' where it does not for sure, as in a channel that is
    shared with other workspaces."""
    event, body = received.event, received.body
    if not event:
        user = body.get("user")
        own = user.get("team_id") if isinstance(user, Mapping) else ""
        return str(own or received.team)
    stated = event.get("user_team") or event.get("source_team")
    if stated or body.get("is_ext_shared_channel"):
        return str(stated or "")
    return str(event.get("team") or received.team)


def _of(all: WeakKeyDictionary[Api, Remembered[T]], api: Api, seconds: float) -> Remembered[T]:
    if api not in all:
        all[api] = Remembered("Slack", seconds)
    return all[api]


def _is_group(id: str) -> bool:
    """Whether it looks like the id of a user group. Other platforms' ids are numbers."""
    return id.startswith("S")


async def _person(api: Api, user: str) -> Person:
    said: Mapping[str, Any] = (await api.attempt("users.info", user=user, include_locale=True)).get(
        "user"
    ) or {}
    profile = said.get("profile") or {}
    name = (
        profile.get("display_name") or profile.get("real_name") or said.get("real_name") or said.get("name")
    )
    return Person(
        id=user,
        name=str(name or ""),
        team=str(said.get("team_id") or ""),
        language=str(said.get("locale") or ""),
        is_admin=any(said.get(key) is True for key in ("is_admin", "is_owner", "is_primary_owner")),
        is_foreign=await _is_foreign(api, said),
        is_bot=bool(said.get("is_bot")),
    )


async def _is_foreign(api: Api, said: Mapping[str, Any]) -> bool:
    """Whether they belong neither to this workspace nor, through their organisation, to it as well."""
    organisation = said.get("enterprise_user") or {}
    teams = {str(said.get("team_id") or ""), *map(str, organisation.get("teams") or ())} - {""}
    here = (await api.identity()).team
    return bool(here and teams) and here not in teams


async def _groups(api: Api) -> Mapping[str, frozenset[str]]:
    said = await api.call("usergroups.list", include_users=True)
    groups = said.get("usergroups") or ()
    return {
        str(group.get("id")): frozenset(group.get("users") or ())
        for group in groups
        if not group.get("date_delete")
    }


async def _creator(api: Api, channel: str) -> str:
    said = await api.call("conversations.info", channel=channel)
    return str((said.get("channel") or {}).get("creator") or "")
