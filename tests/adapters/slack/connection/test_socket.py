"""Socket Mode's connection, against the local Slack: what is acknowledged, and what it survives."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from adapters.slack.arrivals import Arrival
from adapters.slack.connection.socket import SocketMode
from adapters.slack.ids import Ids
from adapters.slack.plugin import attach
from adapters.slack.web_api.errors import SlackRefusal
from adapters.slack.web_api.wire import Wire
from bots.slack_bot import own_app
from rag_core.errors import Unavailable
from rag_core.settings import Slack
from tests.servers.slack import LocalSlack

PAUSES = (0.05, 0.2)


class Recorder:
    ids = Ids()
    command = "/ask"

    def __init__(self) -> None:
        self.taken: list[Arrival] = []
        self.down = False
        self.slow_s = 0.0
        self.mistake: Exception | None = None

    async def take(self, arrival: Arrival, body: Mapping[str, Any]) -> None:
        await asyncio.sleep(self.slow_s)
        if self.mistake:
            raise self.mistake
        if self.down:
            raise Unavailable("The database does not work now.")
        self.taken.append(arrival)

    def refuses(self, arrival: Arrival, body: Mapping[str, Any]) -> Mapping[str, str]:
        return {}

    async def until(self, count: int) -> None:
        await until(lambda: len(self.taken) >= count)


@pytest.fixture
def taker() -> Recorder:
    return Recorder()


@asynccontextmanager
async def connected(slack: LocalSlack, taker: Recorder, token: str = "") -> AsyncIterator[asyncio.Task[None]]:
    """A bot on the local Slack's sockets."""
    app = own_app(Slack())
    attach(app, taker, alone=True)
    wire = Wire(token or slack.app_token, slack.api_url)

    async def address() -> str:
        return str((await wire.send("apps.connections.open", {}))["url"])

    task = asyncio.create_task(SocketMode(app, address, pauses=PAUSES).run())
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, SlackRefusal):
            await task
        await wire.close()


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        r.getMessage()
        for r in caplog.records
        if r.name == "adapters.slack.connection.socket" and r.levelno >= 30
    ]


async def test_deliveries_are_taken_and_acknowledged(slack: LocalSlack, taker: Recorder) -> None:
    """A mention comes twice, as app_mention and as message."""
    async with connected(slack, taker):
        await slack.connected()
        slack.user("U0ANNA").asks("C0HELP", "when?")
        await taker.until(2)
        assert len({arrival.key for arrival in taker.taken}) == 1
        await slack.until(lambda: len(slack.acks) == 2)


async def test_what_cannot_be_taken_is_not_acknowledged(slack: LocalSlack, taker: Recorder) -> None:
    """So Slack delivers it again."""
    async with connected(slack, taker):
        await slack.connected()
        taker.down = True
        slack.user("U0ANNA").writes("when?")
        await asyncio.sleep(0.3)
        assert slack.acks == []


async def test_a_mistake_in_taking_one_delivery_ends_nothing(
    slack: LocalSlack, taker: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    """Slack delivers that one again; what its message says is not logged, and neither is the connection lost."""
    async with connected(slack, taker):
        await slack.connected()
        taker.mistake = KeyError("secret words")
        slack.user("U0ANNA").writes("secret words")
        await until(lambda: "KeyError" in caplog.text)
        taker.mistake = None
        slack.user("U0ANNA").writes("when?")
        await taker.until(1)
        assert slack.sockets.opened == 1
    assert "secret" not in caplog.text


async def test_the_ticket_of_a_connection_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Where the address that Slack gave is refused."""
    server = TestServer(web.Application())
    await server.start_server()

    async def address() -> str:
        return f"ws://127.0.0.1:{server.port}/?ticket=secret"

    running = asyncio.create_task(SocketMode(own_app(Slack()), address, pauses=PAUSES).run())
    await until(lambda: lines(caplog))
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    await server.close()
    assert "status 404" in lines(caplog)[0]
    assert "secret" not in lines(caplog)[0]


async def test_a_slow_delivery_holds_up_no_other(slack: LocalSlack, taker: Recorder) -> None:
    """Reading goes on while something is being taken."""
    async with connected(slack, taker):
        await slack.connected()
        taker.slow_s = 1.0
        for number in range(50):
            slack.user("U0ANNA").writes(f"when, for the {number}th time?")
        await taker.until(50)  # one after another they would take longer than this waits


async def test_dropped_connections_are_made_again(
    slack: LocalSlack, taker: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    """With a line that it was lost and one that it stands again, each time."""
    async with connected(slack, taker):
        for number in range(1, 4):
            await slack.connected()
            slack.user("U0ANNA").writes("when?")
            await taker.until(number)
            slack.drop_sockets()
            await until(lambda both=2 * number: len(lines(caplog)) == both)


async def test_a_renewed_connection_takes_over_before_the_old_one_ends(
    slack: LocalSlack, taker: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    """Slack asks for it every few hours; nothing is lost and nothing is logged."""
    async with connected(slack, taker):
        await slack.connected()
        slack.refresh_sockets()
        for _ in range(20):
            slack.user("U0ANNA").writes("when?")
            await asyncio.sleep(0.05)
        await taker.until(20)
        await until(lambda: slack.sockets.opened == 2 and slack.sockets.count == 1)
    assert lines(caplog) == []


async def test_an_outage_is_logged_once_and_survived(
    slack: LocalSlack, taker: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    """However often it is tried meanwhile."""
    async with connected(slack, taker):
        await slack.connected()
        slack.down()
        await asyncio.sleep(1.0)
        slack.up()
        await until(lambda: slack.sockets.count == 1)
        slack.user("U0ANNA").writes("when?")
        await taker.until(1)
    assert len(lines(caplog)) == 2


async def test_a_token_refused_at_the_start_ends_it(slack: LocalSlack, taker: Recorder) -> None:
    """Trying again would not help."""
    async with connected(slack, taker, token="xapp-wrong") as running:
        with pytest.raises(SlackRefusal, match="invalid_auth"):
            await asyncio.wait_for(running, 20)


async def test_a_token_refused_later_is_tried_again(
    slack: LocalSlack, taker: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says why; it may be a mistake that is put right."""
    async with connected(slack, taker) as running:
        await slack.connected()
        slack.fail("apps.connections.open", "invalid_auth", times=2)
        slack.drop_sockets()
        await until(lambda: slack.sockets.count == 1)
        assert not running.done()
    _, refused, _ = lines(caplog)
    assert "invalid_auth" in refused


async def test_frames_that_mean_nothing_are_left_aside(slack: LocalSlack, taker: Recorder) -> None:
    """No JSON, no envelope, a payload that is none, one that cannot be read."""
    async with connected(slack, taker):
        await slack.connected()
        payload, deep = '{"envelope_id": "e1", "type": "x", "payload": 5}', "[" * 100_000
        for frame in ("Ping from applink-3", "[]", "{}", payload, deep):
            await slack.awaited(slack.sockets.send_raw(frame))
        slack.user("U0ANNA").writes("when?")
        await taker.until(1)


async def test_each_acknowledgement_goes_back_over_its_own_connection(taker: Recorder) -> None:
    """Also while another is being opened."""
    heard: dict[int, list[str]] = {}
    sockets: list[web.WebSocketResponse] = []

    async def serve(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        sockets.append(socket)
        number = len(sockets)
        await socket.send_json({"type": "hello"})
        await socket.send_json(envelope(f"e{number}"))
        if number == 1:
            await socket.send_json({"type": "disconnect", "reason": "refresh_requested"})
        async for frame in socket:
            heard.setdefault(number, []).append(json.loads(frame.data)["envelope_id"])
        return socket

    taker.slow_s = 0.3
    async with listening(serve) as url:
        app = own_app(Slack())
        attach(app, taker, alone=True)

        async def address() -> str:
            return url

        task = asyncio.create_task(SocketMode(app, address, pauses=PAUSES).run())
        await taker.until(2)
        await until(lambda: heard == {1: ["e1"], 2: ["e2"]})
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_server_that_always_hangs_up_is_not_stormed(taker: Recorder) -> None:
    """Pauses grow, also where it asks to be connected to anew each time."""
    count = 0

    async def serve(request: web.Request) -> web.WebSocketResponse:
        nonlocal count
        count += 1
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "disconnect", "reason": "too_many_websockets"})
        await socket.close()
        return socket

    async with listening(serve) as url:

        async def address() -> str:
            return url

        task = asyncio.create_task(SocketMode(own_app(Slack()), address, pauses=(0.1, 10)).run())
        await asyncio.sleep(1.0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert 2 <= count <= 6


def envelope(id: str) -> dict[str, Any]:
    event = {"type": "app_mention", "user": "U1", "channel": "C1", "ts": id, "text": "when?"}
    payload = {"type": "event_callback", "team_id": "T0", "event_id": id, "event": event}
    return {"type": "events_api", "envelope_id": id, "payload": payload, "accepts_response_payload": False}


@asynccontextmanager
async def listening(serve: Any) -> AsyncIterator[str]:
    """A WebSocket server; its address."""
    app = web.Application()
    app.router.add_get("/link", serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"ws://127.0.0.1:{site._server.sockets[0].getsockname()[1]}/link"  # type: ignore[union-attr]
    finally:
        await runner.cleanup()


async def until(condition: Any) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what is looked at is another thread's
            await asyncio.sleep(0.01)
