"""Events, interactions and commands as signed POSTs to the app.

https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Any
from urllib.parse import urlencode

import aiohttp

from tests.servers.slack.deliveries import Attempt, Deliveries, Delivery

__all__ = ["Posts", "sign"]

Json = dict[str, Any]
FORM = "application/x-www-form-urlencoded"


def sign(secret: str, stamp: str, body: bytes) -> str:
    """Version 0 of Slack's signatures."""
    made = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256)
    return f"v0={made.hexdigest()}"


def encoded(delivery: Delivery) -> tuple[bytes, str]:
    """The body and its type, as each kind of delivery is sent."""
    if delivery.kind == "events_api":
        return json.dumps(delivery.payload).encode(), "application/json"
    if delivery.kind == "interactive":
        return urlencode({"payload": json.dumps(delivery.payload)}).encode(), FORM
    return urlencode(delivery.payload).encode(), FORM


class Posts:
    def __init__(self, deliveries: Deliveries, url: str, secret: str) -> None:
        self._deliveries = deliveries
        self._url = url
        self._secret = secret
        self._session: aiohttp.ClientSession | None = None

    async def post(
        self, body: bytes, headers: dict[str, str], within_s: float = 30
    ) -> tuple[int, bytes, dict[str, str]]:
        """Status, body and headers of the app's answer."""
        if self._session is None:
            self._session = aiohttp.ClientSession()
        timeout = aiohttp.ClientTimeout(within_s)
        async with self._session.post(self._url, data=body, headers=headers, timeout=timeout) as answer:
            return answer.status, await answer.read(), {k.lower(): v for k, v in answer.headers.items()}

    def signed(self, body: bytes, media_type: str, at: float | None = None) -> dict[str, str]:
        stamp = str(int(time.time() if at is None else at))
        return {
            "Content-Type": media_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": sign(self._secret, stamp, body),
        }

    async def carry(self, delivery: Delivery, attempt: Attempt, within_s: float) -> tuple[bool, Json | None]:
        body, media_type = encoded(delivery)
        headers = self.signed(body, media_type)
        if attempt.number:
            headers["X-Slack-Retry-Num"] = str(attempt.number)
            headers["X-Slack-Retry-Reason"] = attempt.reason.replace("timeout", "http_timeout", 1)
        attempt.sent_at = time.monotonic()
        try:
            status, answer, fields = await self.post(body, headers, within_s)
        except (TimeoutError, aiohttp.ClientError):
            return False, None
        attempt.status = status
        if not 200 <= status < 300:
            if fields.get("x-slack-no-retry") == "1":
                attempt.status = 0
            return False, None
        response = read(answer)
        return self._deliveries.acknowledged(delivery, attempt, response), response

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None


def read(answer: bytes) -> Json | None:
    """What the app answered, or its plain text as a message's."""
    if not answer:
        return None
    try:
        made = json.loads(answer)
    except ValueError:
        return {"text": answer.decode(errors="replace")}
    return made if isinstance(made, dict) else None
