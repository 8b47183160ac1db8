"""Signing in by a provider: who gets in, what is believed of what it says, and what is done while it is away."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from pydantic import SecretStr

from bots.admin.roles import COOKIE
from bots.admin.signing.granting import granting
from rag_core.records.accounts import Accounts, Administration
from rag_core.settings.review import DiscordSignIn, SlackSignIn
from tests.bots.admin.conftest import HOST, Pages
from tests.bots.admin.signing.visiting import (
    by_provider,
    configured,
    identity_of,
    oidc,
    sign_in,
    with_account,
)
from tests.servers.oidc import CLIENT, SECRET, UNTRUE, LocalProvider


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


async def test_an_id_token_that_is_not_right_signs_nobody_in(pages: Pages, provider: LocalProvider) -> None:
    """Whatever is wrong with it."""
    for fault in UNTRUE:
        browser = await configured(pages, **oidc(provider)).browser()
        provider.fault = fault
        answer = await by_provider(browser)
        assert answer.status_code == 403, (fault, answer.text)
        assert "sign in again" in answer.text, fault
        assert COOKIE not in browser.cookies, fault
        assert await Accounts(pages.database).find(identity_of(provider)) is None, fault


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
