"""The Slack bot put together: on an app of its own, or on one that a team has."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.oauth.token_rotation.async_rotator import AsyncTokenRotator
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.inbox import Inbox
from adapters.running_inbox import inbox_running
from adapters.slack.assembly import Assembled, Assistant, assemble
from adapters.slack.bot import PLATFORM
from adapters.slack.connection.installing import Departures, installation_store
from adapters.slack.plugin import attach, detach
from adapters.slack.web_api.api import Api, Apis
from adapters.slack.web_api.installations import InstalledTeams, SingleTeam
from adapters.slack.web_api.wire import Wire
from rag_core.access import Access
from rag_core.errors import SettingsError
from rag_core.records.platforms.deliveries import Deliveries
from rag_core.settings import Settings, Slack, duration_s

__all__ = ["own_app", "slack_apis", "slack_bot", "slack_client"]

_BOLTS_OWN = ("SLACK_BOT_TOKEN", "SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "SLACK_VERIFICATION_TOKEN")


@asynccontextmanager
async def slack_bot(
    app: AsyncApp,
    settings: Callable[[], Settings],
    assistant: Assistant,
    access: Access,
    database: AsyncEngine,
    *,
    alone: bool = False,
    at_once: asyncio.Event | None = None,
    apis: Apis | None = None,
    parts: Callable[..., Assembled] = assemble,
) -> AsyncIterator[Inbox]:
    """Add the bot to the app, and have it answer for as long as the context is open.

    settings: those in force now. access: the same object that the assistant judges by. alone: the app has nothing but
    this bot. at_once: once set, closing waits for nothing. apis: what speaks to the workspaces, closed here; None: with
    what the settings say. parts: puts the bot's parts together.

    Raises:
        SettingsError: there is no way into a workspace.
    """
    apis = apis or await slack_apis(settings().slack, database)
    try:
        assembled = parts(
            settings=settings,
            assistant=assistant,
            access=access,
            database=database,
            apis=apis,
            departed=Departures(apis, database).handlers(),
        )
        bot = assembled.bot
        deliveries = Deliveries(database, platforms={PLATFORM})
        keep = timedelta(seconds=duration_s(settings().retention.deliveries))
        inbox = Inbox(deliveries, bot.handle, failed=bot.failed, waits=bot.waits, keep=keep)
        assembled.use(inbox)
        async with inbox_running(inbox, assembled.background, at_once):
            attach(app, bot, alone=alone)
            try:
                yield inbox
            finally:
                detach(app, bot)
    finally:
        await apis.close()


async def slack_apis(slack: Slack, database: AsyncEngine) -> Apis:
    """What speaks to the workspaces; connects to none yet.

    Raises:
        SettingsError: there is neither a token nor a way to be installed.
    """
    base = slack.api_url or ""
    if slack.bot_token:
        return SingleTeam(Api(Wire(slack.bot_token.get_secret_value(), base)))
    if not (slack.client_id and slack.client_secret):
        raise SettingsError(
            "SLACK_BOT_TOKEN is not set: Slack needs it, from the environment or the file .env; or, to be installed in "
            "many workspaces, SLACK_CLIENT_ID and SLACK_CLIENT_SECRET."
        )
    secret = slack.client_secret.get_secret_value()
    rotator = AsyncTokenRotator(client_id=slack.client_id, client_secret=secret, client=slack_client(slack))
    store = await installation_store(slack.client_id, database)
    return InstalledTeams(store, lambda token: Api(Wire(token, base)), rotator)


def own_app(slack: Slack) -> AsyncApp:
    """A Bolt app for the bot alone. It asks Slack nothing of its own, and takes nothing from the environment.

    Signatures are verified before it (adapters/slack/connection/endpoint.py); the bot's own events are sorted out after it.
    """
    with _hidden(_BOLTS_OWN):
        return AsyncApp(
            name="answerloop",
            client=slack_client(slack),
            authorize=_nobody,
            signing_secret="",
            request_verification_enabled=False,
            ssl_check_enabled=False,
            ignoring_self_events_enabled=False,
            attaching_function_token_enabled=False,
        )


def slack_client(slack: Slack, token: str | None = None) -> AsyncWebClient:
    """slack_sdk's own client, for what its parts and Bolt's ask for."""
    base = slack.api_url
    address = f"{base.rstrip('/')}/" if base else AsyncWebClient.BASE_URL
    return AsyncWebClient(token, base_url=address, timeout=10)


async def _nobody() -> AuthorizeResult:
    """Nothing gets so far: all is answered before it is authorized."""
    return AuthorizeResult(enterprise_id=None, team_id=None)


@contextmanager
def _hidden(names: tuple[str, ...]) -> Iterator[None]:
    """Bolt makes a file for installations wherever it is started where it finds these, and warns of the others."""
    kept = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)
