"""Answers that a person is to look at, and what was decided about each."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag_core.records.database import transaction
from rag_core.records.inserting import insert_unless_there
from rag_core.records.tables import answers, reviews, votes

__all__ = ["RESOLUTIONS", "Resolution", "Review", "Reviews", "follow_votes", "resolve"]

Resolution = Literal[
    "good_example",
    "right_passage",
    "wrong_passage",
    "corrected_answer",
    "missing_document",
    "stale_document",
    "no_fault",
]
RESOLUTIONS: tuple[Resolution, ...] = get_args(Resolution)
"""What a reviewer decides. good_example: the answer is right as it is. right_passage: these passages answer the question.
wrong_passage: these do not (hard negatives). corrected_answer: it should say this instead. missing_document: nothing says it
(a gap). stale_document: what was cited is out of date. no_fault: there is nothing to learn from it."""


@dataclass(frozen=True, slots=True)
class Review:
    id: str
    answer_id: str
    source: str
    """vote, escalation, draft, confidence, disagreement or person: what brought it here last."""
    proposed: str
    """An answer that somebody suggests; '': none."""
    proposed_by: str
    """PLATFORM:USER; '': nobody."""
    state: str
    """pending or resolved."""
    resolution: str
    """One of RESOLUTIONS; '': none yet."""
    correction: str
    """What the answer should be; '': as it is."""
    note: str
    reviewer: str
    """PLATFORM:USER; '': nobody yet."""
    created_at: datetime
    decided_at: datetime | None
    told_at: datetime | None
    """When it was seen to that those concerned are told of a correction."""
    value: float
    """What it is worth to look at it: the highest first."""
    askers: int
    """People who asked the same."""
    reason: str
    """Of the latest vote against it; '': none was given."""
    assignee: str
    """PLATFORM:USER who looks at it; '': nobody."""
    assigned_at: datetime | None

    @property
    def is_pending(self) -> bool:
        return self.state == "pending"


class Reviews:
    """An answer has at most one review that is pending."""

    def __init__(self, database: AsyncEngine) -> None:
        self._database = database

    async def propose(self, answer_id: str, source: str, proposed: str = "", proposed_by: str = "") -> None:
        """Have a person look at an answer. A text that is proposed takes the place of an earlier one. An answer that is not
        kept is not looked at."""
        async with transaction(self._database) as connection:
            await _propose(connection, answer_id, source, proposed, proposed_by)

    async def get(self, id: str) -> Review | None:
        found = await self._where(reviews.c.id == id)
        return found[0] if found else None

    async def pending(self, limit: int, offset: int = 0) -> list[Review]:
        """Those that wait for a decision, the oldest first."""
        return await self._where(reviews.c.state == "pending", limit, offset)

    async def count_pending(self) -> int:
        async with transaction(self._database) as connection:
            query = select(func.count()).select_from(reviews).where(reviews.c.state == "pending")
            return int(await connection.scalar(query) or 0)

    async def decide(
        self, id: str, resolution: Resolution, reviewer: str, correction: str = "", note: str = ""
    ) -> bool:
        """Whether this did it; False: it was decided before, or is none."""
        async with transaction(self._database) as connection:
            return await resolve(connection, id, resolution, reviewer, correction, note)

    async def untold(self, platforms: Collection[str]) -> list[Review]:
        """Corrections of answers on these platforms that those concerned were not told of yet."""
        there = select(answers.c.id).where(answers.c.platform.in_(list(platforms)))
        return await self._where(
            and_(_corrected(), reviews.c.told_at.is_(None), reviews.c.answer_id.in_(there))
        )

    async def told(self, id: str) -> None:
        async with transaction(self._database) as connection:
            await connection.execute(
                update(reviews).where(reviews.c.id == id).values(told_at=datetime.now(UTC))
            )

    async def _where(self, condition: Any, limit: int | None = None, offset: int = 0) -> list[Review]:
        query = (
            select(*(reviews.c[name] for name in Review.__slots__))
            .where(condition)
            .order_by(reviews.c.created_at, reviews.c.id)
            .limit(limit)
            .offset(offset)
        )
        async with transaction(self._database) as connection:
            return [Review(*map(_aware, row)) for row in (await connection.execute(query)).all()]


async def resolve(
    connection: AsyncConnection,
    id: str,
    resolution: Resolution,
    reviewer: str,
    correction: str = "",
    note: str = "",
) -> bool:
    """Reviews.decide, within a transaction of the caller."""
    decided = {"resolution": resolution, "reviewer": reviewer, "correction": correction, "note": note}
    changed = await connection.execute(
        update(reviews)
        .where(and_(reviews.c.id == id, reviews.c.state == "pending"))
        .values(**decided, state="resolved", decided_at=datetime.now(UTC))
    )
    return bool(changed.rowcount)


async def follow_votes(connection: AsyncConnection, answer_id: str) -> None:
    """Make what is pending what the votes against the answer say now: the latest correction is proposed; without a vote
    against it that is newer than the last decision, nothing is pending because of votes. The answer's row is locked."""
    decided = await connection.scalar(
        select(func.max(reviews.c.decided_at)).where(reviews.c.answer_id == answer_id)
    )
    against = (await connection.execute(_against(answer_id, decided))).all()
    if not against:
        pending = and_(_pending(answer_id), reviews.c.source == "vote")
        await connection.execute(delete(reviews).where(pending))
        return
    text, by = next(((c, f"{p}:{u}") for p, u, c in against if c), ("", ""))
    await _propose(connection, answer_id, "vote", text, by, keep=False)


async def _propose(
    connection: AsyncConnection, answer_id: str, source: str, text: str, by: str, keep: bool = True
) -> None:
    """keep: what somebody proposed before stays where nothing is proposed now."""
    values = {"source": source, "proposed": text, "proposed_by": by}
    changed = {"source": source} if keep and not text else values
    # Of votes only what votes said is replaced: what a person answered weighs more.
    replaced = _pending(answer_id)
    if source == "vote":
        replaced = and_(replaced, or_(reviews.c.source == "vote", reviews.c.proposed == ""))
    if (await connection.execute(update(reviews).where(replaced).values(**changed))).rowcount:
        return
    if await connection.scalar(select(answers.c.id).where(answers.c.id == answer_id)) is None:
        return
    new = {"id": secrets.token_hex(16), "answer_id": answer_id, "created_at": datetime.now(UTC), **values}
    unset = {"state": "pending", "resolution": "", "correction": "", "note": "", "reviewer": ""}
    await connection.execute(insert_unless_there(connection, reviews).values(**new, **unset))


def _corrected() -> Any:
    return and_(reviews.c.state == "resolved", reviews.c.resolution == "corrected_answer")


def _pending(answer_id: str) -> Any:
    return and_(reviews.c.answer_id == answer_id, reviews.c.state == "pending")


def _against(answer_id: str, since: datetime | None) -> Any:
    """Platform, user and correction of each vote against it, the newest first."""
    found = and_(votes.c.answer_id == answer_id, votes.c.value == -1)
    if since is not None:
        found = and_(found, votes.c.updated_at > since)
    return (
        select(votes.c.platform, votes.c.user_id, votes.c.correction)
        .where(found)
        .order_by(votes.c.updated_at.desc())
    )


def _aware(value: Any) -> Any:
    """SQLite keeps no time zone; all times are UTC."""
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value
