"""Text of documents, models and people in Slack's two markups."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.slack.showing.blocks import header
from adapters.slack.showing.escaping import escaped, still_markdown
from adapters.slack.showing.mrkdwn import as_mrkdwn, plain, sections
from adapters.slack.showing.rendering import answer_messages, sentence_message, streaming_text
from adapters.text import linkable
from rag_core.messages import say
from tests.adapters.slack.generated_answers import (
    ALL,
    IDS,
    LIVE,
    markdown,
    open_fences,
)
from tests.fakes import an_answer
from tests.servers.slack.limits import check_message


@settings(max_examples=60, deadline=None)
@given(markdown)
def test_mrkdwn_fits_its_sections(text: str) -> None:
    """And nothing in it acts."""
    parts = sections(text)
    assert all(0 < len(part) <= 3_000 for part in parts)
    assert not any("<" in part or LIVE.search(part) for part in parts)
    assert len(plain(text, 500)) <= 500
    assert "<" not in plain(text)
    assert not LIVE.search(plain(text))


@settings(max_examples=60, deadline=None)
@given(markdown, st.integers(0, 3_000))
def test_half_a_text_can_be_shown(text: str, at: int) -> None:
    """While it is written nothing in it acts, it fits, and code is closed."""
    shown = streaming_text(text[:at])
    assert len(shown) <= 12_000
    assert not LIVE.search(shown)
    assert open_fences(shown) == 0
    assert "](" not in shown or "`" in shown


def test_what_slack_does_not_obey_stays_in_code() -> None:
    """Generics, comparisons, shell redirections, HTML."""
    code = "List<String> a = b < c && d > e; cat <file >out # &amp; <!-- <div> <!DOCTYPE html> #include <stdio.h> <# ps #>"
    assert (
        still_markdown(f"```\n{code}\n```\n\nSee `a < b && c`.") == f"```\n{code}\n```\n\nSee `a < b && c`."
    )


def test_signs_in_prose_are_escaped() -> None:
    """But for the mark of a quotation; what is an entity already stays one."""
    assert (
        still_markdown("> a < 5 & b > 3 &amp; AT&T\n> c") == "> a &lt; 5 &amp; b &gt; 3 &amp; AT&amp;T\n> c"
    )


def test_marks_in_code_are_no_links() -> None:
    assert still_markdown("`a[1]` [1] [7]", {1: "https://x"}) == "`a[1]` [[1]](https://x) [7]"


def test_a_sentence_has_its_reference_and_a_button_to_try_again() -> None:
    message = sentence_message(say("en", "failed", reference="a1b2c3"), "en", ids=IDS, again="C1:1.2")
    assert "a1b2c3" in message["text"]
    assert "a1b2c3" in message["blocks"][0]["text"]["text"]
    (button,) = message["blocks"][1]["elements"]
    assert (IDS.name_of(button["action_id"]), button["value"], button["text"]["text"]) == (
        "retry",
        "C1:1.2",
        "Try again",
    )
    assert len(sentence_message("Sorry.")["blocks"]) == 1
    check_message(sentence_message("long words & more " * 3_000, ids=IDS, again="x"), set())


def test_markdown_as_mrkdwn() -> None:
    """Bold, italics, code, lists, headings, quotes, tables."""
    text = (
        "# Head **on**\n\n**b** *i* `c<d` ~~s~~\n\n- one\n  - two\n\n3. three\n\n> q\n\n```py\nx < 1\n```\n\n"
    )
    text += "| a | b |\n|---|---|\n| 1 | 2 |"
    assert as_mrkdwn(text) == (
        "*Head on*\n\n*b* _i_ `c&lt;d` ~s~\n\n• one\n    • two\n\n3. three\n\n> q\n\n```\nx &lt; 1\n```\n\na | b\n1 | 2"
    )


def test_links_in_mrkdwn_only_where_they_are_allowed() -> None:
    text = "[a|b](https://x.example/?a=1&b=2) [c](https://evil.example)"
    assert as_mrkdwn(text) == "a|b c"
    assert as_mrkdwn(text, ["https://x.example/?a=1&b=2"]) == "<https://x.example/?a=1&amp;b=2|a∣b> c"


@pytest.mark.parametrize(
    ("location", "address"),
    [
        ("https://x.example/a b|c>(d)", "https://x.example/a%20b%7Cc%3E%28d%29"),
        ("HTTP://x.example/%20#y", "HTTP://x.example/%20#y"),
        ("file:///a", ""), ("javascript:alert(1)", ""), ("https://", ""), ("https:///a", ""),
        ("https://a\u202eb.example", ""),
        ("https://[x", ""), ("https://x.example/" + "a" * 5_000, ""), ("https://x.example/\n", ""),
    ],
)  # fmt: skip
def test_addresses_for_links(location: str, address: str) -> None:
    assert linkable(location) == address


def test_text_for_notifications_is_cut_between_characters_and_entities() -> None:
    assert plain("&" * 100, 51) == "&amp;" * 10 + "…"
    assert plain("👨‍👩‍👧‍👦" * 10, 20) == "👨‍👩‍👧‍👦" * 2 + "…"
    assert escaped("<a & b>") == "&lt;a &amp; b&gt;"


def test_a_header_is_shortened() -> None:
    assert len(header("x" * 500)["text"]["text"]) == 150


def test_a_stream_only_grows() -> None:
    """What is shown of a longer text begins with what was shown before, fences and half links included."""
    text = (
        "Do **this** [1] with `a b`:\n\n```py\nx = 1\n\ny < 2\n```\n\n- [link](https://x.example/a) & <b>\n- so it is. "
        * 3
    )
    before = ""
    for at in range(len(text)):
        if text[at].isspace():
            shown = streaming_text(text[:at], open_ended=True)
            assert shown.startswith(before)
            before = shown
    assert len(before) > 200


def test_payloads_are_json() -> None:
    """And hold nothing that is not."""
    messages = answer_messages(an_answer(), "en", ids=IDS, options=ALL)
    assert json.loads(json.dumps(messages)) == messages
