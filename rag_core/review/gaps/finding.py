"""Questions that were not answered well -> gaps."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import and_, case, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.bootstrap import Core
from rag_core.records.analytics.gaps import Found, Gaps
from rag_core.records.database import transaction
from rag_core.records.feedback.question_vectors import SCALE, QuestionVectors
from rag_core.records.reviews.reviews import FOUND_GOOD
from rag_core.records.tables import answers, reviews, votes
from rag_core.records.times import aware
from rag_core.review.gaps.clustering import clusters
from rag_core.review.gaps.naming import terms_of, typical_first

__all__ = ["DAYS", "MOST", "Asked", "find", "grouped", "unanswered"]

DAYS = 90
MOST = 10_000
"""Questions, the newest: 4 MB of vectors, and 64 MB while they are clustered."""
BATCH = 16
"""Questions embedded at a time, some 3 ms each: people who ask do not wait longer for a core."""
_LACKS = ("missing_document", "stale_document")


@dataclass(frozen=True, slots=True)
class Asked:
    answer: str
    text: str
    """As it was understood."""
    wording: str
    asker: tuple[str, str]
    at: datetime
    abstained: bool
    disliked: bool
    resolved: bool
    """A reviewer decided that a document is missing or stale."""


async def find(core: Core, database: AsyncEngine, told: Callable[[int, int], None] = lambda *_: None) -> int:
    """Look through what was asked in the last DAYS, and keep what is missing; how many gaps there are.

    told: is called with how many questions are embedded, and of how many.

    Raises:
        Unavailable: the database does not answer.
    """
    asked = await unanswered(database)

    async def embed(texts: Sequence[str]) -> list[NDArray[np.float32]]:
        return await core.compute.run(lambda: [core.embedder.embed_query(text) for text in texts])

    vectors = await _vectors(QuestionVectors(database, core.release.embedder), asked, embed, told)
    # In a thread of its own: it takes seconds, and questions wait for those of core.compute.
    found = await asyncio.to_thread(grouped, asked, vectors)
    await Gaps(database).replace(found)
    return len(found)


async def unanswered(database: AsyncEngine, now: datetime | None = None) -> list[Asked]:
    """Questions that were abstained from, voted down by a vote that counts, or resolved as lacking a document; of the last
    DAYS, the newest MOST, without what reviewers found no fault in."""
    a, v, r = answers.c, votes.c, reviews.c
    day = ((now or datetime.now(UTC)) - timedelta(days=DAYS)).date().toordinal()
    down = exists().where(and_(v.answer_id == a.id, v.value == -1, v.excluded == ""))
    lacks = exists().where(and_(r.answer_id == a.id, r.resolution.in_(_LACKS)))
    fine = exists().where(and_(r.answer_id == a.id, r.resolution.in_(FOUND_GOOD)))
    detour = a.generator.startswith("router:")  # nothing was searched for
    wanted = and_(a.day >= day, or_(a.abstained, down, lacks), ~fine, ~detour, a.wording != "")
    flags = [case((one, 1), else_=0) for one in (down, lacks)]
    query = select(
        a.id, a.question, a.standalone, a.wording, a.platform, a.user_id, a.created_at, a.abstained, *flags
    )
    newest = query.where(wanted).order_by(a.created_at.desc(), a.id).limit(MOST)
    async with transaction(database) as connection:
        rows = (await connection.execute(newest)).all()
    return [
        Asked(
            id, standalone or text, wording, (platform, user), aware(at), abstained, bool(bad), bool(lacking)
        )
        for id, text, standalone, wording, platform, user, at, abstained, bad, lacking in rows
    ]


def grouped(asked: Sequence[Asked], vectors: NDArray[np.float32]) -> list[Found]:
    """What several questions are about, or a reviewer said that a document lacks for. vectors: a row for each of them."""
    texts = [one.text for one in asked]
    found = [rows for rows in clusters(vectors) if len(rows) > 1 or asked[rows[0]].resolved]
    terms = terms_of([[texts[row] for row in rows] for rows in found])
    return [
        _found([asked[row] for row in typical_first(rows, vectors, texts)], of)
        for rows, of in zip(found, terms, strict=True)
    ]


def _found(asked: Sequence[Asked], terms: Sequence[str]) -> Found:
    return Found(
        terms=tuple(terms),
        answers=tuple(one.answer for one in asked),
        askers=len({one.asker for one in asked}),
        abstained=sum(one.abstained for one in asked),
        disliked=sum(one.disliked for one in asked),
        first_at=min(one.at for one in asked),
        last_at=max(one.at for one in asked),
    )


async def _vectors(
    kept: QuestionVectors,
    asked: Sequence[Asked],
    embed: Callable[[Sequence[str]], Awaitable[list[NDArray[np.float32]]]],
    told: Callable[[int, int], None],
) -> NDArray[np.float32]:
    """Those that are kept, and of each wording that has none a new one."""
    known = await kept.get([one.answer for one in asked])
    by_wording = {one.wording: known[one.answer] for one in asked if one.answer in known}
    missing = {one.wording: one for one in asked if one.wording not in by_wording}
    new = list(missing.values())
    for at in range(0, len(new), BATCH):
        told(at, len(new))
        some = new[at : at + BATCH]
        made = await embed([one.text for one in some])
        await kept.put({one.answer: vector for one, vector in zip(some, made, strict=True)})
        by_wording |= {
            one.wording: np.rint(vector * SCALE).astype(np.int8)
            for one, vector in zip(some, made, strict=True)
        }
    told(len(new), len(new))
    if not asked:
        return np.zeros((0, 1), np.float32)
    rows = np.stack([by_wording[one.wording] for one in asked]).astype(np.float32)
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6))
