"""Many workspaces: installed through Slack's pages, and forgotten when they remove the app."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.slack.connection.endpoint import endpoint
from adapters.slack.connection.installing import Departures, install_routes
from adapters.slack.web_api.api import Apis
from adapters.slack.web_api.errors import TokenGone
from bots.slack_bot import own_app, slack_apis, slack_client
from rag_core.records.database import open_database
from rag_core.records.platforms.channels import ChannelRecords
from rag_core.settings import Slack
from tests.servers.slack import LocalSlack

SCOPES = ["app_mentions:read", "chat:write"]


@pytest.fixture
async def database(database_address: str) -> AsyncIterator[AsyncEngine]:
    opened = await open_database(database_address)
    yield opened
    await opened.dispose()


@pytest.fixture
def settings(slack: LocalSlack) -> Slack:
    return Slack(
        client_id=slack.client_id, client_secret=SecretStr(slack.client_secret), api_url=slack.api_url
    )


@pytest.fixture
async def apis(settings: Slack, database: AsyncEngine) -> AsyncIterator[Apis]:
    opened = await slack_apis(settings, database)
    yield opened
    await opened.close()


@pytest.fixture
async def browser(settings: Slack, database: AsyncEngine) -> AsyncIterator[httpx.AsyncClient]:
    async def ready() -> Mapping[str, object]:
        return {}

    assert settings.client_id
    assert settings.client_secret
    secret = settings.client_secret.get_secret_value()
    routes = await install_routes(settings.client_id, secret, SCOPES, database, slack_client(settings))
    pages = httpx.ASGITransport(endpoint(own_app(settings), None, ready, routes))
    async with httpx.AsyncClient(transport=pages, base_url="https://bot.example.com") as client:
        yield client


async def install(browser: httpx.AsyncClient, slack: LocalSlack, team: str) -> httpx.Response:
    """As somebody does who presses the button: to Slack, and back with a code."""
    page = await browser.get("/slack/install")
    state = page.headers["set-cookie"].split(";")[0].partition("=")[2]
    return await browser.get("/slack/oauth_redirect", params={"code": slack.oauth_code(team), "state": state})


def payload(team: str, kind: str = "app_mention", **event: object) -> dict[str, object]:
    return {"type": "event_callback", "team_id": team, "event": {"type": kind, **event}}


async def test_the_install_page_asks_for_the_manifests_scopes(browser: httpx.AsyncClient) -> None:
    """It leads to Slack's own page, with a state that only this browser has."""
    page = await browser.get("/slack/install")
    [link] = [part for part in page.text.split('"') if "oauth/v2/authorize" in part]
    asked = parse_qs(urlsplit(link.replace("&amp;", "&")).query)
    assert asked["scope"] == [",".join(SCOPES)]
    assert asked["state"][0] in page.headers["set-cookie"]


async def test_each_installed_workspace_is_spoken_to_with_its_own_token(
    browser: httpx.AsyncClient, slack: LocalSlack, apis: Apis
) -> None:
    """A workspace that did not install the app has none."""
    slack.add_workspace("T0OTHER", "Other", is_installed=False)
    for team in (slack.team, "T0OTHER"):
        assert (await install(browser, slack, team)).status_code == 200
    for team in (slack.team, "T0OTHER"):
        assert (await (await apis.of(payload(team))).identity()).team == team
    with pytest.raises(TokenGone):
        await apis.of(payload("T0STRANGE"))


async def test_without_the_state_of_its_own_browser_nothing_is_installed(
    browser: httpx.AsyncClient, slack: LocalSlack, apis: Apis
) -> None:
    """Nobody is made to install into a workspace of somebody else."""
    code = slack.oauth_code(slack.team)
    answer = await browser.get("/slack/oauth_redirect", params={"code": code, "state": "made-up"})
    assert answer.status_code == 400
    with pytest.raises(TokenGone):
        await apis.of(payload(slack.team))


async def test_slack_away_at_that_moment_is_told(browser: httpx.AsyncClient, slack: LocalSlack) -> None:
    """A sentence, no stack trace; the button works again later."""
    code = slack.oauth_code(slack.team)
    page = await browser.get("/slack/install")
    state = page.headers["set-cookie"].split(";")[0].partition("=")[2]
    slack.down()
    answer = await browser.get("/slack/oauth_redirect", params={"code": code, "state": state})
    assert answer.status_code in (401, 503)


async def test_removing_the_app_forgets_the_workspace(
    browser: httpx.AsyncClient, slack: LocalSlack, apis: Apis, database: AsyncEngine
) -> None:
    """The installation and what was kept of it; a second event, as Slack sends one, changes nothing."""
    await install(browser, slack, slack.team)
    records = ChannelRecords(database)
    await records.put("slack", slack.team, "C1", {"draft": True}, "U1")
    departed = Departures(apis, database).handlers()
    await asyncio.gather(
        departed["app_uninstalled"](payload(slack.team, "app_uninstalled")),
        departed["tokens_revoked"](payload(slack.team, "tokens_revoked", tokens={"bot": ["U0BOT"]})),
    )
    assert await records.get("slack", slack.team, "C1") == {}
    with pytest.raises(TokenGone):
        await apis.of(payload(slack.team))


async def test_a_persons_token_that_is_revoked_changes_nothing(
    browser: httpx.AsyncClient, slack: LocalSlack, apis: Apis, database: AsyncEngine
) -> None:
    """The bot speaks with its own. And a revoked bot token may be replaced: what was kept stays."""
    await install(browser, slack, slack.team)
    records = ChannelRecords(database)
    await records.put("slack", slack.team, "C1", {"draft": True}, "U1")
    revoked = Departures(apis, database).handlers()["tokens_revoked"]
    await revoked(payload(slack.team, "tokens_revoked", tokens={"oauth": ["U1"]}))
    assert await apis.of(payload(slack.team))
    await revoked(payload(slack.team, "tokens_revoked", tokens={"bot": ["U0BOT"]}))
    assert await records.get("slack", slack.team, "C1") == {"draft": True}
    with pytest.raises(TokenGone):
        await apis.of(payload(slack.team))
