"""The bot on a Bolt app: what it takes, what it leaves to the app, and how Slack is answered."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.arrivals import Arrival
from adapters.slack.ids import Ids
from adapters.slack.plugin import attach, detach
from rag_core.errors import Unavailable


class Recorder:
    """A Taker that writes down what it is given."""

    ids = Ids("docs")
    command = "/docs"

    def __init__(self) -> None:
        self.taken: list[Arrival] = []
        self.down = False
        self.wrong: Mapping[str, str] = {}

    async def take(self, arrival: Arrival, body: Mapping[str, Any]) -> None:
        if self.down:
            raise Unavailable("The database does not work now.")
        self.taken.append(arrival)

    def refuses(self, arrival: Arrival, body: Mapping[str, Any]) -> Mapping[str, str]:
        return self.wrong


@pytest.fixture
def taker() -> Recorder:
    return Recorder()


@pytest.fixture
def app() -> AsyncApp:
    """A team's app: it authorizes without asking Slack."""

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id="T0", bot_user_id="U0BOT", bot_token="xoxb-1")

    return AsyncApp(
        authorize=authorize,
        request_verification_enabled=False,
        client=AsyncWebClient(base_url="http://127.0.0.1:9/"),
    )


@pytest.fixture
def heard(app: AsyncApp) -> list[str]:
    """What the app's own listeners heard. They are added after the bot where a test attaches it first."""
    return []


def listen(app: AsyncApp, heard: list[str]) -> None:
    @app.event("app_mention")
    async def mentioned() -> None:
        heard.append("mention")

    @app.command("/deploy")
    async def deploy(ack: AsyncAck) -> None:
        heard.append("command")
        await ack("on it")

    @app.action("approve")
    async def approve(ack: AsyncAck) -> None:
        heard.append("action")
        await ack()


async def send(app: AsyncApp, body: dict[str, Any]) -> BoltResponse:
    return await app.async_dispatch(AsyncBoltRequest(body=body, mode="socket_mode"))


async def run_listeners() -> None:
    """Bolt runs those of events after it has acknowledged them."""
    for _ in range(20):
        await asyncio.sleep(0)


def event(**fields: Any) -> dict[str, Any]:
    base = {"type": "app_mention", "user": "U1", "channel": "C1", "ts": "1.1", "text": "<@U0BOT> when?"}
    return {"type": "event_callback", "team_id": "T0", "event_id": "Ev1", "event": {**base, **fields}}


def command(name: str) -> dict[str, Any]:
    return {"command": name, "text": "when?", "user_id": "U1", "team_id": "T0", "trigger_id": "1.2"}


def click(action_id: str) -> dict[str, Any]:
    action = {"action_id": action_id, "block_id": "b", "type": "button", "action_ts": "1.3", "value": "a1"}
    return {"type": "block_actions", "user": {"id": "U1"}, "team": {"id": "T0"}, "actions": [action]}


def submission(callback_id: str) -> dict[str, Any]:
    view = {"id": "V1", "hash": "h", "callback_id": callback_id, "type": "modal", "state": {"values": {}}}
    return {"type": "view_submission", "user": {"id": "U1"}, "team": {"id": "T0"}, "view": view}


@pytest.mark.parametrize("bot_first", [True, False])
async def test_the_app_and_the_bot_get_each_what_is_theirs(
    app: AsyncApp, taker: Recorder, heard: list[str], bot_first: bool
) -> None:
    """Whichever was added first: commands and buttons go to whom they belong, events to both."""
    if bot_first:
        attach(app, taker)
    listen(app, heard)
    if not bot_first:
        attach(app, taker)
    answers = [
        await send(app, body)
        for body in (command("/deploy"), click("approve"), event(), command("/docs"), click("docs_vote"))
    ]
    assert [answer.status for answer in answers] == [200] * 5
    assert "on it" in answers[0].body
    await run_listeners()
    assert heard == ["command", "action", "mention"]
    assert [one.kind for one in taker.taken] == ["message", "command", "action:vote"]


async def test_an_event_without_a_listener_is_acknowledged(app: AsyncApp, taker: Recorder) -> None:
    """Bolt answers 404 to what no listener takes, and Slack delivers it again."""
    attach(app, taker)
    assert (await send(app, event())).status == 200
    assert len(taker.taken) == 1


async def test_an_event_that_is_not_the_bots_stays_the_apps(app: AsyncApp, taker: Recorder) -> None:
    """What neither wants gets Bolt's own 404."""
    attach(app, taker)
    assert (await send(app, event(type="emoji_changed"))).status == 404
    assert taker.taken == []


async def test_alone_everything_is_acknowledged(app: AsyncApp, taker: Recorder) -> None:
    """Unknown events, foreign buttons and commands too."""
    attach(app, taker, alone=True)
    for body in (
        event(type="emoji_changed"),
        command("/other"),
        click("foreign"),
        {"type": "unheard_of"},
        {},
    ):
        assert (await send(app, body)).status == 200
    assert taker.taken == []


async def test_alone_the_address_is_still_verified(app: AsyncApp, taker: Recorder) -> None:
    """url_verification is Bolt's to answer."""
    attach(app, taker, alone=True)
    answer = await send(app, {"type": "url_verification", "challenge": "c"})
    assert json.loads(answer.body) == {"challenge": "c"}


@pytest.mark.parametrize("alone", [True, False])
async def test_what_cannot_be_kept_is_not_acknowledged(
    app: AsyncApp, taker: Recorder, alone: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """503, so that Slack delivers it again; one line in the log for all of them."""
    attach(app, taker, alone=alone)
    taker.down = True
    for number in range(3):
        assert (await send(app, event(ts=f"{number}.0"))).status == 503
    assert len([record for record in caplog.records if "deliver again" in record.getMessage()]) == 1


async def test_a_refused_modal_shows_what_is_wrong(app: AsyncApp, taker: Recorder) -> None:
    """By block id, and it is not taken."""
    attach(app, taker)
    taker.wrong = {"docs_text": "Too long."}
    answer = await send(app, submission("docs_explain"))
    assert json.loads(answer.body) == {"response_action": "errors", "errors": {"docs_text": "Too long."}}
    assert taker.taken == []


async def test_nothing_is_lost_while_the_web_api_is_away(taker: Recorder) -> None:
    """Bolt asks auth.test before it goes on, and answers 200 to what it drops when that fails."""
    app = AsyncApp(token="xoxb-1", signing_secret="s", client=None, request_verification_enabled=False)
    app.client.base_url = "http://127.0.0.1:9/"
    attach(app, taker)
    await send(app, event())
    assert len(taker.taken) == 1


async def test_listeners_added_while_it_runs_are_asked_too(
    app: AsyncApp, taker: Recorder, heard: list[str]
) -> None:
    """What acknowledges the rest is always the last."""
    attach(app, taker)
    await send(app, event())
    listen(app, heard)
    await send(app, event(ts="2.2"))
    await run_listeners()
    assert heard == ["mention"]


async def test_once_detached_it_takes_nothing(app: AsyncApp, taker: Recorder, heard: list[str]) -> None:
    """The app is as it was: Slack keeps for a while what is not acknowledged."""
    attach(app, taker)
    await send(app, event())
    detach(app, taker)
    assert (await send(app, event(ts="2.2"))).status == 404
    assert len(taker.taken) == 1
    assert app._async_listeners == []


async def test_two_bots_in_one_app_keep_apart(app: AsyncApp, taker: Recorder, heard: list[str]) -> None:
    """By prefix and command, whichever came first; both hear what is said, and the app's own listeners as well."""
    other = Recorder()
    other.ids, other.command = Ids("docs2"), "/docs2"
    listen(app, heard)
    attach(app, taker)
    attach(app, other)
    sent = [
        command("/docs2"),
        click("docs2_vote"),
        click("docs_vote"),
        command("/docs"),
        click("approve"),
        event(),
    ]
    answered = [await send(app, body) for body in sent]
    await run_listeners()
    assert [one.status for one in answered] == [200] * len(sent)
    assert [one.kind for one in taker.taken] == ["action:vote", "command", "message"]
    assert [one.kind for one in other.taken] == ["command", "action:vote", "message"]
    assert heard == ["action", "mention"]
