"""Answers as they were given, and what people said of them."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, Select, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag_core.errors import NotFound
from rag_core.messages import small_print
from rag_core.records.database import transaction
from rag_core.records.feedback.flags import follow_all
from rag_core.records.feedback.hygiene import hold_person, judge, raise_flags
from rag_core.records.feedback.wording import wording_of
from rag_core.records.reviews.reviews import follow_votes
from rag_core.records.tables import answer_documents, answers, votes
from rag_core.settings import Votes
from rag_core.types import Answer, Citation, Question, Vote

if TYPE_CHECKING:
    from rag_core.generation.protocol import Usage

__all__ = ["Feedback", "RecordedAnswer", "stages_ms"]

BATCH = 50
"""Answers written in one transaction: rows are prepared on the event loop, a quarter of a millisecond each."""
_Waiting = tuple[dict[str, Any], "asyncio.Future[None]"]
"""An answer's row, and what its asker waits for."""


@dataclass(frozen=True, slots=True)
class RecordedAnswer:
    """An answer as it was given, and where."""

    id: str
    question: str
    text: str
    citations: tuple[Citation, ...]
    platform: str
    workspace: str
    channel: str
    user: str
    thread: str
    created_at: datetime
    """UTC"""
    release: str
    confidence: float
    abstained: bool
    standalone: str = ""
    generator: str = ""
    notices: tuple[str, ...] = ()
    """Ids of messages: what its reader was told of how it came about."""

    def as_given(self, language: str) -> Answer:
        """The answer, to be shown once more: with all that is recorded of it, and its small print in this language."""
        return Answer(
            id=self.id,
            text=self.text,
            citations=self.citations,
            confidence=self.confidence,
            abstained=self.abstained,
            release=self.release,
            timings_ms={},
            standalone=self.standalone,
            generator=self.generator,
            notices=small_print(language, self.notices),
        )


class Feedback:
    def __init__(self, database: AsyncEngine, limits: Votes | None = None) -> None:
        """limits: which votes count; None: as they are by default."""
        self._database = database
        self._limits = limits or Votes()
        self._waiting: list[_Waiting] = []
        self._writing: asyncio.Task[None] | None = None

    async def record_answer(
        self,
        question: Question,
        answer: Answer,
        *,
        passages: list[dict[str, Any]],
        scopes: frozenset[str] | None,
        generation: int,
        generator_version: str = "",
        notices: Sequence[str] = (),
        usage: Usage | None = None,
        prompt_version: str = "",
        took_ms: float | None = None,
    ) -> None:
        """Keep an answer with all that produced it. Answers that are given at once are written at once: SQLite takes
        hundreds of transactions a second, and a thousand rows in one of them.

        passages: best first; their order is their rank. took_ms: from the question to the answer; None: all stages together.

        Raises:
            Unavailable: the database does not take them now.
        """
        who = question.principal
        values = {
            "id": answer.id,
            "created_at": datetime.now(UTC),
            "platform": who.platform,
            "workspace": question.asked_in,
            "channel": who.channel,
            "user_id": who.user,
            "thread": question.thread,
            "question": question.text,
            "answer": answer.text,
            "abstained": answer.abstained,
            "confidence": answer.confidence,
            "citations": [asdict(c) for c in answer.citations],
            "passages": passages,
            "scopes": None if scopes is None else sorted(scopes),
            "release": answer.release,
            "generation": generation,
            "timings_ms": answer.timings_ms,
            "standalone": answer.standalone,
            "generator": answer.generator,
            "generator_version": generator_version,
            "notices": list(notices),
            "prompt_tokens": usage.prompt if usage else None,
            "answer_tokens": usage.answer if usage else None,
            "cached": answer.cached,
            "prompt_version": prompt_version,
            "nearest": [asdict(c) for c in answer.nearest],
            "took_ms": stages_ms(answer.timings_ms) if took_ms is None else round(took_ms, 3),
            "wording": wording_of(answer.standalone or question.text),
        }
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((values, written))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        await written

    async def _write(self) -> None:
        """All that wait, in one transaction after the other."""
        while self._waiting:
            batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
            if len(batch) == 1 or not await self._written(batch):
                for (
                    one
                ) in batch:  # what the database will not take of one answer is no reason to lose the others
                    await self._written([one], last=True)

    async def _written(self, batch: list[_Waiting], last: bool = False) -> bool:
        """last: a failure is told to those who wait."""
        failure: Exception | None = None
        try:
            async with transaction(self._database) as connection:
                await connection.execute(insert(answers), [values for values, _ in batch])
                if cited := [row for values, _ in batch for row in _cited(values)]:
                    await connection.execute(insert(answer_documents), cited)
        except Exception as error:
            failure = error
        for written in (written for _, written in batch if not written.done()):
            if failure is None:
                written.set_result(None)
            elif last:
                written.set_exception(failure)
        return failure is None

    async def readable(
        self, answer_ids: Collection[str], scopes: frozenset[str] | None
    ) -> dict[str, tuple[str, ...]]:
        """Those of the answers that were made from nothing but what these scopes may read, with the titles of the documents
        that they cite, each once, in order."""
        query = select(answers.c.id, answers.c.scopes, answers.c.citations).where(
            answers.c.id.in_(list(answer_ids))
        )
        async with transaction(self._database) as connection:
            rows = (await connection.execute(query)).all()
        return {
            id: tuple(dict.fromkeys(citation["title"] for citation in cited))
            for id, read, cited in rows
            if scopes is None or (read is not None and scopes.issuperset(read))
        }

    async def answer(self, answer_id: str) -> RecordedAnswer:
        """
        Raises:
            NotFound: there is no answer of that id.
        """
        async with transaction(self._database) as connection:
            row = (await connection.execute(_given().where(answers.c.id == answer_id))).one_or_none()
        if row is None:
            raise NotFound(f"There is no answer {answer_id[:64]}.")
        return _recorded(row)

    async def recent_questions(self, platform: str, user: str, limit: int) -> list[RecordedAnswer]:
        """What a person asked last, with the answers; the newest first."""
        asked = (answers.c.platform == platform) & (answers.c.user_id == user)
        newest = _given().where(asked).order_by(answers.c.created_at.desc(), answers.c.id).limit(limit)
        async with transaction(self._database) as connection:
            return [_recorded(row) for row in (await connection.execute(newest)).all()]

    async def record_vote(self, vote: Vote) -> None:
        """The last vote of a person on an answer stands; value 0 takes it back. What was voted down, on whatever platform,
        waits for a person to look at it. Whether a vote counts is decided here (hygiene.py).

        Raises:
            NotFound: there is no answer of that id.
        """
        own = (
            (votes.c.answer_id == vote.answer)
            & (votes.c.platform == vote.platform)
            & (votes.c.user_id == vote.user)
        )
        async with transaction(self._database) as connection:
            await hold_person(connection, vote.platform, vote.user)
            # First of all a write: in SQLite, what is read from here on stays true until the end.
            taken = delete(votes).where(own).returning(votes.c.value, votes.c.excluded)
            before = (await connection.execute(taken)).one_or_none()
            # Locked, where the database locks rows, so that of two clicks at once one comes after the other.
            wanted = select(answers.c.generator, answers.c.citations).where(answers.c.id == vote.answer)
            answer = (await connection.execute(wanted.with_for_update())).one_or_none()
            if answer is None:
                raise NotFound(f"There is no answer {vote.answer[:64]}.")
            held = await self._cast(connection, vote, answer, before) if vote.value else set()
            await follow_votes(connection, vote.answer, self._limits.quorum)
        await follow_all(self._database, held, self._limits.quorum)

    async def _cast(self, connection: AsyncConnection, vote: Vote, answer: Any, before: Any) -> set[str]:
        """Ids of other answers that votes do not count of any more, because of this one."""
        now = datetime.now(UTC)
        excluded = await judge(connection, vote, answer, before, self._limits, now)
        await connection.execute(insert(votes).values({**_vote_row(vote, now), "excluded": excluded}))
        return await raise_flags(connection, vote, answer, self._limits, now)

    async def votes_on(self, answer_id: str) -> list[Vote]:
        async with transaction(self._database) as connection:
            rows = (
                (await connection.execute(select(votes).where(votes.c.answer_id == answer_id)))
                .mappings()
                .all()
            )
        return [
            Vote(
                r["answer_id"],
                r["platform"],
                r["user_id"],
                r["value"],
                r["reason"],
                r["comment"],
                r["correction"],
            )
            for r in rows
        ]


def stages_ms(timings_ms: Mapping[str, float]) -> float | None:
    """All stages together, without the recording, which is not known when it is recorded; None: there was none."""
    stages = [ms for stage, ms in timings_ms.items() if stage not in ("record", "total")]
    return round(sum(stages), 3) if stages else None


def _cited(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A passage's id ends in its number within the document: SOURCE/KEY#3."""
    named = dict.fromkeys(citation["passage"].rpartition("#")[0] for citation in values["citations"])
    day = values["created_at"].date().toordinal()
    return [{"answer_id": values["id"], "document": name, "day": day} for name in named if name]


def _given() -> Select[Any]:
    """In the order of RecordedAnswer."""
    c = answers.c
    place = (c.platform, c.workspace, c.channel, c.user_id, c.thread)
    return select(
        *(
            c.id,
            c.question,
            c.answer,
            c.citations,
            *place,
            c.created_at,
            c.release,
            c.confidence,
            c.abstained,
        ),
        *(c.standalone, c.generator, c.notices),
    )


def _recorded(row: Row[Any]) -> RecordedAnswer:
    values = dict(zip(RecordedAnswer.__slots__, row, strict=True))
    values["citations"] = tuple(Citation(**citation) for citation in values["citations"])
    values["notices"] = tuple(values["notices"] or ())
    if values["created_at"].tzinfo is None:  # SQLite keeps no time zone
        values["created_at"] = values["created_at"].replace(tzinfo=UTC)
    return RecordedAnswer(**values)


def _vote_row(vote: Vote, now: datetime) -> dict[str, Any]:
    values = asdict(vote)
    return {
        "answer_id": values.pop("answer"),
        "user_id": values.pop("user"),
        **values,
        "updated_at": now,
    }
