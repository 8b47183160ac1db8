"""What the bot says, as Slack takes it."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from slack_sdk.models.blocks import Block

from adapters.slack.showing.blocks import size
from adapters.slack.showing.controls import Rendering, ballot
from adapters.slack.showing.rendering import answer_messages
from adapters.text import linkable
from rag_core.generation.inert import inert
from rag_core.messages import LANGUAGES, say
from rag_core.types import Answer, Citation
from tests.adapters.slack.generated_answers import (
    ALL,
    ATTACKS,
    IDS,
    LIVE,
    Json,
    answers,
    markdown_of,
    open_fences,
    options,
    shown_by,
    texts,
    without_ours,
)
from tests.fakes import HANDBOOK, an_answer
from tests.servers.slack.limits import check_message
from tests.servers.slack.readable import pings

# --- properties --------------------------------------------------------------------------------------------------


@settings(max_examples=80, deadline=None)
@given(answers, options, st.sampled_from(LANGUAGES))
@example(an_answer(text="w" * 60_000), ALL, "en")
@example(an_answer(text="```\n" + "x = 1\n" * 5_000 + "```"), ALL, "de")
@example(an_answer(text="| a |\n|---|\n" + "| b |\n" * 200), ALL, "fr")
@example(
    an_answer(citations=tuple(Citation(n, "t" * 5_000, f"https://x.example/{n}", "") for n in range(1, 101))),
    ALL,
    "es",
)
@example(an_answer(text=""), Rendering(False), "en")
def test_no_message_is_over_a_limit(answer: Answer, options: Rendering, language: str) -> None:
    """Neither by Slack's documents nor by slack_sdk's models; all of a message together stays below 13,200 characters."""
    messages = answer_messages(answer, language, ids=IDS, options=options)
    assert messages
    for message in messages:
        check_message(message, set())
        assert 0 < len(message["text"]) <= 3_000
        assert 0 < len(message["blocks"]) <= 50
        assert size(message["text"]) + size(message["blocks"]) <= 13_200
        for block in Block.parse_all(message["blocks"]):
            block.validate_json()
        tables = [text for text in markdown_of([message]) if text.count("\n|") > 100]
        assert not tables


@settings(max_examples=60, deadline=None)
@given(answers)
def test_nothing_in_it_acts(answer: Answer) -> None:
    """No mention, and no link but those to what is cited, in any text, code and titles included."""
    messages = answer_messages(answer, "en", ids=IDS, options=ALL)
    assert not [ping for message in shown_by(messages) for ping in pings(message)]
    cited = [linkable(one.location) for one in (*answer.citations, *answer.nearest)]
    for message in messages:
        assert (message["unfurl_links"], message["unfurl_media"], message["parse"]) == (False, False, "none")
        for _, text in [("mrkdwn", message["text"]), *texts(message["blocks"])]:
            bare = without_ours(text, cited)
            assert not LIVE.search(bare)
            assert "\u202e" not in bare
        for kind, text in texts(message["blocks"]):
            if kind == "mrkdwn":
                assert "<" not in without_ours(text, cited)
    links = [
        child.attrGet("href")
        for text in markdown_of(messages)
        for token in MarkdownIt("commonmark").parse(text)
        for child in token.children or ()
        if child.type in ("link_open", "image")
    ]
    assert {html.unescape(str(link)) for link in links} <= {
        MarkdownIt().normalizeLink(address) for address in cited
    } | set(cited)


@settings(max_examples=60, deadline=None)
@given(answers)
def test_no_fence_is_broken(answer: Answer) -> None:
    """Each message closes the code that it opens."""
    for text in markdown_of(answer_messages(answer, "en", ids=IDS)):
        assert open_fences(text) == 0


@settings(max_examples=60, deadline=None)
@given(answers)
def test_no_text_is_lost(answer: Answer) -> None:
    """All letters and digits of the answer are shown, in order, but for the addresses and controls that make it inert."""
    texts = markdown_of(answer_messages(answer, "en", ids=IDS))
    cited = [linkable(one.location) for one in answer.citations]
    shown = " ".join(without_ours(text, cited) for text in texts)
    words = iter(re.findall(r"\w", html.unescape(shown)))
    assert all(
        letter in words for letter in re.findall(r"\w", html.unescape(inert(answer.text, answer.text)))
    )


# --- what is shown -----------------------------------------------------------------------------------------------


def one(answer: Answer, language: str = "en", **options: bool) -> list[Json]:
    """The blocks of an answer that is one message."""
    (message,) = answer_messages(answer, language, ids=IDS, options=Rendering(**options))
    return message["blocks"]


def all_text(blocks: list[Json]) -> str:
    return "\n".join(text for _, text in texts(blocks))


def test_an_answer_shows_its_text_its_sources_its_release_and_two_buttons() -> None:
    """In this order; the citation's mark is a link."""
    blocks = one(an_answer())
    assert [block["type"] for block in blocks] == ["markdown", "context", "context", "context_actions"]
    assert (
        blocks[0]["text"]
        == "Expenses are refunded within 30 days [[1]](https://docs.example.com/travel#expenses)."
    )
    assert blocks[1]["elements"][0] == {
        "type": "mrkdwn",
        "text": "*Sources*\n[1] <https://docs.example.com/travel#expenses|Travel handbook> · Expenses",
        "verbatim": True,
    }
    assert blocks[2]["elements"][0]["text"] == "Release r1"
    (feedback,) = blocks[3]["elements"]
    assert feedback["action_id"] == "answerloop_vote"
    assert (feedback["positive_button"]["value"], feedback["negative_button"]["value"]) == (
        "up:a1",
        "down:a1",
    )


def test_notifications_show_the_words() -> None:
    (message,) = answer_messages(an_answer(text="**Within** `30` days [1], if <5 & so."), "en", ids=IDS)
    assert message["text"] == "Within 30 days [1], if &lt;5 &amp; so."


def test_ordinary_buttons_in_the_place_of_slacks_own() -> None:
    """For workspaces whose Slack does not know them; no two actions of a block have one id, and all are 'vote'."""
    row = one(an_answer(), native_feedback=False)[-1]
    assert row["type"] == "actions"
    assert [IDS.name_of(button["action_id"]) for button in row["elements"]] == ["vote", "vote"]
    assert [ballot(button["value"]) for button in row["elements"]] == [("a1", 1), ("a1", -1)]
    assert len({button["action_id"] for button in row["elements"]}) == 2


@pytest.mark.parametrize("value", ["", "a1", "up:", "sideways:a1", "up"])
def test_other_values_are_no_votes(value: str) -> None:
    assert ballot(value) is None


def test_further_buttons_where_they_are_of_use() -> None:
    """They carry the answer's id, and nothing else of it."""
    row = one(an_answer(), escalation=True, share=True, silence=True)[-1]["elements"]
    assert [(IDS.name_of(e["action_id"]), e["type"]) for e in row] == [
        ("escalate", "button"), ("share", "button"), ("more", "overflow"),
    ]  # fmt: skip
    assert [e["value"] for e in row[:2]] == ["a1", "a1"]
    assert [option["value"] for option in row[2]["options"]] == ["silence"]
    assert one(an_answer(), feedback=False)[-1]["type"] == "context"


def test_below_a_long_answer_once() -> None:
    """Buttons and sources are in the last message."""
    messages = answer_messages(
        an_answer(text="A sentence of some words. " * 1_200), "en", ids=IDS, options=ALL
    )
    kinds = [[block["type"] for block in message["blocks"]] for message in messages]
    assert kinds == [
        ["markdown"],
        ["markdown"],
        ["markdown", "context", "context", "context_actions", "actions"],
    ]
    assert "".join(" ".join(markdown_of(messages)).split()) == "Asentenceofsomewords." * 1_200


def test_code_of_thirty_thousand_characters() -> None:
    """Goes on in further messages, as code of its language, with no line lost."""
    lines = [f"value_{n} = compute({n}) < {n} && done" for n in range(800)]
    messages = answer_messages(an_answer(text="```python\n" + "\n".join(lines) + "\n```"), "en", ids=IDS)
    parts = markdown_of(messages)
    assert len(parts) == len(messages) > 2
    assert all(re.fullmatch(r"```python\n.*\n```", part, re.DOTALL) for part in parts)
    assert [line for part in parts for line in part.split("\n")[1:-1]] == lines


def test_a_table_of_two_hundred_rows() -> None:
    """No more than a hundred in one message, each with its head; cells keep their bars."""
    rows = [f"| row {n} | [1] |" for n in range(200)]
    cited = (Citation(1, "T", "https://x.example/a|b", ""),)
    text = "\n".join(["| a | b |", "|---|---|", *rows])
    parts = markdown_of(answer_messages(an_answer(text=text, citations=cited), "en", ids=IDS))
    assert len(parts) == 3
    assert all(part.startswith("| a | b |\n|---|---|\n") for part in parts)
    shown = [line for part in parts for line in part.split("\n")[2:]]
    assert [line.replace("[[1]](https://x.example/a%7Cb)", "[1]") for line in shown] == rows


def test_a_hundred_citations_are_all_listed() -> None:
    cited = tuple(
        Citation(n, f"Title {n} " + "x" * 100, f"https://docs.example.com/{n}", "") for n in range(1, 101)
    )
    messages = answer_messages(an_answer(citations=cited), "en", ids=IDS)
    listed = re.findall(r"\[(\d+)\] <", "\n".join(all_text(m["blocks"]) for m in messages))
    assert listed == [str(n) for n in range(1, 101)]


def test_what_an_abstention_came_near_to() -> None:
    """Is listed by its name; the text has no marks to link."""
    answer = an_answer(
        text=say("en", "not-found"), abstained=True, citations=(), nearest=(HANDBOOK,), confidence=0.0
    )
    blocks = one(answer)
    assert blocks[1]["elements"][0]["text"].startswith(
        "*Closest documents*\n[1] <https://docs.example.com/travel"
    )
    assert say("en", "not-sure") not in all_text(blocks)


def test_doubt_a_rewritten_question_notices_and_the_model_are_told() -> None:
    """In the reader's language."""
    answer = an_answer(
        confidence=0.1,
        standalone="When are *my* <expenses> refunded?",
        generator="openai:gpt",
        notices=("Ein Hinweis.",),
    )
    blocks = one(answer, "de")
    assert [block["type"] for block in blocks][:3] == ["context", "markdown", "context"]
    assert blocks[0]["elements"][0]["text"].endswith("When are *my* &lt;expenses&gt; refunded?")
    assert say("de", "not-sure") in blocks[2]["elements"][0]["text"]
    assert blocks[4]["elements"][0]["text"] == "Ein Hinweis.\nVerfasst von openai:gpt\nVersion r1"


def test_files_are_named_without_a_link() -> None:
    """By their name, and the place in the reader's language; where they lie on the server is nobody's business."""
    cited = (Citation(1, "Guide", "file:///srv/team%20docs/guide.pdf#page=3", "", place="page 3"),)
    blocks = one(an_answer(citations=cited), "de")
    assert blocks[0]["text"] == "Expenses are refunded within 30 days [1]."
    assert blocks[1]["elements"][0]["text"] == "*Quellen*\n[1] Guide · Seite 3 · guide.pdf"


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("a|b>c\n<d> & `e`", "a∣b&gt;c &lt;d&gt; &amp; 'e'"),
        ("\u202etxt.exe\u202c", "txt.exe"),
        ("x" * 5_000, "x" * 149 + "…"),
        ("@here", "@\u2060here"),
        (" \n", "Untitled"),
    ],
)
def test_titles_are_one_line_that_ends_no_link(title: str, shown: str) -> None:
    cited = (Citation(1, title, "https://x.example/", ""),)
    assert (
        one(an_answer(citations=cited))[1]["elements"][0]["text"]
        == f"*Sources*\n[1] <https://x.example/|{shown}>"
    )


@pytest.mark.parametrize("attack", ATTACKS)
def test_attacks_become_words(attack: str) -> None:
    """In the text, in code, in a table, in titles, in the question and in notices."""
    text = f"{attack} and\n\n```\n{attack}\n```\n\n`{attack}`\n\n| a |\n|---|\n| {attack} |\n\n- {attack}"
    cited = (Citation(1, attack, "https://x.example/", "", place=attack),)
    answer = an_answer(
        text=text,
        citations=cited,
        standalone=attack,
        notices=(attack,),
        release=attack,
        generator=f"openai:{attack}",
    )
    messages = answer_messages(answer, "en", ids=IDS)
    assert not [ping for message in shown_by(messages) for ping in pings(message)]
    for message in messages:
        for _, shown in [("", message["text"]), *texts(message["blocks"])]:
            assert not LIVE.search(without_ours(shown, ["https://x.example/"]))
