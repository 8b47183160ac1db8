"""The page of settings."""

from __future__ import annotations

from fastapi import FastAPI

from bots.admin.app import admin_app
from bots.admin.services import Services
from rag_core.access import Access
from rag_core.records.index.releases import Releases
from rag_core.running.active import ActiveRelease
from rag_core.settings import Settings
from tests.bots.admin.conftest import Pages
from tests.rag_core.test_masking import SECRET, secret_fields, with_secret


async def test_every_setting_is_shown_with_its_meaning_and_origin(pages: Pages) -> None:
    """Grouped as in the file; what was changed is marked; when a change is taken up is said."""
    page = (await (await pages.signed_in("admin")).get("/settings")).text
    for said in (
        "[[sources]] examples",
        "[admin.oidc]",
        "within seconds",
        "at the next start",
        "the least recently used",
    ):
        assert said in page
    assert 'class="changed"' in page


async def test_settings_are_found_by_any_word(pages: Pages) -> None:
    """Of name, value or meaning; or only those that were changed."""
    browser = await pages.signed_in("admin")
    page = (await browser.get("/settings", params={"find": "redis TLS certificate"})).text
    assert "ca_file" in page
    assert "burst_within" not in page
    assert "Nothing fits" in (await browser.get("/settings", params={"find": "zzzz"})).text
    changed = (await browser.get("/settings", params={"changed": "1"})).text
    assert "[[sources]] examples" in changed
    assert "[retention]" not in changed


async def test_only_admins_see_settings(pages: Pages) -> None:
    for role in ("viewer", "reviewer"):
        assert (await (await pages.signed_in(role)).get("/settings")).status_code == 403  # type: ignore[arg-type]


async def test_no_secret_reaches_the_page(pages: Pages) -> None:
    """A canary in every secret field, and in the addresses of database, cache and git: not one comes through."""
    address = f"https://x:{SECRET}@git.example/r"
    given = {"sources": [{"kind": "git", "name": "g", "repository": address}], "home": pages.settings.home}
    settings = Settings.model_validate(given)
    for path in secret_fields(Settings):
        settings = with_secret(settings, path)
    cache = settings.cache.model_copy(update={"url": f"redis://:{SECRET}@redis.example/0", "enabled": False})
    database = settings.database.model_copy(update={"url": f"postgresql://a:{SECRET}@db.example/x"})
    settings = settings.model_copy(update={"cache": cache, "database": database})
    release = await Releases(pages.database).active()
    assert release is not None

    # The database that is really used is the one of the fixture; what is shown is what would be in effect.
    tables = ("slack", "discord", "generator", "store", "cache", "admin")
    plain = pages.settings.model_copy(update={name: getattr(settings, name) for name in tables})
    assistant = await pages.stack.enter_async_context(ActiveRelease(plain, Access(), release))
    app: FastAPI = admin_app(Services(lambda: settings, pages.database, assistant))
    browser = await pages.signed_in("admin")
    pages.app = app
    other = await pages.browser(dict(browser.cookies), {"x-csrf-token": browser.headers["x-csrf-token"]})
    page = (await other.get("/settings")).text
    assert "git.example/r" in page
    assert "redis.example" in page
    assert "••••••" in page
    assert SECRET not in page
