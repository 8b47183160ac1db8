"""What stands before a question in its conversation, as all chat platforms have it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rag_core.errors import NotFound
from rag_core.records.feedback.recording import Feedback
from rag_core.records.platforms.postings import Posting
from rag_core.types import Turn

__all__ = ["Conversation", "asked", "turns_of"]


@dataclass(frozen=True, slots=True)
class Conversation:
    """What stands before a message, oldest first."""

    turns: tuple[Turn, ...] = ()
    files: tuple[Mapping[str, Any], ...] = ()
    """Those that people gave with it, as the platform describes them."""
    last_by: str = ""
    """Who wrote last before it; '': nobody, or the bot."""
    replied: str = ""
    """What the message says that it replies to, where a person wrote that, and the platform has such replies."""


def asked(text: str, before: Conversation) -> tuple[str, tuple[Turn, ...]]:
    """The question and its turns: who mentions the bot without a word, in reply to a person or below what somebody said, has
    it answer that."""
    turns = before.turns
    if not text and before.replied:
        return before.replied, tuple(turn for turn in turns if turn.text != before.replied)
    if not text and turns and turns[-1].role == "user":
        return turns[-1].text, turns[:-1]
    return text, turns


async def turns_of(feedback: Feedback, posting: Posting) -> tuple[Turn, ...]:
    """What a message of ours stands for: the answer that it begins to show, as it was recorded; before it the question,
    where no message asks it, as with a command. None: it shows no answer, or its asker had it forgotten."""
    if posting.answer_id is None or posting.part or posting.kind != "answer":
        return ()
    try:
        answer = await feedback.answer(posting.answer_id)
    except NotFound:
        return ()
    question = () if posting.question_message else (Turn("user", answer.question),)
    # that nothing was found is nothing to follow up on
    given = () if answer.abstained else (Turn("assistant", answer.text, posting.answer_id),)
    return (*question, *given)
