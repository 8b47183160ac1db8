"""What the bot says itself in place of an answer: that it found nothing, who may know, a word back to small talk."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from rag_core.answering import PERSON_ASKED, SMALL_TALK_MADE
from rag_core.cache import CachedAnswer
from rag_core.messages import listed, say
from rag_core.types import Attached, Question

__all__ = ["Saying", "Searched"]

Searched = Callable[[frozenset[str] | None], Awaitable[list[str]]]
"""Names of the sources that these scopes may read."""


class Saying:
    def __init__(self, searched: Searched, language: str = "", ask_person: str = "") -> None:
        """language: '': the asker's. ask_person: who may know; '': how to pass it on by a vote."""
        self._searched = searched
        self._language = language
        self._ask_person = ask_person

    def language_of(self, question: Question) -> str:
        """In which the bot's own sentences are."""
        return question.spoken or self._language or question.language

    async def text(
        self,
        made: CachedAnswer,
        language: str,
        scopes: frozenset[str] | None,
        attached: Sequence[Attached] = (),
    ) -> str:
        """Of the answer: its own, where it has one. scopes, attached: what was read for it."""
        if made.generator == SMALL_TALK_MADE:
            return say(language, "small-talk")
        if made.generator == PERSON_ASKED:
            return f"{say(language, 'for-a-person')} {self._person(language)}"
        return await self._abstention(made, language, scopes, attached) if made.abstained else made.text

    async def _abstention(
        self, made: CachedAnswer, language: str, scopes: frozenset[str] | None, attached: Sequence[Attached]
    ) -> str:
        """That nothing was found, where it was looked for, and who may know."""
        if "no-documents" in made.notices:
            return say(language, "no-documents")
        sources = [*(one.title for one in attached), *await self._searched(scopes)]
        searched = say(language, "searched", sources=listed(language, sources)) if sources else ""
        parts = (say(language, "not-found"), searched, self._person(language))
        return " ".join(part for part in parts if part)

    def _person(self, language: str) -> str:
        return self._ask_person or say(language, "ask-person")
