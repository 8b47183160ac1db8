"""Text of documents and models does nothing wherever it is shown."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from rag_core.generation.inert import REMOVED, inert
from tests.rag_core.generation.inert.attacks import ATTACKS, FRAGMENTS

DATA = Path(__file__).parents[5] / "shared" / "data"
QUOTED = (
    "Call https://api.team.example/v1/users; see [it](https://docs.team.example/a_(b)); mail hr@team.example."
)
POWER = re.compile(
    r"(?i)@(?:everyone|here|channel)\b|<[a-z/!?@#:]|(?<!\w)evil\.(?:example|com)(?![\w.-])|discord\.gg/"
)
ANYWHERE = re.compile(
    r"(?i)https?:/*\w|(?<!\w)www\.\w|(?<!\w)javascript:\w|(?<!\w)mailto:\w|(?:ftp|file|slack|discord)://\w|evil\.example/"
    r"|(?<!\w)data:text/html|[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\U000e0000-\U000e0fff]"
)
"""Whatever renders it, code included."""
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def powers(text: str) -> list[str]:
    """What CommonMark makes links, images and HTML of, and what platforms obey in plain text."""
    seen = MARKDOWN.parse(text)
    inline = [child for token in seen for child in token.children or ()]
    kinds = {"link_open", "image", "html_inline", "html_block"}
    shown = "\n".join(t.content for t in inline if t.type == "text")
    active = [t.type for t in [*seen, *inline] if t.type in kinds]
    return active + POWER.findall(shown) + ANYWHERE.findall(text)


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_leaves_words_only(attack: str) -> None:
    """Alone, within a sentence, in a list, in a table, in bold; where no cited passage has its address."""
    for text in (
        attack,
        f"See {attack} now [1].",
        f"- a\n- {attack}\n",
        f"| a |\n|---|\n| {attack} |",
        f"**{attack}**",
    ):
        assert powers(inert(text)) == []
        assert powers(inert(text, QUOTED)) == []


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_from_a_cited_passage_is_no_link_either(attack: str) -> None:
    """A hostile document is cited: its address may be shown, as code, which nothing makes a link of."""
    said = inert(f"See {attack} now [1].", attack)
    tokens = MARKDOWN.parse(said)
    shown = "".join(c.content for t in tokens for c in t.children or () if c.type == "text")
    assert not POWER.search(shown)
    assert not {"link_open", "image", "html_inline"} & {c.type for t in tokens for c in t.children or ()}
    assert "html_block" not in {t.type for t in tokens}


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=12).map("".join))
def test_no_combination_of_attacks_has_power(text: str) -> None:
    """Whatever comes about when other things go is found as well; and what is inert stays as it is."""
    said = inert(text, QUOTED)
    assert powers(said) == []
    assert inert(said, QUOTED) == said


@given(st.text(max_size=200), st.text(max_size=100))
def test_any_text_is_taken_once(text: str, quoted: str) -> None:
    """A second time changes nothing."""
    said = inert(text, quoted)
    assert inert(said, quoted) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[the *guide*](http://evil.example) says", "the *guide* says"),
        ("[1](http://evil.example)", "[1]"),
        ("![a cat](http://evil.example/p.png)", "a cat"),
        ("[![a cat](x)](y)", "a cat"),
        ("[guide][g]\n\n[g]: http://evil.example\n", "guide\n\n"),
        ("<a href='x'>words</a> and <b>bold</b>", "words and bold"),
        ("<img alt='a cat' src=x>", "a cat"),
        ("<http://evil.example|words>", "words"),
        ("Hi @everyone and <!channel>, <@U12>, <#C1|general>", "Hi everyone and channel, U12, general"),
        ("<:party:12> </help me:12>", "party help me"),
        ("Visit http://evil.example/x, then ask.", f"Visit {REMOVED}, then ask."),
        ("Put <your-token> into List<String>", "Put ‹your-token› into List‹String›"),
    ],
)
def test_the_words_stay(text: str, said: str) -> None:
    """A link keeps its words, an image its description, a mention its name without power."""
    assert inert(text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Call https://api.team.example/v1/users.", "Call `api.team.example/v1/users`."),
        ("(https://docs.team.example/a_(b))", "(`docs.team.example/a_(b)`)"),
        ("[https://api.team.example/v1/users](http://evil.example)", "`api.team.example/v1/users`"),
        ("Write to hr@team.example!", "Write to `hr@team.example`!"),
        ("Call https://api.team.example/v1.", f"Call {REMOVED}."),
        ("Call https://api.team.example.evil.example/v1/users.", f"Call {REMOVED}."),
        ("`a`https://api.team.example/v1/users`b`", "`a` `api.team.example/v1/users` `b`"),
    ],
)
def test_an_address_of_a_cited_passage_can_be_copied(text: str, said: str) -> None:
    """It is shown as code without its scheme, when the whole of it stands there."""
    assert inert(text, QUOTED) == said


@pytest.mark.parametrize(
    "code",
    [
        "`curl -X POST https://api.team.example/v1/users`",
        "```sh\ncurl https://api.team.example/v1/users | sh  # <b> [a](b)\n```",
        "1. Run:\n\n   ```sh\n   curl https://api.team.example/v1/users\n   ```\n2. Done [1]",
    ],
)
def test_a_command_of_a_cited_passage_stays_whole(code: str) -> None:
    """In code its address is exact; without the passage it is removed."""
    assert inert(code, QUOTED) == code
    assert REMOVED in inert(code)


@pytest.mark.parametrize(
    "text",
    [
        "# Title\n\nSome **bold** and *soft* words [1], ~~gone~~ [2][3].\n\n- a\n  - b\n1. c\n\n> quoted\n",
        "| a | b |\n|---|:-:|\n| `x|y` | 2 [1] |\n",
        "```python\nprint(a[0](x), b < c, '<b>', '@here')\n```\n\nand `List<String>` [4].",
        "a < b, 3 > 2, x <= y, -> and <- and <3; 50 % & more; C:\\temp; f(x)[0]; 'tis “so”… (see §3)",
        "ASP.NET, Node.js, discord.py, README.md, v1.2.3, e.g. this, i.e. that; half past 10:30; and/or; 1/2.",
        "Zażółć gęślą jaźń; 你好。再见! می‌خواهم 👩‍💻 ❤️",
        "- [ ] open\n- [x] done\n\n[^1] and [note] and [see below].",
    ],
)
def test_ordinary_markdown_is_untouched(text: str) -> None:
    """Emphasis, lists, tables, code, citations, other scripts."""
    assert inert(text) == text


@pytest.mark.parametrize("name", ["docs_tech", "squad_dev", "medquad", "mtrag_human"])
def test_real_documents_stay_as_they_are(name: str) -> None:
    """Lines without address, bracket and angle bracket are unchanged, which is nearly all of them."""
    lines = [line for text in texts(name, "corpus") for line in text.split("\n")][:20_000]
    plain = [
        line
        for line in lines
        if not re.search(r"[<>\[\]&`@~\\]|://|www|\.\w|[^\x20-\x7e\u00a1-\u024f]", line)
    ]
    assert len(plain) > len(lines) / 3
    assert [line for line in plain if inert(line) != line] == []


def test_known_injections_are_inert() -> None:
    """All 662 of deepset, as a text of its own and quoted from a document."""
    for text in texts("injection_deepset", "prompts"):
        assert powers(inert(text)) == []


def texts(name: str, file: str) -> list[str]:
    path = DATA / name / f"{file}.jsonl.gz"
    if not path.is_file():
        pytest.skip(f"{path} is not here")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line)["text"] for line in lines]


SHAPES = (
    "[",
    "](",
    "[a](",
    "![",
    "[[]]",
    "<",
    "<a",
    "<!--",
    "@",
    "@here",
    "`",
    "``` ",
    "~",
    "~~~\n",
    "(",
    "\\",
    "&#104;",
)
LONGER = (
    "http://",
    "a.",
    "a@",
    "a@a.b",
    "//",
    "www.",
    "data:",
    " ",
    "\n",
    "[\n",
    "- ",
    "> ",
    "*",
    "x|",
    "-",
    "\x1b]",
    "\u200d",
)


@pytest.mark.parametrize("shape", [*SHAPES, *LONGER])
def test_no_text_takes_long(shape: str) -> None:
    """100 kB of anything, also after what opens a link or a definition, and with everything closed behind it."""
    many = shape * (100_000 // len(shape))
    for text in (many, f"[a]:{many}", many[:50_000] + ")" * 15_000 + "]" * 15_000 + ">" * 15_000):
        said = inert(text)  # takes hours if it is quadratic with such constants, or a minute
        assert inert(said) == said


def test_a_power_stays_one() -> None:
    """Ten to the third is not a hundred and three."""
    assert inert("10<sup>3</sup> and m<sup>2</sup>") == "10^3 and m2"


PARTS = (
    "a~b.c~x ~\n~\n\n~    ~- ~* ~1. ~[1]~[1][2]~: ~|~|---|\n~(~)~**~_~'~\"~=~===~---~–~e.g. ~co.uk ~evil.example ~3.5~www.x"
).split("~")


@given(st.lists(st.sampled_from(PARTS), max_size=14).map("".join))
def test_the_short_way_for_harmless_text_changes_nothing_that_the_long_way_would_not(text: str) -> None:
    """A word in backquotes sends the same text the long way."""
    short = inert(text)
    assert inert(f"{text}\n\n`code`").removesuffix("\n\n`code`").rstrip() == short.rstrip()
