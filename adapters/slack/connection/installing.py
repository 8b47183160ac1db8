"""Many workspaces: the pages by which the app is installed in one, and what goes when it is removed."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp
from slack_bolt.async_app import AsyncBoltRequest
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_bolt.response import BoltResponse
from slack_sdk.oauth.installation_store.sqlalchemy import AsyncSQLAlchemyInstallationStore
from slack_sdk.oauth.state_store.sqlalchemy import AsyncSQLAlchemyOAuthStateStore
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from adapters.slack.bot import PLATFORM, Departed
from adapters.slack.web_api.api import Apis
from adapters.slack.web_api.installations import installation_of
from rag_core.errors import Unavailable
from rag_core.records.platforms.workspaces import forget_workspace

__all__ = ["INSTALL_PATH", "REDIRECT_PATH", "Departures", "install_routes", "installation_store"]

INSTALL_PATH, REDIRECT_PATH = "/slack/install", "/slack/oauth_redirect"
_STATE_S = 600
_AGAIN = "Slack does not answer now. Please try again in a few minutes."
log = logging.getLogger(__name__)


async def installation_store(client_id: str, database: AsyncEngine) -> AsyncSQLAlchemyInstallationStore:
    """Where slack_sdk keeps installations, in tables of its own.

    Raises:
        Unavailable: the database does not answer.
    """
    store = AsyncSQLAlchemyInstallationStore(client_id, database)
    await _made(store)
    return store


async def install_routes(
    client_id: str,
    client_secret: str,
    scopes: Sequence[str],
    database: AsyncEngine,
    client: AsyncWebClient,
) -> list[BaseRoute]:
    """GET /slack/install and GET /slack/oauth_redirect.

    Raises:
        Unavailable: the database does not answer.
    """
    states = AsyncSQLAlchemyOAuthStateStore(_STATE_S, database)
    await _made(states)
    flow = AsyncOAuthFlow(
        client=client,
        logger=log,
        settings=AsyncOAuthSettings(
            client_id=client_id,
            client_secret=client_secret,
            scopes=scopes,
            install_path=INSTALL_PATH,
            redirect_uri_path=REDIRECT_PATH,
            installation_store=await installation_store(client_id, database),
            state_store=states,
            state_expiration_seconds=_STATE_S,
        ),
    )

    async def install(request: Request) -> Response:
        return _response(await flow.handle_installation(_for_bolt(request)))

    async def installed(request: Request) -> Response:
        try:
            return _response(await flow.handle_callback(_for_bolt(request)))
        except (aiohttp.ClientError, DBAPIError, TimeoutError, OSError) as error:
            log.warning("The app could not be installed: %s", type(error).__name__)
            return PlainTextResponse(_AGAIN, 503)

    return [Route(INSTALL_PATH, install, methods=["GET"]), Route(REDIRECT_PATH, installed, methods=["GET"])]


class Departures:
    """What goes when a workspace removes the app or takes its tokens back."""

    def __init__(self, apis: Apis, database: AsyncEngine) -> None:
        self._apis = apis
        self._database = database

    def handlers(self) -> Mapping[str, Departed]:
        """By the kind of arrival."""
        return {"app_uninstalled": self.uninstalled, "tokens_revoked": self.revoked}

    async def uninstalled(self, body: Mapping[str, Any]) -> None:
        """The installation goes, and all that was kept of the workspace."""
        await self._dropped(body)
        where = installation_of(body)
        if where.team:
            gone = await forget_workspace(
                self._database,
                PLATFORM,
                where.team,
                lambda payload: (
                    installation_of(payload).team == where.team and _kind(payload) != "app_uninstalled"
                ),
            )
            told = ", ".join(f"{count} {what}" for what, count in gone.items() if count) or "nothing was kept"
            log.warning("the app was removed from workspace %s; deleted: %s", where.team, told)

    async def revoked(self, body: Mapping[str, Any]) -> None:
        """The installation goes. What was kept stays: tokens are also revoked to be replaced by others."""
        event = body.get("event") or {}
        tokens = event.get("tokens") or {}
        if tokens.get("bot"):
            await self._dropped(body)
            log.warning("the app's token for workspace %s was revoked", installation_of(body).team)

    async def _dropped(self, body: Mapping[str, Any]) -> None:
        try:
            await self._apis.drop(body)
        except DBAPIError as error:
            raise Unavailable("The installation cannot be deleted now; it is tried again") from error


def _kind(body: Mapping[str, Any]) -> object:
    return (body.get("event") or {}).get("type")


async def _made(store: AsyncSQLAlchemyInstallationStore | AsyncSQLAlchemyOAuthStateStore) -> None:
    for is_last in (False, True):
        try:
            return await store.create_tables()  # type: ignore[no-untyped-call, no-any-return]
        except (DBAPIError, OSError) as error:
            if is_last:  # another process may have made them at the same moment
                raise Unavailable("The tables for Slack's installations cannot be made now") from error


def _for_bolt(request: Request) -> AsyncBoltRequest:
    return AsyncBoltRequest(body="", query=request.url.query, headers=dict(request.headers))


def _response(answered: BoltResponse) -> Response:
    response = Response(
        answered.body, answered.status, headers=dict(answered.first_headers_without_set_cookie())
    )
    for cookie in answered.headers.get("set-cookie", ()):
        response.headers.append("set-cookie", cookie)
    return response
