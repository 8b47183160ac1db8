"""One call of Slack's Web API, sent once: what came of it is a reply or an error that says what may be done next."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.web_api.errors import Limited, NotSent, Unconfirmed, Vanished, refusal

__all__ = ["Wire", "repeatable"]

CALL_S, CONNECT_S = 10.0, 5.0
_READS = frozenset({"info", "list", "history", "replies", "members", "conversations", "get", "getPermalink"})
"""How the names of methods end that change nothing. Slack takes their arguments from the address, not as JSON."""
_JSON = ("chat.", "views.", "assistant.", "reactions.", "conversations.")
_ONCE_ONLY = frozenset(
    """chat.postMessage chat.postEphemeral chat.meMessage chat.scheduleMessage chat.startStream chat.appendStream
    files.completeUploadExternal""".split()
)
_BROKEN = frozenset(
    ("internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org")
)
"""Slack's words for: this went wrong on my side, try again."""
_EVERYWHERE = frozenset("auth.test apps.connections.open chat.postMessage chat.update".split())
"""Methods that every Slack has."""
_NO_SUCH_METHOD = frozenset({404, 405, 501})
_TOO_MANY = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})

_RESPONSE = "the response to a command"
_USED_UP = frozenset({"used_url", "expired_url", "cancelled", "invalid_url"})


def repeatable(method: str) -> bool:
    """Whether a call that may have arrived can be sent again without harm: it would post nothing twice."""
    return method not in _ONCE_ONLY


class Wire:
    """Sends calls with one token over one connection pool, opened with the first call."""

    def __init__(self, token: str, base_url: str = "", timeout_s: float = CALL_S) -> None:
        """base_url: of the Web API, such as 'https://slack.com/api/'; '': that. Proxies as the environment says."""
        quiet = logging.getLogger(f"{__name__}.sdk")
        quiet.setLevel(logging.INFO)  # below, slack_sdk logs what people wrote
        self._client = AsyncWebClient(
            token=token,
            base_url=base_url or AsyncWebClient.BASE_URL,
            timeout=math.ceil(timeout_s),
            retry_handlers=[],
            logger=quiet,
        )
        self._timeout = aiohttp.ClientTimeout(total=timeout_s, sock_connect=min(CONNECT_S, timeout_s))

    @property
    def base_url(self) -> str:
        """Of the Web API, ending in '/'."""
        return self._client.base_url

    @property
    def token(self) -> str:
        return self._client.token or ""

    @token.setter
    def token(self, token: str) -> None:
        self._client.token = token

    @property
    def proxy(self) -> str | None:
        return self._client.proxy

    def session(self) -> aiohttp.ClientSession:
        """The connection pool, opened where it is not."""
        if self._client.session is None or self._client.session.closed:
            self._client.session = aiohttp.ClientSession(timeout=self._timeout)
        return self._client.session

    async def close(self) -> None:
        """Let go of the connections."""
        if self._client.session is not None:
            await self._client.session.close()

    async def send(self, method: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """What Slack replied.

        Raises:
            SlackRefusal: Slack said no.
            Limited: too many calls.
            NotSent: Slack was not reached.
            Unconfirmed: Slack's reply says that something broke, cannot be read, or was lost on its way.
        """
        self.session()
        try:
            response = await self._client.api_call(method, **_encoded(method, arguments))
        except SlackApiError as error:
            raise _what_it_says(method, error.response) from None
        except (
            aiohttp.ClientConnectorError,
            aiohttp.ConnectionTimeoutError,
            aiohttp.ClientHttpProxyError,
        ) as error:
            raise NotSent(f"Slack is not reached ({_brief(error)})") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unconfirmed(
                f"Slack's reply to {method} was lost ({_brief(error)}); try again later"
            ) from error
        except (AttributeError, UnicodeDecodeError) as error:  # slack_sdk, of a reply that is no JSON object
            raise Unconfirmed(f"Slack's reply to {method} cannot be read; try again later") from error
        return dict(response.data) if isinstance(response.data, dict) else {}

    async def respond(self, url: str, message: Mapping[str, Any]) -> None:
        """Send a message to a response_url. The token does not go there.

        Raises:
            Vanished: it takes no more.
            SlackRefusal, Limited, NotSent, Unconfirmed: as send does.
        """
        try:
            async with self.session().post(url, json=dict(message), proxy=self.proxy) as response:
                body = await response.text()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotSent(f"Slack is not reached ({_brief(error)})") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unconfirmed(f"Slack's reply to a response was lost ({_brief(error)})") from error
        if response.status == 429:
            raise Limited(_RESPONSE, _retry_after(response.headers))
        if response.status >= 500:
            raise Unconfirmed(f"Slack failed at {_RESPONSE} (status {response.status})", refused=True)
        code = _code(body)
        if response.status == 404 or code in _USED_UP:
            raise Vanished(_RESPONSE, code or "expired_url")
        if response.status != 200 or code:
            raise refusal(_RESPONSE, {"error": code or f"status {response.status}"})


def _code(body: str) -> str:
    """What is wrong, of a reply that is 'ok', {"ok": false, "error": "used_url"} or the error alone."""
    try:
        said = json.loads(body)
    except ValueError:
        return "" if body.strip().lower() in ("", "ok") else body.strip().split("\n")[0][:80]
    if isinstance(said, dict) and said.get("ok") is False:
        return str(said.get("error") or "no reason given")
    return ""


def _encoded(method: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """As api_call takes them. What is None is left out."""
    given = {name: value for name, value in arguments.items() if value is not None}
    if method.rpartition(".")[2] in _READS:
        return {"http_verb": "GET", "params": {name: _line(value) for name, value in given.items()}}
    if method.startswith(_JSON):
        return {"json": given}
    return {"data": {name: _line(value) for name, value in given.items()}}


def _line(value: Any) -> str:
    """A form's field."""
    if isinstance(value, bool):
        return "1" if value else "0"
    return json.dumps(value) if isinstance(value, (dict, list, tuple)) else str(value)


def _what_it_says(method: str, response: Any) -> Exception:
    """response: of slack_sdk, or of aiohttp where the body was no JSON."""
    status = int(getattr(response, "status_code", 0) or getattr(response, "status", 0) or 0)
    data = getattr(response, "data", None)
    reply: dict[str, Any] = data if isinstance(data, dict) else {}
    code = reply.get("error")
    if status == 429 or code in _TOO_MANY:
        return Limited(method, _retry_after(getattr(response, "headers", None) or {}))
    if not code and status in _NO_SUCH_METHOD and method not in _EVERYWHERE:
        return refusal(method, {"error": "unknown_method"})
    if status >= 500 or code in _BROKEN or not code:
        words = code or f"status {status}"
        return Unconfirmed(f"Slack failed at {method} ({words}); try again later", refused=True)
    return refusal(method, reply)


def _retry_after(headers: Mapping[str, Any]) -> float:
    """Seconds; 1 where Slack does not say, 30 where it says so in another way than seconds."""
    said = next((str(value) for name, value in headers.items() if name.lower() == "retry-after"), "1")
    try:
        return min(max(float(said), 0.1), 86_400.0)
    except ValueError:
        return 30.0


def _brief(error: BaseException) -> str:
    return (str(error).splitlines() or [""])[0][:200] or type(error).__name__
