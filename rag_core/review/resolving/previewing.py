"""What the bot would answer now to what somebody asked before, as that person would see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag_core.access import EVERYTHING
from rag_core.assistant import OVER_EVERYTHING, Preview
from rag_core.records.reviews.items import GivenAnswer
from rag_core.running.active import ActiveRelease
from rag_core.types import Principal, Question

__all__ = ["Readable", "preview", "readable"]


@dataclass(frozen=True, slots=True)
class Readable:
    """What an asker might read of the documents."""

    scopes: frozenset[str] | None
    """None: everything."""
    files: bool
    """Whether files were given with the conversation, which nobody has any more."""


def readable(recorded: Sequence[str] | None) -> Readable:
    """recorded: with an answer, where the names of files stand beside the scopes."""
    if recorded is None:
        return Readable(EVERYTHING, False)
    files = {name for name in recorded if name.startswith("@")}
    if OVER_EVERYTHING in files:
        return Readable(EVERYTHING, True)
    return Readable(frozenset(recorded) - files, bool(files))


async def preview(assistant: ActiveRelease, given: GivenAnswer, text: str = "") -> Preview:
    """The same question asked now by the same person at the same place; a reviewer sees what that person would see, and
    never more.

    text: asked instead of the recorded question; '': that one, as it was understood.

    Raises:
        InvalidQuestion: there is nothing to search for.
        Unavailable: the index, the language model or the database does not work now.
    """
    asker = Principal(given.platform, given.user_id, given.workspace, given.channel)
    question = Question(text or given.asked, asker, given.thread)
    return await assistant.preview(question, readable(given.scopes).scopes)
