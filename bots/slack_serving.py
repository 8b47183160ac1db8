"""The Slack bot on an app of its own: the part of `answerloop serve` that speaks to Slack."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from slack_bolt.async_app import AsyncApp
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from adapters.slack.assembly import Assistant
from adapters.slack.connection.endpoint import PATH, endpoint
from adapters.slack.connection.features import features_of, lacking, scopes_of
from adapters.slack.connection.installing import INSTALL_PATH, install_routes
from adapters.slack.connection.socket import SocketMode
from adapters.slack.web_api.errors import SlackRefusal
from adapters.slack.web_api.wire import Wire
from adapters.slack.web_api.workspace import Workspace, workspace_when_up
from bots.listening import address, listen, serve_http
from bots.serve import Part, Run, announce
from bots.slack_bot import own_app, slack_bot, slack_client
from bots.stopping import Stopping
from rag_core.access import Access
from rag_core.bootstrap import open_records
from rag_core.errors import SettingsError, Unavailable
from rag_core.settings import Settings, Slack

__all__ = ["check_slack", "slack_part"]

Work = Coroutine[Any, Any, None]
State = Callable[[], Awaitable[Mapping[str, object]]]
_NAMED_WITHIN_S = 5.0
"""How long the line that says it is ready waits for the workspace's name."""
log = logging.getLogger(__name__)


def slack_part(
    settings: Callable[[], Settings],
    access: Access,
    console: Console,
    ready: Callable[[Any], Awaitable[Mapping[str, object]]] | None = None,
) -> Part[Any]:
    """settings: those in force. access: the same object that the assistant judges by. ready: what /healthz tells in HTTP
    mode, as in bots.serve."""

    @contextmanager
    def part() -> Iterator[Run[Any]]:
        slack = settings().slack
        check_slack(slack)
        listening = listen("slack", slack.host, slack.port) if _listens(slack) else None
        try:

            async def run(assistant: Assistant, stopping: Stopping) -> None:
                async def state() -> Mapping[str, object]:
                    return await ready(assistant) if ready else {}

                async with open_records(settings()) as database:
                    serving = _Serving(settings, access, console, database, listening, state, stopping)
                    await serving.run(assistant)

            yield run
        finally:
            if listening is not None:
                listening.close()

    return part


def check_slack(slack: Slack) -> None:
    """
    Raises:
        SettingsError: a variable that this mode needs is not set; the message names it.
    """
    missing = []
    if not slack.configured:
        missing.append("SLACK_BOT_TOKEN (or SLACK_CLIENT_ID and SLACK_CLIENT_SECRET, for many workspaces)")
    if slack.mode == "socket" and not slack.app_token:
        missing.append("SLACK_APP_TOKEN")
    if slack.mode == "http" and not slack.signing_secret:
        missing.append("SLACK_SIGNING_SECRET")
    if missing:
        raise SettingsError(
            f"Slack in {slack.mode} mode is not configured: set {' and '.join(missing)} in the environment or the file "
            ".env; docs/slack.md tells where to find them."
        )


def _listens(slack: Slack) -> bool:
    return slack.mode == "http" or not slack.bot_token


@dataclass
class _Serving:
    """One run of it."""

    settings: Callable[[], Settings]
    access: Access
    console: Console
    database: AsyncEngine
    listening: socket.socket | None
    state: State
    stopping: Stopping
    connected: asyncio.Event = field(default_factory=asyncio.Event)
    """Slack can reach us."""
    workspace: Workspace | None = None
    known: asyncio.Event = field(default_factory=asyncio.Event)
    """What can be known of the workspace is."""

    @property
    def slack(self) -> Slack:
        return self.settings().slack

    async def run(self, assistant: Assistant) -> None:
        """Until it is asked to stop.

        Raises:
            SettingsError: Slack refuses a token.
        """
        app = own_app(self.slack)
        async with slack_bot(
            app,
            self.settings,
            assistant,
            self.access,
            self.database,
            alone=True,
            at_once=self.stopping.at_once,
        ):
            listening = self.listening
            web = [self._http(await self._web(app), listening)] if listening is not None else []
            sockets = [self._socket(app)] if self.slack.mode == "socket" else []
            works = [self._know_workspace(), self._announce(), *sockets]
            await _until(self.stopping.asked, works, web)

    async def _socket(self, app: AsyncApp) -> None:
        assert self.slack.app_token is not None
        wire = Wire(self.slack.app_token.get_secret_value(), self.slack.api_url or "")

        async def fresh() -> str:
            if url := (await wire.send("apps.connections.open", {})).get("url"):
                return str(url)
            raise Unavailable("Slack gives no address to connect to; try again later")

        try:
            await SocketMode(app, fresh, connected=self.connected.set, proxy=wire.proxy).run()
        except SlackRefusal as error:
            raise _refused("SLACK_APP_TOKEN", error) from None
        finally:
            await wire.close()

    async def _http(self, web: Starlette, listening: socket.socket) -> None:
        def accepting() -> None:
            if self.slack.mode == "http":
                self.connected.set()

        await serve_http(web, listening, self.stopping, accepting, self.settings().log_level)

    async def _web(self, app: AsyncApp) -> Starlette:
        secret = self.slack.signing_secret if self.slack.mode == "http" else None
        routes = await self._install_routes()
        return endpoint(app, secret.get_secret_value() if secret else None, self.state, routes)

    async def _install_routes(self) -> list[BaseRoute]:
        slack = self.slack
        if slack.bot_token or not (slack.client_id and slack.client_secret):
            return []
        scopes = scopes_of(features_of(self.settings()))
        secret = slack.client_secret.get_secret_value()
        return await install_routes(slack.client_id, secret, scopes, self.database, slack_client(slack))

    async def _know_workspace(self) -> None:
        """Of many there is none to be named."""
        if self.slack.bot_token is None:
            self.known.set()
            return
        client = slack_client(self.slack, self.slack.bot_token.get_secret_value())
        try:
            self.workspace = await workspace_when_up(client)
        except SlackRefusal as error:
            raise _refused("SLACK_BOT_TOKEN", error) from None
        self.known.set()
        self._complain(self.workspace)

    def _complain(self, workspace: Workspace) -> None:
        if workspace.scopes is None:
            return
        for scope, what in lacking(features_of(self.settings()), workspace.scopes).items():
            log.warning("the bot token lacks the scope %s, without which there is no: %s", scope, what)

    async def _announce(self) -> None:
        await self.connected.wait()
        try:
            async with asyncio.timeout(_NAMED_WITHIN_S):
                await self.known.wait()
        except TimeoutError:
            log.debug("the workspace's name is not known yet")
        announce(self.console, ", ".join(self._said()))

    def _said(self) -> list[str]:
        said = ["Slack", "Socket Mode" if self.slack.mode == "socket" else "HTTP mode"]
        if self.workspace:
            said.append(f"workspace {self.workspace.name or self.workspace.id}")
        if self.listening is not None:
            path = PATH if self.slack.mode == "http" else INSTALL_PATH
            said.append(f"{address(self.listening)}{path}")
        return said


def _refused(variable: str, error: SlackRefusal) -> SettingsError:
    """At the start a token that Slack refuses is a mistake in the settings; trying again would not help."""
    return SettingsError(
        f"Slack refuses {variable} ({error.code}): docs/slack.md tells where to find the right one."
    )


async def _until(stop: asyncio.Event, works: list[Work], ending: list[Work]) -> None:
    """All at once, until stopped or one fails. ending: those that come to their end by themselves once it is stopped."""
    stopped = asyncio.create_task(stop.wait())
    ends = [asyncio.create_task(work) for work in ending]
    tasks = [*ends, *(asyncio.create_task(work) for work in works)]
    try:
        pending: set[asyncio.Task[Any]] = {stopped, *tasks}
        while not stop.is_set():
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        await asyncio.gather(*ends)
    finally:
        for task in (*tasks, stopped):
            task.cancel()
        await asyncio.gather(*tasks, stopped, return_exceptions=True)
