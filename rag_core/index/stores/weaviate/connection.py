"""A connection to Weaviate: made from the settings, with a deadline on every request, its errors translated."""

from __future__ import annotations

import asyncio
import logging
import math
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rag_core.errors import NotReady, SettingsError, Unavailable
from rag_core.index.stores.weaviate.signing_in import Token, kept_signed_in, signed_in
from rag_core.settings import Store

__all__ = ["connected", "within"]

CLOSING_S = 5.0
START_S = 600.0
"""Of the embedded server, with the download of its program the first time."""
EMBEDDED_S = 60.0
"""Until an embedded server that was started answers."""
_CHANNEL = [("grpc.initial_reconnect_backoff_ms", 100), ("grpc.max_reconnect_backoff_ms", 2000)]
"""gRPC's own pauses between attempts to connect grow to two minutes; a server that is back is used again at once."""


def _package() -> Any:
    """
    Raises:
        NotReady: weaviate-client is not installed.
    """
    try:
        import weaviate
    except ImportError:
        raise NotReady(
            "store names a Weaviate server, and its client is not installed: run `pip install 'answerloop[weaviate]'`."
        ) from None
    # It logs whole objects that could not be written, the text of documents among them. What failed is raised.
    logging.getLogger("weaviate-client").setLevel(logging.CRITICAL)
    return weaviate


@asynccontextmanager
async def connected(settings: Store, folder: Path) -> AsyncIterator[Any]:
    """An open client, weaviate.WeaviateAsyncClient.

    folder: where an embedded server keeps its data and its program.

    Raises:
        NotReady: the client is not installed.
        SettingsError: the server refuses the credentials.
        Unavailable: the server does not answer within settings.timeout_s.
    """
    weaviate = await asyncio.to_thread(_package)  # importing it takes a second
    async with AsyncExitStack() as stack:
        if settings.embedded:
            client, seconds = await _embedded(weaviate, settings, folder), EMBEDDED_S
            stack.push_async_callback(_closed, client)
        else:
            seconds, token = settings.timeout_s, await _token(settings)
            client = _remote(weaviate, settings, token)
            stack.push_async_callback(_closed, client)
            if token and settings.client_secret:
                await stack.enter_async_context(kept_signed_in(client, settings, token))
        async with within(seconds, f"connecting to {settings.url or 'the embedded server'}"):
            await client.connect()
        yield client


async def _token(settings: Store) -> Token | None:
    if settings.bearer_token:
        return Token(settings.bearer_token.get_secret_value(), math.inf)
    if settings.client_secret is None:
        return None
    async with within(settings.timeout_s, f"signing in to {settings.url}"):
        return await signed_in(settings)


def _remote(weaviate: Any, settings: Store, token: Token | None) -> Any:
    """No checks at the start: they would ask PyPI for newer versions, and wait for what the first request tells too."""
    url = urlsplit(settings.url or "")
    secure = url.scheme == "https"
    return weaviate.use_async_with_custom(
        http_host=url.hostname or "",
        http_port=url.port or (443 if secure else 80),
        http_secure=secure,
        grpc_host=settings.grpc_host or url.hostname or "",
        grpc_port=settings.grpc_port,
        grpc_secure=secure,
        additional_config=_config(settings),
        auth_credentials=settings.api_key.get_secret_value() if settings.api_key else None,
        headers=token.header if token else None,
        skip_init_checks=True,
    )


async def _embedded(weaviate: Any, settings: Store, folder: Path) -> Any:
    """Downloads the server when it is not there, and starts it; both block, so they run in a thread."""
    ports = await asyncio.to_thread(_free_ports, 2)
    starting = asyncio.to_thread(
        weaviate.use_async_with_embedded,
        port=ports[0],
        grpc_port=ports[1],
        persistence_data_path=str(folder / "data"),
        binary_path=str(folder / "program"),
        additional_config=_config(settings),
        environment_variables={"DISABLE_TELEMETRY": "true", "LOG_LEVEL": "error"},
    )
    try:
        async with asyncio.timeout(START_S):
            return await starting
    except Exception as error:
        raise Unavailable(
            f"The embedded Weaviate in {folder} does not start ({_first_line(error)})."
        ) from error


def _free_ports(count: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(s.getsockname()[1]) for s in held]
    for s in held:
        s.close()
    return ports


def _config(settings: Store) -> Any:
    from weaviate.classes.init import AdditionalConfig, Timeout
    from weaviate.config import GrpcConfig

    return AdditionalConfig(
        timeout=Timeout(query=settings.timeout_s, insert=settings.write_timeout_s, init=settings.timeout_s),
        grpc_config=GrpcConfig(channel_options=_CHANNEL),
    )


@asynccontextmanager
async def within(seconds: float, doing: str) -> AsyncIterator[None]:
    """A deadline around requests to Weaviate.

    The client has deadlines of its own, and retries around them: when the server says UNAVAILABLE it sleeps up to 63 s.

    Raises:
        Unavailable: the deadline passed, or the server cannot be reached, or it failed.
        SettingsError: the server refuses the credentials.
    """
    import grpc
    import httpx
    from weaviate.exceptions import (
        AuthenticationFailedError,
        InsufficientPermissionsError,
        UnexpectedStatusCodeError,
        WeaviateBaseError,
        WeaviateStartUpError,
    )

    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise Unavailable(f"Weaviate did not answer within {seconds:g} s while {doing}; try again.") from None
    except AuthenticationFailedError as error:
        raise _refused(error) from None
    except UnexpectedStatusCodeError as error:
        if isinstance(error, InsufficientPermissionsError) or error.status_code in (401, 403):
            raise _refused(error) from None
        raise Unavailable(f"Weaviate failed while {doing}: {_first_line(error)}; try again.") from error
    except WeaviateStartUpError as error:
        raise Unavailable(f"Weaviate cannot be used now, while {doing}: {_first_line(error)}.") from error
    except (WeaviateBaseError, grpc.RpcError, httpx.HTTPError, httpx.InvalidURL, OSError, KeyError) as error:
        raise Unavailable(f"Weaviate cannot be used now, while {doing}: {_first_line(error)}.") from error


def _refused(error: Exception) -> SettingsError:
    return SettingsError(
        "Weaviate refuses the credentials of [store]: check ANSWERLOOP_STORE__API_KEY, or the client id and secret, and "
        f"what they may do ({_first_line(error)})."
    )


async def _closed(client: Any) -> None:
    try:
        async with asyncio.timeout(CLOSING_S):
            await client.close()
    except Exception:
        logging.getLogger(__name__).warning(
            "The connection to Weaviate was not closed in order.", exc_info=True
        )


def _first_line(error: Exception) -> str:
    lines = str(getattr(error, "message", "") or error).strip().splitlines()
    return (
        lines[0][:300].rstrip(" .:").removesuffix(" Details").rstrip(".") if lines else type(error).__name__
    )
