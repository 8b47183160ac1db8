"""Who may use which address of the admin pages: one table, and every line of it is tried.

Whoever adds an address adds its line here: the method and the path as the route has it, and the least role that may use it.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import pytest
from fastapi import FastAPI

from bots.admin.bounds import BODY_LIMIT
from bots.admin.roles import COOKIE
from rag_core.records.accounts import ROLES, Role
from tests.bots.admin.conftest import Pages

ANYBODY = "anybody"
"""Without being signed in."""

TABLE: dict[str, str] = {
    "GET /": "viewer",
    "GET /healthz": ANYBODY,
    "GET /sign-in": ANYBODY,
    "POST /sign-in": ANYBODY,
    "GET /sign-in/{provider}": ANYBODY,
    "GET /sign-in/{provider}/callback": ANYBODY,
    "POST /sign-out": "viewer",
    "GET /account": "viewer",
    "POST /account/password": "viewer",
    "POST /account/sessions/end": "viewer",
    "GET /users": "admin",
    "POST /users": "admin",
    "POST /users/{id}/password": "admin",
    "POST /users/{id}/role": "admin",
    "POST /users/{id}/disable": "admin",
    "POST /users/{id}/enable": "admin",
    "POST /users/{id}/sessions/end": "admin",
    "POST /users/{id}/remove": "admin",
    # the queue
    "GET /queue": "reviewer",
    "POST /queue": "reviewer",
    "POST /queue/decide": "reviewer",
    "POST /undo/{number}": "reviewer",
    "GET /audit": "admin",
    "GET /audit.csv": "admin",
    # votes and people
    "GET /votes": "reviewer",
    "POST /votes/{id}/decide": "reviewer",
    "POST /votes/{id}/undo": "reviewer",
    "GET /people": "admin",
    "POST /people": "admin",
    "POST /people/data": "admin",
    "POST /people/forget": "admin",
    # comparisons and golden questions
    "GET /compare": "reviewer",
    "POST /compare": "reviewer",
    "GET /compare/{id}": "reviewer",
    "POST /compare/{id}/judge": "reviewer",
    "POST /compare/{id}/close": "reviewer",
    "POST /compare/{id}/remove": "reviewer",
    "GET /compare/{id}/result": "reviewer",
    "GET /compare/{id}/result.csv": "reviewer",
    "GET /golden": "reviewer",
    "POST /golden": "reviewer",
    "POST /golden/check": "reviewer",
    "GET /golden/progress": "reviewer",
    "GET /golden/new": "reviewer",
    "GET /golden/{id}": "reviewer",
    "POST /golden/search": "reviewer",
    "POST /golden/{id}/switch": "reviewer",
    "POST /golden/{id}/remove": "reviewer",
    # one item, and standard answers
    "GET /item/{review_id}": "reviewer",
    "POST /item/{review_id}/claim": "reviewer",
    "POST /item/{review_id}/resolve": "reviewer",
    "GET /answer/{answer_id}": "reviewer",
    "POST /answer/{answer_id}/review": "reviewer",
    "POST /answer/{answer_id}/preview": "reviewer",
    "POST /answer/{answer_id}/search": "reviewer",
    "GET /answer/{answer_id}/similar": "reviewer",
    "POST /answer/{answer_id}/difference": "reviewer",
    "POST /answer/{answer_id}/rendered": "reviewer",
    "GET /standard": "reviewer",
    "GET /standard/{id}": "reviewer",
    "POST /standard/{id}": "reviewer",
    "POST /standard/{id}/switch": "reviewer",
    "POST /standard/{id}/remove": "reviewer",
    # figures and gaps
    "GET /analytics": "viewer",
    "GET /analytics/confidence": "viewer",
    "GET /analytics/documents": "viewer",
    "GET /analytics/platform": "viewer",
    "GET /analytics/channel": "viewer",
    "GET /analytics/release": "viewer",
    "GET /analytics/answers.csv": "reviewer",
    "GET /analytics/votes.csv": "reviewer",
    "GET /analytics/{name}.csv": "viewer",
    "GET /gaps": "viewer",
    "GET /gaps/progress": "viewer",
    "POST /gaps/search": "reviewer",
    "GET /gaps.csv": "viewer",
    "GET /gaps.md": "viewer",
    "GET /gaps/{id}": "viewer",
    "POST /gaps/{id}": "reviewer",
    "POST /gaps/{id}/check": "reviewer",
    # operation
    "GET /sources": "viewer",
    "GET /sources/{name}": "viewer",
    "POST /sources/{name}/sync": "admin",
    "GET /releases": "viewer",
    "GET /releases/{id}": "viewer",
    "POST /releases/{id}/promote": "admin",
    "POST /releases/{id}/roll-back": "admin",
    "GET /runs": "viewer",
    "POST /runs/train": "admin",
    "GET /runs/{id}": "viewer",
    "GET /runs/{id}/report.md": "viewer",
    "GET /settings": "admin",
}
FILLED = {"number": "999999", "provider": "slack", "n": "1"}
"""What stands in a path for a name in braces; 'nothing' for all others."""
VISITORS: tuple[str, ...] = (ANYBODY, *ROLES)
UNSAFE = [line for line in TABLE if not line.startswith("GET ")]
ENOUGH_S = 20.0


def routes_of(routes: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The lines of all routes, and the routes; what is served by the mount of static files is none."""
    for route in routes:
        if inner := getattr(route, "original_router", None):
            yield from routes_of(inner.routes, prefix + route.include_context.prefix)
        else:
            for method in sorted(getattr(route, "methods", None) or ()):
                if method != "HEAD":
                    yield f"{method} {prefix}{route.path}", route


def roles_of(dependant: Any) -> Iterator[Role]:
    """The least roles that a route's dependencies ask for, wherever they stand."""
    for one in dependant.dependencies:
        if role := getattr(one.call, "role", None):
            yield role
        yield from roles_of(one)


def expected(line: str, visitor: str) -> str:
    """ok, 403 or sign-in."""
    least = TABLE[line]
    if least == ANYBODY or (visitor in ROLES and ROLES.index(visitor) >= ROLES.index(least)):  # type: ignore[arg-type]
        return "ok"
    return "sign-in" if visitor == ANYBODY else "403"


def test_the_table_has_every_route(pages: Pages) -> None:
    """And none that is not there; each route asks for the role that the table says."""
    asked = {line: list(roles_of(route.dependant)) for line, route in routes_of(pages.app.routes)}
    assert sorted(asked) == sorted(TABLE)
    assert {line: roles or [ANYBODY] for line, roles in asked.items()} == {
        line: [role] for line, role in TABLE.items()
    }


@pytest.mark.parametrize("visitor", VISITORS)
async def test_everybody_gets_what_the_table_says(pages: Pages, visitor: str) -> None:
    """Each address is really asked, with the token that our own forms carry."""
    got = {line: await asked(pages, line, visitor) for line in TABLE}
    assert got == {line: expected(line, visitor) for line in TABLE}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-csrf-token": "wrong"},
        {"x-csrf-token": ""},
        {"x-csrf-token": "right", "origin": "https://evil.example.com"},
        {"x-csrf-token": "right", "sec-fetch-site": "cross-site"},
    ],
    ids=("no token", "a wrong token", "an empty token", "another origin", "another site"),
)
async def test_nothing_is_changed_by_what_another_site_has_sent(
    pages: Pages, headers: dict[str, str]
) -> None:
    """Without the right token, or from another origin, every unsafe request of an admin is refused."""
    signed_in = await pages.signed_in("admin")
    right, token = signed_in.headers["x-csrf-token"], signed_in.cookies[COOKIE]
    sent = {**headers, "cookie": f"{COOKIE}={token}"}
    if headers.get("x-csrf-token") == "right":
        sent["x-csrf-token"] = right
    got = {line: (await called(pages.app, line, sent))[0] for line in UNSAFE}
    assert got == dict.fromkeys(UNSAFE, 403)


async def test_another_sessions_token_is_none(pages: Pages) -> None:
    """What forms carry belongs to one session."""
    first, second = await pages.signed_in("admin"), await pages.signed_in("admin")
    sent = {"x-csrf-token": first.headers["x-csrf-token"], "cookie": f"{COOKIE}={second.cookies[COOKIE]}"}
    assert (await called(pages.app, "POST /sign-out", sent))[0] == 403


async def asked(pages: Pages, line: str, visitor: str) -> str:
    """ok, 403 or sign-in; each in a session of its own, since signing out is one of the addresses."""
    headers: dict[str, str] = {}
    if visitor in ROLES:
        browser = await pages.signed_in(visitor)  # type: ignore[arg-type]
        headers = {
            "cookie": f"{COOKIE}={browser.cookies[COOKIE]}",
            "x-csrf-token": browser.headers["x-csrf-token"],
        }
    status, location = await called(pages.app, line, headers)
    if TABLE[line] == ANYBODY:  # a form that is incomplete may be refused, but nobody is sent to sign in
        return (
            "ok" if not (status == 303 and location.startswith("/sign-in?")) and status < 500 else str(status)
        )
    if status == 303 and location.startswith("/sign-in") and line != "POST /sign-out":
        return "sign-in"
    if line == "POST /sign-out" and visitor == ANYBODY:
        return "sign-in" if status == 303 else str(status)
    if status in (401, 403):
        return str(status)
    return "ok" if status < 500 else str(status)


async def called(app: FastAPI, line: str, headers: Mapping[str, str]) -> tuple[int, str]:
    """Status and Location of the response, whose body need not end: the browser goes away after its first part."""
    method, template = line.split(" ")
    path = re.sub(r"\{(\w+)(?::\w+)?\}", lambda name: FILLED.get(name[1], "nothing"), template)
    body = urlencode({"unknown": "1"}).encode() if method != "GET" else b""
    sent = {"host": "admin.example.com", **headers}
    if body:
        sent |= {"content-type": "application/x-www-form-urlencoded", "content-length": str(len(body))}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(key.encode(), value.encode()) for key, value in sent.items()],
        "client": ("127.0.0.1", 1),
        "server": ("admin.example.com", 80),
    }
    answer: dict[str, Any] = {}
    first, read = asyncio.Event(), asyncio.Event()

    async def receive() -> dict[str, Any]:
        if not read.is_set():
            read.set()
            return {"type": "http.request", "body": body, "more_body": False}
        await first.wait()
        await asyncio.sleep(0.2)  # what is short is whole by then
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            answer.update(message)
        else:
            first.set()

    task = asyncio.ensure_future(app(scope, receive, send))  # type: ignore[arg-type]
    waiting = asyncio.ensure_future(first.wait())
    await asyncio.wait({task, waiting}, timeout=ENOUGH_S, return_when=asyncio.FIRST_COMPLETED)
    await asyncio.wait({task}, timeout=1)
    for one in (task, waiting):
        one.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    found = {key.decode(): value.decode() for key, value in answer.get("headers", ())}
    return int(answer.get("status", 599)), found.get("location", "")


@pytest.mark.parametrize("told", [True, False], ids=("announced", "in chunks"))
async def test_nobody_fills_the_memory(pages: Pages, told: bool) -> None:
    """A body of megabytes is refused before it is read, signed in or not."""
    browser = await pages.browser(headers={"content-type": "application/x-www-form-urlencoded"})
    large = b"a=" + b"x" * (BODY_LIMIT + 1)

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(large), 65536):
            yield large[start : start + 65536]

    for address in ("/sign-in", "/users"):
        answer = await browser.post(address, content=large if told else chunks())
        assert answer.status_code in (
            413,
            400,
        )  # newer Starlettes stop at a field of one megabyte by themselves
    assert (await browser.post("/sign-in", content=b"a=" + b"x" * 1000)).status_code == 403
