"""Which message shows which answer, so that votes, edits and corrections find their way."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.records.database import transaction
from rag_core.records.tables import postings

__all__ = ["Posting", "Postings"]


@dataclass(frozen=True, slots=True)
class Posting:
    """A message of ours, by the platform's ids."""

    platform: str
    channel: str
    message: str
    workspace: str = ""
    thread: str = ""
    question_message: str = ""
    """What it answers; '' where that was no message, as with a command."""
    part: int = 0
    """Of a long answer, from 0."""
    kind: Literal["answer", "draft", "sent", "discarded", "notice"] = "answer"
    """A draft that was decided about is sent or discarded."""
    answer_id: str | None = None
    """None: a sentence in the place of an answer."""
    user_id: str = ""
    """Who asked."""


class Postings:
    def __init__(self, database: AsyncEngine) -> None:
        self._database = database

    async def record(self, rows: Sequence[Posting]) -> None:
        """Keep them, each in place of what was kept of the same message; also where who waits for it is cancelled meanwhile,
        who is so once they are kept: the messages are there."""
        if not rows:
            return
        recording = asyncio.create_task(self._record(rows))
        try:
            await asyncio.shield(recording)
        except asyncio.CancelledError:
            await asyncio.wait({recording})
            raise

    async def _record(self, rows: Sequence[Posting]) -> None:
        async with transaction(self._database) as connection:
            for row in rows:
                await connection.execute(delete(postings).where(_is(row.platform, row.channel, row.message)))
            now = datetime.now(UTC)
            await connection.execute(insert(postings), [{**asdict(row), "created_at": now} for row in rows])

    async def of_message(self, platform: str, channel: str, message: str) -> Posting | None:
        rows = await self._where(_is(platform, channel, message))
        return rows[0] if rows else None

    async def of_messages(self, platform: str, channel: str, messages: Collection[str]) -> dict[str, Posting]:
        """Those of the messages that are ours, by the platform's ids."""
        own = (postings.c.platform == platform) & (postings.c.channel == channel)
        rows = await self._where(own & postings.c.message.in_(list(messages))) if messages else []
        return {row.message: row for row in rows}

    async def of_question(self, platform: str, channel: str, question_message: str) -> list[Posting]:
        """What answers a message, part by part."""
        own = (postings.c.platform == platform) & (postings.c.channel == channel)
        return await self._where(own & (postings.c.question_message == question_message))

    async def of_thread(self, platform: str, channel: str, thread: str) -> list[Posting]:
        """What we said in a thread, oldest first."""
        own = (postings.c.platform == platform) & (postings.c.channel == channel)
        return await self._where(own & (postings.c.thread == thread))

    async def of_answer(self, answer_id: str) -> list[Posting]:
        """The messages that show an answer, part by part."""
        return await self._where(postings.c.answer_id == answer_id)

    async def direct_channels(self, platform: str, since: datetime, most: int) -> list[str]:
        """Of no workspace, where we said something since then; at most so many, the latest first."""
        own = (postings.c.platform == platform) & (postings.c.workspace == "")
        query = (
            select(postings.c.channel)
            .where(own & (postings.c.created_at >= since))
            .group_by(postings.c.channel)
            .order_by(func.max(postings.c.created_at).desc())
            .limit(most)
        )
        async with transaction(self._database) as connection:
            return list(await connection.scalars(query))

    async def drafts_for(self, platform: str, question_message: str) -> list[Posting]:
        """Messages that show an undecided answer to a message, wherever they stand."""
        drafts = (postings.c.platform == platform) & (postings.c.kind == "draft")
        return await self._where(drafts & (postings.c.question_message == question_message))

    async def change(self, row: Posting, **values: Any) -> None:
        """Set columns of one."""
        async with transaction(self._database) as connection:
            await connection.execute(
                update(postings).where(_is(row.platform, row.channel, row.message)).values(**values)
            )

    async def decide(self, platform: str, answer_id: str, kind: Literal["sent", "discarded"]) -> bool:
        """Settle what becomes of the drafts of an answer. Whether this did it; False: it was settled, or there are none."""
        drafts = (postings.c.platform == platform) & (postings.c.kind == "draft")
        async with transaction(self._database) as connection:
            changed = await connection.execute(
                update(postings).where(drafts & (postings.c.answer_id == answer_id)).values(kind=kind)
            )
        return bool(changed.rowcount)

    async def remove(self, platform: str, channel: str, message: str) -> None:
        """The message has gone."""
        async with transaction(self._database) as connection:
            await connection.execute(delete(postings).where(_is(platform, channel, message)))

    async def _where(self, condition: Any) -> list[Posting]:
        query = (
            select(*(postings.c[name] for name in Posting.__slots__))
            .where(condition)
            .order_by(postings.c.created_at, postings.c.part)
        )
        async with transaction(self._database) as connection:
            return [Posting(*row) for row in (await connection.execute(query)).all()]


def _is(platform: str, channel: str, message: str) -> Any:
    columns = postings.c
    return (columns.platform == platform) & (columns.channel == channel) & (columns.message == message)
