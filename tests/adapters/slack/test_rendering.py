"""What the bot says, as Slack takes it."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from slack_sdk.models.blocks import Block

from adapters.slack.blocks import header, size
from adapters.slack.controls import Rendering, ballot
from adapters.slack.escaping import escaped, linkable, still_markdown
from adapters.slack.ids import Ids
from adapters.slack.mrkdwn import as_mrkdwn, plain, sections
from adapters.slack.rendering import answer_messages, sentence_message, streaming_text
from rag_core.generation.inert import inert
from rag_core.messages import LANGUAGES, say
from rag_core.types import Answer, Citation
from tests.fakes import HANDBOOK, an_answer
from tests.servers.slack.limits import check_message
from tests.servers.slack.readable import pings
from tests.servers.slack.state import Message

Json = dict[str, Any]
IDS = Ids()
ALL = Rendering(escalation=True, share=True, silence=True)
LIVE = re.compile(
    r"<(?:[@#]\w|!(?:channel|here|everyone|group|subteam|date)|(?:https?|mailto|tel|file|slack):)"
    r"|[@＠](?:channel|here|everyone|group)\b",
    re.IGNORECASE,
)
ATTACKS = [
    "<!channel>", "<!here|x>", "<!everyone>", "<!subteam^S1>", "<!date^1^{date}^https://evil.example|x>", "<@U123>",
    "<#C123|general>", "<https://evil.example|payroll>", "<mailto:a@evil.example|hr>", "@channel", "@here", "＠everyone",
    "[payroll](https://evil.example)", "![x](https://evil.example/p.png)", "https://evil.example/x", "<script>",
    "&lt;!here&gt;",
    "&#60;!channel&#62;", "\u202eevil\u202c", "`<!here>`", "<!chan\u200bnel>", "[1](https://evil.example)", "[1]: https://evil.example",
]  # fmt: skip
WORDS = (
    "the refund is paid within thirty days of a claim [1]. See page 3! [2] "
    "**bold** *so* `code` ~~no~~ 👨‍👩‍👧‍👦 e\u0301 a<b a&b x>y \U0001f600 \ud83d"
).split()

word = st.sampled_from([*WORDS, *ATTACKS])
sentence = st.lists(word, min_size=1, max_size=30).map(" ".join)
code = st.lists(st.one_of(sentence, st.text(max_size=80)), max_size=60).map("\n".join)
block = st.one_of(
    sentence,
    st.lists(sentence, max_size=120).map(". ".join),
    code.map("```py\n{}\n```".format),
    code.map("~~~\n{}".format),
    st.lists(sentence, max_size=20).map(lambda lines: "\n".join("- " + line for line in lines)),
    st.lists(sentence, max_size=20).map(lambda lines: "\n".join("> " + line for line in lines)),
    st.lists(st.sampled_from([*WORDS, *ATTACKS]), max_size=250).map(
        lambda cells: "\n".join(["| a | b |", "|---|---|", *(f"| {cell} | x |" for cell in cells)])
    ),
    sentence.map("## {}".format),
    st.integers(1, 15_000).map(lambda n: "w" * n),
    st.integers(1, 3_000).map(lambda n: "😀\n" * n),
    st.text(max_size=200),
)
markdown = st.lists(block, max_size=8).map("\n\n".join)
titles = st.one_of(
    st.sampled_from(["", "Travel | handbook", "a>b\nc", "x" * 5_000, "🙂" * 400, *ATTACKS]),
    st.text(max_size=50),
)
locations = st.one_of(
    st.sampled_from(
        ["https://docs.example.com/a?b=1&c=<d>|e f", "file:///srv/a%20b.md#x", "javascript:alert(1)", "",
         "https://x.example/" + "&" * 1990,
         "https://x.example/" + "y" * 5_000, "https://x.example/a|<!channel>", "http://", "https://[x"]
    ),
    st.text(max_size=30).map("https://docs.example.com/".__add__),
)  # fmt: skip
citations = st.lists(st.tuples(titles, locations, titles), max_size=12).map(
    lambda given: tuple(
        Citation(n, title, place, "q", place=where) for n, (title, place, where) in enumerate(given, 1)
    )
)
answers = st.builds(
    Answer,
    id=st.sampled_from(["a1", "f" * 32]),
    text=markdown,
    citations=citations,
    confidence=st.floats(0, 1),
    abstained=st.booleans(),
    release=st.sampled_from(["r1", "", "<!here>"]),
    timings_ms=st.just({}),
    nearest=citations,
    standalone=st.one_of(st.just(""), sentence, st.text(max_size=3_000)),
    generator=st.sampled_from(["extractive", "openai:<@U1> `m`"]),
    notices=st.lists(titles, max_size=4).map(tuple),
)
options = st.builds(Rendering, *[st.booleans()] * 5)
A_HUNDRED = tuple(Citation(n, "t" * 5_000, f"https://x.example/{n}", "") for n in range(1, 101))


def texts(value: Any) -> Iterator[tuple[str, str]]:
    """Every text in blocks with its kind: mrkdwn, markdown or plain_text."""
    if isinstance(value, list):
        for one in value:
            yield from texts(one)
    elif isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield value["type"], value["text"]
        for one in value.values():
            yield from texts(one)


def markdown_of(messages: list[Json]) -> list[str]:
    return [text for message in messages for kind, text in texts(message["blocks"]) if kind == "markdown"]


def open_fences(text: str) -> int:
    tokens = MarkdownIt("commonmark", {"maxNesting": 100}).parse(text)
    lines = text.split("\n")
    ends = [lines[token.map[1] - 1].strip(" >\t") for token in tokens if token.type == "fence"]
    return sum(not re.fullmatch(r"`{3,}", end) for end in ends)


def without_ours(text: str, addresses: list[str]) -> str:
    """Without the links that the citations give."""
    for address in sorted(filter(None, addresses), key=len, reverse=True):
        text = text.replace(f"<{address.replace('&', '&amp;')}|", "").replace(f"]({address})", "]")
    return text


def shown_by(messages: list[Json]) -> list[Message]:
    return [
        Message(channel="C1", ts="1.0", user="U0", team="T1", text=m["text"], blocks=m["blocks"])
        for m in messages
    ]


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
    """By their path, and the place in the reader's language."""
    cited = (Citation(1, "Guide", "file:///srv/team%20docs/guide.pdf#page=3", "", place="page 3"),)
    blocks = one(an_answer(citations=cited), "de")
    assert blocks[0]["text"] == "Expenses are refunded within 30 days [1]."
    assert blocks[1]["elements"][0]["text"] == "*Quellen*\n[1] Guide · Seite 3 · /srv/team docs/guide.pdf"


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


# --- other texts -------------------------------------------------------------------------------------------------


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
