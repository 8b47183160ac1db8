"""Answers such as nobody writes, for property tests of how they look; and what their messages hold."""

from __future__ import annotations

from hypothesis import strategies as st

from adapters.chat import Reply
from adapters.discord.ids import Ids
from adapters.discord.showing.components import Json
from adapters.discord.showing.controls import Rendering
from adapters.discord.showing.rendering import answer
from rag_core.types import Answer, Citation

__all__ = ["ALL", "ATTACKS", "IDS", "answers", "bodies", "code", "markdown", "options", "texts", "titles"]

IDS = Ids()
ALL = Rendering(escalation=True, share=True, silence=True)
ATTACKS = [
    "<@123>", "<@!123>", "<@&123>", "<#123>", "@everyone", "@here", "@hereabouts", "＠everyone", "</ask:123>", "<t:0:R>",
    "<:smile:123>", "<a:smile:123>", "<id:customize>", "<https://evil.example/x>", "https://evil.example/x", "steam://run/1",
    "discord://x", "discord.gg/abc", "[payroll](https://evil.example)", "[payroll](<https://evil.example>)",
    "![x](https://evil.example/p.png)", "[1](https://evil.example)", "[1]: https://evil.example", "](https://evil.example)",
    "](<https://evil.example>)", "[", "]", "[[", "](", "||secret||", "||", "|", "# loud", "-# small", "> quote", ">>> all",
    "- item", "1. one", "* star", "```", "``", "`", "\\", "\\`", "**", "__", "_", "*", "~~", "~", "_a_", "a_b_", ":smile:",
    ":+1:", "<mailto:a@evil.example>", "<a@evil.example>", "<+49123456>", "&lt;@123&gt;", "&#60;@123&#62;", "<@\u200b123>",
    "\u202eevil\u202c", "`<@123>`", "</b>", "<b>",
]  # fmt: skip
WORDS = (
    "the refund is paid within thirty days of a claim [1]. See page 3! [2] [7] snake_case __init__ 2*3 a * b C:\\dir\\*.py "
    "**bold** *so* `code` ~~no~~ 👨‍👩‍👧‍👦 e\u0301 a<b a&b x>y \U0001f600 \ud83d"
).split()

word = st.sampled_from([*WORDS, *ATTACKS])
sentence = st.lists(word, min_size=1, max_size=30).map(" ".join)
glued = st.lists(word, min_size=1, max_size=8).map("".join)
code = st.lists(st.one_of(sentence, st.text(max_size=80)), max_size=60).map("\n".join)
cell = st.one_of(word, glued, sentence)
block = st.one_of(
    sentence,
    glued,
    st.lists(sentence, max_size=80).map(". ".join),
    st.lists(glued, max_size=10).map("\n".join),
    code.map("```py\n{}\n```".format),
    code.map("~~~\n{}".format),
    st.lists(sentence, max_size=20).map(lambda lines: "\n".join("- " + line for line in lines)),
    code.map(lambda lines: "1. one\n   ```sh\n   " + lines.replace("\n", "\n   ") + "\n   ```\n2. two"),
    st.lists(sentence, max_size=20).map(lambda lines: "\n".join("> " + line for line in lines)),
    st.lists(word, max_size=150).map(
        lambda cells: "\n".join(["| a | b |", "|---|--:|", *(f"| {cell} | x |" for cell in cells)])
    ),
    st.lists(cell, max_size=12).map(
        lambda cells: "\n".join(["| one | two |", "|---|---|", *(f"| {one} | {one} |" for one in cells)])
    ),
    st.tuples(st.integers(1, 6), sentence).map(lambda given: f"{'#' * given[0]} {given[1]}"),
    st.integers(1, 6_000).map(lambda n: "w" * n),
    st.integers(1, 2_500).map(lambda n: "😀\n" * n),
    st.integers(1, 2_500).map(lambda n: "```\na" + "\n" * n + "b\n```"),
    st.text(max_size=200),
)
markdown = st.lists(block, max_size=6).map("\n\n".join)
titles = st.one_of(
    st.sampled_from(
        ["", "Travel | handbook", "a>b\nc", "x" * 5_000, "🙂" * 400, "release_notes.md", *ATTACKS]
    ),
    glued,
    st.text(max_size=50),
)
locations = st.one_of(
    st.sampled_from(
        ["https://docs.example.com/a?b=1&c=<d>|e f", "file:///srv/a%20b.md#x", "javascript:alert(1)", "",
         "https://x.example/" + "&" * 1990, "https://x.example/~a~~b_c_/@everyone*",
         "https://x.example/" + "y" * 5_000, "https://x.example/a|<@123>)](", "http://", "https://[x"]
    ),
    st.text(max_size=30).map("https://docs.example.com/".__add__),
)  # fmt: skip
citations = st.lists(st.tuples(titles, locations, titles, titles), max_size=12).map(
    lambda given: tuple(
        Citation(n, title, where, quote, place=place)
        for n, (title, where, quote, place) in enumerate(given, 1)
    )
)
answers = st.builds(
    Answer,
    id=st.sampled_from(["a1", "f" * 32]),
    text=markdown,
    citations=citations,
    confidence=st.floats(0, 1),
    abstained=st.booleans(),
    release=st.sampled_from(["r1", "", "@here"]),
    timings_ms=st.just({}),
    nearest=citations,
    standalone=st.one_of(st.just(""), sentence, st.text(max_size=3_000)),
    generator=st.sampled_from(["extractive", "openai:<@1> `m`"]),
    notices=st.lists(titles, max_size=8).map(tuple),
)
options = st.builds(Rendering, *[st.booleans()] * 4)


def bodies(given: Answer, language: str = "en", options: Rendering = ALL) -> list[Json]:
    return answer(Reply(given.text, given), language, options, ids=IDS)


def texts(shown: list[Json]) -> list[str]:
    """All that is read as Markdown."""
    found = [one["content"] for one in shown]
    for embed in (embed for one in shown for embed in one["embeds"]):
        found += [embed.get("title", ""), embed.get("description", "")]
        found += [text for field in embed.get("fields", ()) for text in field.values()]
    return found
