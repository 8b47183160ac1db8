"""Modals within Slack's limits."""

from __future__ import annotations

from adapters.slack.showing.modals import LONGEST, TITLE, choice, modal, text_input
from tests.servers.slack.limits import check_view


def test_a_modal_keeps_to_the_limits_whatever_stands_in_it() -> None:
    """Titles, labels, options and texts are cut where they are too long."""
    long = "words that say something " * 400
    blocks = [choice("a", long, {"x": long, "y": "short"}, "x"), text_input("b", long, long)]
    view = modal("explain", long, long, long, {"answer": "a1"}, blocks)
    check_view(view, set())
    assert len(view["title"]["text"]) <= TITLE
    assert len(blocks[1]["element"]["initial_value"]) == LONGEST
