"""Markdown -> HTML: only what we made ourselves."""

from __future__ import annotations

import time

import pytest
from bs4 import BeautifulSoup

from bots.admin.markdown import LONGEST, is_link, markdown
from tests.bots.admin.payloads import EVERYTHING, PAYLOADS, assert_inert


@pytest.mark.parametrize("payload", [*PAYLOADS, EVERYTHING], ids=range(len(PAYLOADS) + 1))
def test_nothing_of_a_payload_becomes_markup(payload: str) -> None:
    """No element, attribute or address that runs, loads or leads where a page of the web does not."""
    html = str(markdown(payload))
    assert_inert(html)
    page = BeautifulSoup(html, "lxml")
    assert page.find("img") is None
    assert page.find("script") is None


def test_links_lead_to_pages_of_the_web_and_say_so() -> None:
    """Opened apart, and telling the other side nothing; a heading is no heading of the page's."""
    html = str(markdown('# Head\n\n[a](https://docs.example.com/x?a=1&b=2 "title") and **bold**'))
    assert "<h1>" not in html
    assert "<strong>bold</strong>" in html
    link = BeautifulSoup(html, "lxml").find("a")
    assert link is not None
    assert link.attrs == {
        "href": "https://docs.example.com/x?a=1&b=2",
        "rel": ["noopener", "noreferrer", "nofollow"],
        "target": "_blank",
    }


def test_a_table_has_no_style() -> None:
    """The policy would refuse it."""
    html = str(markdown("| a |\n|:-:|\n| b |"))
    assert "<td>b</td>" in html
    assert "style" not in html


def test_a_very_long_text_is_cut_and_rendered_soon() -> None:
    """However its marks are nested."""
    started = time.monotonic()
    for mark in ("[", "*", "> ", "`", "~", "(", "[a](", "**a_"):
        assert len(markdown(mark * LONGEST)) < 40 * LONGEST
    assert time.monotonic() - started < 60


@pytest.mark.parametrize(
    "address",
    [
        "javascript:x",
        "//x.example",
        "/undo/1",
        "https://",
        "https://a:b@x.example",
        "http://[",
        "https://x/\u202e",
    ],
)
def test_what_is_no_link(address: str) -> None:
    """Addresses of ours, of no host, or with a user's name."""
    assert not is_link(address)
