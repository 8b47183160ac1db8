"""Runs what is configured in one process: the chat page, and the work that goes on beside it."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from types import FrameType, MappingProxyType
from typing import TypeVar

import uvicorn
from rich.console import Console
from rich.text import Text
from starlette.applications import Starlette

from adapters.chat import Answerer, Chat
from adapters.web import LOOPBACK_HOSTS, web_app
from rag_core.errors import SettingsError
from rag_core.settings import Settings

__all__ = ["serve"]

log = logging.getLogger(__name__)

A = TypeVar("A", bound=Answerer)
Open = Callable[[Settings], AbstractAsyncContextManager[A]]
Work = Callable[[A], Awaitable[None]]
State = Callable[[A], Awaitable[Mapping[str, object]]]

_WILDCARDS = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  compared, not bound
_STOP_WITHIN_S = 10
_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 300.0


async def serve(
    settings: Settings,
    open_assistant: Open[A],
    console: Console,
    *,
    background: Mapping[str, Work[A]] = MappingProxyType({}),
    ready: State[A] | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM, then finish what is being answered and close everything.

    background: work to keep going meanwhile, by its name in the log. What fails is started again after a
        pause; what returns has finished.
    ready: what /healthz tells; it raises AnswerloopError while questions cannot be answered.

    Raises:
        SettingsError: the address cannot be listened on.
    """
    with _listen(settings.web.host, settings.web.port) as listening:
        async with open_assistant(settings) as assistant:
            app = web_app(
                Chat(assistant, settings.language or ""),
                lambda: _state(assistant, ready),
                settings.web.suggestions,
                hosts=(*LOOPBACK_HOSTS, *settings.web.hosts) if _is_loopback(listening) else (),
            )
            server = _Server(_uvicorn_config(app, settings.log_level), lambda: _announce(console, listening))
            await _run(server, listening, assistant, background)


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket, opened before anything slow so that a taken port is known at once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise SettingsError(_why_not(error, host, port)) from None


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"web.port: {port} on {host} is in use already; set another port, or 0 for any free one."
    if error.errno == errno.EACCES:
        return f"web.port: listening on {port} is not permitted; choose a port above 1023."
    return f"web.host: cannot listen on {host!r} ({error.strerror or error}); set an address of this machine."


def _is_loopback(listening: socket.socket) -> bool:
    address = str(listening.getsockname()[0])
    return address == "::1" or address.startswith("127.")


def _address(listening: socket.socket) -> str:
    """Where a browser on this machine finds the page."""
    host, port = listening.getsockname()[:2]
    host = _WILDCARDS.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _announce(console: Console, listening: socket.socket) -> None:
    # not a rich link, and not wrapped: scripts read this line
    console.print(Text(f"answerloop is ready: {_address(listening)}"), soft_wrap=True)


def _uvicorn_config(app: Starlette, log_level: str) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        lifespan="off",
        ws="none",
        log_config=None,
        log_level=log_level,
        server_header=False,
        timeout_graceful_shutdown=_STOP_WITHIN_S,
    )


class _Server(uvicorn.Server):
    """uvicorn, telling when it accepts, and returning after a signal: its caller has more to close."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._announce()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.force_exit = self.should_exit  # asked a second time: do not wait for open connections
        self.should_exit = True


async def _run(
    server: _Server, listening: socket.socket, assistant: A, background: Mapping[str, Work[A]]
) -> None:
    """Serve, with the work in the background, until the server stops; then cancel the work."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_kept_going(name, work, assistant)) for name, work in background.items()]
        try:
            await server.serve(sockets=[listening])
        except asyncio.CancelledError:
            server.force_exit = True
            await server.shutdown(sockets=[listening])
            raise
        finally:
            for task in tasks:
                task.cancel()


async def _kept_going(name: str, work: Work[A], assistant: A) -> None:
    """Run the work until it returns, starting it again after each failure and pausing longer each time."""
    pause = _FIRST_PAUSE_S
    while True:
        started = time.monotonic()
        try:
            await work(assistant)
            return
        except Exception:
            if time.monotonic() - started > _LONGEST_PAUSE_S:
                pause = _FIRST_PAUSE_S
            log.exception("%s failed; it starts again in %.0f s", name, pause)
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_S)


async def _state(assistant: A, ready: State[A] | None) -> Mapping[str, object]:
    return await ready(assistant) if ready else {}
