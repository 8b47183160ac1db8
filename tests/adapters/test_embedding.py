"""The chat page within other sites: over HTTP."""

from __future__ import annotations

import httpx
import pytest
from pydantic import ValidationError
from starlette.applications import Starlette

from adapters.chat import Chat
from adapters.web import COOKIE, web_app
from rag_core.settings.connections import Web
from tests.fakes import FakeAssistant

SITE = "https://docs.example.com"


async def _ready() -> dict[str, object]:
    return {}


def app(*origins: str) -> Starlette:
    return web_app(Chat(FakeAssistant()), _ready, embed_origins=origins)


def client(*origins: str, base: str = "https://ask.example.com") -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app(*origins)), base_url=base)


async def test_no_site_may_frame_the_page_unless_it_is_named() -> None:
    """And then only those that are, on every response."""
    async with client() as browser:
        assert "frame-ancestors 'none'" in (await browser.get("/")).headers["content-security-policy"]
    async with client(SITE, "https://*.example.org") as browser:
        for address in ("/", "/nowhere", "/static/chat.js"):
            policy = (await browser.get(address)).headers["content-security-policy"]
            assert policy.endswith(f"frame-ancestors {SITE} https://*.example.org")


async def test_the_script_may_be_run_by_any_site_and_speaks_the_readers_language() -> None:
    """What it shows is refused elsewhere; the script itself holds nothing that is anybody's."""
    async with client(SITE) as browser:
        english = await browser.get("/embed.js")
        german = await browser.get("/embed.js", headers={"accept-language": "de"})
    assert english.headers["content-type"] == "text/javascript; charset=utf-8"
    assert english.headers["cross-origin-resource-policy"] == "cross-origin"
    assert "set-cookie" not in english.headers
    assert '"open": "Ask a question"' in english.text
    assert '"open": "Eine Frage stellen"' in german.text


async def test_the_cookie_goes_along_from_within_a_frame_only_where_frames_are_allowed() -> None:
    """Partitioned by site, and over TLS; without TLS browsers would refuse it, so it stays as it is."""
    for browser, rules in (
        (client(SITE), "; SameSite=None; Partitioned; Secure"),
        (client(SITE, base="http://ask.example.com"), "; SameSite=lax"),
        (client(), "; SameSite=lax; Secure"),
    ):
        async with browser:
            given = (await browser.get("/")).headers["set-cookie"]
        assert given.startswith(f"{COOKIE}=")
        assert given.endswith(f"; HttpOnly; Max-Age=31536000; Path=/{rules}")


async def test_a_named_site_still_cannot_ask_in_its_visitors_name() -> None:
    """It may show the page, and not speak for it."""
    async with client(SITE) as browser:
        asked = await browser.post("/api/ask", json={"question": "Hello?"}, headers={"origin": SITE})
    assert asked.status_code == 403


@pytest.mark.parametrize(
    "origin", ["docs.example.com", "https://a.example/path", "*", "https://a; script-src *", "null"]
)
def test_what_is_no_origin_is_refused_in_the_settings(origin: str) -> None:
    """Nothing but a scheme, a host and a port gets into the policy."""
    with pytest.raises(ValidationError):
        Web(embed_origins=(origin,))
