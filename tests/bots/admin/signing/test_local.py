"""Signing in by name and password: cookies, throttling, where one goes on to; and one's own account."""

from __future__ import annotations

import re

import httpx
from argon2 import PasswordHasher
from sqlalchemy import select

from bots.admin.roles import COOKIE
from bots.admin.signing.first_run import first_admin
from bots.admin.signing.passwords import Passwords
from rag_core.records.accounts import Accounts, Administration, digest_of
from rag_core.records.database import transaction
from rag_core.records.tables import users
from tests.bots.admin.conftest import HOST, Pages
from tests.bots.admin.signing.visiting import (
    PASSWORD,
    configured,
    csrf_of,
    sign_in,
    with_account,
)

ELSEWHERE = (
    *("//evil.example.com", "/\\evil.example.com", "\\\\evil.example.com", "https://evil.example.com"),
    *("/%5cevil.example.com", "/\t/evil.example.com", "/ /evil.example.com", "javascript:alert(1)"),
    *(
        "/\r\nset-cookie: a=b",
        "///evil.example.com",
        "/x//evil.example.com",
        "/@evil?x=//y",
        "/sign-out",
        "evil",
    ),
)
"""Where one may be told to go on to."""

# --- by name and password ----------------------------------------------------------------------------------------


async def test_a_local_account_signs_in_and_out(pages: Pages) -> None:
    """And is where it wanted to go; after signing out the cookie is worth nothing."""
    await with_account(pages)
    browser = await pages.browser()
    answer = await sign_in(browser, next="/account")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    page = await browser.get("/account")
    assert "local:ada" in page.text
    token = browser.cookies[COOKIE]
    out = await browser.post("/sign-out", data={"csrf": csrf_of(page.text)})
    assert (out.status_code, out.headers["location"]) == (303, "/sign-in")
    again = await pages.browser({COOKIE: token})
    assert (await again.get("/account")).status_code == 303


async def test_the_session_cookie_cannot_be_read_by_scripts_or_sent_by_other_sites(pages: Pages) -> None:
    """HttpOnly, SameSite, and over TLS also Secure, with the prefix that binds it to the host."""
    await with_account(pages)
    plain = (await sign_in(await pages.browser())).headers.get_list("set-cookie")
    (mine,) = (one for one in plain if one.startswith("answerloop_session="))
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(mine.split("; "))
    secured = configured(pages, url="https://admin.example.com")
    browser = httpx.AsyncClient(
        transport=httpx.ASGITransport(app=secured.app), base_url="https://admin.example.com"
    )
    async with browser:
        sent = (await sign_in(browser)).headers.get_list("set-cookie")
        (mine,) = (one for one in sent if one.startswith("__Host-answerloop_session="))
        assert {"HttpOnly", "SameSite=lax", "Path=/", "Secure"} <= set(mine.split("; "))
        assert "Domain" not in mine
        assert (await browser.get("/account")).status_code == 200


async def test_signing_in_gives_another_session(pages: Pages) -> None:
    """A token that the browser had before is worth nothing afterwards, wherever it came from."""
    await with_account(pages)
    planted = (await pages.signed_in("viewer")).cookies[COOKIE]
    browser, foreign = await pages.browser(), await pages.browser({COOKIE: planted})
    fields = {"csrf": csrf_of((await browser.get("/sign-in")).text), "name": "ada", "password": PASSWORD}
    browser.cookies.set(COOKIE, planted, domain="admin.example.com")
    assert (await foreign.get("/account")).status_code == 200
    answer = await browser.post("/sign-in", data=fields)
    assert answer.status_code == 303
    assert planted not in answer.headers["set-cookie"]
    assert (await foreign.get("/account")).status_code == 303


async def test_nothing_tells_whether_there_is_such_a_name(pages: Pages) -> None:
    """A wrong password, an unknown name, a disabled account and one of a provider are answered alike."""
    await with_account(pages)
    await with_account(pages, "dora")
    accounts, administration = Accounts(pages.database), Administration(pages.database)
    await accounts.add("local:empty", "Empty", "admin")
    dora = await administration.named("local:dora")
    await administration.set_disabled(dora.id, True, "local:test")
    said = set()
    for name, password in (("ada", "wrong"), ("nobody", "wrong"), ("dora", PASSWORD), ("empty", "")):
        answer = await sign_in(await pages.browser(), name, password or " ")
        text = re.sub(r'value="[^"]*"', "", answer.text)
        said.add((answer.status_code, text))
    assert len(said) == 1
    assert "The name or the password is not right." in said.pop()[1]


async def test_guessing_is_slowed_down_and_told_in_words(pages: Pages) -> None:
    """Of a name that exists and of one that does not; the right password has to wait too, and counts afterwards."""
    await with_account(pages)
    for name in ("ada", "nobody"):
        browser = await pages.browser()
        answers = [await sign_in(browser, name, "wrong") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [401] * 4
        throttled = await sign_in(browser, name)
        assert throttled.status_code == 429
        assert re.search(r"Try again in \d+ s\.", throttled.text)
        assert int(throttled.headers["retry-after"]) > 0


async def test_the_form_of_another_site_cannot_sign_anybody_in(pages: Pages) -> None:
    """Without the cookie, with another's token, or from another origin."""
    await with_account(pages)
    fields = {"name": "ada", "password": PASSWORD}
    browser = await pages.browser()
    assert (await browser.post("/sign-in", data={**fields, "csrf": "x"})).status_code == 403
    others = csrf_of((await (await pages.browser()).get("/sign-in")).text)
    await browser.get("/sign-in")
    assert (await browser.post("/sign-in", data={**fields, "csrf": others})).status_code == 403
    for headers in (
        {"origin": "https://evil.example.com"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "origin": "http://other.example.com"},
        {"origin": "null"},
    ):
        assert (await sign_in(browser, headers=headers)).status_code == 403  # type: ignore[arg-type]
    assert COOKIE not in browser.cookies
    ours = {"origin": HOST, "sec-fetch-site": "same-origin"}
    assert (await sign_in(browser, headers=ours)).status_code == 303  # type: ignore[arg-type]


async def test_nobody_is_sent_to_another_site_after_signing_in(pages: Pages) -> None:
    """Only paths of ours are gone on to."""
    await with_account(pages)
    for elsewhere in ELSEWHERE:
        answer = await sign_in(await pages.browser(), next=elsewhere)
        assert (answer.status_code, answer.headers["location"]) == (303, "/"), elsewhere


async def test_a_disabled_user_is_out_at_once(pages: Pages) -> None:
    """With the next request of any browser; and a changed role counts with it too."""
    browser = await pages.signed_in("reviewer")
    user = await pages.user("reviewer")
    administration = Administration(pages.database)
    await administration.set_role(user.id, "viewer", "local:test")
    assert "viewer" in (await browser.get("/account")).text
    await administration.set_disabled(user.id, True, "local:test")
    assert (await browser.get("/account")).status_code == 303


async def test_a_password_is_kept_as_argon2_and_hashed_anew_when_the_parameters_change(pages: Pages) -> None:
    """At the next sign-in, without anybody noticing."""
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    await Accounts(pages.database).add("local:ada", "Ada", "viewer", password_hash=weak)
    assert (await sign_in(await pages.browser())).status_code == 303
    async with transaction(pages.database) as connection:
        kept = await connection.scalar(select(users.c.password_hash))
    assert kept.startswith("$argon2id$")
    assert kept != weak
    assert not Passwords().is_weak(kept)
    assert (await sign_in(await pages.browser())).status_code == 303


# --- one's own account -------------------------------------------------------------------------------------------


async def test_a_changed_password_ends_the_other_sessions(pages: Pages) -> None:
    """The old one is needed, the new one has to be long, and the browser that changes it stays signed in."""
    await with_account(pages)
    here, there = await pages.browser(), await pages.browser()
    await sign_in(here)
    await sign_in(there)
    token = csrf_of((await here.get("/account")).text)

    async def change(old: str, new: str, again: str | None = None) -> httpx.Response:
        fields = {"csrf": token, "old": old, "new": new, "again": new if again is None else again}
        return await here.post("/account/password", data=fields)

    new = "another long password"
    assert "12 characters" in (await change(PASSWORD, "short")).text
    assert "twice the same" in (await change(PASSWORD, new, new + "x")).text
    assert "old password is not right" in (await change("wrong", new)).text
    assert (await there.get("/account")).status_code == 200
    changed = await change(PASSWORD, new)
    assert changed.status_code == 303, changed.text
    assert (await here.get("/account")).status_code == 200
    assert (await there.get("/account")).status_code == 303
    assert (await sign_in(there)).status_code == 401
    assert (await sign_in(there, password=new)).status_code == 303


async def test_one_sees_and_ends_ones_own_sessions_alone(pages: Pages) -> None:
    """Another's cannot be ended, whatever the form says."""
    await with_account(pages)
    here, there, theirs = await pages.browser(), await pages.browser(), await pages.signed_in("admin")
    for browser in (here, there):
        browser.headers["user-agent"] = f"<b>{browser is here}</b>"
        await sign_in(browser)
    page = (await here.get("/account")).text
    assert "&lt;b&gt;True" in page
    assert "&lt;b&gt;False" in page
    token = csrf_of(page)

    async def end(digest: str) -> int:
        return (await here.post("/account/sessions/end", data={"csrf": token, "digest": digest})).status_code

    assert await end(digest_of(theirs.cookies[COOKIE])) == 404
    assert (await theirs.get("/account")).status_code == 200
    assert await end(digest_of(there.cookies[COOKIE])) == 303
    assert (await there.get("/account")).status_code == 303
    assert (await here.get("/account")).status_code == 200


async def test_the_first_admin_is_made_once(pages: Pages) -> None:
    """With a password that is told once; not where there is an admin."""
    await pages.user("viewer")  # who alone could let nobody else in
    password = await first_admin(pages.database)
    assert password
    assert len(password) >= 16
    assert await first_admin(pages.database) is None
    assert (await sign_in(await pages.browser(), "admin", password)).status_code == 303
