"""The flow that all platforms share: ask, and turn whatever happens into words for a person.

An adapter translates its platform's events into a Question or a Vote, calls Chat, and shows what comes back.
Nothing here knows a platform.
"""

from __future__ import annotations

import logging
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from typing import Protocol

from rag_core.errors import AnswerloopError, InvalidQuestion, Unavailable
from rag_core.generation.protocol import Said, nothing
from rag_core.messages import say
from rag_core.types import Answer, Question, Turn, Vote

__all__ = ["REASONS", "Answerer", "Chat", "Conversations", "Receipt", "Reply", "unsure", "written_by"]

log = logging.getLogger(__name__)

REASONS = {
    "wrong_sources": "reason-wrong-sources",
    "wrong_answer": "reason-wrong-answer",
    "out_of_date": "reason-out-of-date",
    "not_answered": "reason-not-answered",
    "other": "reason-other",
}
"""What can be wrong with an answer: the code that Vote.reason holds, and the message that says so to a person."""

_NOT_SURE_BELOW = 0.3
"""On the train splits of the calibration sets 4 to 20% of the right answers lie below."""
_LONGEST_TURN = 4_000
"""Characters of a turn that are remembered."""


class Answerer(Protocol):
    """What answers questions and records votes; rag_core.assistant.Assistant is the real one."""

    async def ask(self, question: Question, said: Said = nothing) -> Answer:
        """The answer, or an abstention. said: is told the text so far while it is written.

        Raises:
            InvalidQuestion: the asker must word the question differently.
            AnswerloopError: it cannot be answered now.
        """

    async def vote(self, vote: Vote) -> None:
        """Record the vote; the last one per person and answer counts.

        Raises:
            AnswerloopError: it could not be recorded, for instance because there is no such answer.
        """


@dataclass(frozen=True, slots=True)
class Reply:
    """What to show to the asker."""

    text: str
    """The answer's text, or the sentence that stands in its place."""
    answer: Answer | None = None
    """None: there is no answer, and text says why."""
    reference: str | None = None
    """Names the failure in the log. None without an answer: the question must be worded differently."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What to show to the voter."""

    text: str
    recorded: bool
    reference: str | None = None
    """Names the failure in the log. None where nothing was recorded: there is no such answer."""


class Chat:
    """Asks and votes on behalf of people, and never raises for anything that goes wrong on the way."""

    def __init__(self, assistant: Answerer, language: str = "") -> None:
        """language: of the bot's own sentences; '': that of each person."""
        self._assistant = assistant
        self._language = language

    def language(self, asked: str) -> str:
        """The language to speak to a person of this one, both as BCP 47 tags."""
        return self._language or asked

    async def answer(self, question: Question, said: Said = nothing) -> Reply:
        """The answer, or a sentence in its place. said: is told the text so far; what is returned replaces it."""
        language = question.spoken or self.language(question.language)
        try:
            answer = await self._assistant.ask(question, said)
        except InvalidQuestion as error:
            return Reply(say(language, error.message, **error.values) if error.message else str(error))
        except Exception:
            reference = _log_failure("A question", question.principal.platform)
            return Reply(say(language, "failed", reference=reference), reference=reference)
        return Reply(answer.text, answer)

    async def vote(self, vote: Vote, language: str = "") -> Receipt:
        """Record the vote and thank for it, or say that it could not be recorded. language: the voter's."""
        language = self.language(language)
        try:
            await self._assistant.vote(vote)
        except Exception as error:
            if isinstance(error, AnswerloopError) and not isinstance(error, Unavailable):
                log.info("A vote from %s was not recorded: %s", vote.platform, error)
                return Receipt(say(language, "vote-unknown"), recorded=False)
            reference = _log_failure("A vote", vote.platform)
            return Receipt(say(language, "vote-failed", reference=reference), False, reference)
        return Receipt(say(language, _thanks(vote)), recorded=True)


class Conversations:
    """The latest turns of the latest threads, for adapters whose platform keeps no history of its own."""

    def __init__(self, threads: int = 1000, turns: int = 20) -> None:
        self._threads = threads
        self._turns = turns
        self._kept: OrderedDict[str, tuple[Turn, ...]] = OrderedDict()

    def turns(self, thread: str) -> tuple[Turn, ...]:
        """What was said in the thread, oldest first."""
        if thread not in self._kept:
            return ()
        self._kept.move_to_end(thread)
        return self._kept[thread]

    def add(self, thread: str, question: str, answer: Answer) -> None:
        """Remember an exchange, forgetting the oldest turns and the threads that were quiet longest.

        Of an abstention the question alone: a follow-up may well be about what it named, but not about that nothing was
        found. A question that failed is not to be added: it will be asked again.
        """
        turns = (*self._kept.get(thread, ()), Turn("user", question[:_LONGEST_TURN]))
        if not answer.abstained:
            turns += (Turn("assistant", answer.text[:_LONGEST_TURN], answer.id),)
        self._kept[thread] = turns[-self._turns :]
        self._kept.move_to_end(thread)
        while len(self._kept) > self._threads:
            self._kept.popitem(last=False)


def unsure(answer: Answer) -> bool:
    """Whether a reader should be told to check this answer against its sources."""
    return not answer.abstained and answer.confidence < _NOT_SURE_BELOW


def written_by(answer: Answer) -> str:
    """The language model to name in small print, such as 'openai:gpt-4o-mini'; '' where none wrote the answer."""
    return answer.generator if answer.generator.startswith(("openai:", "local:")) else ""


def _thanks(vote: Vote) -> str:
    """The message that thanks for it."""
    if vote.value == 0:
        return "vote-taken-back"
    if vote.value == 1:
        return "vote-good"
    return "vote-explained" if vote.reason or vote.comment or vote.correction else "vote-bad"


def _log_failure(what: str, platform: str) -> str:
    """Log the exception being handled under a new reference, without what the person wrote."""
    reference = secrets.token_hex(3)
    log.exception("%s from %s failed (reference %s)", what, platform, reference)
    return reference
