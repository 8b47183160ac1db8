"""Messages -> the one text that a model without a chat template reads; text of others without control tokens. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from rag_core.generation.protocol import Message

__all__ = ["ENDS", "as_dialogue", "as_text", "inert", "without_system"]

ENDS = ("\nUser:", "\nSystem:")
"""Where a model that continues the dialogue goes over to another speaker, its answer is over."""
_SPEAKERS = {"system": "System", "user": "User", "assistant": "Assistant"}
_TEMPLATES = ("[INST]", "[/INST]", "<<SYS>>", "<</SYS>>")
"""Separators that some chat templates write as plain text."""
_BRACKETED = re.compile(r"[<\[].+[>\]]")
_GAP = "\u200b"


def as_dialogue(messages: Sequence[Message]) -> str:
    """For a causal model: the speakers' names before what they say, and the assistant's turn begun."""
    said = [f"{_SPEAKERS[m.role]}: {m.text.strip()}" for m in messages]
    return "\n\n".join([*said, "Assistant:"])


def as_text(messages: Sequence[Message]) -> str:
    """For a seq2seq model: the texts one below the other, as instruction-tuned ones (FLAN) were trained. Where the
    assistant spoke as well, with names."""
    if any(m.role == "assistant" for m in messages):
        return as_dialogue(messages)
    return "\n\n".join(m.text.strip() for m in messages)


def without_system(messages: Sequence[Message]) -> tuple[Message, ...]:
    """For templates that know no system message: it goes to the beginning of the first message of the user."""
    said = [m.text for m in messages if m.role == "system"]
    others = [m for m in messages if m.role != "system"]
    first = next((n for n, m in enumerate(others) if m.role == "user"), None)
    if first is None:
        return (Message("user", "\n\n".join(said)), *others)
    others[first] = Message("user", "\n\n".join([*said, others[first].text]))
    return tuple(others)


def inert(text: str, controls: Iterable[str]) -> str:
    """A text in which no control token stands: one written into a document would end its message and begin another.

    controls: the tokenizer's control tokens. Those in brackets are broken up by a space without width.
    """
    for token in {*controls, *_TEMPLATES}:
        if token in text and _BRACKETED.fullmatch(token):
            text = text.replace(token, token[0] + _GAP + token[1:])
    return text
