"""What the bot says, as Discord takes it."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from pathlib import Path

import discord
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from adapters.chat import Reply
from adapters.discord.showing.components import Json
from adapters.discord.showing.controls import Rendering
from adapters.discord.showing.escaping import length, link, linkable
from adapters.discord.showing.rendering import answer, contents, growing, sentence
from rag_core.generation.inert import inert
from rag_core.messages import LANGUAGES, say
from rag_core.types import Answer, Citation
from tests.adapters.discord.showing.generated import (
    ALL,
    ATTACKS,
    IDS,
    answers,
    bodies,
    markdown,
    options,
    texts,
)
from tests.adapters.discord.showing.reading import acting, beginnings, links, read, shown
from tests.fakes import HANDBOOK, an_answer
from tests.servers.discord.limits import check_message

DATA = Path(__file__).parents[5] / "shared" / "data"
CORPORA = [DATA / "injection_deepset" / "prompts.jsonl.gz", DATA / "docs_tech" / "corpus.jsonl.gz"]
A_HUNDRED = tuple(
    Citation(n, f"Title {n} " + "t" * 300, f"https://docs.example.com/{n}/" + "p" * 150, "quote " * 60)
    for n in range(1, 101)
)

# --- properties --------------------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(answers, options, st.sampled_from(LANGUAGES))
@example(an_answer(text="w" * 60_000), ALL, "en")
@example(an_answer(text="```\n" + "x = 1\n" * 5_000 + "```"), ALL, "de")
@example(an_answer(text="😀" * 9_000, notices=("😀" * 3_000,) * 9), ALL, "de")
@example(an_answer(text="| a |\n|---|\n" + "| b |\n" * 900), ALL, "fr")
@example(an_answer(citations=A_HUNDRED, confidence=0.1), ALL, "es")
@example(an_answer(text="", citations=(), release=""), Rendering(False), "en")
def test_no_message_is_over_a_limit(answer: Answer, options: Rendering, language: str) -> None:
    """Whether Discord counts characters as its servers or as its clients do; none is empty, and none calls anybody."""
    messages = bodies(answer, language, options)
    assert messages
    for message in messages:
        within_limits(message)
    assert not any(message["components"] for message in messages[:-1])


def within_limits(message: Json) -> None:
    check_message(message)
    assert message["allowed_mentions"] == {"parse": []}
    assert message["content"].strip() or message["embeds"]
    assert length(message["content"]) <= 2_000
    whole = 0
    for one in message["embeds"]:
        parts = [(one.get("title", ""), 256), (one.get("description", ""), 4_096)]
        parts += [(one.get("footer", {}).get("text", ""), 2_048)]
        assert all(length(text) <= most for text, most in parts)
        whole += sum(length(text) for text, _ in parts)
        assert len(discord.Embed.from_dict(one)) > 0
    assert whole <= 6_000
    assert len(message["components"]) <= 5
    ids = [button["custom_id"] for row in message["components"] for button in row["components"]]
    assert len(set(ids)) == len(ids)
    assert all(len(id) <= 100 for id in ids)


@settings(max_examples=40)
@given(answers)
@example(an_answer(text="[1] so\n\n```\n](https://evil.example)\n```", standalone="[x]"))
@example(an_answer(text="so\n\n```\n](https://evil.example)\n```", standalone="[x]"))
@example(an_answer(text="[1] so `](https://evil.example)` and [x", notices=("[",)))
def test_nothing_in_it_acts(answer: Answer) -> None:
    """No mention, token, emoji's name, spoiler or address, and no link but those to what is cited; code included as far as
    people are called."""
    messages = bodies(answer)
    cited = {link(linkable(one.location), "x")[5:-2] for one in (*answer.citations, *answer.nearest)}
    for text in texts(messages):
        assert acting(text) == []
        assert set(links(text)) <= cited
        assert "\u202e" not in text
    for text in [
        *texts(messages),
        *(e.get("footer", {}).get("text", "") for m in messages for e in m["embeds"]),
    ]:
        without = re.sub(r"\(<https?://[^>]*>\)", "", text)
        assert not re.search(r"@(?:everyone|here)", without, re.IGNORECASE)


@settings(max_examples=40)
@given(answers)
@example(an_answer(text="```\na" + "\n" * 6_000 + "b\n```\n\nafter\n\n```\nc\n```"))
def test_no_fence_and_no_link_is_broken(answer: Answer) -> None:
    """Each message closes the code that it opens: to CommonMark and to Discord the same is code. A citation's link that it
    begins, it ends."""
    for message in bodies(answer):
        assert blocks_of(message["content"]) == fences(message["content"])
        assert not any(
            "]](<http" in part.text
            for part in read(message["content"])
            if part.kind == "text" and "://" in part.text
        )
        assert message["content"].encode("utf-16", "strict")


def blocks_of(text: str) -> list[str]:
    return [part.text.strip("\n") for part in read(text) if part.kind == "block"]


def fences(text: str) -> list[str]:
    """All of which are closed, and begin and end at the beginning of a line."""
    lines = text.split("\n")
    found = [token for token in MarkdownIt("commonmark").parse(text) if token.type == "fence" and token.map]
    assert all(lines[token.map[0]].startswith("```") and lines[token.map[1] - 1] == "```" for token in found)
    return [token.content.strip("\n") for token in found]


@settings(max_examples=40)
@given(markdown)
@example("| a | b |\n|---|---|\n" + "| 😀 long " * 60 + "|")
def test_no_text_is_lost(text: str) -> None:
    """All letters of the answer are shown as often as it has them, and in its order but for tables."""
    messages = bodies(an_answer(text=text, citations=()))
    expected = letters(said_by(inert(text, text)))
    seen = letters("".join(shown(message["content"]) for message in messages))
    assert not Counter(expected) - Counter(seen)
    if "|--" not in text:
        rest = iter(seen)
        assert all(letter in rest for letter in expected)


def letters(text: str) -> str:
    return "".join(c for c in text if c.isalpha())


def said_by(text: str) -> str:
    """What CommonMark shows of it."""
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": 100}).enable(["table", "strikethrough"])
    found = []
    for token in parser.parse(text):
        found += [token.content] if token.type in ("fence", "code_block") else []
        found += [child.content for child in token.children or ()]
    return "\n".join(found)


@settings(max_examples=40)
@given(markdown, st.integers(0, 3_000))
def test_half_a_text_can_be_shown(text: str, at: int) -> None:
    """While it is written nothing in it acts, it fits, and code is closed."""
    half = growing(text[:at])
    assert length(half) <= 2_000
    assert acting(half) == [] == links(half)
    assert blocks_of(half) == fences(half)


@pytest.mark.parametrize("corpus", CORPORA, ids=lambda path: path.parent.name)
def test_texts_that_people_wrote(corpus: Path) -> None:
    """Prompts that try to take over, and technical documents: within the limits, nothing acts, no text is lost."""
    if not corpus.exists():
        pytest.skip(f"{corpus} is not here")
    with gzip.open(corpus, "rt", encoding="utf-8") as lines:
        found = [json.loads(line)["text"] for line in lines]
    for text in found[:: max(1, len(found) // 60)]:
        messages = bodies(an_answer(text=text + " [1]", standalone=text, notices=(text,)))
        for message in messages:
            within_limits(message)
            assert acting(message["content"]) == []
            assert set(links(message["content"])) <= {HANDBOOK.location}
            assert blocks_of(message["content"]) == fences(message["content"])
        seen = "".join(shown(message["content"]) for message in messages)
        assert not Counter(letters(said_by(inert(text, text)))) - Counter(letters(seen))


@pytest.mark.parametrize("attack", ATTACKS)
def test_attacks_become_words(attack: str) -> None:
    """In the text, in code, in a table, in titles, in the question and in notices; and nothing begins a heading, a list or
    a quotation of its own."""
    text = f"{attack} and\n\n```\n{attack}\n```\n\n`{attack}`\n\n| a |\n|---|\n| {attack} |\n\n- {attack}"
    cited = (Citation(1, attack, "https://x.example/", attack, place=attack),)
    given = an_answer(
        text=text,
        citations=cited,
        standalone=attack,
        notices=(attack,),
        release=attack,
        generator=f"openai:{attack}",
    )
    messages = bodies(given)
    for shown_text in texts(messages):
        assert acting(shown_text) == []
        assert set(links(shown_text)) <= {"https://x.example/"}
    for words in (attack, f"a {attack} b", f"{attack}\n{attack}"):
        said = sentence(f"\u2060{words}"[1:])["content"]
        assert acting(said) == [] == links(said)
    (source,) = messages[-1]["embeds"]
    assert set(beginnings(source["description"])) <= {">"}


# --- what is shown -----------------------------------------------------------------------------------------------


def one(given: Answer, language: str = "en", options: Rendering | None = None) -> Json:
    """An answer that is one message."""
    (message,) = bodies(given, language, options or Rendering())
    return message


def test_an_answer_shows_its_text_its_sources_its_release_and_two_buttons() -> None:
    """The citation's mark is a link, without a preview."""
    message = one(an_answer())
    address = "https://docs.example.com/travel#expenses"
    assert message["content"] == f"Expenses are refunded within 30 days [[1]](<{address}>)."
    assert links(message["content"]) == [address]
    assert shown(message["content"]) == "Expenses are refunded within 30 days [1]."
    (embed,) = message["embeds"]
    assert embed["title"] == "Sources"
    assert embed["description"] == (
        f"[1] [Travel handbook](<{address}>) · Expenses\n> Expenses are refunded within 30 days of the claim."
    )
    assert embed["footer"] == {"text": "Release r1"}
    (row,) = message["components"]
    assert [button["emoji"]["name"] for button in row["components"]] == ["👍", "👎"]
    assert [IDS.parts(button["custom_id"]) for button in row["components"]] == [
        ("vote_good", "a1"),
        ("vote_bad", "a1"),
    ]


def test_further_buttons_where_they_are_of_use() -> None:
    """They carry the answer's id, and nothing else of it."""
    (row,) = one(an_answer(), options=ALL)["components"]
    names = [IDS.parts(button["custom_id"]) for button in row["components"]]
    assert names[2:] == [("escalate", "a1"), ("share", "a1"), ("silence", "a1")]
    assert one(an_answer(), options=Rendering(False))["components"] == []


def test_below_a_long_answer_once() -> None:
    """Buttons and sources are in the last message, and the texts put together are the answer."""
    messages = bodies(an_answer(text="A sentence of some words. " * 200))
    assert len(messages) == 3
    assert [bool(m["embeds"]) for m in messages] == [False, False, True]
    assert [bool(m["components"]) for m in messages] == [False, False, True]
    assert "".join(m["content"] for m in messages).replace(" ", "") == "Asentenceofsomewords." * 200


def test_code_of_ten_thousand_characters() -> None:
    """Goes on in further messages, as code of its language, with no line lost."""
    lines = [f"value_{n} = compute({n}) < {n} && done" for n in range(300)]
    parts = [m["content"] for m in bodies(an_answer(text="```python\n" + "\n".join(lines) + "\n```"))]
    assert len(parts) > 4
    assert all(re.fullmatch(r"```python\n.*\n```", part, re.DOTALL) for part in parts)
    assert [line for part in parts for line in part.split("\n")[1:-1]] == lines


def test_a_table_of_two_hundred_rows() -> None:
    """Each part has its head."""
    rows = [f"| row {n} | [1] |" for n in range(200)]
    messages = bodies(an_answer(text="\n".join(["before", "", "| a | b |", "|---|--:|", *rows])))
    blocks = [part.text for m in messages for part in read(m["content"]) if part.kind == "block"]
    assert len(blocks) > 2
    assert all(block.startswith("a          b\n───────  ───\n") for block in blocks)
    assert [line.split("  ")[0] for block in blocks for line in block.split("\n")[2:]] == [
        f"row {n}" for n in range(200)
    ]


def test_a_wide_table_is_a_list() -> None:
    """Of cells with their heads, in which citations are links."""
    text = f"| Name | What it does |\n|---|---|\n| `x` | {'many words ' * 6}[1] |\n| y | |"
    assert one(an_answer(text=text))["content"] == (
        f"- **Name:** `x`\n  **What it does:** {'many words ' * 6}[[1]](<{HANDBOOK.location}>)\n- **Name:** y"
    )


def test_a_hundred_citations_are_all_listed() -> None:
    messages = bodies(an_answer(citations=A_HUNDRED))
    described = "\n".join(embed["description"] for m in messages for embed in m["embeds"])
    assert re.findall(r"^\[(\d+)\] \[Title", described, re.MULTILINE) == [str(n) for n in range(1, 101)]
    assert len(links(described)) == 100
    assert [m["embeds"][0].get("title") for m in messages] == ["Sources"] + [None] * (len(messages) - 1)


def test_marks_beyond_one_message_are_linked_once() -> None:
    """So that addresses do not fill further messages."""
    text = "Some words of an answer [1]. " * 50
    (message,) = bodies(an_answer(text=text))
    assert links(message["content"]) == [HANDBOOK.location]
    assert message["content"].count("[1]") == 50
    assert len(links(one(an_answer(text="Some words [1]. " * 20))["content"])) == 20


def test_what_an_abstention_came_near_to() -> None:
    """Is listed by its name."""
    given = an_answer(
        text=say("en", "not-found"), abstained=True, citations=(), nearest=(HANDBOOK,), confidence=0.0
    )
    message = one(given)
    assert message["content"] == say("en", "not-found")
    assert message["embeds"][0]["title"] == "Closest documents"
    assert say("en", "not-sure") not in message["embeds"][0]["description"]


def test_doubt_a_rewritten_question_notices_and_the_model_are_told() -> None:
    """In the reader's language; the question is small print above the text."""
    given = an_answer(
        confidence=0.1,
        standalone="When are *my* <expenses> refunded?",
        generator="openai:gpt",
        notices=("Ein Hinweis.",),
    )
    message = one(given, "de")
    first, second = shown(message["content"]).split("\n")
    assert first == "-# " + say("de", "taken-as", question="When are *my* <expenses> refunded?")
    assert second.startswith("Expenses are")
    (embed,) = message["embeds"]
    assert embed["description"].startswith("⚠️ " + say("de", "not-sure"))
    assert embed["footer"]["text"] == "Ein Hinweis.\nVerfasst von openai:gpt\nVersion r1"


def test_the_colour_tells_how_sure_it_is() -> None:
    """Sure, less so, not sure, not found: four colours."""
    given = [
        an_answer(confidence=0.9), an_answer(confidence=0.5), an_answer(confidence=0.1),
        an_answer(abstained=True, confidence=0.0, nearest=(HANDBOOK,)),
    ]  # fmt: skip
    assert len({one(answer)["embeds"][0]["color"] for answer in given}) == 4


def test_files_are_named_without_a_link() -> None:
    """By their name, and the place in the reader's language; where they lie on the server is nobody's business."""
    cited = (Citation(1, "Guide", "file:///srv/team%20docs/guide.pdf#page=3", "", place="page 3"),)
    message = one(an_answer(citations=cited), "de")
    assert message["content"] == "Expenses are refunded within 30 days [1]."
    assert message["embeds"][0]["description"] == "[1] Guide · Seite 3 · guide.pdf"


@pytest.mark.parametrize(
    ("title", "seen"),
    [
        ("Travel handbook", "Travel handbook"),
        ("release_notes.md", "release_notes.md"),
        ("Ausgaben (Übersicht): 10–20 %", "Ausgaben (Übersicht): 10–20 %"),
        ("a|b>c\n<d> & `e`", "a|b>c <d> & `e` →"),
        ("*stars* 🙂", "*stars* 🙂 →"),
        ("](https://evil.example)", "](https://evil.example) →"),
        ("https://evil.example/x", "https://evil.example/x →"),
        ("discord.gg/abc", "discord.gg/abc →"),
        ("1. First steps", "1. First steps →"),
        (":smile:", ":smile: →"),
        ("\u202etxt.exe\u202c", "txt.exe"),
        ("x" * 5_000, "x" * 149 + "…"),
        ("@here", "@here →"),
        (" \n", "Untitled"),
    ],
)
def test_a_title_is_the_words_of_its_link_or_stands_before_it(title: str, seen: str) -> None:
    """Discord shows a link as it was typed where its words hold emoji, mentions or addresses, and no escapes in it."""
    cited = (Citation(1, title, "https://x.example/", ""),)
    text = one(an_answer(citations=cited))["embeds"][0]["description"]
    assert shown(text) == f"[1] {seen}"
    assert links(text) == ["https://x.example/"]


def test_a_failure_has_its_reference_and_a_button_to_try_again() -> None:
    """Where the key of its question is known, and only where trying again may help."""
    text = say("en", "failed", reference="a1b2c3")
    (message,) = answer(Reply(text, reference="a1b2c3"), "en", ids=IDS, again="q1")
    assert "a1b2c3" in message["content"]
    (row,) = message["components"]
    (button,) = row["components"]
    assert (IDS.parts(button["custom_id"]), button["label"]) == (("retry", "q1"), "Try again")
    (message,) = answer(Reply("Please ask in words."), "en", ids=IDS, again="q1")
    assert message["components"] == []
    within_limits(sentence("long words & more " * 3_000, ids=IDS, again="x"))


def test_text_that_a_cut_puts_first_begins_no_heading() -> None:
    """Of what stood within a line."""
    first, second = contents("w" * 1_998 + " # not a heading")
    assert (len(first), second) == (1_998, r"\# not a heading")
    assert contents("w" * 1_998 + "\n\n# a heading")[1] == "# a heading"


def test_bodies_are_json() -> None:
    """And hold nothing that is not."""
    messages = bodies(an_answer())
    assert json.loads(json.dumps(messages)) == messages
