"""Signing in: by name and password, by a provider; cookies, throttling, and where one goes on to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from argon2 import PasswordHasher
from pydantic import SecretStr
from sqlalchemy import select
from starlette.requests import Request

from bots.admin.app import admin_app
from bots.admin.roles import COOKIE
from bots.admin.services import Services
from bots.admin.signing.first_run import first_admin
from bots.admin.signing.granting import granting
from bots.admin.signing.origins import address_of
from bots.admin.signing.passwords import Passwords
from rag_core.configuration import load_settings
from rag_core.errors import SettingsError
from rag_core.records.accounts import Accounts, Administration, digest_of
from rag_core.records.database import transaction
from rag_core.records.tables import users
from rag_core.settings import Admin
from rag_core.settings.review import DiscordSignIn, Provider, SlackSignIn
from tests.bots.admin.conftest import HOST, Pages
from tests.servers.oidc import CLIENT, SECRET, LocalProvider

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def running() -> Iterator[LocalProvider]:
    with LocalProvider() as provider:
        yield provider


@pytest.fixture
def provider(running: LocalProvider) -> LocalProvider:
    """As it is at the start; started again where a test stopped it."""
    fresh = LocalProvider()
    running.person, running.fault, running.claims_in_token = fresh.person, "", True
    running.start() if running._server is None else None
    running.asked.clear()
    return running


async def with_account(pages: Pages, name: str = "ada", **fields: object) -> None:
    hashed = await Passwords().hash(PASSWORD)
    await Accounts(pages.database).add(f"local:{name}", name.title(), "reviewer", password_hash=hashed)


def configured(pages: Pages, **fields: object) -> Pages:
    """The same installation with other settings of [admin]."""
    settings = pages.settings.model_copy(update={"admin": Admin(**fields)})  # type: ignore[arg-type]
    app = admin_app(Services(lambda: settings, pages.database, pages.assistant))
    return replace(pages, settings=settings, app=app)


def csrf_of(html: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', html)
    assert found
    return found[1]


async def sign_in(
    browser: httpx.AsyncClient, name: str = "ada", password: str = PASSWORD, **more: str
) -> httpx.Response:
    """As the form of the page does it."""
    headers = more.pop("headers", None) or {}
    page = await browser.get("/sign-in")
    fields = {"csrf": csrf_of(page.text), "name": name, "password": password, **more}
    return await browser.post("/sign-in", data=fields, headers=headers)  # type: ignore[arg-type]


async def by_provider(browser: httpx.AsyncClient, name: str = "oidc", next: str = "") -> httpx.Response:
    """To the provider and back, as a browser goes."""
    asked = await browser.get(f"/sign-in/{name}", params={"next": next} if next else None)
    if asked.status_code != 303:
        return asked
    async with httpx.AsyncClient() as outside:
        back = await outside.get(asked.headers["location"])
    return await browser.get(back.headers["location"])


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


@pytest.mark.parametrize(
    "elsewhere",
    [
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
    ],
)
async def test_nobody_is_sent_to_another_site_after_signing_in(pages: Pages, elsewhere: str) -> None:
    """Only paths of ours are gone on to."""
    await with_account(pages)
    answer = await sign_in(await pages.browser(), next=elsewhere)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


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
    """With a password that is told once; not where there is any user."""
    password = await first_admin(pages.database)
    assert password
    assert len(password) >= 16
    assert await first_admin(pages.database) is None
    assert (await sign_in(await pages.browser(), "admin", password)).status_code == 303


# --- by a provider -----------------------------------------------------------------------------------------------


def oidc(provider: LocalProvider, **fields: object) -> dict[str, object]:
    own = Provider(name="Acme", issuer=provider.issuer, client_id=CLIENT, client_secret=SecretStr(SECRET))
    return {"oidc": own, "viewers": ("@example.com",), **fields}


def identity_of(provider: LocalProvider, subject: str = "ada-1") -> str:
    return f"oidc:{subject}@{urlsplit(provider.issuer).netloc}"


async def test_a_provider_signs_in_whom_the_settings_name(pages: Pages, provider: LocalProvider) -> None:
    """With PKCE, state and nonce; by the domain of an e-mail address that the provider vouches for."""
    place = configured(pages, **oidc(provider))
    browser = await place.browser()
    assert "Sign in with Acme" in (await browser.get("/sign-in")).text
    answer = await by_provider(browser, next="/account")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account"), answer.text
    page = (await browser.get("/account")).text
    assert identity_of(provider) in page
    assert "ada@example.com" in page
    (asked,) = provider.asked
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == f"{HOST}/sign-in/oidc/callback"
    assert len(asked["state"]) >= 32
    assert len(asked["nonce"]) >= 32


async def test_who_is_not_named_does_not_get_in(pages: Pages, provider: LocalProvider) -> None:
    """They are told who they are, and what to ask for; an address that is not verified names nobody."""
    place = configured(pages, **oidc(provider, admins=("root@example.com",)))
    for person in (
        {"sub": "eve", "email": "eve@evil.example", "email_verified": True},
        {"sub": "eve", "email": "ada@example.com", "email_verified": False},
        {"sub": "eve", "email": "ada@example.com", "email_verified": "true"},
        {"sub": "eve", "email": "root@example.com@evil.example", "email_verified": True},
        {"sub": "eve", "email": "ada@notexample.com", "email_verified": True},
        {"sub": "eve"},
    ):
        provider.person = person
        answer = await by_provider(await place.browser())
        assert answer.status_code == 403
        assert identity_of(provider, "eve") in answer.text
        assert "Ask an admin" in answer.text
    assert await Accounts(pages.database).find(identity_of(provider, "eve")) is None


@pytest.mark.parametrize("named", ["identity", "email"])
async def test_who_an_admin_named_before_gets_in(pages: Pages, provider: LocalProvider, named: str) -> None:
    """By identity, or by an e-mail address, which is theirs from then on."""
    place = configured(pages, **oidc(provider, viewers=()))
    identity = identity_of(provider) if named == "identity" else "email:ada@example.com"
    await Administration(pages.database).add(identity, "reviewer", "local:root")
    browser = await place.browser()
    assert (await by_provider(browser)).status_code == 303
    found = await Accounts(pages.database).find(identity_of(provider))
    assert found is not None
    assert found.role == "reviewer"
    provider.person = {**provider.person, "sub": "another"}
    assert (await by_provider(await place.browser())).status_code == 403


async def test_what_the_settings_no_longer_give_is_gone(pages: Pages, provider: LocalProvider) -> None:
    """With the next sign-in, and with the next start also in sessions that are open; what an admin gave stays."""
    place = configured(pages, **oidc(provider, admins=("ada@example.com",)))
    browser = await place.browser()
    await by_provider(browser)
    accounts, administration = Accounts(pages.database), Administration(pages.database)
    found = await accounts.find(identity_of(provider))
    assert found is not None
    assert found.role == "admin"
    without = configured(pages, **oidc(provider, viewers=()))
    assert await administration.grant(granting(without.settings)) == 1
    assert (await browser.get("/account")).status_code == 303
    assert (await by_provider(await without.browser())).status_code == 403
    await administration.set_role(found.id, "reviewer", "local:root")
    assert (await by_provider(await without.browser())).status_code == 303


@pytest.mark.parametrize(
    "fault",
    [
        *(
            "wrong_nonce",
            "no_nonce",
            "wrong_audience",
            "several_audiences",
            "expired",
            "wrong_issuer",
            "alg_none",
        ),
        *("signed_by_secret", "other_key", "no_id_token", "no_subject", "garbage"),
    ],
)
async def test_an_id_token_that_is_not_right_signs_nobody_in(
    pages: Pages, provider: LocalProvider, fault: str
) -> None:
    """Whatever is wrong with it."""
    place = configured(pages, **oidc(provider))
    browser = await place.browser()
    provider.fault = fault
    answer = await by_provider(browser)
    assert answer.status_code == 403, answer.text
    assert "sign in again" in answer.text
    assert COOKIE not in browser.cookies
    assert await Accounts(pages.database).find(identity_of(provider)) is None


async def test_a_provider_may_change_its_keys(pages: Pages, provider: LocalProvider) -> None:
    """They are fetched again when one is not known."""
    place = configured(pages, **oidc(provider))
    assert (await by_provider(await place.browser())).status_code == 303
    provider.turn_keys()
    assert (await by_provider(await place.browser())).status_code == 303


async def test_a_provider_may_tell_the_address_at_userinfo_alone(
    pages: Pages, provider: LocalProvider
) -> None:
    """As some do to keep tokens small."""
    provider.claims_in_token = False
    place = configured(pages, **oidc(provider))
    assert (await by_provider(await place.browser())).status_code == 303


@pytest.mark.parametrize("trouble", ["down", "failing", "html"])
async def test_a_provider_that_is_away_is_told_and_local_accounts_work(
    pages: Pages, provider: LocalProvider, trouble: str
) -> None:
    """On the sign-in page itself, before and after the provider was asked."""
    await with_account(pages)
    place = configured(pages, **oidc(provider))
    browser = await place.browser()

    def fail() -> None:
        provider.fault = trouble
        if trouble == "down":
            provider.stop()

    fail()
    answer = await browser.get("/sign-in/oidc")
    assert answer.status_code == 503
    assert "Acme does not answer" in answer.text
    assert "name and password meanwhile" in answer.text
    assert (await sign_in(browser)).status_code == 303
    provider.fault = ""
    if trouble == "down":
        provider.start()
    late = await place.browser()
    asked = await late.get("/sign-in/oidc")
    async with httpx.AsyncClient() as outside:
        back = (await outside.get(asked.headers["location"])).headers["location"]
    fail()
    assert (await late.get(back)).status_code == 503
    assert COOKIE not in late.cookies


async def test_who_changes_their_mind_is_back_at_the_sign_in_page(
    pages: Pages, provider: LocalProvider
) -> None:
    """The provider says that access was denied."""
    provider.fault = "denied"
    answer = await by_provider(await configured(pages, **oidc(provider)).browser())
    assert answer.status_code == 403
    assert "was cancelled" in answer.text


async def test_an_answer_that_this_browser_did_not_ask_for_signs_nobody_in(
    pages: Pages, provider: LocalProvider
) -> None:
    """Another's code cannot be slipped to anybody, and none is good twice."""
    place = configured(pages, **oidc(provider))
    attacker, victim = await place.browser(), await place.browser()
    asked = await attacker.get("/sign-in/oidc")
    async with httpx.AsyncClient() as outside:
        back = (await outside.get(asked.headers["location"])).headers["location"]
    assert (await victim.get(back)).status_code == 400
    await victim.get("/sign-in/oidc")
    assert (await victim.get(back)).status_code == 400
    own = parse_qs(urlsplit((await victim.get("/sign-in/oidc")).headers["location"]).query)["state"][0]
    slipped = re.sub(r"state=[^&]+", f"state={own}", back)
    assert (await victim.get(slipped)).status_code == 403
    assert COOKIE not in victim.cookies
    kept = dict(attacker.cookies)
    attacker.cookies.set("answerloop_provider", kept["answerloop_provider"][:-2] + "xx")
    assert (await attacker.get(back)).status_code == 400


async def test_slack_signs_in_people_of_the_workspaces_that_are_named(
    pages: Pages, provider: LocalProvider
) -> None:
    """As slack:USER, the same as in the chat; users that review there are reviewers here. Not people of other workspaces,
    who could have any e-mail address."""
    own = SlackSignIn(
        issuer=provider.issuer, client_id=CLIENT, client_secret=SecretStr(SECRET), teams=("T1",)
    )
    settings = pages.settings.review.model_copy(update={"reviewers": ("slack:U1", "slack:S1")})
    base = replace(pages, settings=pages.settings.model_copy(update={"review": settings}))
    place = configured(base, slack=own, admins=("@example.com",))
    claims = {
        "sub": "U1",
        "https://slack.com/user_id": "U1",
        "https://slack.com/team_id": "T1",
        "name": "Uma",
    }
    provider.person = claims
    assert (await by_provider(await place.browser(), "slack")).status_code == 303
    found = await Accounts(pages.database).find("slack:U1")
    assert found is not None
    assert found.role == "reviewer"
    mail = {"email": "ada@example.com", "email_verified": True}
    provider.person = {**claims, **mail, "https://slack.com/team_id": "T2"}
    refused = await by_provider(await place.browser(), "slack")
    assert refused.status_code == 403
    assert "workspace" in refused.text


async def test_discord_signs_in_by_its_own_word(pages: Pages, provider: LocalProvider) -> None:
    """As discord:USER; by an e-mail address only where Discord has verified it."""
    own = DiscordSignIn(issuer=provider.issuer, client_id=CLIENT, client_secret=SecretStr(SECRET))
    place = configured(pages, discord=own, admins=("ada@example.com",), viewers=("discord:77",))
    provider.person = {"id": "80", "username": "ada", "email": "ada@example.com", "verified": False}
    assert (await by_provider(await place.browser(), "discord")).status_code == 403
    provider.person = {**provider.person, "verified": True}
    assert (await by_provider(await place.browser(), "discord")).status_code == 303
    provider.person = {"id": "77", "username": "<script>alert(1)</script>", "email": None}
    browser = await place.browser()
    assert (await by_provider(browser, "discord")).status_code == 303
    page = (await browser.get("/account")).text
    assert "<script>alert" not in page
    assert "discord:77" in page


async def test_a_provider_that_is_not_configured_is_none(pages: Pages) -> None:
    """Its address leads nowhere."""
    browser = await pages.browser()
    for address in ("/sign-in/slack", "/sign-in/nothing/callback?code=1&state=2"):
        assert (await browser.get(address)).status_code == 404


# --- behind a proxy ----------------------------------------------------------------------------------------------


async def test_addresses_are_believed_from_proxies_alone(pages: Pages) -> None:
    """Whoever makes up X-Forwarded-For is throttled as who they are; behind a proxy people are told apart."""

    def seen(client: str, forwarded: str, *proxies: str) -> str:
        headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
        return address_of(Request({"type": "http", "client": (client, 1), "headers": headers}), proxies)

    assert seen("198.51.100.7", "192.0.2.1") == "198.51.100.7"
    assert seen("198.51.100.7", "192.0.2.1", "10.0.0.0/8") == "198.51.100.7"
    assert seen("10.0.0.2", "192.0.2.1", "10.0.0.0/8") == "192.0.2.1"
    assert seen("10.0.0.2", "203.0.113.9, 192.0.2.1, 10.0.0.9", "10.0.0.0/8") == "192.0.2.1"
    assert seen("10.0.0.2", "rubbish", "10.0.0.0/8") == "10.0.0.2"
    assert seen("10.0.0.2", "", "10.0.0.0/8") == "10.0.0.2"


# --- settings ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('[admin.oidc]\nclient_secret = "s3cret"', "ANSWERLOOP_ADMIN__OIDC__CLIENT_SECRET"),
        ('[admin.oidc]\nclient_id = "x"', "oidc.issuer must be"),
        ('[admin]\nproxies = ["nginx"]', "admin.proxies"),
        ('[admin.slack]\nteams = ["acme"]', "admin.slack.teams"),
    ],
)
def test_settings_that_cannot_be_are_told(tmp_path: Path, lines: str, said: str) -> None:
    """Each mistake names its key, and never shows a secret."""
    (tmp_path / "answerloop.toml").write_text(lines)
    with pytest.raises(SettingsError, match=re.escape(said)) as refused:
        load_settings(tmp_path / "answerloop.toml")
    assert "s3cret" not in str(refused.value)


def test_slack_needs_the_workspaces_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Anybody can make a workspace with people and addresses of their choosing."""
    (tmp_path / "answerloop.toml").write_text('[admin.slack]\nclient_id = "1.2"')
    monkeypatch.setenv("ANSWERLOOP_ADMIN__SLACK__CLIENT_SECRET", "s3cret")
    with pytest.raises(SettingsError, match="teams must name") as refused:
        load_settings(tmp_path / "answerloop.toml")
    assert "s3cret" not in str(refused.value)
    (tmp_path / "answerloop.toml").write_text('[admin.slack]\nclient_id = "1.2"\nteams = ["T1"]')
    assert load_settings(tmp_path / "answerloop.toml").admin.slack.configured
