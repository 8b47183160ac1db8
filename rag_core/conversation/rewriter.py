"""Rewrites with a language model where there is one, and by rules where there is none or where it fails."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from rag_core.conversation.prompt import MAX_TOKENS, question_in, write_rewriting
from rag_core.conversation.rules import (
    Standalone,
    clearly_stands_alone,
    is_social,
    says_something,
    stand_alone,
)
from rag_core.errors import InvalidQuestion, PromptTooLong, Unavailable
from rag_core.types import Turn

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from rag_core.generation.protocol import LanguageModel, Usage
    from rag_core.settings import Conversation

__all__ = ["Rewriter", "recent"]

LONGEST = 2_000
"""Characters of one turn that are looked at."""
TIMEOUT_S = 5.0
"""An answer must not wait longer for its question."""
LONGEST_REPLY = 2_000
"""Characters of a model's reply that are read."""
log = logging.getLogger(__name__)


class Rewriter:
    """Makes a question of its own from one that follows up on others."""

    def __init__(
        self, settings: Conversation, model: LanguageModel | None = None, timeout_s: float = TIMEOUT_S
    ) -> None:
        """model: rewrites follow-ups; None: rules alone. timeout_s: for the model's whole reply; no more than TIMEOUT_S."""
        self.turns = settings.turns
        self._always = settings.rewriter == "model"
        self._model = None if settings.rewriter == "rules" else model
        self._timeout_s = min(timeout_s, TIMEOUT_S)

    async def __call__(self, question: str, turns: Sequence[Turn]) -> Standalone:
        """turns: those before the question, oldest first; nothing else is read. A model that fails is no error: rules do it
        then."""
        if not any(turn.role == "user" for turn in turns) or is_social(question):
            return Standalone(question)
        if self._model is not None and (self._always or not clearly_stands_alone(question, turns)):
            written = await self._by_model(self._model, question, turns)
            if written is not None:
                return written
        return stand_alone(question, turns)

    async def _by_model(
        self, model: LanguageModel, question: str, turns: Sequence[Turn]
    ) -> Standalone | None:
        try:
            async with asyncio.timeout(self._timeout_s):
                reply = await _reply(model, question, turns)
            text = question_in(reply, question, turns)
        except TimeoutError:
            log.warning("%s did not rewrite a question within %g s", model.name, self._timeout_s)
            return None
        except (Unavailable, PromptTooLong, InvalidQuestion) as error:
            log.warning("%s did not rewrite a question: %s", model.name, error)
            return None
        if text is None:
            log.warning("%s rewrote a question into something that is none", model.name)
            return None
        if _words(text) == _words(question):
            return Standalone(question)
        return Standalone(text, True, question if says_something(question) else "")


async def _reply(model: LanguageModel, question: str, turns: Sequence[Turn]) -> str:
    messages = write_rewriting(question, turns, count=model.count, window=model.window)
    text = ""
    stream = cast("AsyncGenerator[str | Usage, None]", model.stream(messages, MAX_TOKENS))
    async with aclosing(stream) as pieces:
        async for piece in pieces:
            if isinstance(piece, str):
                text += piece
            if len(text) > LONGEST_REPLY:
                break
    return text


def _words(text: str) -> list[str]:
    return text.lower().strip(" ?!.").split()


def recent(turns: Sequence[Turn], most: int) -> tuple[Turn, ...]:
    """The latest turns, each cut to LONGEST characters, and without halves of surrogate pairs, which no tokenizer and no
    endpoint takes: a platform's text may be cut within an emoji."""
    kept = turns[-most:] if most else ()
    return tuple(replace(turn, text=_well_formed(turn.text[:LONGEST])) for turn in kept)


def _well_formed(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
