"""What chunk_markdown promises, by example, and as properties of generated documents."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag_core.index.embedding import Embedder
from rag_core.ingest.chunking import Chunk, CountTokens, chunk_markdown
from rag_core.types import Place


def count(texts: Sequence[str]) -> list[int]:
    """A cheap tokenizer: a word has a token for every four letters begun, every other mark has one."""
    return [sum(-(-len(part) // 4) for part in re.findall(r"\w+|[^\w\s]", text)) for text in texts]


def chunks(markdown: str, room: int = 200, title: str = "", *, plain: bool = False) -> list[Chunk]:
    return chunk_markdown(markdown, title, room, count, plain=plain)


def texts(markdown: str, room: int = 200, *, plain: bool = False) -> list[str]:
    return [chunk.text for chunk in chunks(markdown, room, plain=plain)]


def units(chunk: Chunk) -> list[str]:
    return [chunk.text[a:b] for a, b in chunk.units]


def is_balanced(text: str) -> bool:
    """Whether every code fence that opens is closed, as CommonMark reads fences."""
    opened = ""
    for line in text.split("\n"):
        match = re.match(r"\s*(`{3,})([^`]*)$", line)
        if not opened and match:
            opened = match[1]
        elif opened and match and len(match[1]) >= len(opened) and not match[2].strip():
            opened = ""
    return not opened


# --- text ------------------------------------------------------------------------------------------------------------


def test_a_document_that_fits_is_one_chunk() -> None:
    """Title and headings are the header, the rest is the text, and the sentences are its units."""
    (chunk,) = chunks("# Ducks\n\nThey swim. They fly.\n", title="Birds")
    assert chunk.header == "Birds > Ducks"
    assert chunk.text == "They swim. They fly."
    assert chunk.whole == "Birds > Ducks\nThey swim. They fly."
    assert units(chunk) == ["They swim.", "They fly."]


@pytest.mark.parametrize(
    "markdown", ["", " \n\n", "<!-- page 1 -->\n", "# Only a heading\n", "[a]: https://x.example\n"]
)
def test_a_document_without_text_has_no_chunks(markdown: str) -> None:
    """Neither white space, page marks nor bare headings make a chunk."""
    assert chunks(markdown) == []


def test_markup_is_reduced_to_its_words() -> None:
    """Emphasis marks go, inline code keeps its backticks, pictures are their alternative text."""
    assert texts("A *b* __c__ `d_e` ![f](g.png) &amp; <b>h</b>\n") == ["A b c `d_e` f & h"]


def test_link_targets_do_not_appear() -> None:
    """Of a link, in line or by reference, the words stay."""
    (text,) = texts("See [the guide](https://a.example/x 'tip') and [more][1].\n\n[1]: https://b.example/y\n")
    assert text == "See the guide and more."


def test_inline_code_may_hold_backticks() -> None:
    """Code that holds a backtick is set off by more of them, so that it still reads as code."""
    assert texts("Type ``a`b`` now.\n") == ["Type `` a`b `` now."]


def test_lines_of_a_paragraph_are_joined() -> None:
    """Where an author wrapped a line, a space stands, and sentences go on over it."""
    (chunk,) = chunks("One sentence that\nis wrapped. Another\none.\n")
    assert units(chunk) == ["One sentence that is wrapped.", "Another one."]


def test_hard_line_breaks_keep_lines() -> None:
    """An address set with hard breaks stays in lines, each a unit."""
    for line_end in ("  \n", "\\\n", "<br>", "<br/>\n"):
        (chunk,) = chunks(line_end.join(["Acme Ltd", "1 High Street", "Leeds"]))
        assert chunk.text == "Acme Ltd\n1 High Street\nLeeds"
        assert units(chunk) == ["Acme Ltd", "1 High Street", "Leeds"]


def test_windows_line_ends_are_line_ends() -> None:
    """CRLF gives the same chunks as LF."""
    markdown = "# A\n\nText one\nmore.\n\n- x\n- y\n\n```\ncode\n```\n\n| a |\n|---|\n| b |\n"
    assert chunks(markdown.replace("\n", "\r\n")) == chunks(markdown)


def test_html_blocks_keep_their_words() -> None:
    """Tags and comments go, words stay."""
    assert texts("<div class='x'>\nKept <b>words</b>\n<!-- not this -->\n</div>\n") == ["Kept words"]


# --- plain text ------------------------------------------------------------------------------------------------------


def test_plain_text_stands_for_itself() -> None:
    """In plain text, markup characters are characters."""
    text = "Call __init__ and 2 * 3 * 4, then # 5 with <x> and [a](b) &amp; `c`."
    assert texts(text, plain=True) == [text]
    assert texts("# not a heading", plain=True) == ["# not a heading"]
    assert texts("    indented, not code", plain=True) == ["indented, not code"]


def test_plain_text_is_wrapped_too() -> None:
    """The lines of a paragraph are joined in plain text as well: a line end is no end of a sentence."""
    (chunk,) = chunks("One sentence that\nis wrapped. Another\none.\n", plain=True)
    assert units(chunk) == ["One sentence that is wrapped.", "Another one."]


def test_plain_text_has_lists_and_tables() -> None:
    """What people write with dashes and pipes counts as list and table in plain text."""
    (chunk,) = chunks("Buy:\n\n- milk\n- bread\n\n| a | b |\n|---|---|\n| 1 | 2 |\n", plain=True)
    assert units(chunk) == ["Buy:", "- milk", "- bread", "| 1 | 2 |"]


# --- headings and places ---------------------------------------------------------------------------------------------


def test_a_chunk_knows_its_heading_path() -> None:
    """Headings nest by level; a heading of the same or a higher level ends those below."""
    found = chunks("intro\n\n# A\n\na\n\n### B\n\nb\n\n## C\n\nc\n\n# D\n\nd\n")
    paths = {chunk.text: chunk.headings for chunk in found}
    assert paths == {"intro": (), "a": ("A",), "b": ("A", "B"), "c": ("A", "C"), "d": ("D",)}


def test_a_chunk_never_spans_two_sections() -> None:
    """However short sections are, each has a chunk of its own."""
    assert texts("# A\n\na\n\n# B\n\nb\n") == ["a", "b"]


def test_anchors_are_those_of_the_document_or_of_github() -> None:
    """'{#id}' names the anchor; else it is the slug that GitHub gives, numbered from the second on."""
    found = chunks("# Set Up! {#start}\n\na\n\n# How it works\n\nb\n\n# How it works\n\nc\n\n# ***\n\nd\n")
    assert [c.place.anchor for c in found] == ["start", "how-it-works", "how-it-works-1", None]
    assert found[0].headings == ("Set Up!",)


def test_pages_are_places() -> None:
    """After '<!-- page N -->' chunks are on that page, have no line, and begin anew; headings go on."""
    found = chunks("<!-- page 1 -->\n\n# A\n\na\n\n<!-- page 2 -->\n\nb\n")
    assert [(c.text, c.headings, c.place.page, c.place.line) for c in found] == [
        ("a", ("A",), 1, None),
        ("b", ("A",), 2, None),
    ]


def test_lines_point_into_the_source() -> None:
    """A section's first chunk is at its heading; text before any heading, where it begins."""
    found = chunks("\n\nintro\n\n# A\n\na\n\n\n## B\ntext\n")
    assert [(c.text, c.place.line) for c in found] == [("intro", 3), ("a", 5), ("text", 10)]


def test_the_second_chunk_of_a_section_points_at_its_own_line() -> None:
    """Within a long wrapped paragraph, list, table or code block a chunk opens where its text begins."""
    prose = [f"Sentence number{n} has words." for n in range(40)]
    items = [f"- item{n} with words" for n in range(40)]
    rows = [f"| row{n} | value |" for n in range(40)]
    code = [f"call{n}(argument)" for n in range(40)]
    blocks = (
        prose,
        items,
        ["| a | b |", "|---|---|", *rows],
        ["```", *code, "```"],
        ["    " + row for row in code],
    )
    for block in blocks:
        source = ["# H", "", *block]
        found = chunks("\n".join(source), room=60)
        assert len(found) > 3
        for chunk in found[1:]:
            first = re.search(r"[a-z]+\d+", chunk.text[slice(*chunk.units[0])])
            assert first
            assert first[0] in source[(chunk.place.line or 0) - 1]


def test_hard_breaks_do_not_shift_lines() -> None:
    """Lines are counted over hard breaks as over soft ones."""
    source = [f"Line{n} of words and words\\" for n in range(12)]
    found = chunks("\n".join(source), room=30)
    for chunk in found:
        assert chunk.text.split()[0] in source[(chunk.place.line or 0) - 1]


def test_a_long_heading_path_leaves_room_for_text() -> None:
    """Header takes a quarter of the room at most; innermost headings stay longest, and all stay in headings."""
    markdown = f"# {'outer ' * 30}\n\n## {'middle ' * 30}\n\n### inner\n\ntext\n"
    (chunk,) = chunks(markdown, room=60, title="Title")
    assert count([chunk.header])[0] <= 15
    assert "inner" in chunk.header
    assert len(chunk.headings) == 3


def test_a_title_that_is_the_first_heading_stands_once() -> None:
    """The header does not say the same twice."""
    (chunk,) = chunks("# Ducks\n\nText.\n", title="Ducks")
    assert chunk.header == "Ducks"


# --- blocks ----------------------------------------------------------------------------------------------------------


def test_list_items_are_units() -> None:
    """Items of nested lists are units of their own, with their marks, numbers and indentation."""
    (chunk,) = chunks("3. three\n4. four\n   - a\n   - b\n\n     more of b\n5. five\n")
    assert chunk.text == "3. three\n4. four\n   - a\n   - b\n     more of b\n5. five"
    assert len(chunk.units) == 6


def test_a_list_may_begin_at_zero() -> None:
    """Items keep the numbers that their author gave."""
    assert texts("0. zero\n1. one\n") == ["0. zero\n1. one"]


def test_deep_lists_are_read() -> None:
    """A list nested in forty lists is not dropped."""
    (text,) = texts("".join(f"{'  ' * n}- word{n}\n" for n in range(40)), room=1000)
    assert re.findall(r"word\d+", text) == [f"word{n}" for n in range(40)]


def test_a_code_block_is_one_unit() -> None:
    """With its fence, its language, and more backticks than it holds."""
    (chunk,) = chunks("````md title=x\n```\nfenced\n```\n````\n")
    assert units(chunk) == ["````md\n```\nfenced\n```\n````"]


def test_code_is_not_cut_while_it_fits() -> None:
    """A code block that fits a chunk moves whole to the next one."""
    code = "```\n" + "\n".join(f"line {n}" for n in range(12)) + "\n```"
    found = texts(f"{'Filler words here. ' * 8}\n\n{code}\n", room=60)
    assert any(code in text for text in found)


def test_code_too_large_is_divided_between_its_lines() -> None:
    """Each part is fenced, in the language of the whole."""
    lines = [f"value_{n} = function({n})" for n in range(60)]
    found = texts("```python\n" + "\n".join(lines) + "\n```\n", room=60)
    assert len(found) > 3
    assert all(text.startswith("```python\n") and text.endswith("\n```") for text in found)
    assert [line for text in found for line in text.split("\n")[1:-1]] == lines


def test_code_whose_fence_is_too_large_is_kept_as_text() -> None:
    """Code with hundreds of backticks cannot be fenced within the room, and is not lost."""
    fence = "`" * 400
    found = texts(f"{fence}\nbefore\n{'`' * 399}\nsecret words\n{fence}\n", room=100)
    assert "before" in " ".join(found)
    assert "secret words" in " ".join(found)


def test_table_rows_are_units_and_their_head_is_repeated() -> None:
    """A table over several chunks has its column names in each."""
    rows = [f"| name{n} | value{n} |" for n in range(40)]
    found = chunks("| Name | Value |\n|:--|--:|\n" + "\n".join(rows) + "\n", room=80)
    assert len(found) > 2
    assert all(chunk.text.startswith("| Name | Value |\n| --- | --- |\n") for chunk in found)
    assert [unit for chunk in found for unit in units(chunk)] == rows


def test_a_table_after_text_does_not_overflow() -> None:
    """The head of a table counts where a table begins in the middle of a chunk: no row is cut there."""
    rows = ["| " + " | ".join(f"v{n}" for n in range(9)) + " |"] * 6
    head = "| " + " | ".join(f"head{n}" for n in range(9)) + " |"
    for words in range(5, 90, 5):
        found = texts(f"{'word ' * words}\n\n{head}\n{'|---' * 9}|\n" + "\n".join(rows) + "\n", room=120)
        lines = [line for text in found for line in text.split("\n") if line.startswith("| v")]
        assert lines == rows


def test_column_names_too_many_to_repeat_stand_once() -> None:
    """The head of a very wide table is not lost, though it is not repeated."""
    names = [f"column{n}" for n in range(60)]
    head = "| " + " | ".join(names) + " |"
    cells = "| " + " | ".join(f"v{n}" for n in range(60)) + " |"
    text = " ".join(texts(f"{head}\n{'|---' * 60}|\n{cells}\n{cells}\n", room=200))
    assert [text.split().count(name) for name in names] == [1] * 60
    assert text.split().count("v30") == 2


def test_pipes_within_cells_are_escaped() -> None:
    """A cell that holds a pipe stays one cell."""
    (chunk,) = chunks("| a |\n|---|\n| x \\| y |\n")
    assert units(chunk) == ["| x \\| y |"]


def test_quotes_are_read() -> None:
    """Text, lists and code in a block quote are read like others."""
    (chunk,) = chunks("> Said so.\n>\n> - one\n>\n> ```\n> code\n> ```\n")
    assert units(chunk) == ["Said so.", "- one", "```\ncode\n```"]


def test_a_lead_in_stays_with_what_follows() -> None:
    """'Proceed as follows:' is not the end of a chunk where there is room for what follows."""
    filler = "Some words here. " * 14
    for text in texts(f"{filler}\n\nProceed as follows:\n\n- one step\n- two steps\n\n{filler}\n", room=80):
        assert not text.endswith(":")


@pytest.mark.parametrize(
    "markdown",
    ["[" * 30_000, "*a **b " * 5_000, "`" * 30_000, "[a](" * 5_000, "<a " * 8_000, "&" * 30_000, ">" * 5_000],
)
def test_hostile_markup_takes_seconds_at_most(markdown: str) -> None:
    """No pattern of markup characters holds the chunker up or brings it down."""
    started = time.process_time()
    chunks(markdown)
    assert time.process_time() - started < 5


# --- for any document ------------------------------------------------------------------------------------------------

WORD = st.text(alphabet="abcdefghij", min_size=1, max_size=12) | st.sampled_from(
    [
        "naïve",
        "Ünïcode",
        "漢字文章",
        "日本語テキスト",
        "🦆",
        "👩‍👩‍👧‍👦",
        "e\u0301t\u00e9",
        "ДОМ",
        "x" * 90,
        "y" * 400,
    ]
)
WORDS = st.lists(WORD, min_size=1, max_size=8)


@dataclass
class Document:
    """Generated Markdown with what is known of it."""

    lines: list[str] = field(default_factory=list)
    words: set[str] = field(default_factory=set)
    rows: list[tuple[str, str]] = field(default_factory=list)
    """Each table row with its table's first line, as they should be written."""
    code: list[str] = field(default_factory=list)
    sections: int = 0

    @property
    def markdown(self) -> str:
        return "\n".join(self.lines)

    def add(self, *lines: str) -> None:
        self.lines += [*lines, ""]

    def says(self, words: list[str]) -> str:
        """These words and the section's mark, so that a chunk shows which section it is from."""
        marked = [f"q{self.sections}q", *words]
        self.words.update(word for word in marked if len(word) < 50)
        return " ".join(marked)


def _short(words: list[str]) -> list[str]:
    return [word for word in words if len(word) < 50]


@st.composite
def documents(draw: st.DrawFn) -> Document:
    made = Document()
    for _ in range(draw(st.integers(1, 4))):
        made.sections += 1
        if draw(st.booleans()) or made.sections > 1:
            made.add(
                "#" * draw(st.integers(1, 4)) + f" S{made.sections} " + " ".join(draw(WORDS.map(_short)))
            )
        for _ in range(draw(st.integers(1, 4))):
            draw(st.sampled_from([_prose, _list, _fence, _table, _quote]))(draw, made)
    return made


def _prose(draw: st.DrawFn, made: Document) -> None:
    gap = draw(st.sampled_from([" ", "\n", "  \n"]))
    emphasis = draw(st.sampled_from(["{}", "**{}**", "[{}](https://target.invalid/a)", "A {}. B"]))
    sentences = [emphasis.format(made.says(draw(WORDS))) + "." for _ in range(draw(st.integers(1, 5)))]
    made.add(*gap.join(sentences).split("\n"))


def _list(draw: st.DrawFn, made: Document) -> None:
    mark = draw(st.sampled_from(["- ", "1. "]))
    depth, lines = 0, []
    for _ in range(draw(st.integers(1, 8))):
        depth = draw(st.integers(0, min(depth + 1, 4))) if lines else 0
        lines.append(" " * (len(mark) * depth) + mark + made.says(draw(WORDS)))
    made.add(*lines)


def _fence(draw: st.DrawFn, made: Document) -> None:
    inner = draw(
        st.lists(WORDS.map(" ".join) | st.sampled_from(["```", "````", "", "\tx  y", "# no"]), max_size=25)
    )
    body = [made.says([]), *inner, made.says([])]
    made.words.update(word for line in body for word in line.split() if word.isalpha() and len(word) < 50)
    fence = (
        "`" * (1 + max(len(run) for run in re.findall("`*", "\n".join(body))))
        if "`" in "".join(body)
        else "```"
    )
    made.code.append("\n".join([f"{fence}py", *body, fence]))
    made.add(*made.code[-1].split("\n"))


def _table(draw: st.DrawFn, made: Document) -> None:
    width = draw(st.sampled_from([1, 2, 3, 5, 30]))
    rows = [[made.says(draw(WORDS)) for _ in range(width)] for _ in range(draw(st.integers(2, 8)))]
    head, *body = [f"| {' | '.join(cells)} |" for cells in rows]
    made.rows += [(row, head) for row in body]
    made.add(head, "|---" * width + "|", *body)


def _quote(draw: st.DrawFn, made: Document) -> None:
    made.add("> " + made.says(draw(WORDS)), "> " + made.says(draw(WORDS)))


def check(made: Document, room: int, count: CountTokens, found: list[Chunk]) -> None:
    """Everything that holds for any document."""
    assert all(chunk.text.strip() for chunk in found)
    assert max(count([chunk.whole for chunk in found])) <= room
    assert all(is_balanced(chunk.text) for chunk in found)
    assert "target.invalid" not in "".join(chunk.whole for chunk in found)
    check_units(found)
    check_nothing_is_lost(made, found)
    check_sections(made, found)
    check_blocks(made, int(room * 0.75) - 1, count, found)


def check_units(found: list[Chunk]) -> None:
    for chunk in found:
        end = 0
        for a, b in chunk.units:
            assert end <= a < b <= len(chunk.text)
            end = b
        assert chunk.units


def check_nothing_is_lost(made: Document, found: list[Chunk]) -> None:
    told = {word for chunk in found for word in re.split(r"[\s.|`]+", chunk.text)}
    assert made.words <= told
    whole = "".join(chunk.text for chunk in found)
    # Long words are cut where they must be, but all of them is there.
    assert whole.count("y") >= made.markdown.count("y" * 400) * 400
    assert whole.count("x") >= made.markdown.count("x" * 90) * 90


def check_sections(made: Document, found: list[Chunk]) -> None:
    order: list[int] = []
    for chunk in found:
        marks = {int(mark) for mark in re.findall(r"q(\d)q", chunk.text)}
        assert len(marks) <= 1
        order += marks
        if marks and chunk.headings:
            assert chunk.headings[-1].startswith(f"S{marks.pop()}")
    assert order == sorted(order)
    assert set(order) == set(range(1, made.sections + 1))


def check_blocks(made: Document, budget: int, count: CountTokens, found: list[Chunk]) -> None:
    lines = [set(chunk.text.split("\n")) for chunk in found]
    for row, head in made.rows:
        separator = f"| {' | '.join(['---'] * (head.count('|') - 1))} |"
        above = count([f"{head}\n{separator}"])[0]
        if above + count([row])[0] <= budget:
            assert any(row in known for known in lines)
            if above <= budget * 0.6:
                assert all(head in known for known in lines if row in known)
    for code in made.code:
        if count([code])[0] <= budget:
            assert any(code in chunk.text for chunk in found)


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(
    documents(), st.integers(24, 150), st.booleans(), st.sampled_from(["", "Title", "A very long title " * 5])
)
def test_any_document_is_divided_well(made: Document, room: int, crlf: bool, title: str) -> None:
    """Within the room, nothing empty, lost, unbalanced or cut, sections apart, units in order."""
    markdown = made.markdown.replace("\n", "\r\n") if crlf else made.markdown
    check(made, room, count, chunk_markdown(markdown, title, room, count))


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.function_scoped_fixture,
    ],
)
@given(made=documents(), room=st.sampled_from([64, 0]))
def test_the_real_tokenizer_agrees(embedder: Embedder, made: Document, room: int) -> None:
    """With the embedder's own count, in its own window and in a smaller one."""
    room = room or embedder.room
    check(made, room, embedder.count, chunk_markdown(made.markdown, "Title", room, embedder.count))


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=400), st.integers(16, 60), st.booleans())
def test_any_text_at_all_stays_within_the_room(text: str, room: int, plain: bool) -> None:
    """Arbitrary characters, read as Markdown or as plain text, never make a chunk that is empty or too large."""
    for chunk in chunk_markdown(text, "Title", room, count, plain=plain):
        assert chunk.text.strip()
        assert count([chunk.whole])[0] <= room


def awkward(texts: Sequence[str]) -> list[int]:
    """A tokenizer for which the whole has more tokens than its parts: it counts white space and rounds up."""
    return [-(-len(text) // 3) for text in texts]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(documents(), st.integers(40, 150))
def test_a_tokenizer_that_counts_glue_is_obeyed_too(made: Document, room: int) -> None:
    """Whatever the tokenizer, no chunk exceeds the room, and the words are there."""
    found = chunk_markdown(made.markdown, "Title", room, awkward)
    assert max(awkward([chunk.whole for chunk in found])) <= room
    assert all(chunk.text.strip() for chunk in found)
    check_units(found)


def test_the_same_document_gives_the_same_chunks() -> None:
    """Nothing is left over from one document to the next."""
    markdown = "# A\n\na\n\n# A\n\nb\n"
    assert chunks(markdown) == chunks(markdown)
    assert [c.place for c in chunks(markdown)] == [Place(line=1, anchor="a"), Place(line=5, anchor="a-1")]
