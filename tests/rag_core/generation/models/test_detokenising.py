from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given
from tokenizers import Tokenizer

from rag_core.generation.models.detokenising import Detokeniser


@pytest.fixture(scope="module")
def tokenizer(causal_model: Path) -> Tokenizer:
    """Byte-level, of 512 entries: what is not English comes apart into bytes."""
    return Tokenizer.from_file(str(causal_model / "tokenizer.json"))


def pieces(tokenizer: Tokenizer, ids: Sequence[int], ends: Sequence[str] = ()) -> list[str]:
    written = Detokeniser(tokenizer.decode, ends)
    return [*(written.add(token) for token in ids), written.rest()]


@given(text=st.text(st.characters(codec="utf-8", exclude_characters="\ufffd")))
def test_the_pieces_joined_are_the_text(tokenizer: Tokenizer, text: str) -> None:
    """Whatever it is written in."""
    assert "".join(pieces(tokenizer, tokenizer.encode(text).ids)) == text


def test_no_character_is_cut(tokenizer: Tokenizer) -> None:
    """A character of four bytes in four tokens comes with the last of them."""
    ids = tokenizer.encode("👋").ids
    assert len(ids) > 1
    assert pieces(tokenizer, ids) == [*([""] * (len(ids) - 1)), "👋", ""]


def test_half_a_character_at_the_end_is_dropped(tokenizer: Tokenizer) -> None:
    """As when the answer may be no longer."""
    ids = tokenizer.encode("Hello 👋").ids
    assert "".join(pieces(tokenizer, ids[:-1])) == "Hello "


def test_special_tokens_say_nothing(tokenizer: Tokenizer) -> None:
    end = tokenizer.token_to_id("<|end|>")
    assert "".join(pieces(tokenizer, [*tokenizer.encode("days").ids, end])) == "days"


def test_how_much_is_decoded_again_does_not_grow(tokenizer: Tokenizer) -> None:
    """An answer of a thousand tokens costs a thousand small decodings."""
    longest = 0

    def decode(ids: Sequence[int]) -> str:
        nonlocal longest
        longest = max(longest, len(ids))
        return str(tokenizer.decode(list(ids)))

    written = Detokeniser(decode)
    for token in tokenizer.encode("one two 👋 three " * 200).ids:
        written.add(token)
    assert longest <= 10


def test_an_end_is_left_out_with_all_behind_it(tokenizer: Tokenizer) -> None:
    """Though it came in several tokens, and what comes before it looks like it."""
    ids = tokenizer.encode("It is.\nUse it.\nUser: why?\nUser: how?").ids
    assert "".join(pieces(tokenizer, ids, ("\nUser:",))) == "It is.\nUse it."


def test_the_beginning_of_an_end_that_does_not_come_is_said(tokenizer: Tokenizer) -> None:
    assert "".join(pieces(tokenizer, tokenizer.encode("It is.\nUse").ids, ("\nUser:",))) == "It is.\nUse"


def test_it_knows_that_an_end_was_written(tokenizer: Tokenizer) -> None:
    written = Detokeniser(tokenizer.decode, ("\nUser:",))
    said = [(written.add(token), written.ended) for token in tokenizer.encode("Yes.\nUser: no").ids]
    assert not said[0][1]
    assert said[-1][1]
