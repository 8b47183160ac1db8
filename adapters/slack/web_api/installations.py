"""Which workspace a payload came from, and the token the app holds there: one of its own, or one for each installation."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from slack_sdk.errors import SlackTokenRotationError
from slack_sdk.oauth.installation_store import Bot
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.token_rotation.async_rotator import AsyncTokenRotator

from adapters.slack.web_api.api import Api
from adapters.slack.web_api.errors import TokenGone
from rag_core.errors import Unavailable

__all__ = ["Installation", "InstalledTeams", "SingleTeam", "installation_of"]

FRESH_S = 60.0
"""For so long a token is used without looking whether another process renewed it or the app was installed anew."""
_RENEWED_BEFORE_MIN = 60


@dataclass(frozen=True, slots=True)
class Installation:
    """Where the app is installed. enterprise: '': none. whole: in all workspaces of the enterprise."""

    team: str
    enterprise: str = ""
    whole: bool = False


def installation_of(body: Mapping[str, Any]) -> Installation:
    """Of a payload. In a channel shared between workspaces it is not always the sender's."""
    authorizations = body.get("authorizations")
    said = authorizations[0] if isinstance(authorizations, list) and authorizations else body
    team = _id(said, "team") or _id(body, "team") or _id(body.get("user"), "team")
    enterprise = _id(said, "enterprise") if said is not body else _id(body, "enterprise")
    whole = said.get("is_enterprise_install") in (True, "true")
    return Installation(team, enterprise, whole)


class SingleTeam:
    """One workspace, by its token. Implements Apis."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def of(self, body: Mapping[str, Any]) -> Api:
        return self._api

    async def drop(self, body: Mapping[str, Any]) -> None:
        """The token stays: it is the administrator's to change."""

    async def close(self) -> None:
        await self._api.close()


class InstalledTeams:
    """Many workspaces, each with the token of its installation. Implements Apis."""

    def __init__(
        self,
        store: AsyncInstallationStore,
        connect: Callable[[str], Api],
        rotator: AsyncTokenRotator | None = None,
        fresh_s: float = FRESH_S,
    ) -> None:
        """connect: token -> Api. rotator: renews tokens that end; None: none do."""
        self._store = store
        self._connect = connect
        self._rotator = rotator
        self._fresh_s = fresh_s
        self._apis: dict[tuple[str, str], tuple[Api, float]] = {}
        self._looking = asyncio.Lock()

    async def of(self, body: Mapping[str, Any]) -> Api:
        where = installation_of(body)
        async with self._looking:
            api, until = self._apis.get(_key(where), (None, 0.0))
            if api is not None and time.monotonic() < until and not api.signed_out:
                return api
            api = await self._renewed(where, api)
            self._apis[_key(where)] = (api, time.monotonic() + self._fresh_s)
            return api

    async def drop(self, body: Mapping[str, Any]) -> None:
        where = installation_of(body)
        enterprise, team = where.enterprise or None, None if where.whole else where.team
        await self._store.async_delete_all(enterprise_id=enterprise, team_id=team)
        api, _ = self._apis.pop(_key(where), (None, 0.0))
        if api is not None:
            await api.close()

    async def close(self) -> None:
        apis = [api for api, _ in self._apis.values()]
        self._apis.clear()
        await asyncio.gather(*(api.close() for api in apis))

    async def _renewed(self, where: Installation, api: Api | None) -> Api:
        bot = await self._bot(where)
        if bot is None:
            raise TokenGone(
                "a call", "not_installed", f"the app is not installed in {where.team or where.enterprise}"
            )
        if api is None:
            return self._connect(bot.bot_token)
        api.sign_in(bot.bot_token)
        return api

    async def _bot(self, where: Installation) -> Bot | None:
        try:
            bot = await self._found(where)
        except Exception as error:  # whatever the store is kept in
            raise Unavailable("The installations of the Slack app cannot be read; try again later") from error
        return await self._rotated(bot) if bot is not None and self._rotator is not None else bot

    async def _found(self, where: Installation) -> Bot | None:
        enterprise = where.enterprise or None
        if not where.whole and where.team:
            bot = await self._store.async_find_bot(enterprise_id=enterprise, team_id=where.team)
            if bot is not None:
                return bot
        if enterprise is None:
            return None
        return await self._store.async_find_bot(
            enterprise_id=enterprise, team_id=None, is_enterprise_install=True
        )

    async def _rotated(self, bot: Bot) -> Bot:
        assert self._rotator is not None
        try:
            renewed = await self._rotator.perform_bot_token_rotation(
                bot=bot, minutes_before_expiration=_RENEWED_BEFORE_MIN
            )
        except (SlackTokenRotationError, aiohttp.ClientError, OSError, TimeoutError) as error:
            if (bot.bot_token_expires_at or 0) > time.time():
                return bot  # it is good for a while yet
            raise Unavailable("Slack does not renew the app's token now; try again later") from error
        if renewed is None:
            return bot
        await self._store.async_save_bot(renewed)
        return renewed


def _key(where: Installation) -> tuple[str, str]:
    return where.enterprise, "" if where.whole else where.team


def _id(said: object, what: str) -> str:
    """{'team_id': 'T1'}, {'team': {'id': 'T1'}} and {'team': 'T1'} -> 'T1'."""
    if not isinstance(said, Mapping):
        return ""
    whole = said.get(what)
    inner = whole.get("id") if isinstance(whole, Mapping) else whole
    return str(said.get(f"{what}_id") or inner or "")
