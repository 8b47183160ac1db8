"""Which token a payload's workspace is spoken to with."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from slack_sdk.oauth.installation_store import Installation as Installed
from slack_sdk.oauth.installation_store.sqlalchemy import AsyncSQLAlchemyInstallationStore
from slack_sdk.oauth.token_rotation.async_rotator import AsyncTokenRotator
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy.ext.asyncio import create_async_engine

from adapters.slack.web_api.api import Api
from adapters.slack.web_api.errors import TokenGone
from adapters.slack.web_api.installations import Installation, InstalledTeams, SingleTeam, installation_of
from adapters.slack.web_api.wire import Wire
from rag_core.errors import Unavailable
from tests.servers.slack import LocalSlack


@pytest.fixture
async def slack() -> AsyncIterator[LocalSlack]:
    async with LocalSlack() as made:
        yield made


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[AsyncSQLAlchemyInstallationStore]:
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path}/slack.db")
    made = AsyncSQLAlchemyInstallationStore("client-id", engine)
    await made.create_tables()
    yield made
    await engine.dispose()


async def install(store: AsyncSQLAlchemyInstallationStore, token: str, **fields: Any) -> None:
    bot = {"app_id": "A1", "bot_id": "B1", "bot_user_id": "U0BOT", "user_id": "U1"}
    await store.async_save(Installed(**({"team_id": "T1", "bot_token": token, **bot} | fields)))


def teams(slack: LocalSlack, store: AsyncSQLAlchemyInstallationStore, **options: Any) -> InstalledTeams:
    return InstalledTeams(store, lambda token: Api(Wire(token, slack.api_url), trying_s=1), **options)


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"team_id": "T1", "enterprise_id": None}, Installation("T1")),
        (
            {"team_id": "T1", "enterprise_id": "E1", "is_enterprise_install": "false"},
            Installation("T1", "E1"),
        ),
        ({"team": {"id": "T1", "domain": "acme"}, "enterprise": None}, Installation("T1")),
        (
            {"team": None, "enterprise": {"id": "E1"}, "user": {"id": "U1", "team_id": "T1"}},
            Installation("T1", "E1"),
        ),
        ({"team_id": "T2", "authorizations": [{"team_id": "T1", "enterprise_id": None}]}, Installation("T1")),
        (
            {
                "team_id": "T1",
                "authorizations": [{"team_id": None, "enterprise_id": "E1", "is_enterprise_install": True}],
            },
            Installation("T1", "E1", True),
        ),
    ],
)
def test_where_a_payload_came_from(body: Mapping[str, Any], where: Installation) -> None:
    """Events, commands, clicks and payloads of shared channels each say it in their own way."""
    assert installation_of(body) == where


async def test_one_workspace(slack: LocalSlack) -> None:
    """With one token every payload is of its workspace."""
    api = Api(Wire(slack.bot_token, slack.api_url))
    apis = SingleTeam(api)
    assert await apis.of({"team_id": "T9"}) is api
    await apis.close()


async def test_many_workspaces(slack: LocalSlack, store: AsyncSQLAlchemyInstallationStore) -> None:
    """Each workspace has its own token and its own queues; none stands in for another."""
    other = slack.add_workspace("T2", "Other")
    await install(store, slack.bot_token)
    await install(store, other.bot_token, team_id="T2")
    apis = teams(slack, store)
    first, second = await apis.of({"team_id": "T1"}), await apis.of({"team_id": "T2"})
    assert [(await api.identity()).team for api in (first, second)] == [slack.team, "T2"]
    assert await apis.of({"team": {"id": "T1"}}) is first
    with pytest.raises(TokenGone):
        await apis.of({"team_id": "T3"})
    await apis.close()


async def test_a_whole_enterprise(slack: LocalSlack, store: AsyncSQLAlchemyInstallationStore) -> None:
    """An installation in a whole enterprise serves all of its workspaces."""
    await install(store, slack.bot_token, team_id=None, enterprise_id="E1", is_enterprise_install=True)
    apis = teams(slack, store)
    for body in (
        {"team_id": "T7", "enterprise_id": "E1"},
        {"enterprise": {"id": "E1"}, "is_enterprise_install": True},
    ):
        assert (await (await apis.of(body)).identity()).team == slack.team
    await apis.close()


async def test_uninstalled(slack: LocalSlack, store: AsyncSQLAlchemyInstallationStore) -> None:
    """What was uninstalled is forgotten, here and in the store."""
    await install(store, slack.bot_token)
    apis = teams(slack, store)
    await apis.of({"team_id": "T1"})
    await apis.drop({"team_id": "T1"})
    with pytest.raises(TokenGone):
        await apis.of({"team_id": "T1"})
    assert await store.async_find_bot(enterprise_id=None, team_id="T1") is None


async def test_installed_anew(slack: LocalSlack, store: AsyncSQLAlchemyInstallationStore) -> None:
    """After its token was revoked, a workspace that installs the app anew is served at once."""
    await install(store, "xoxb-old")
    apis = teams(slack, store)
    api = await apis.of({"team_id": "T1"})
    with pytest.raises(TokenGone):
        await api.identity()
    await install(store, slack.bot_token)
    api = await apis.of({"team_id": "T1"})
    assert (await api.identity()).team == slack.team
    assert not api.signed_out
    await apis.close()


async def test_a_token_that_another_process_renewed(
    slack: LocalSlack, store: AsyncSQLAlchemyInstallationStore
) -> None:
    """A token that was renewed in the store is used after a while, by the same API."""
    await install(store, "xoxb-old")
    apis = teams(slack, store, fresh_s=0.0)
    api = await apis.of({"team_id": "T1"})
    await install(store, slack.bot_token)
    assert await apis.of({"team_id": "T1"}) is api
    assert api.wire.token == slack.bot_token
    await apis.close()


@pytest.mark.parametrize(("left_s", "fails"), [(600, False), (-1, True)])
async def test_a_token_that_cannot_be_renewed(
    slack: LocalSlack, store: AsyncSQLAlchemyInstallationStore, left_s: int, fails: bool
) -> None:
    """A token near its end is used while it lasts, where Slack does not renew it now; not after."""
    ends = int(time.time()) + left_s
    await install(store, slack.bot_token, bot_refresh_token="xoxe-1", bot_token_expires_at=ends)
    slack.down()
    client = AsyncWebClient(base_url=slack.api_url, retry_handlers=[])
    rotator = AsyncTokenRotator(client_id="client-id", client_secret="client-secret", client=client)
    apis = teams(slack, store, rotator=rotator)
    if fails:
        with pytest.raises(Unavailable):
            await apis.of({"team_id": "T1"})
    else:
        assert (await apis.of({"team_id": "T1"})).wire.token == slack.bot_token
    await apis.close()


async def test_the_store_is_away(slack: LocalSlack, tmp_path: Path) -> None:
    """A store that cannot be read is no reason to believe that the app was uninstalled."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path}/empty.db")
    apis = teams(slack, AsyncSQLAlchemyInstallationStore("client-id", engine))
    with pytest.raises(Unavailable):
        await apis.of({"team_id": "T1"})
    await engine.dispose()
