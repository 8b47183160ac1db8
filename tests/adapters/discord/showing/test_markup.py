"""Markdown, names and quotes in Discord's dialect."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.discord.showing.escaping import code, escaped, label, length, link, linkable, short
from adapters.discord.showing.markup import as_discord, plain
from adapters.discord.showing.quoting import quoted
from adapters.discord.showing.rendering import body, embed, growing
from tests.adapters.discord.showing.generated import ATTACKS, markdown, titles
from tests.adapters.discord.showing.reading import acting, beginnings, links, read, shown


@settings(max_examples=60)
@given(st.one_of(titles, st.lists(titles, max_size=4).map("\n".join)))
def test_what_is_escaped_is_shown_as_it_is(text: str) -> None:
    """All but characters that are not seen; no line of it becomes more than a line."""
    said = escaped(text)
    assert acting(said) == [] == links(said)
    assert beginnings(said) == []
    assert {part.kind for part in read(said)} <= {"text"}
    assert shown(said) == shown(escaped(shown(said)))


@settings(max_examples=60)
@given(markdown)
def test_words_alone(text: str) -> None:
    """For what shows no Markdown: no longer than it may be, and nobody is called."""
    said = plain(text, 100)
    assert length(said) <= 100
    assert "@everyone" not in said
    assert "@here" not in said


@settings(max_examples=40)
@given(markdown)
def test_quotes_of_people_fit_and_stay_quotes(text: str) -> None:
    for part in quoted(text, 500):
        assert length(part) <= 500
        assert all(line.startswith("> ") for line in part.split("\n"))
        assert beginnings("\n".join(line[2:] for line in part.split("\n"))) == []
        assert acting(part) == [] == links(part)


def test_quotes_keep_every_word() -> None:
    text = "*one* <@1>\n\n# two " + "long words " * 400
    parts = quoted(text)
    assert len(parts) > 1
    words = "\n".join(line[2:] for part in parts for line in shown(part).split("\n"))
    assert words.split() == text.split()
    assert quoted(" \n") == []


@pytest.mark.parametrize(
    ("markdown", "said"),
    [
        ("# One\n\n### Three\n\ntext", "# One\n\n### Three\n\ntext"),
        ("#### Four **b**", "**Four b**"),
        ("**b** *i* _i_ ~~s~~ `c<d` ***both***", "**b** *i* *i* ~~s~~ `c<d` ***both***"),
        ("**a **b** c**", "**a b c**"),
        ("+ one\n+ two", "- one\n- two"),
        ("3) three\n4) four", "3. three\n4. four"),
        ("- one\n  - two\n\n    more", "- one\n  - two\n    more"),
        ("- # head", "- **head**"),
        ("> a\n>\n> b\n>> c", "> a\n> \n> b\n> \n> c"),
        ("> ```\n> x\n> ```\n> y", "```\nx\n```\n> y"),
        ("- a\n  ```py\n  x\n\n  y\n  ```\n- b", "- a\n```py\nx\n\ny\n```\n- b"),
        ("~~~~ not a language\nx\n~~~~", "```not\nx\n```"),
        ("```é\nx\n```", "```\nx\n```"),
        ("````\n```\n````", "```\n'''\n```"),
        ("    indented", "```\nindented\n```"),
        ("```\n\n```\n\nafter", "after"),
        ("a\n\n---\n\nb", "a\n\n———\n\nb"),
        ("a &lt; b &amp; c", "a < b & c"),
        ("snake_case __init__.py", "snake_case **init**.py"),
        (r"\_\_init\_\_ 5 \* 3", r"\_\_init\_\_ 5 * 3"),
        ("C:\\dir", "C:\\\\dir"),
        ("[words](https://x.example/a)", "words (`https://x.example/a`)"),
        ("<https://x.example/a>", "`https://x.example/a`"),
        ("![picture](https://x.example/p.png)", "picture"),
        ("<b>bold</b>", "\\<\u2060b>bold\\<\u2060/b>"),
        ("[x] [1] [2, 3]", "[x] [1] [2, 3]"),
        ("a [ b ] c](d", r"a [ b ] c\]\(d"),
        ("10:30:45 :smile:", r"10\:30:45 \:smile:"),
    ],
)
def test_markdown_as_discord_has_it(markdown: str, said: str) -> None:
    assert as_discord(markdown) == said


def test_marks_in_code_are_no_links() -> None:
    """And in code they stay as they are."""
    said = as_discord("`a[1]` [1] [7]", {1: "https://x.example"})
    assert said == "`a[1]` [[1]](<https://x.example>) [7]"


def test_code_that_ends_a_link_has_no_beginning_before_it() -> None:
    """Discord looks for the end of a link before it looks for code. The code stays exact."""
    text = "See [1] and [x]:\n\n```\n](https://evil.example)\n```"
    said = as_discord(text, {1: "https://x.example"})
    assert links("[x]\n```\n](https://evil.example)\n```") == ["https://evil.example"]
    assert links(said) == []
    assert [part.text for part in read(said) if part.kind == "block"] == ["](https://evil.example)"]
    assert shown(said).startswith("See [1] and [x]:")


def test_columns_are_aligned_as_letters_are_wide() -> None:
    """Letters of East Asia take two columns, combining marks none; numbers stand to the right where the table says so."""
    said = as_discord("| Name | n |\n|---|--:|\n| 東京 | 1 |\n| e\u0301a | 10 |")
    assert said == "```\nName   n\n────  ──\n東京   1\ne\u0301a    10\n```"


def test_cells_are_plain_in_columns() -> None:
    """In code nothing is marked up."""
    assert (
        as_discord("| **a** | b |\n|---|---|\n| `x` | [y](https://x.example) |")
        == "```\na  b\n─  ─\nx  y\n```"
    )


@pytest.mark.parametrize("attack", ATTACKS)
def test_names_are_words(attack: str) -> None:
    """At the beginning of a line, within one, and in front of a link of ours."""
    for text in (
        label(attack, 100),
        f"- {label(attack, 100)} x",
        f"{label(attack, 100)} {link('https://x.example/', 'x')}",
    ):
        assert acting(text) == []
        assert set(links(text)) <= {"https://x.example/"}
    assert beginnings(label(attack, 100)) == []


def test_names_are_one_short_line() -> None:
    assert short("a\nb  c\u202e", 10) == "a b c"
    assert short("😀" * 10, 10) == "😀" * 4 + "…"
    assert short("👨‍👩‍👧‍👦" * 10, 25) == "👨‍👩‍👧‍👦" * 2 + "…"
    assert label("x" * 100, 10) == "x" * 9 + "…"
    assert code("a `b`\nc") == "`a 'b' c`"
    assert code("  ") == ""


def test_addresses_cannot_end_their_links() -> None:
    """Nor emphasis around them, nor name a mention."""
    address = linkable("https://x.example/~~a~~*b*(c)[d]<e>|@everyone")
    text = f"~~*so {link(address, 'here')}*~~"
    assert links(text) == ["https://x.example/%7E%7Ea%7E%7E%2Ab%2A%28c%29%5Bd%5D%3Ce%3E%7C%40everyone"]


def test_a_text_grows() -> None:
    """What stands half at its end waits; code is closed; what is too long shows its beginning."""
    assert growing("Do **this** [1] and [li") == "Do **this** [1] and"
    assert growing("So:\n\n```py\nx = 1") == "So:\n```py\nx = 1\n```"
    assert growing("See https://x.exam") == "See"
    assert growing("") == growing("\n") == ""
    long = growing("word " * 1_000)
    assert 1_500 < length(long) <= 2_000


@pytest.mark.parametrize("begun", ["[", "<", "&a", "![a", "](", ":a", "`", "http://", "> "])
def test_a_text_of_beginnings_does_not_hang(begun: str) -> None:
    """A stream is shown from within the loop that answers everybody."""
    started = time.process_time()
    assert length(growing(begun * 10_000)) <= 2_000
    assert time.process_time() - started < 5


def test_a_body_says_all_that_it_replaces() -> None:
    """So that an edit leaves nothing of what was there."""
    assert body("a") == {"content": "a", "embeds": [], "components": [], "allowed_mentions": {"parse": []}}
    shown = embed("text", title="T *x*", footer="@here", colour=0x123456, fields={"n": "v"})
    assert shown == {
        "description": "text", "title": r"T \*x\*", "color": 0x123456, "footer": {"text": "@\u2060here"},
        "fields": [{"name": "n", "value": "v"}],
    }  # fmt: skip


@settings(max_examples=40)
@given(titles)
@example("<_" * 200)
def test_titles_of_embeds_fit(title: str) -> None:
    """However much of them has to be escaped."""
    shown = embed("text", title=title, fields={title: "v"})
    assert length(shown.get("title", "")) <= 256
    assert 0 < length(shown["fields"][0]["name"]) <= 256
