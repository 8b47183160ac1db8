"""Visitors who sign in, by the form of the page or by a provider."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import urlsplit

import httpx
from pydantic import SecretStr

from bots.admin.services import Services
from bots.admin.signing.passwords import Passwords
from rag_core.records.accounts import Accounts
from rag_core.settings import Admin
from rag_core.settings.review import Provider
from tests.bots.admin.conftest import Pages, application
from tests.servers.oidc import CLIENT, SECRET, LocalProvider

__all__ = [
    "PASSWORD",
    "by_provider",
    "configured",
    "csrf_of",
    "identity_of",
    "oidc",
    "sign_in",
    "with_account",
]

PASSWORD = "correct horse battery"
_HASHED: list[str] = []


async def with_account(pages: Pages, name: str = "ada") -> None:
    if not _HASHED:  # which takes longer than all else here
        _HASHED.append(await Passwords().hash(PASSWORD))
    accounts = Accounts(pages.database)
    if await accounts.find(f"local:{name}") is None:  # a test that is run once more finds it there
        await accounts.add(f"local:{name}", name.title(), "reviewer", password_hash=_HASHED[0])


def configured(pages: Pages, **fields: object) -> Pages:
    """The same installation with other settings of [admin]."""
    settings = pages.settings.model_copy(update={"admin": Admin(**fields)})  # type: ignore[arg-type]
    app = application(Services(lambda: settings, pages.database, pages.assistant))
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


def oidc(provider: LocalProvider, **fields: object) -> dict[str, object]:
    own = Provider(name="Acme", issuer=provider.issuer, client_id=CLIENT, client_secret=SecretStr(SECRET))
    return {"oidc": own, "viewers": ("@example.com",), **fields}


def identity_of(provider: LocalProvider, subject: str = "ada-1") -> str:
    return f"oidc:{subject}@{urlsplit(provider.issuer).netloc}"
