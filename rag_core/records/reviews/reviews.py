"""Answers that a person is to look at, and what was decided about each."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag_core.records.audit import note as note_in_log
from rag_core.records.database import transaction
from rag_core.records.inserting import insert_unless_there
from rag_core.records.reviews.appraising import IS_PENDING, appraise
from rag_core.records.reviews.value import split
from rag_core.records.tables import answers, reviews, votes
from rag_core.records.times import aware
from rag_core.types import Citation

__all__ = [
    "BY_VOTES",
    "FOUND_GOOD",
    "RESOLUTIONS",
    "SOURCES",
    "Resolution",
    "Review",
    "Reviews",
    "add_pending",
    "by_value",
    "follow_votes",
    "resolve",
]

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
FOUND_GOOD: tuple[Resolution, ...] = ("good_example", "no_fault")
"""By which an answer was right as it was given."""

SOURCES = ("vote", "escalation", "draft", "confidence", "disagreement", "person")
"""What brings an answer to reviewers. vote: it was voted down. escalation: a person was asked, or answered. draft: it was
edited before it was sent. confidence: several asked it, and it has no answer to rely on. disagreement: some voted for it
and some against. person: a reviewer put it there."""
BY_VOTES = ("vote", "disagreement")
"""Those that are over when the votes are taken back."""


@dataclass(frozen=True, slots=True)
class Review:
    id: str
    answer_id: str
    source: str
    """One of SOURCES: what brought it here last."""
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
    claimed_until: datetime | None
    """None: until it is decided or taken over."""
    route: str = ""
    """What kind of question it is, as records/reviews/routes.py has it; '': nobody said."""

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
        """Those that wait for a decision, the one that is worth most first."""
        return await self._where(reviews.c.state == "pending", limit, offset, by_value())

    async def count_pending(self, most: int | None = None) -> int:
        """most: where it is enough to know that there are so many; no more are counted."""
        some = select(reviews.c.state).where(reviews.c.state == "pending").limit(most).subquery()
        async with transaction(self._database) as connection:
            query = select(func.count()).select_from(some)
            return int(await connection.scalar(query) or 0)

    async def decide(
        self, id: str, resolution: Resolution, reviewer: str, correction: str = "", note: str = ""
    ) -> bool:
        """Whether this did it; False: it was decided before, or is none."""
        async with transaction(self._database) as connection:
            done = await resolve(connection, id, resolution, reviewer, correction, note)
            if done:
                await note_in_log(
                    connection, reviewer, "review.resolve", f"review:{id}", resolution=resolution
                )
            return done

    async def untold(self, platforms: Collection[str]) -> list[Review]:
        """Corrections of answers on these platforms that those concerned were not told of yet."""
        there = select(answers.c.id).where(answers.c.platform.in_(list(platforms)))
        return await self._where(
            and_(_corrected(), reviews.c.told_at.is_(None), reviews.c.answer_id.in_(there))
        )

    async def citations(self, id: str) -> tuple[Citation, ...]:
        """What the correction cites by number; none where it was written in a chat."""
        query = select(reviews.c.citations).where(reviews.c.id == id)
        async with transaction(self._database) as connection:
            return tuple(Citation(**one) for one in await connection.scalar(query) or ())

    async def told(self, id: str) -> None:
        async with transaction(self._database) as connection:
            await connection.execute(
                update(reviews).where(reviews.c.id == id).values(told_at=datetime.now(UTC))
            )

    async def _where(
        self, condition: Any, limit: int | None = None, offset: int = 0, order: Sequence[Any] = ()
    ) -> list[Review]:
        query = (
            select(*(reviews.c[name] for name in Review.__slots__))
            .where(condition)
            .order_by(*(order or (reviews.c.created_at, reviews.c.id)))
            .limit(limit)
            .offset(offset)
        )
        async with transaction(self._database) as connection:
            return [Review(*map(aware, row)) for row in (await connection.execute(query)).all()]


async def resolve(
    connection: AsyncConnection,
    id: str,
    resolution: Resolution,
    reviewer: str,
    correction: str = "",
    note: str = "",
) -> bool:
    """Reviews.decide, within a transaction of the caller, who writes the entry of the audit log."""
    decided = {"resolution": resolution, "reviewer": reviewer, "correction": correction, "note": note}
    changed = await connection.execute(
        update(reviews)
        .where(and_(reviews.c.id == id, reviews.c.state == "pending"))
        .values(**decided, state="resolved", decided_at=datetime.now(UTC))
    )
    return bool(changed.rowcount)


def by_value() -> tuple[Any, ...]:
    """The order of the queue: what is worth most first; of two worth the same the older one."""
    return (reviews.c.value.desc(), reviews.c.created_at, reviews.c.id)


async def follow_votes(connection: AsyncConnection, answer_id: str, quorum: int = 1) -> None:
    """Make what is pending what the votes on the answer say now: the latest correction is proposed; without votes against it
    that count and are newer than the last decision, nothing is pending because of votes. The answer's row is locked.

    quorum: how many people must have voted it down; a correction needs no quorum.
    """
    decided = await connection.scalar(
        select(func.max(reviews.c.decided_at)).where(reviews.c.answer_id == answer_id)
    )
    counted = (await connection.execute(_counted(answer_id, decided))).all()
    against = [vote for vote in counted if vote.value < 0]
    corrected = next((vote for vote in against if vote.correction), None)
    if not against or (corrected is None and len(against) < quorum):
        pending = and_(_pending(answer_id), reviews.c.source.in_(BY_VOTES))
        await connection.execute(delete(reviews).where(pending))
        await appraise(connection, [answer_id])
        return
    disagreed = corrected is None and split(len(counted) - len(against), len(against))
    text, by = (corrected.correction, f"{corrected.platform}:{corrected.user_id}") if corrected else ("", "")
    await _propose(connection, answer_id, "disagreement" if disagreed else "vote", text, by, keep=False)


async def add_pending(connection: AsyncConnection, answer_id: str, source: str, askers: int = 1) -> bool:
    """Have a person look at an answer, unless that is so already; whether this did it."""
    values = {"source": source, "proposed": "", "proposed_by": "", "askers": askers}
    done = await _insert(connection, answer_id, values)
    if done:
        await appraise(connection, [answer_id])
    return done


async def _propose(
    connection: AsyncConnection, answer_id: str, source: str, text: str, by: str, keep: bool = True
) -> None:
    """keep: what somebody proposed before stays where nothing is proposed now."""
    values = {"source": source, "proposed": text, "proposed_by": by}
    changed = {"source": source} if keep and not text else values
    replaced = _pending(answer_id)
    if source in BY_VOTES:
        replaced = and_(replaced, _gives_way_to_votes())
    done = (await connection.execute(update(reviews).where(replaced).values(**changed))).rowcount
    if not done:
        await _insert(connection, answer_id, values)
    await appraise(connection, [answer_id])


def _gives_way_to_votes() -> Any:
    """Only what votes said is replaced by votes: what a person answered, or wants looked at, weighs more."""
    empty = and_(reviews.c.proposed == "", reviews.c.source != "person")
    return or_(reviews.c.source.in_(BY_VOTES), empty)


async def _insert(connection: AsyncConnection, answer_id: str, values: dict[str, Any]) -> bool:
    if await connection.scalar(select(answers.c.id).where(answers.c.id == answer_id)) is None:
        return False
    new = {"id": secrets.token_hex(16), "answer_id": answer_id, "created_at": datetime.now(UTC), **values}
    unset = {"state": "pending", "resolution": "", "correction": "", "note": "", "reviewer": ""}
    made = await connection.execute(insert_unless_there(connection, reviews).values(**new, **unset))
    return bool(made.rowcount)


def _corrected() -> Any:
    return and_(reviews.c.state == "resolved", reviews.c.resolution == "corrected_answer")


def _pending(answer_id: str) -> Any:
    return and_(reviews.c.answer_id == answer_id, IS_PENDING)


def _counted(answer_id: str, since: datetime | None) -> Any:
    """Each vote on it that counts, the newest first."""
    c = votes.c
    found = and_(c.answer_id == answer_id, c.excluded == "")
    if since is not None:
        found = and_(found, c.updated_at > since)
    return select(c.platform, c.user_id, c.value, c.correction).where(found).order_by(c.updated_at.desc())
