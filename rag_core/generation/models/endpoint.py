"""The client that asks an endpoint: it goes where the settings say, sends what they say, and reads no more than it must."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from rag_core.configuration import secret
from rag_core.errors import NotReady, SettingsError, Unavailable
from rag_core.generation.models.failures import KEY, Where
from rag_core.settings import Generator

if TYPE_CHECKING:
    from openai import AsyncOpenAI

__all__ = ["open_client", "where_of"]

OPENAI = "https://api.openai.com/v1"
CONNECT_S = 5.0
MAX_BYTES = 16 << 20
"""Of one response. The openai library reads lines of any length; a model's whole answer takes a few hundred kB."""
_OF_THE_PROTOCOL = {
    "host",
    "accept",
    "content-type",
    "content-length",
    "transfer-encoding",
    "connection",
    "user-agent",
}
_NO_KEY = "none-needed"
"""What an endpoint without keys is sent."""


def where_of(settings: Generator) -> Where:
    """The endpoint and its secrets.

    Raises:
        SettingsError: a header's environment variable is not set.
    """
    parts = urlsplit(settings.base_url or OPENAI)
    key = [settings.api_key.get_secret_value().strip()] if settings.api_key else []
    told = [value for name, value in _headers(settings).items() if settings.headers[name] != value]
    return Where(f"{parts.scheme}://{parts.netloc}", settings.model or "", tuple(filter(None, [*key, *told])))


def open_client(settings: Generator) -> AsyncOpenAI:
    """A client that retries nothing, follows no redirect, and takes nothing but trusted authorities from the environment.

    Raises:
        NotReady: the openai package is not installed.
        SettingsError: OpenAI itself is named and there is no key, or a header's environment variable is not set.
    """
    openai = _package()
    key = settings.api_key.get_secret_value().strip() if settings.api_key else ""
    if not key and settings.base_url is None:
        raise SettingsError(f"{KEY} is not set: OpenAI needs it, from the environment or the file .env.")
    _refuse_unsendable(key, KEY)
    headers, place = _headers(settings), where_of(settings).place
    http = openai.DefaultAsyncHttpxClient(
        trust_env=False,
        follow_redirects=False,
        verify=_authorities() if place.startswith("https:") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        event_hooks={
            "request": [_only(_credentials(settings, key) | headers)],
            "response": [_bounded(place)],
        },
    )
    common: dict[str, Any] = {
        "api_key": key or _NO_KEY,
        "max_retries": 0,
        "timeout": openai.Timeout(None, connect=CONNECT_S),
        "http_client": http,
    }
    if settings.api_version is None:
        made = openai.AsyncOpenAI(base_url=settings.base_url or OPENAI, **common)
    elif settings.base_url is None:
        raise SettingsError("generator.api_version is Azure's: generator.base_url must name the resource.")
    else:
        made = openai.AsyncAzureOpenAI(
            azure_endpoint=settings.base_url,
            azure_deployment=settings.model,
            api_version=settings.api_version,
            **common,
        )
    return made  # type: ignore[no-any-return]


def _package() -> Any:
    try:
        import openai
    except ImportError:
        raise NotReady(
            "generator.kind is \"openai\", and its client is not installed: run `pip install 'answerloop[openai]'`."
        ) from None
    return openai


def _headers(settings: Generator) -> dict[str, str]:
    found = {}
    for name, value in settings.headers.items():
        key = f"generator.headers.{name}"
        found[name] = secret(value.removeprefix("env:"), key) if value.startswith("env:") else value
        _refuse_unsendable(name + found[name], key)
    return found


def _refuse_unsendable(value: str, key: str) -> None:
    if not (value.isascii() and value.isprintable()):
        raise SettingsError(
            f"{key} has a character that no HTTP header can hold: a line break, or one beyond ASCII."
        )


def _credentials(settings: Generator, key: str) -> dict[str, str]:
    if not key:
        return {}
    return {"api-key": key} if settings.api_version is not None else {"Authorization": f"Bearer {key}"}


def _authorities() -> ssl.SSLContext:
    """Those of the system, which SSL_CERT_FILE and SSL_CERT_DIR add to, and Mozilla's."""
    import certifi

    made = ssl.create_default_context(cafile=certifi.where())
    made.load_default_certs()
    return made


def _only(headers: dict[str, str]) -> Any:
    """A hook that leaves nothing in a request besides the protocol's own headers and these.

    The openai library adds what OPENAI_ORG_ID, OPENAI_PROJECT_ID and OPENAI_CUSTOM_HEADERS say, and what it runs on.
    """

    async def prepare(request: Any) -> None:
        for name in list(request.headers):
            if name.lower() not in _OF_THE_PROTOCOL:
                del request.headers[name]
        # A few compressed kilobytes may be gigabytes of text.
        request.headers.update({"Accept-Encoding": "identity", **headers})

    return prepare


def _bounded(place: str) -> Any:
    """A hook that lets no more than MAX_BYTES of a response be read."""

    async def bound(response: Any) -> None:
        if response.headers.get("content-encoding", "identity").lower() not in ("", "identity"):
            await response.aclose()
            raise Unavailable(f"{place} compresses its responses against what it was asked; turn that off.")
        # httpx takes only its own kind of stream, and which httpx it is depends on the version of openai.
        httpx = import_module(type(response).__module__.partition(".")[0])
        response.stream = type("Bounded", (_Bounded, httpx.AsyncByteStream), {})(response.stream, place)

    return bound


class _Bounded:
    """A response's bytes, up to MAX_BYTES."""

    def __init__(self, stream: Any, place: str) -> None:
        self._stream = stream
        self._place = place

    async def __aiter__(self) -> AsyncIterator[bytes]:
        received = 0
        async for part in self._stream:
            received += len(part)
            if received > MAX_BYTES:
                raise Unavailable(f"{self._place} sent {MAX_BYTES >> 20} MB without an end; see its log.")
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()
