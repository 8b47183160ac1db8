"""Socket Mode: the connection that Slack delivers through, kept up whatever happens to it.

slack_sdk has a client for this. It is not used because it tries the same spent address again for ever once a connection
could not be made, logs each try with a traceback, may acknowledge a delivery on another connection than it came on, and
cannot tell a token that Slack refuses from a Slack that is away (python-slack-sdk issues 1110, 1446). What is read and
written are its types, and Bolt's own adapter turns one into the other.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app, send_async_response
from slack_bolt.async_app import AsyncApp
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from adapters.slack.web_api.errors import Limited, SlackRefusal
from rag_core.errors import Unavailable

__all__ = ["SocketMode"]

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
HEARTBEAT_S = 15.0
"""A connection on which Slack answers no ping for half as long again is dead."""
LINGER_S = 15.0
"""A connection that Slack announced to end is closed after so long, if Slack has not done so."""
OPENING_S = 15.0
HANGING_UP_S = 2.0
"""How long a server that is gone may take to say goodbye."""
STEADY_S = 5.0
"""A connection that stood for so long begins the pauses anew."""
log = logging.getLogger(__name__)


class SocketMode:
    """Connections to Slack for one app: one, and for a moment two, as Slack renews them from time to time."""

    def __init__(
        self,
        app: AsyncApp,
        address: Callable[[], Awaitable[str]],
        *,
        connected: Callable[[], None] = lambda: None,
        proxy: str | None = None,
        pauses: tuple[float, float] = (FIRST_PAUSE_S, LONGEST_PAUSE_S),
        heartbeat_s: float = HEARTBEAT_S,
    ) -> None:
        """address: a fresh one for each connection, as apps.connections.open gives it. connected: told whenever Slack has
        said hello. pauses: in seconds, the first and the longest between attempts."""
        self._app = app
        self._address = address
        self._connected = connected
        self._proxy = proxy
        self._pauses = pauses
        self._heartbeat_s = heartbeat_s
        self._handling: set[asyncio.Task[None]] = set()
        self._reading: set[asyncio.Task[None]] = set()
        self._state = ""

    async def run(self) -> None:
        """Until cancelled.

        Raises:
            SlackRefusal: Slack refused the very first connection. A later refusal is logged, and it keeps trying.
        """
        async with aiohttp.ClientSession() as session:
            try:
                await self._kept_up(session)
            finally:
                await self._closed()

    async def _kept_up(self, session: aiohttp.ClientSession) -> None:
        first, longest = self._pauses
        pause = first
        while True:
            started = time.monotonic()
            connection = await self._connection(session)
            if connection is not None:
                await connection.over.wait()
                self._lost(connection)
                if time.monotonic() - started > STEADY_S:
                    pause = first
            if connection is None or not connection.renew or pause > first:
                await asyncio.sleep(pause * random.uniform(0.7, 1.3))  # noqa: S311 - spreads load, hides nothing
            pause = min(2 * pause, longest)

    async def _connection(self, session: aiohttp.ClientSession) -> _Connection | None:
        """One that Slack took; None: not now."""
        try:
            async with asyncio.timeout(OPENING_S):
                socket = await session.ws_connect(
                    await self._address(),
                    heartbeat=self._heartbeat_s,
                    proxy=self._proxy,
                    timeout=aiohttp.ClientWSTimeout(ws_close=HANGING_UP_S),
                )
        except SlackRefusal as error:
            if not self._state:
                raise
            self._report("refused", f"Slack refuses the connection: {error}; I keep trying")
            await asyncio.sleep(self._pauses[1])
            return None
        except Limited as error:
            self._report("down", f"{error}; I keep trying")
            await asyncio.sleep(error.retry_after)
            return None
        except Exception as error:
            self._report("down", f"Slack is not reached ({_brief(error)}); I keep trying")
            return None
        connection = _Connection(socket, self._dispatch, self._hello)
        task = asyncio.create_task(connection.read())
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)
        return connection

    def _hello(self) -> None:
        self._report("up", "The connection to Slack stands")
        self._connected()

    def _lost(self, connection: _Connection) -> None:
        if connection.disabled:
            sentence = "Slack has turned Socket Mode off for this app; turn it on in the app's settings"
            self._report("disabled", sentence)
        elif not connection.renew:
            self._report("down", "The connection to Slack is lost; I connect again")

    def _report(self, state: str, sentence: str) -> None:
        """A line for each change, not for each attempt."""
        if state != self._state:
            # that it stands for the first time is announced elsewhere
            log.log(logging.INFO if state == "up" and not self._state else logging.WARNING, "%s", sentence)
        self._state = state

    def _dispatch(self, connection: _Connection, request: SocketModeRequest) -> None:
        """Reading goes on at once."""
        task = asyncio.create_task(self._handle(connection, request))
        self._handling.add(task)
        task.add_done_callback(self._handling.discard)

    async def _handle(self, connection: _Connection, request: SocketModeRequest) -> None:
        """What is not acknowledged, for whatever reason, is delivered again."""
        started = time.time()
        try:
            response = await run_async_bolt_app(self._app, request)
            await send_async_response(connection, request, response, started)  # type: ignore[arg-type]
        except (ConnectionError, aiohttp.ClientError) as error:
            log.info("An acknowledgement did not reach Slack (%s); it delivers again", type(error).__name__)
        except Exception as error:
            # its text may hold what people wrote
            log.error("A delivery could not be taken (%s)", type(error).__name__)

    async def _closed(self) -> None:
        """Acknowledge what is being taken, then hang up."""
        if self._handling:
            await asyncio.wait(self._handling, timeout=2)
        for task in (*self._handling, *self._reading):
            task.cancel()
        await asyncio.gather(*self._handling, *self._reading, return_exceptions=True)


class _Connection:
    """One WebSocket. For Bolt's adapter it is the client that acknowledges."""

    logger = log

    def __init__(
        self,
        socket: aiohttp.ClientWebSocketResponse,
        dispatch: Callable[[_Connection, SocketModeRequest], None],
        hello: Callable[[], None],
    ) -> None:
        self.over = asyncio.Event()
        """Another one is needed."""
        self.renew = False
        """Slack asked for another one; this one goes on until it is closed."""
        self.disabled = False
        self._socket = socket
        self._dispatch = dispatch
        self._hello = hello
        self._greeted = False

    async def send_socket_mode_response(self, response: SocketModeResponse) -> None:
        await self._socket.send_str(json.dumps(response.to_dict()))

    async def read(self) -> None:
        """Until it is closed, by whomever."""
        try:
            async with asyncio.timeout(None) as ending:
                async for frame in self._socket:
                    if frame.type is aiohttp.WSMsgType.TEXT:
                        self._read_safely(frame.data)
                    if self.over.is_set() and ending.when() is None:
                        ending.reschedule(asyncio.get_running_loop().time() + LINGER_S)
        except TimeoutError:
            log.debug("Slack left it to us to close a connection that it had announced to end")
        finally:
            self.over.set()
            await self._socket.close()

    def _read_safely(self, text: str) -> None:
        try:
            self._read(_message(text))
        except Exception as error:  # one message that cannot be read ends no connection
            log.error("A message of Slack's could not be read (%s)", type(error).__name__)

    def _read(self, message: dict[str, Any]) -> None:
        kind = message.get("type")
        if kind == "hello":
            self._greet()
        elif kind == "disconnect":
            self.disabled = message.get("reason") == "link_disabled"
            self.renew = not self.disabled
            self.over.set()
        elif (request := _request(message)) is not None:
            self._greet()
            self._dispatch(self, request)

    def _greet(self) -> None:
        """Slack says hello first; whatever it delivers says as much."""
        if not self._greeted:
            self._greeted = True
            self._hello()


def _message(text: str) -> dict[str, Any]:
    try:
        message = json.loads(text)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}


def _request(message: dict[str, Any]) -> SocketModeRequest | None:
    if not message.get("envelope_id"):
        return None
    payload = message.get("payload")
    return SocketModeRequest.from_dict(
        {"type": "", **message, "payload": payload if isinstance(payload, dict) else {}}
    )


def _brief(error: BaseException) -> str:
    """Without the address, which is a ticket to connect."""
    if isinstance(error, aiohttp.ClientResponseError):
        return f"status {error.status}"
    if not isinstance(error, (Unavailable, aiohttp.ClientConnectionError, OSError)):
        return type(error).__name__
    return (str(error).splitlines() or [""])[0].rstrip(".")[:200] or type(error).__name__
