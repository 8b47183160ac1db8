"""What somebody tries who wants more of the admin pages than is theirs."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import func, select

from bots.admin.app import HEADERS, admin_app
from bots.admin.roles import COOKIE
from bots.admin.services import Services
from rag_core.records.accounts import Accounts, Administration
from rag_core.records.database import transaction
from rag_core.records.tables import throttles, users
from tests.bots.admin.conftest import Pages
from tests.bots.admin.signing.visiting import PASSWORD, csrf_of, sign_in, with_account

ADMINS = ("/users", "/people", "/settings", "/audit", "/audit.csv")
DISGUISED = (
    "//users",
    "/users/",
    "/./users",
    "/static/../users",
    "/static/..%2fusers",
    "/static/%2e%2e/users",
    "/static/..;/users",
    "/..;/users",
    "/users;.css",
    "/users%00",
    "/users%20",
    "/users.json",
    "/USERS",
    "/%75sers",
    "/users?role=admin",
    "/sign-in/../users",
    "/sign-in/..%2fusers",
    "/analytics/..%2f..%2fusers",
    "/analytics/%2e%2e%2fusers.csv",
)


async def users_of(pages: Pages) -> int:
    async with transaction(pages.database) as connection:
        return int(await connection.scalar(select(func.count()).select_from(users)) or 0)


@pytest.mark.parametrize("visitor", ["nobody", "viewer"])
async def test_no_other_spelling_of_an_address_has_another_guard(pages: Pages, visitor: str) -> None:
    """Dots, slashes, escapes and cases lead to the same refusal, or nowhere."""
    await pages.user("admin")
    browser = await (pages.signed_in("viewer") if visitor == "viewer" else pages.browser())
    for address in (*ADMINS, *DISGUISED):
        answer = await browser.get(address)
        assert answer.status_code in (303, 403, 404, 422), address
        assert "local:admin" not in answer.text, address


async def test_a_method_in_disguise_changes_nothing(pages: Pages) -> None:
    """Neither a header nor a field makes a GET a POST; OPTIONS and TRACE are no way in; HEAD has no body."""
    browser = await pages.signed_in("admin")
    before = await users_of(pages)
    override = {"x-http-method-override": "POST", "x-method-override": "POST", "x-http-method": "POST"}
    await browser.get("/users?_method=POST&who=eve&role=admin", headers=override)
    for method in ("HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "PATCH", "PROPFIND", "CONNECT"):
        answer = await browser.request(method, "/users", params={"who": "eve", "role": "admin"})
        assert answer.status_code in (404, 405), method
    assert await users_of(pages) == before


async def test_only_a_form_of_ours_is_one(pages: Pages) -> None:
    """JSON, XML and plain text without the token's header are refused, whatever they hold."""
    signed_in = await pages.signed_in("admin")
    csrf, before = signed_in.headers["x-csrf-token"], await users_of(pages)
    browser = await pages.browser({COOKIE: signed_in.cookies[COOKIE]})
    for kind in ("application/json", "text/plain", "application/xml", "", "text/plain; form"):
        for body in (f'{{"csrf": "{csrf}", "who": "eve", "role": "admin"}}', "who=eve&role=admin&csrf="):
            answer = await browser.post("/users", content=body, headers={"content-type": kind})
            assert answer.status_code in (403, 422), kind
    in_the_address = await browser.post(f"/users?csrf={csrf}", data={"who": "eve", "role": "admin"})
    assert in_the_address.status_code == 403
    assert await users_of(pages) == before


async def test_a_role_that_is_lowered_counts_in_sessions_that_are_open(pages: Pages) -> None:
    """And a session that has ended is none, with its token or without."""
    browser, eve = await pages.signed_in("admin", "eve"), await pages.user("admin", "eve")
    await pages.user("admin", "root")
    assert (await browser.get("/users")).status_code == 200
    await Administration(pages.database).set_role(eve.id, "viewer", "local:root")
    for address in ADMINS:
        assert (await browser.get(address)).status_code == 403
    assert (await browser.post("/users", data={"who": "x", "role": "admin"})).status_code == 403
    assert (await browser.post("/sign-out")).status_code == 303
    for answer in (await browser.get("/analytics"), await browser.post("/sign-out")):
        assert answer.headers["location"].startswith("/sign-in")


async def test_what_the_request_says_of_its_host_goes_nowhere(pages: Pages) -> None:
    """Neither Host nor what proxies add stands on a page or in a redirect, nor decides who is asked."""
    hostile = {
        "host": "evil.example",
        "x-forwarded-host": "evil.example",
        "x-forwarded-proto": "javascript",
        "x-forwarded-prefix": "//evil.example",
        "x-original-url": "/users",
        "x-rewrite-url": "/users",
        "forwarded": "host=evil.example",
    }
    for browser in (await pages.browser(), await pages.signed_in("viewer")):
        for address in ("/", "/sign-in", "/analytics", "/analytics/", "//evil.example/", "/nothing", "/gaps"):
            answer = await browser.get(address, headers=hostile)
            assert "evil.example" not in answer.text + answer.headers.get("location", ""), address
    named = admin_app(
        Services(lambda: pages.settings, pages.database, pages.assistant), ("admin.example.com",)
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=named), base_url="http://x") as client:
        for host in (
            "evil.example",
            "admin.example.com.evil.example",
            "admin.example.com@evil.example",
            "[",
            "",
        ):
            assert (await client.get("/sign-in", headers={"host": host})).status_code == 421
        assert (await client.get("/sign-in", headers={"host": "Admin.Example.com:8081"})).status_code == 200


async def test_every_response_has_the_headers_that_keep_it_safe(
    pages: Pages, caplog: pytest.LogCaptureFixture
) -> None:
    """Pages, files, refusals of every kind, and what nobody has thought of; it says nothing of what broke."""

    breaking = admin_app(Services(lambda: pages.settings, pages.database, pages.assistant))

    @breaking.get("/broken")
    async def broken() -> None:
        raise RuntimeError("canary-1337")

    signed_in = await pages.signed_in("admin")
    named = admin_app(Services(lambda: pages.settings, pages.database, pages.assistant), ("else.where",))
    answers = {
        "page": await signed_in.get("/users"),
        "partial": await signed_in.get("/users", headers={"hx-request": "true"}),
        "file": await signed_in.get("/gaps.csv"),
        "static": await signed_in.get("/static/admin.css"),
        "redirect": await signed_in.get("/"),
        "403": await (await pages.signed_in("viewer")).get("/users"),
        "404": await signed_in.get("/nothing"),
        "static 404": await signed_in.get("/static/nothing.js"),
        "405": await signed_in.delete("/users"),
        "413": await signed_in.post(
            "/users",
            content=b"&".join([b"a=" + b"x" * 60_000] * 50),
            headers={"content-type": "application/x-www-form-urlencoded"},
        ),
        "422": await signed_in.get("/gaps?page=x"),
        "signed out": await (await pages.browser()).get("/users"),
    }
    for app, address in ((named, "/sign-in"), (breaking, "/broken")):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://admin.example.com") as client:
            answers[address] = await client.get(address)
    assert answers["/broken"].status_code == 500
    assert answers["413"].status_code == 413
    assert "canary" not in answers["/broken"].text
    for name, answer in answers.items():
        for header, value in HEADERS.items():
            assert answer.headers.get(header) == value, (name, header)
        kept = "no-cache" if "static" in name else "no-store"
        assert answer.headers["cache-control"] == kept, name


async def test_who_is_signed_in_keeps_the_navigation_where_nothing_is(pages: Pages) -> None:
    """And who is not is told no more than that."""
    lost = await (await pages.signed_in("viewer")).get("/nothing")
    assert lost.status_code == 404
    assert 'href="/analytics"' in lost.text
    assert 'href="/users"' not in lost.text
    assert "/analytics" not in (await (await pages.browser()).get("/nothing")).text


async def test_hundreds_who_sign_in_at_once_do_not_keep_others_out(pages: Pages) -> None:
    """Most are told to come back, in a sentence; nothing breaks, and afterwards the pages work as before."""
    await with_account(pages)
    browsers = [await pages.browser() for _ in range(20)]
    forms = [csrf_of((await browser.get("/sign-in")).text) for browser in browsers]

    async def attempt(n: int) -> int:
        data = {"csrf": forms[n % 20], "name": f"nobody{n}", "password": "x" * 1_000}
        answer = await browsers[n % 20].post("/sign-in", data=data)
        assert 'role="alert"' in answer.text or answer.status_code == 401
        return answer.status_code

    got = Counter(await asyncio.gather(*(attempt(n) for n in range(120))))
    assert set(got) <= {401, 429, 503}
    assert got[429] > 80  # all from one address
    async with transaction(pages.database) as connection:
        await connection.execute(throttles.delete())
    assert (await sign_in(await pages.browser())).status_code == 303


async def test_too_many_at_once_are_told_to_come_back(pages: Pages) -> None:
    """Even from as many addresses: argon2 is worked out for a few, and waits for a few more."""
    desk = pages.app.state.desk
    work = [desk.local.sign_in(f"n{n}", PASSWORD, f"192.0.2.{n}") for n in range(36)]
    found = await asyncio.gather(*work, return_exceptions=True)
    kinds = Counter(type(one).__name__ for one in found)
    assert set(kinds) == {"Refused", "Busy"}
    assert kinds["Busy"] >= 4


async def test_no_words_of_anybody_reach_the_log(pages: Pages, caplog: pytest.LogCaptureFixture) -> None:
    """Neither passwords nor names nor what is looked for, from info on."""
    caplog.set_level(logging.INFO)
    await with_account(pages)
    await pages.answered("a1", asked="canary-1337 question")
    browser = await pages.browser()
    await sign_in(browser, "canary-1337", "canary-1337-password")
    admin = await pages.signed_in("admin")
    for address, form in {
        "/queue": {"text": "canary-1337"},
        "/answer/a1/search": {"text": "canary-1337"},
        "/answer/a1/preview": {"question": "What is canary-1337?"},
        "/people": {"person": "slack:canary-1337"},
        "/golden/search": {"question": "canary-1337"},
        "/users": {"who": "canary-1337:x", "role": "viewer"},
    }.items():
        assert (await admin.post(address, data=form)).status_code < 500
    assert [record for record in caplog.records if "canary-1337" in record.getMessage()] == []


async def test_a_session_of_another_is_neither_guessed_nor_fixed(pages: Pages) -> None:
    """A cookie that we did not give is none, and is not what one has after signing in."""
    await with_account(pages)
    for token in ("", "x", "\x00", "0" * 43, "x" * 100_000, "' OR 1=1 --"):
        browser = await pages.browser({COOKIE: token})
        assert (await browser.get("/users")).status_code == 303
    fixed = await pages.browser({COOKIE: "attackers-token"})
    assert (await sign_in(fixed)).status_code == 303
    assert await Accounts(pages.database).session("attackers-token", timedelta(hours=1)) is None
