"""Web applications on ports of this machine: a socket opened early, served until the process is asked to stop."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import Callable, Iterator

import uvicorn
from starlette.applications import Starlette

from bots.stopping import Stopping
from rag_core.errors import SettingsError

__all__ = ["STOP_WITHIN_S", "address", "is_loopback", "listen", "serve_http"]

STOP_WITHIN_S = 10
_WILDCARDS = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  compared, not bound


def listen(group: str, host: str, port: int) -> socket.socket:
    """A listening socket, opened before anything slow so that a taken port is known at once. group: of the settings.

    Raises:
        SettingsError: the address cannot be listened on.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise SettingsError(_why_not(error, group, host, port)) from None


def _why_not(error: OSError, group: str, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"{group}.port: {port} on {host} is in use already; set another port, or 0 for any free one."
    if error.errno == errno.EACCES:
        return f"{group}.port: listening on {port} is not permitted; choose a port above 1023."
    reason = error.strerror or error
    return f"{group}.host: cannot listen on {host!r} ({reason}); set an address of this machine."


def is_loopback(listening: socket.socket) -> bool:
    host = str(listening.getsockname()[0])
    return host == "::1" or host.startswith("127.")


def address(listening: socket.socket) -> str:
    """Where a program on this machine finds it, such as 'http://127.0.0.1:8080'."""
    host, port = listening.getsockname()[:2]
    host = _WILDCARDS.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def serve_http(
    app: Starlette,
    listening: socket.socket,
    stopping: Stopping,
    accepting: Callable[[], None],
    log_level: str = "warning",
    *,
    proxied: bool = False,
) -> None:
    """Serve until it is asked to stop, and then finish what is being answered.

    accepting: told once it accepts. proxied: a proxy on this machine is believed about how people reach it
    (X-Forwarded-Proto, X-Forwarded-For).
    """
    config = uvicorn.Config(
        app,
        lifespan="off",
        ws="none",
        log_config=None,
        log_level=log_level,
        server_header=False,
        proxy_headers=proxied,
        timeout_graceful_shutdown=STOP_WITHIN_S,
    )
    server = _Server(config, accepting)
    watching = asyncio.create_task(_told(server, stopping))
    try:
        await server.serve(sockets=[listening])
    except asyncio.CancelledError:
        server.force_exit = True
        await server.shutdown(sockets=[listening])
        raise
    finally:
        watching.cancel()


async def _told(server: uvicorn.Server, stopping: Stopping) -> None:
    await stopping.asked.wait()
    server.should_exit = True
    await stopping.at_once.wait()
    server.force_exit = True  # it does not wait for open connections


class _Server(uvicorn.Server):
    """uvicorn, telling when it accepts, and leaving signals to its caller."""

    def __init__(self, config: uvicorn.Config, accepting: Callable[[], None]) -> None:
        super().__init__(config)
        self._accepting = accepting

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._accepting()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
