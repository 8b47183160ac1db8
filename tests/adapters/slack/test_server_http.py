"""The local Slack reaches a real Bolt app by signed POSTs, as Slack does in HTTP mode."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from tests.servers.slack import LocalSlack, readable

CHANNEL = "C0GENERAL"
LABEL = {"type": "plain_text", "text": "Bad"}
BUTTON = {"type": "actions", "elements": [{"type": "button", "action_id": "bad", "text": LABEL}]}


@pytest.fixture
async def slack() -> AsyncIterator[LocalSlack]:
    async with LocalSlack() as made:
        made.channel(CHANNEL)
        made.retry_after(0.05, ack_within_s=0.5)
        yield made


@pytest.fixture
def app(slack: LocalSlack) -> AsyncApp:
    client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
    return AsyncApp(client=client, signing_secret=slack.signing_secret)


@asynccontextmanager
async def http_mode(slack: LocalSlack, app: AsyncApp) -> AsyncIterator[None]:
    runner = web.AppRunner(app.web_app("/slack/events"), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    slack.events_url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    try:
        yield
    finally:
        await runner.cleanup()


async def test_over_http_everything_is_signed(slack: LocalSlack, app: AsyncApp) -> None:
    """Bolt's own verification agrees, for events, interactions and commands; the challenge is answered."""
    heard: list[str] = []

    @app.event("app_mention")
    @app.event("message")
    async def hear(body: dict[str, Any]) -> None:
        heard.append(body["event_id"])

    @app.command("/ask")
    async def asked(ack: Any) -> None:
        await ack("Wait")

    @app.action("bad")
    async def clicked(ack: Any, respond: Any) -> None:
        await ack()
        await respond("Thanks", replace_original=True)

    anna = slack.user()
    async with http_mode(slack, app):
        assert await slack.verify_url()
        anna.asks(CHANNEL, "How?")
        anna.runs("/ask", "How?", CHANNEL)
        await slack.until(lambda: len(heard) == 2 and anna.ephemerals(CHANNEL))
        await app.client.chat_postMessage(channel=CHANNEL, text="So.", blocks=[BUTTON])
        answer = slack.messages(CHANNEL)[-1]
        anna.clicks(answer, "bad")
        await slack.until(lambda: readable(answer) == "Thanks")


async def test_over_http_forged_and_old_requests_can_be_sent(slack: LocalSlack, app: AsyncApp) -> None:
    """A wrong signature, none, and one of six minutes ago are what Bolt refuses."""
    heard: list[str] = []

    @app.event("app_mention")
    @app.event("message")
    async def hear(body: dict[str, Any]) -> None:
        heard.append(body["event_id"])

    async with http_mode(slack, app):
        body = json.dumps(
            slack.inside(lambda world: world.events.wrapped(slack.team, {"type": "app_mention"}))
        )
        assert (await slack.post_raw(body, {"X-Slack-Signature": "v0=00"}))[0] == 401
        assert (await slack.post_raw(body, is_signed=False))[0] == 401
        assert (await slack.post_raw(body, at=time.time() - 360))[0] == 401
        assert not heard
        assert (await slack.post_raw(body))[0] == 200


async def test_over_http_an_error_brings_the_event_again(slack: LocalSlack) -> None:
    """With X-Slack-Retry-Num and -Reason, and the same event id."""
    seen: list[tuple[str | None, str | None, str]] = []

    async def answer(request: web.Request) -> web.Response:
        fields = request.headers
        body = await request.json()
        seen.append((fields.get("X-Slack-Retry-Num"), fields.get("X-Slack-Retry-Reason"), body["event_id"]))
        return web.Response(status=500 if len(seen) == 1 else 200)

    served = web.Application()
    served.add_routes([web.post("/slack/events", answer)])
    runner = web.AppRunner(served)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slack.events_url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    slack.user().says(CHANNEL, "How?")
    await slack.until(lambda: slack.is_settled)
    await runner.cleanup()
    assert [number_and_reason[:2] for number_and_reason in seen] == [(None, None), ("1", "http_error")]
    assert seen[0][2] == seen[1][2]
