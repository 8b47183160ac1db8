"""HTTP mode's address: what Slack signed reaches the bot, and nothing else does."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from adapters.slack.arrivals import Arrival
from adapters.slack.connection.endpoint import LARGEST_BODY, endpoint
from adapters.slack.ids import Ids
from adapters.slack.plugin import attach
from bots.slack_bot import own_app
from rag_core.errors import NotReady
from rag_core.settings import Slack
from tests.servers.slack import sign

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
EVENT = {
    "type": "event_callback",
    "team_id": "T0",
    "event_id": "Ev1",
    "event": {"type": "app_mention", "user": "U1", "channel": "C1", "ts": "1.1", "text": "<@U0> grün? 🎉"},
}


class Recorder:
    ids = Ids()
    command = "/ask"

    def __init__(self) -> None:
        self.taken: list[tuple[Arrival, Mapping[str, Any]]] = []

    async def take(self, arrival: Arrival, body: Mapping[str, Any]) -> None:
        self.taken.append((arrival, body))

    def refuses(self, arrival: Arrival, body: Mapping[str, Any]) -> Mapping[str, str]:
        return {}


@pytest.fixture
def taker() -> Recorder:
    return Recorder()


@pytest.fixture
async def client(taker: Recorder) -> AsyncIterator[httpx.AsyncClient]:
    app = own_app(Slack())
    attach(app, taker, alone=True)

    async def ready() -> Mapping[str, object]:
        if taker.taken:
            raise NotReady("busy")
        return {"release": "r1"}

    transport = httpx.ASGITransport(endpoint(app, SECRET, ready))
    async with httpx.AsyncClient(transport=transport, base_url="http://bot") as client:
        yield client


def signed(body: bytes, *, at: float = 0, secret: str = SECRET, **headers: str) -> dict[str, str]:
    stamp = str(int(time.time() + at))
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": sign(secret, stamp, body), **headers}


async def post(client: httpx.AsyncClient, body: bytes, headers: Mapping[str, str]) -> int:
    return (await client.post("/slack/events", content=body, headers=headers)).status_code


FORM = "application/x-www-form-urlencoded"
COMMAND = {"command": "/ask", "text": "grün? 🎉", "user_id": "U1", "team_id": "T0", "trigger_id": "1.2"}
CLICK = {
    "type": "block_actions",
    "user": {"id": "U1"},
    "trigger_id": "1.3",
    "actions": [{"action_id": "answerloop_vote", "action_ts": "1.4"}],
}


@pytest.mark.parametrize(
    ("body", "kind", "arrives"),
    [
        (json.dumps(EVENT).encode(), "application/json", "message"),
        (json.dumps(EVENT, ensure_ascii=False).encode(), "application/json; charset=utf-8", "message"),
        (urlencode(COMMAND).encode(), FORM, "command"),
        (urlencode({"payload": json.dumps(CLICK)}).encode(), FORM, "action:vote"),
        (json.dumps(CLICK).encode(), "application/json", "action:vote"),
    ],
)
async def test_what_slack_signed_is_taken(
    client: httpx.AsyncClient, taker: Recorder, body: bytes, kind: str, arrives: str
) -> None:
    """Events, clicks and commands, as JSON or as a form."""
    assert await post(client, body, signed(body, **{"Content-Type": kind})) == 200
    assert [arrival.kind for arrival, _ in taker.taken] == [arrives]


async def test_a_retry_is_taken_like_the_first(client: httpx.AsyncClient, taker: Recorder) -> None:
    """It may be the only one that arrived; the inbox knows what came before."""
    body = json.dumps(EVENT).encode()
    headers = signed(body, **{"X-Slack-Retry-Num": "1", "X-Slack-Retry-Reason": "http_timeout"})
    assert await post(client, body, headers) == 200
    assert len(taker.taken) == 1


@pytest.mark.parametrize(
    "stamp", ["", "NaN", "inf", "1e9", "-1", "0x10", "１７００００００００", "9" * 5000, "abc", "1.5", "\x00"]
)
async def test_a_timestamp_that_is_none_is_401(
    client: httpx.AsyncClient, taker: Recorder, stamp: str
) -> None:
    """Never 500, whatever it is."""
    body = json.dumps(EVENT).encode()
    headers = [
        (b"x-slack-request-timestamp", stamp.encode()),
        (b"x-slack-signature", sign(SECRET, stamp, body).encode()),
    ]
    answer = await client.post("/slack/events", content=body, headers=headers)
    assert (answer.status_code, taker.taken) == (401, [])


@pytest.mark.parametrize("at", [-301, 301, -10_000_000])
async def test_what_was_signed_long_ago_is_401(client: httpx.AsyncClient, at: float) -> None:
    """Five minutes, either way: a request that was listened in on cannot be sent again later."""
    body = json.dumps(EVENT).encode()
    assert await post(client, body, signed(body, at=at)) == 401


@pytest.mark.parametrize(
    "change",
    [
        {"X-Slack-Signature": ""},
        {"X-Slack-Signature": "v0=00"},
        {"X-Slack-Signature": "v0=" + "0" * 64},
        {"X-Slack-Signature": "v1=" + "0" * 64},
    ],
)
async def test_a_wrong_signature_is_401_and_nothing_of_it_is_logged(
    client: httpx.AsyncClient, taker: Recorder, change: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """Anyone may write to a public address; what they write is not for the log."""
    body = json.dumps({**EVENT, "marker": "from-outside"}).encode()
    with caplog.at_level(logging.DEBUG):
        assert await post(client, body, {**signed(body), **change}) == 401
    assert taker.taken == []
    assert not [r for r in caplog.records if "from-outside" in r.getMessage() or "v0=" in r.getMessage()]


async def test_a_signature_that_is_not_ascii_is_401(client: httpx.AsyncClient) -> None:
    """Comparing it as text would raise."""
    body = json.dumps(EVENT).encode()
    headers = [
        (b"x-slack-request-timestamp", str(int(time.time())).encode()),
        (b"x-slack-signature", "v0=ü".encode()),
    ]
    assert (await client.post("/slack/events", content=body, headers=headers)).status_code == 401


async def test_without_headers_it_is_401(client: httpx.AsyncClient) -> None:
    """As any visitor gets."""
    assert await post(client, json.dumps(EVENT).encode(), {}) == 401


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"\xff\xfe", "application/json"),
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b'"text"', "application/json"),
        (b'{"a": NaN}', "application/json"),
        (b"[" * 100_000, "application/json"),
        (b"payload=%7B", FORM),
        (b"payload=[]", FORM),
        (b'{"type": "view_submission", "team": 5, "user": 7}', "application/json"),
    ],
)
async def test_what_cannot_be_read_is_no_error_of_ours(
    client: httpx.AsyncClient, taker: Recorder, body: bytes, kind: str
) -> None:
    """400, even where it is signed."""
    assert await post(client, body, signed(body, **{"Content-Type": kind})) == 400
    assert taker.taken == []


async def test_a_body_beyond_all_bounds_is_413(client: httpx.AsyncClient) -> None:
    """No more of it is read than tells so."""
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(100):
            read += 1
            yield b"x" * 100_000

    answer = await client.post("/slack/events", content=endless(), headers=signed(b""))
    assert answer.status_code == 413
    assert read * 100_000 <= LARGEST_BODY + 200_000


async def test_get_is_405_and_slacks_look_at_the_certificate_is_answered(client: httpx.AsyncClient) -> None:
    """ssl_check is not signed."""
    assert (await client.get("/slack/events")).status_code == 405
    assert (await client.get("/slack/events?ssl_check=1")).status_code == 200
    assert await post(client, b"ssl_check=1&token=x", {"Content-Type": FORM}) == 200


async def test_the_address_is_verified(client: httpx.AsyncClient) -> None:
    """Slack sends a challenge when it is entered in the app's settings."""
    body = json.dumps({"type": "url_verification", "challenge": "3eZb"}).encode()
    answer = await client.post(
        "/slack/events", content=body, headers=signed(body, **{"Content-Type": "application/json"})
    )
    assert (answer.status_code, answer.json()) == (200, {"challenge": "3eZb"})


async def test_health_tells_whether_questions_can_be_answered(
    client: httpx.AsyncClient, taker: Recorder
) -> None:
    """For a proxy, or whoever starts it again."""
    before = await client.get("/healthz")
    body = json.dumps(EVENT).encode()
    await post(client, body, signed(body))
    assert (before.status_code, before.json()) == (200, {"ready": True, "release": "r1"})
    assert (await client.get("/healthz")).status_code == 503
