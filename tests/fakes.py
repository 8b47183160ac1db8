"""Stand-ins that implement the protocols of the application, for tests that are about something else."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from rag_core.access import Access
from rag_core.errors import AnswerloopError
from rag_core.generation.protocol import Said, nothing
from rag_core.records.feedback.recording import Feedback
from rag_core.types import Answer, Attached, Citation, Passage, Place, Question, Vote

__all__ = ["FakeAssistant", "Written", "an_answer"]

HANDBOOK = Citation(
    number=1,
    title="Travel handbook",
    location="https://docs.example.com/travel#expenses",
    quote="Expenses are refunded within 30 days of the claim.",
    passage="p1",
    place="Expenses",
)


def an_answer(id: str = "a1", **fields: object) -> Answer:
    """An ordinary answer, with what the test cares about put in its place."""
    ordinary = Answer(
        id=id,
        text="Expenses are refunded within 30 days [1].",
        citations=(HANDBOOK,),
        confidence=0.91,
        abstained=False,
        release="r1",
        timings_ms={"search": 3.5, "total": 8.4},
    )
    return replace(ordinary, **fields)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Written:
    """An answer that is said while it is written."""

    texts: Sequence[str]
    """Each the whole text so far."""
    ending: Answer | Exception
    pause_s: float = 0.0
    """Before each text, and before the ending."""


class FakeAssistant:
    """Gives scripted answers and keeps what it was asked and told. Implements adapters.chat.Answerer.

    script: what each question gets in turn: an answer, an answer that is written bit by bit, or an error to raise. The
    last one repeats.
    """

    def __init__(self, script: Iterable[Answer | Written | Exception] = ()) -> None:
        self.script = list(script) or [an_answer()]
        self.cancelled = asyncio.Event()
        self.questions: list[Question] = []
        self.votes: list[Vote] = []
        self.refuse_votes: Exception | None = None
        self.files: dict[str, Attached] = {}
        """Those read, by id."""
        self.refuse_files: Exception | None = None
        self._given: set[str] = set()

    async def ask(self, question: Question, said: Said = nothing) -> Answer:
        self.questions.append(question)
        step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(step, Written):
            step = await self._write(step, said)
        if isinstance(step, Exception):
            raise step
        self._given.add(step.id)
        return step

    async def _write(self, step: Written, said: Said) -> Answer | Exception:
        try:
            for text in step.texts:
                await asyncio.sleep(step.pause_s)
                said(text)
            await asyncio.sleep(step.pause_s)
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return step.ending

    def known_file(self, id: str) -> Attached | None:
        return self.files.get(id)

    async def read_file(self, id: str, name: str, data: bytes, url: str) -> Attached:
        """Without reading anything: one passage, of the bytes as UTF-8."""
        if self.refuse_files:
            raise self.refuse_files
        text, document = data.decode("utf-8", "replace"), f"attached:{id}"
        passage = Passage(f"{document}#0", document, "attached", f"@{id}", name, (), text, url, Place())
        return self.files.setdefault(id, Attached(id, name, url, (passage,), release="r1"))

    async def vote(self, vote: Vote) -> None:
        if self.refuse_votes:
            raise self.refuse_votes
        if vote.answer not in self._given:
            raise AnswerloopError(f"There is no answer {vote.answer}.")
        self.votes.append(vote)


class RecordingAssistant(FakeAssistant):
    """Records what it answers, each answer with an id of its own, as the real one does."""

    def __init__(self, feedback: Feedback) -> None:
        super().__init__()
        self._feedback = feedback
        self.answers: list[Answer] = []
        self.read: list[str] = []
        """Names of the files that were read, as often as they were."""
        self.scopes: frozenset[str] | None = frozenset({"public"})
        """What its answers are made from; with access: what the asker may read."""
        self.access: Access | None = None
        self.notices: tuple[str, ...] = ()
        """Of its answers, by their ids."""

    async def ask(self, question: Question, said: Said = nothing) -> Answer:
        answer = await super().ask(question, said)
        if answer.id in {one.id for one in self.answers}:
            answer = replace(answer, id=f"{answer.id}-{len(self.answers)}")
        self.answers.append(answer)
        scopes = self.access.scopes_of(question.principal) if self.access else self.scopes
        await self._feedback.record_answer(
            question, answer, passages=[], scopes=scopes, generation=1, notices=self.notices
        )
        self._given.add(answer.id)
        return answer

    async def read_file(self, id: str, name: str, data: bytes, url: str) -> Attached:
        self.read.append(name)
        return await super().read_file(id, name, data, url)

    async def vote(self, vote: Vote) -> None:
        await super().vote(vote)
        await self._feedback.record_vote(vote)
