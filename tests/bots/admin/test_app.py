"""The admin pages as one application: who gets in, what goes around every page."""

from __future__ import annotations

import re
import socket
from dataclasses import replace

from sqlalchemy.ext.asyncio import create_async_engine

from bots.admin.app import admin_app
from bots.admin.roles import COOKIE
from tests.bots.admin.conftest import HOST, Pages


async def test_who_is_not_signed_in_is_sent_to_sign_in(pages: Pages) -> None:
    """And comes back to the page that was asked for; htmx is told in its own words."""
    browser = await pages.browser()
    answer = await browser.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    partial = await browser.get("/", headers={"hx-request": "true"})
    assert (partial.status_code, partial.headers["hx-redirect"]) == (401, "/sign-in")


async def test_where_one_arrives_depends_on_the_role(pages: Pages) -> None:
    """Reviewers at the queue, viewers at the figures."""
    for role, page in (("viewer", "/analytics"), ("reviewer", "/queue"), ("admin", "/queue")):
        browser = await pages.signed_in(role)  # type: ignore[arg-type]
        assert (await browser.get("/")).headers["location"] == page


async def test_no_page_runs_script_or_style_from_elsewhere_or_from_within(pages: Pages) -> None:
    """The policy names our own files alone, also on a refusal."""
    for address in ("/", "/static/admin.css", "/nowhere"):
        answer = await (await pages.signed_in()).get(address)
        policy = answer.headers["content-security-policy"]
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy


async def test_a_stranger_is_not_told_where_the_database_is(pages: Pages) -> None:
    """Only that it does not work now: on the sign-in page, and on any other."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    gone = create_async_engine(f"postgresql+asyncpg://keeper:secret@127.0.0.1:{port}/records")
    app = admin_app(replace(pages.app.state.services, database=gone))
    stranger = await replace(pages, app=app).browser({COOKIE: "a-token"})
    form = await stranger.get("/sign-in", headers={"cookie": ""})
    token = re.search(r'name="csrf" value="([^"]+)"', form.text)
    assert token
    told = {"name": "ada", "password": "a password", "csrf": token[1]}
    for answer in (
        await stranger.get("/queue"),
        await stranger.post("/sign-in", data=told, headers={"origin": HOST}),
    ):
        assert answer.status_code == 503
        assert "The database does not work now; try again." in answer.text
        for secret in (str(port), "127.0.0.1", "keeper", "secret", "records"):
            assert secret not in answer.text
    await gone.dispose()
