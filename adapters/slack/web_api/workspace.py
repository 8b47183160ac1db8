"""The workspace that a bot token is for, as Slack tells it: asked at the start, and by `answerloop doctor`."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.web_api.errors import refusal
from rag_core.errors import Unavailable

__all__ = ["Workspace", "workspace_of", "workspace_when_up"]

_PAUSES = (0.5, 30.0)
_BROKEN = frozenset(
    {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "ratelimited"}
)
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Workspace:
    name: str
    id: str
    scopes: frozenset[str] | None
    """What the token may do; None: Slack did not say."""


async def workspace_of(client: AsyncWebClient) -> Workspace:
    """The one that the client's token is for.

    Raises:
        SlackRefusal: for none.
        Unavailable: Slack does not answer.
    """
    try:
        said = await client.api_call("auth.test")
    except SlackApiError as error:
        reply = getattr(error.response, "data", None)
        if not isinstance(reply, dict) or not reply.get("error") or reply["error"] in _BROKEN:
            raise Unavailable("Slack does not answer now; try again later") from None
        raise refusal("auth.test", reply) from None
    except (aiohttp.ClientError, AttributeError, OSError, TimeoutError, UnicodeDecodeError) as error:
        raise Unavailable(f"Slack is not reached ({error or type(error).__name__})") from error
    return Workspace(str(said.get("team") or ""), str(said.get("team_id") or ""), _scopes(said.headers))


async def workspace_when_up(client: AsyncWebClient) -> Workspace:
    """The same, however long Slack is away.

    Raises:
        SlackRefusal: the token is for none.
    """
    pause, longest = _PAUSES
    told = False
    while True:
        try:
            return await workspace_of(client)
        except Unavailable as error:
            log.log(logging.DEBUG if told else logging.WARNING, "%s; I keep trying", str(error).rstrip("."))
            told = True
        await asyncio.sleep(pause * random.uniform(0.7, 1.3))  # noqa: S311 - spreads load, hides nothing
        pause = min(2 * pause, longest)


def _scopes(headers: Mapping[str, str]) -> frozenset[str] | None:
    for name, value in headers.items():
        if name.lower() == "x-oauth-scopes":
            return frozenset(scope.strip() for scope in value.split(",") if scope.strip())
    return None
