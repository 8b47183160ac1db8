"""Texts in parts for several inputs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from adapters.inputs import parts, together

texts = st.text(st.sampled_from("ab .\n\t😀"), max_size=400)


@given(texts, st.integers(min_value=2, max_value=60))
def test_a_text_in_parts_is_the_text_once_they_are_put_together(text: str, most: int) -> None:
    """None is too long, and none has white space at its ends, which an input would not keep."""

    def counted(part: str) -> int:
        return len(part.encode("utf-16-le")) // 2

    for length in (len, counted):
        pieces, between = parts(text, most, length)
        assert together(pieces, between) == text.strip()
        assert all(length(piece) <= most for piece in pieces)
        assert all(piece == piece.strip() for piece in pieces)
