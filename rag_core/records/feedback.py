"""Answers as they were given, and what people said of them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.errors import NotFound
from rag_core.records.database import answers, transaction, votes
from rag_core.types import Answer, Question, Vote

__all__ = ["Feedback"]


class Feedback:
    def __init__(self, database: AsyncEngine) -> None:
        self._database = database

    async def record_answer(
        self,
        question: Question,
        answer: Answer,
        *,
        passages: list[dict[str, Any]],
        scopes: frozenset[str] | None,
        generation: int,
    ) -> None:
        """Keep an answer with all that produced it."""
        who = question.principal
        values = {
            "id": answer.id,
            "created_at": datetime.now(UTC),
            "platform": who.platform,
            "workspace": who.workspace,
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
        }
        async with transaction(self._database) as connection:
            await connection.execute(insert(answers).values(values))

    async def record_vote(self, vote: Vote) -> None:
        """The last vote of a person on an answer stands; value 0 takes it back.

        Raises:
            NotFound: there is no answer of that id.
        """
        own = (
            (votes.c.answer_id == vote.answer)
            & (votes.c.platform == vote.platform)
            & (votes.c.user_id == vote.user)
        )
        async with transaction(self._database) as connection:
            # Locked, where the database locks rows, so that of two clicks at once one comes after the other.
            known = select(answers.c.id).where(answers.c.id == vote.answer).with_for_update()
            if await connection.scalar(known) is None:
                raise NotFound(f"There is no answer {vote.answer[:64]}.")
            await connection.execute(delete(votes).where(own))
            if vote.value:
                await connection.execute(insert(votes).values(_vote_row(vote)))

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


def _vote_row(vote: Vote) -> dict[str, Any]:
    values = asdict(vote)
    return {
        "answer_id": values.pop("answer"),
        "user_id": values.pop("user"),
        **values,
        "updated_at": datetime.now(UTC),
    }
