"""Modals within Slack's limits."""

from __future__ import annotations

from itertools import zip_longest

from hypothesis import given
from hypothesis import strategies as st

from adapters.slack.showing.modals import LONGEST, TITLE, choice, modal, parts, text_input
from tests.servers.slack.limits import check_view

texts = st.text(st.sampled_from("ab .\n\t😀"), max_size=400)


@given(texts, st.integers(min_value=1, max_value=60))
def test_a_text_in_parts_is_the_text_once_they_are_put_together(text: str, most: int) -> None:
    """None is too long, and none has white space at its ends, which an input would not keep."""
    pieces, between = parts(text, most)
    assert "".join(a + b for a, b in zip_longest(pieces, between, fillvalue="")) == text.strip()
    assert all(len(piece) <= most for piece in pieces)
    assert all(piece == piece.strip() for piece in pieces)


def test_a_modal_keeps_to_the_limits_whatever_stands_in_it() -> None:
    """Titles, labels, options and texts are cut where they are too long."""
    long = "words that say something " * 400
    blocks = [choice("a", long, {"x": long, "y": "short"}, "x"), text_input("b", long, long)]
    view = modal("explain", long, long, long, {"answer": "a1"}, blocks)
    check_view(view, set())
    assert len(view["title"]["text"]) <= TITLE
    assert len(blocks[1]["element"]["initial_value"]) == LONGEST
