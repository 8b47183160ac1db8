"""The admin pages as one application: who gets in, what goes around every page."""

from __future__ import annotations

from tests.bots.admin.conftest import Pages


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
