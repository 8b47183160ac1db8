"""A text as it is written, taken apart as soon as each piece is whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_core.generation.writing.pieces import Piece, Pieces, without_thoughts

TEXT = """Here is how:
1. Open the box. [1] Then e.g. wait 5 min.[2] Done [1][3].
2. Close it [2, 4]

| Part | Price |
|---|---|
| Lid | 5 € [1] |

```sh
curl http://x   # 1. a. B [1]
```
# Head [1]
It costs 5.5 euros. "Really?" [2] Yes! Unfinished [7]"""


def taken_apart(text: str, size: int = 1) -> list[Piece]:
    pieces = Pieces()
    found = [p for at in range(0, len(text), size) for p in pieces.feed(text[at : at + size])]
    return [*found, *pieces.end()]


def test_every_sentence_item_row_and_block_is_a_piece() -> None:
    """With what it cites, and without the marks themselves."""
    assert [(p.kind, p.text, p.cited) for p in taken_apart(TEXT)] == [
        ("introduction", "Here is how:", ()),
        ("sentence", "Open the box.", (1,)),
        ("sentence", "Then e.g. wait 5 min.", (2,)),
        ("sentence", "Done.", (1, 3)),
        ("sentence", "Close it", (2, 4)),
        ("head", "| Part | Price |", ()),
        ("head", "|---|---|", ()),
        ("row", "| Lid | 5 € |", (1,)),
        ("code", "```sh\ncurl http://x   # 1. a. B [1]\n```", ()),
        ("heading", "# Head", (1,)),
        ("sentence", "It costs 5.5 euros.", ()),
        ("sentence", '"Really?"', (2,)),
        ("sentence", "Yes!", ()),
        ("sentence", "Unfinished", (7,)),
    ]


@pytest.mark.parametrize("size", [2, 7, 1000])
def test_it_does_not_matter_in_what_portions_the_text_comes(size: int) -> None:
    assert taken_apart(TEXT, size) == taken_apart(TEXT)


@given(st.text(alphabet="ab. \n[]1,|#`-:!?“”", max_size=120), st.integers(1, 9))
def test_any_text_is_taken_apart_alike_in_any_portions(text: str, size: int) -> None:
    """And no word of it is lost."""
    whole = taken_apart(text, 1000)
    words = [c for piece in whole for c in piece.text if c in "ab"]
    assert words == [c for c in text if c in "ab"]
    assert [p.text for p in taken_apart(text, size)] == [p.text for p in whole]


def test_a_sentence_is_given_back_before_the_line_ends() -> None:
    """As soon as the next one has begun, so that a reader need not wait for the paragraph."""
    pieces = Pieces()
    assert list(pieces.feed("It takes two days. ")) == []
    assert [p.text for p in pieces.feed("Ask")] == ["It takes two days."]


def test_a_citation_behind_the_full_stop_belongs_to_the_sentence_before() -> None:
    """Also while the mark is half written."""
    pieces = Pieces()
    assert list(pieces.feed("It takes two days. [")) == []
    assert list(pieces.feed("12] ")) == []
    assert next((p.text, p.cited) for p in pieces.feed("Then ask. Then")) == ("It takes two days.", (12,))


def test_what_stood_between_the_pieces_joins_them_again() -> None:
    text = "- One. Two.\n- Three.\n\nFour."
    assert "".join(p.before + p.text for p in taken_apart(text)) == text


def test_marks_go_where_they_do_not_break_the_text() -> None:
    """Behind a sentence, into the last cell of a row, below a block."""
    sentence, row, code = (
        Piece("sentence", "", "It is."),
        Piece("row", "", "| a |"),
        Piece("code", "", "```\nx\n```"),
    )
    assert sentence.marked(sentence.text, "[1]") == "It is. [1]"
    assert row.marked(row.text, "[1]") == "| a [1] |"
    assert code.marked(code.text, "[1]") == "```\nx\n```\n[1]"
    assert row.marked(row.text, "") == "| a |"


def test_a_fence_that_is_never_closed_is_closed() -> None:
    assert [p.text for p in taken_apart("```\nls -l\n")] == ["```\nls -l\n```"]


def test_what_a_model_thinks_aloud_is_no_answer() -> None:
    """Nothing of it while it thinks; what follows when it has ended."""
    assert without_thoughts("<thi") == ""
    assert without_thoughts("<think>Is it two days? Perhaps") == ""
    assert without_thoughts("<think>Two.</think>\n\nIt takes two days.") == "It takes two days."
    assert without_thoughts("<b>It</b>") == "<b>It</b>"
