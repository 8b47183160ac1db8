"""Answers such as nobody writes, for property tests of how they look; and what their messages hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st
from markdown_it import MarkdownIt

from adapters.slack.ids import Ids
from adapters.slack.showing.controls import Rendering
from rag_core.types import Answer, Citation
from tests.servers.slack.state import Message

__all__ = [
    "ALL", "ATTACKS", "A_HUNDRED", "IDS", "LIVE", "Json", "answers", "markdown", "markdown_of", "open_fences", "options",
    "shown_by", "texts", "without_ours",
]  # fmt: skip

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
