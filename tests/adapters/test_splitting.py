"""Long Markdown is cut into pieces that stand for themselves."""

from __future__ import annotations

import json
import re
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from adapters.splitting import SHORTEST, Piece, split

WORDS = "the refund is paid within thirty days of a claim. See page 3! Who asks? émigré 日本語 größer".split()
FAMILY = "👨‍👩‍👧‍👦"
word = st.one_of(
    st.sampled_from([*WORDS, FAMILY, "👍🏽", "🇩🇪", "e\u0301", "\U0001f600"]),
    st.sampled_from(
        ["[1]", "[12]", "[the handbook](https://example.com/a_(b)?q=1)", "![logo](https://example.com/l.png)"]
    ),
    st.sampled_from(
        ["`a b c`", "``x ` y``", "**bold words here**", "*so it is*", "_yes no_", "~~not this~~"]
    ),
    st.sampled_from(["&lt;", "&amp;", r"\[", "*", "`", "[", "]", "(", "<b>", "|", "#"]),
)
sentence = st.lists(word, min_size=1, max_size=14).map(" ".join)
paragraph = st.lists(sentence, min_size=1, max_size=4).map("\n".join)
code_line = st.one_of(st.just(""), st.text("abc {}()=_<>|*-  ", max_size=50), st.just("x = " + "y" * 90))
ticks = st.sampled_from(["```", "````", "~~~"])


@st.composite
def fence(draw: st.DrawFn, prefix: str = "") -> str:
    mark = draw(ticks)
    lines = draw(st.lists(code_line, max_size=12))
    ends = [mark] if draw(st.booleans()) else []
    return "\n".join(
        prefix + line
        for line in [mark + draw(st.sampled_from(["", "py", "c++"])), *lines, mark][
            : len(lines) + 1 + len(ends)
        ]
    )


@st.composite
def table(draw: st.DrawFn) -> str:
    cells = st.sampled_from(["a", "bb", "1", "`x`", "long cell with words", "[l](https://example.com)"])
    rows = draw(st.lists(st.lists(cells, min_size=2, max_size=2), min_size=1, max_size=12))
    return "\n".join(["| a | b |", "|---|---|", *(f"| {one} | {two} |" for one, two in rows)])


@st.composite
def items(draw: st.DrawFn) -> str:
    mark = draw(st.sampled_from(["-", "*", "1.", "  -"]))
    inner = " " * (len(mark) + 1)
    texts = draw(st.lists(st.one_of(sentence, paragraph, fence()), min_size=1, max_size=4))
    return "\n".join(f"{mark} " + text.replace("\n", "\n" + inner) for text in texts)


block = st.one_of(
    paragraph,
    fence(),
    table(),
    items(),
    sentence.map("## {}".format),
    paragraph.map(lambda text: "> " + text.replace("\n", "\n> ")),
    fence().map(lambda text: "> " + text.replace("\n", "\n> ")),
    st.text("ab \n\r\t`*_[]()<>|~-#>\\", max_size=60),
    st.integers(1, 400).map(lambda n: "w" * n),
    st.integers(1, 30).map(lambda n: FAMILY * n),
)
markdown = st.lists(block, max_size=6).map("\n\n".join)
lengths = st.sampled_from([len, lambda text: len(text.encode("utf-16-le")) // 2])

parse = MarkdownIt("commonmark", {"maxNesting": 100}).enable("table").parse


def code_in(text: str) -> list[str]:
    return [token.content for token in parse(text) if token.type == "fence"]


def open_fences(text: str) -> int:
    """Fences that nothing closes, as a reader of lines sees it."""
    found = 0
    for token in parse(text):
        if token.type == "fence":
            last = text.split("\n")[token.map[1] - 1].strip(" >\t")
            found += not (last and set(last) == {token.markup[0]} and token.map[1] - token.map[0] > 1)
    return found


def solid(text: str) -> str:
    return re.sub(r"\s+", "", text)


# --- properties --------------------------------------------------------------------------------------------------


@settings(max_examples=400, deadline=None)
@given(markdown, st.integers(SHORTEST, 300), lengths, st.sampled_from([None, 5]))
@example("```\n\n```", SHORTEST, len, None)
@example("`" * 500, SHORTEST, len, None)
@example("[" * 300 + "](" * 300, SHORTEST, len, None)
@example("- a\n\n      " + "b " * 100, SHORTEST, len, 5)
def test_nothing_is_lost_and_no_piece_is_too_long(text: str, most: int, length, rows: int | None) -> None:
    """The bodies put together are the text; each piece shows its body between what was repeated."""
    pieces = split(text, most, length, rows=rows)
    assert "".join(piece.body for piece in pieces) == (text if text.strip() else "")
    for piece in pieces:
        assert piece.text.strip()
        assert length(piece.text) <= most
        assert solid(piece.text) == solid(piece.before + piece.body + piece.after)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.one_of(paragraph.map(lambda t: re.sub(r"[`~<|\[\]\\]", "", t)), fence(), table()), max_size=6
    ),
    st.integers(SHORTEST, 300),
)
def test_no_fence_is_left_open(blocks: list[str], most: int) -> None:
    """Each piece closes what it opens, and all code of the text is code in the pieces, in order."""
    text = "\n\n".join(b if not b.startswith(("```", "~~~")) else closed(b) for b in blocks)
    pieces = split(text, most)
    assert [open_fences(piece.text) for piece in pieces] == [0] * len(pieces)
    code = "".join(code for piece in pieces for code in code_in(piece.text))
    assert solid(code) == solid("".join(code_in(text)))


def closed(fence: str) -> str:
    mark = re.match(r"[`~]+", fence)[0]
    return fence if fence.endswith("\n" + mark) else f"{fence}\n{mark}"


@settings(max_examples=200, deadline=None)
@given(
    st.lists(word.filter(lambda w: len(w) > 1 or w.isalnum()), min_size=1, max_size=60).map(" ".join),
    st.integers(SHORTEST, 200),
)
def test_what_is_one_thing_stays_whole(text: str, most: int) -> None:
    """Links, code, entities, emphasis and composed characters that fit a piece stand in one piece."""
    shown = "\n\n".join(piece.text for piece in split(text, most))
    for thing in [
        "[the handbook](https://example.com/a_(b)?q=1)",
        "`a b c`",
        "&lt;",
        "**bold words here**",
        "[12]",
        FAMILY,
    ]:
        assert shown.count(thing) == text.count(thing)


@settings(max_examples=200, deadline=None)
@given(st.text(min_size=1, max_size=300), st.integers(SHORTEST, 90))
def test_any_text_can_be_cut(text: str, most: int) -> None:
    """Surrogates, controls and marks included."""
    pieces = split(text, most)
    assert "".join(piece.body for piece in pieces) == (text if text.strip() else "")
    assert all(len(piece.text) <= most for piece in pieces)


# --- examples ----------------------------------------------------------------------------------------------------


def texts(pieces: list[Piece]) -> list[str]:
    return [piece.text for piece in pieces]


def test_what_fits_is_one_piece() -> None:
    assert texts(split("One.\n\nTwo.", 100)) == ["One.\n\nTwo."]


@pytest.mark.parametrize("text", ["", " ", "\n\n \t\n"])
def test_nothing_but_space_has_no_piece(text: str) -> None:
    assert split(text, 100) == []


def test_cut_between_paragraphs_first() -> None:
    """Then between sentences, then between words."""
    one, two = "First part. " * 4, "Second part of it. " * 3
    assert texts(split(f"{one}\n\n{two}", 80)) == [one.strip(), two.strip()]
    assert (
        texts(split("A sentence of some words. " * 4, 60)) == [("A sentence of some words. " * 2).strip()] * 2
    )
    assert all(len(word) == 9 for piece in split("ninewords " * 30, 60) for word in piece.text.split())


def test_code_is_closed_and_opened_again_with_its_language() -> None:
    lines = [f"line_{n} = {n}" for n in range(30)]
    pieces = split("Run this:\n\n```python\n" + "\n".join(lines) + "\n```\n\nDone.", 120)
    assert len(pieces) > 3
    assert all("```python\n" in piece.text for piece in pieces)
    assert all(piece.text.count("```") == 2 for piece in pieces)
    assert "".join(code for piece in pieces for code in code_in(piece.text)).split("\n")[:-1] == lines


def test_one_line_of_code_longer_than_a_piece() -> None:
    """Is cut; each part is code."""
    pieces = split("```\n" + "x" * 30_000 + "\n```", 3000)
    assert len(pieces) == 11
    assert all(re.fullmatch(r"```\nx+\n```", piece.text) for piece in pieces)
    assert sum(piece.text.count("x") for piece in pieces) == 30_000


def test_code_within_a_line_longer_than_a_piece() -> None:
    """Is closed and opened again as well."""
    pieces = split("See `" + "ab " * 60 + "c` there.", 80)
    assert len(pieces) > 2
    assert {piece.text.count("`") for piece in pieces[1:]} == {2}


def test_a_table_has_its_head_in_each_piece() -> None:
    rows = [f"| {n} | row {n} |" for n in range(200)]
    pieces = split("\n".join(["Prices:", "", "| n | what |", "|---|:--|", *rows, "", "That is all."]), 1000)
    assert all("| n | what |\n|---|:--|\n" in piece.text for piece in pieces)
    shown = [line for piece in pieces for line in piece.text.split("\n") if " row " in line]
    assert shown == rows


def test_rows_can_be_limited() -> None:
    """Its head counts."""
    text = "\n".join(["| n |", "|---|", *(f"| {n} |" for n in range(200)), "", "End."])
    pieces = split(text, 10_000, rows=100)
    assert [piece.text.count("\n| ") + 1 for piece in pieces] == [99, 99, 5]
    assert "".join(piece.body for piece in pieces) == text


def test_a_row_longer_than_a_piece() -> None:
    """Is cut like a sentence, and the rows behind it are a table again."""
    text = "| a | b |\n|---|---|\n| 1 | " + "word " * 60 + "|\n| 2 | y |"
    pieces = split(text, 100)
    assert pieces[-1].text == "| a | b |\n|---|---|\n| 2 | y |"
    assert "".join(piece.body for piece in pieces) == text


def test_a_list_goes_on_as_a_list() -> None:
    """Without the indentation that its beginning gave it, which would make code of it."""
    text = "- one\n" + "\n".join(f"      - inner number {n} has some words" for n in range(10))
    pieces = split(text, 100)
    assert all(re.match("- ", piece.text) for piece in pieces)
    assert not any(token.type == "code_block" for piece in pieces for token in parse(piece.text))


def test_code_in_a_list_goes_on_as_code() -> None:
    text = (
        "10. Do this:\n\n    ```sh\n"
        + "\n".join(f"    make step-{n}" for n in range(20))
        + "\n    ```\n\n    And that."
    )
    pieces = split(text, 100)
    assert [open_fences(piece.text) for piece in pieces] == [0] * len(pieces)
    assert "".join("".join(code_in(piece.text)) for piece in pieces).split() == "".join(code_in(text)).split()


def test_a_heading_does_not_end_a_piece() -> None:
    text = "Some words that fill the piece here.\n\n## Next\n\n" + "The text below the heading. " * 3
    assert split(text, 80)[0].text == "Some words that fill the piece here."


def test_a_family_is_not_divided() -> None:
    """Nor is anything else that a reader sees as one character."""
    pieces = split(FAMILY * 40, 60)
    assert {piece.text.replace(FAMILY, "") for piece in pieces} == {""}
    for character in ["e\u0301", "👍🏽", "🇩🇪", "각", "1\ufe0f\u20e3"]:
        shown = "".join(piece.text + "/" for piece in split(character * 70, 61))
        assert shown.count(character) == 70


def test_a_character_of_a_thousand_marks_is_divided() -> None:
    assert max(len(piece.text) for piece in split("e" + "\u0301" * 1000, 100)) <= 100


def test_pairs_of_surrogates_stay_together() -> None:
    """As they come from a JSON text that was read in halves."""
    pieces = split("\ud83d\ude00" * 100, 61)
    assert all(len(piece.text) % 2 == 0 for piece in pieces)


def test_the_length_is_the_platforms_own() -> None:
    def quoted(text: str) -> int:
        return len(json.dumps(text, ensure_ascii=False)) - 2

    assert max(quoted(piece.text) for piece in split('say "yes"\n' * 100, 100, quoted)) <= 100


def test_a_long_text_takes_no_long_time() -> None:
    """A megabyte of anything, in linear time."""
    for text in [
        "word " * 200_000,
        "`" * 300_000,
        "[" * 300_000,
        "a](" * 100_000,
        "> " * 100_000,
        "*a " * 100_000,
    ]:
        assert unicodedata.is_normalized("NFC", text)
        assert split(text, 12_000)


def test_too_short_pieces_are_refused() -> None:
    with pytest.raises(ValueError, match="too short"):
        split("text", 10)
