"""The page of users: who an admin lets in, and what they may do; and the same on the command line."""

from __future__ import annotations

import re

import httpx
import pytest

from rag_core.records.accounts import Accounts, Administration
from rag_core.records.audit import Audit
from tests.bots.admin.conftest import Pages
from tests.bots.admin.signing.visiting import csrf_of, sign_in


async def acting(pages: Pages) -> tuple[httpx.AsyncClient, str]:
    """An admin's browser, with plain forms; and the token that these carry."""
    browser = await pages.signed_in("admin", "root")
    del browser.headers["x-csrf-token"]
    return browser, csrf_of((await browser.get("/users")).text)


def password_of(html: str) -> str:
    found = re.search(r'<code class="password">([^<]+)</code>', html)
    assert found
    return found[1]


async def test_an_admin_adds_a_local_account_whose_password_is_shown_once(pages: Pages) -> None:
    """And which signs in with it."""
    root, csrf = await acting(pages)
    added = await root.post("/users", data={"csrf": csrf, "who": "Ada", "role": "reviewer"})
    password = password_of(added.text)
    assert password not in (await root.get("/users")).text
    browser = await pages.browser()
    assert (await sign_in(browser, "ada", password)).status_code == 303
    entries = await Audit(pages.database).latest(5, action="user.")
    assert {(one.action, one.subject) for one in entries} >= {("user.add", "user:local:ada")}
    assert password not in str([one.detail for one in entries])


@pytest.mark.parametrize(
    "who", ["slack:U024BE7LH", "discord:80", "oidc:x@idp.example.com", "email:a@b.example"]
)
async def test_an_admin_names_somebody_in_advance(pages: Pages, who: str) -> None:
    """By the identity at a provider, or an e-mail address."""
    root, csrf = await acting(pages)
    answer = await root.post("/users", data={"csrf": csrf, "who": who, "role": "viewer"})
    assert answer.status_code == 303
    assert await Accounts(pages.database).find(who) is not None


@pytest.mark.parametrize(
    "who", ["slack:nobody", "Ada Lovelace", "ftp:x", "../x", "local:a b", "local:root", "é"]
)
async def test_who_cannot_be_added_is_told(pages: Pages, who: str) -> None:
    """Nothing is added, and the page says why."""
    root, csrf = await acting(pages)
    answer = await root.post("/users", data={"csrf": csrf, "who": who, "role": "viewer"})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


async def test_roles_are_changed_and_accounts_disabled_and_removed(pages: Pages) -> None:
    """Each is in the audit log, with who did it."""
    root, csrf = await acting(pages)
    ada = await pages.user("viewer", "ada")
    theirs = await pages.signed_in("viewer", "ada")

    async def act(what: str, **fields: str) -> int:
        return (await root.post(f"/users/{ada.id}/{what}", data={"csrf": csrf, **fields})).status_code

    assert await act("role", role="reviewer") == 303
    assert "reviewer" in (await theirs.get("/account")).text
    assert await act("sessions/end") == 303
    assert (await theirs.get("/account")).status_code == 303
    assert await act("disable") == 303
    assert await act("enable") == 303
    assert password_of((await root.post(f"/users/{ada.id}/password", data={"csrf": csrf})).text)
    assert await act("remove") == 303
    assert await act("remove") == 404
    entries = await Audit(pages.database).latest(20, subject="user:local:ada")
    assert [one.action for one in reversed(entries)] == [
        *("user.role", "user.sign_out", "user.disable", "user.enable", "user.password", "user.remove")
    ]
    assert {one.actor for one in entries} == {"local:root"}


async def test_the_last_admin_stays(pages: Pages) -> None:
    """Cannot be removed, disabled or demoted; one of two can."""
    root, csrf = await acting(pages)
    own = await pages.user("admin", "root")
    acts: list[tuple[str, dict[str, str]]] = [("role", {"role": "viewer"}), ("disable", {}), ("remove", {})]
    for what, fields in acts:
        answer = await root.post(f"/users/{own.id}/{what}", data={"csrf": csrf, **fields})
        assert answer.status_code == 422
        assert "last admin" in answer.text
    other = await pages.user("admin", "other")
    await Administration(pages.database).set_disabled(other.id, True, "local:root")
    assert (await root.post(f"/users/{own.id}/remove", data={"csrf": csrf})).status_code == 422
    await Administration(pages.database).set_disabled(other.id, False, "local:root")
    assert (await root.post(f"/users/{own.id}/remove", data={"csrf": csrf})).status_code == 303


async def test_names_are_shown_as_text(pages: Pages) -> None:
    """Whatever a provider says that somebody is called."""
    await Accounts(pages.database).add(
        "oidc:x@idp", "<img src=x onerror=alert(1)>", "viewer", "<b>@x.example"
    )
    page = (await (await acting(pages))[0].get("/users")).text
    assert "<img src=x" not in page
    assert "<b>@x" not in page
    assert "&lt;img src=x" in page
