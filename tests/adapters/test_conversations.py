"""What stands before a question."""

from __future__ import annotations

import pytest

from adapters.conversations import Conversation, asked
from rag_core.types import Turn

SAID, ANSWERED = Turn("user", "It is late."), Turn("assistant", "Within 30 days.", "a1")


@pytest.mark.parametrize(
    ("text", "before", "question", "turns"),
    [
        ("How long?", Conversation((SAID,), replied="It is late."), "How long?", (SAID,)),
        ("", Conversation((SAID, ANSWERED), replied="It is late."), "It is late.", (ANSWERED,)),
        ("", Conversation((ANSWERED, SAID)), "It is late.", (ANSWERED,)),
        ("", Conversation((SAID, ANSWERED)), "", (SAID, ANSWERED)),
        ("", Conversation(), "", ()),
    ],
)
def test_without_words_what_is_replied_to_or_stands_above_is_asked(
    text: str, before: Conversation, question: str, turns: tuple[Turn, ...]
) -> None:
    """If a person said it: what the bot answered is no question."""
    assert asked(text, before) == (question, turns)
