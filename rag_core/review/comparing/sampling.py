"""Questions that people really asked, chosen so that every platform and every outcome has its share."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from sqlalchemy import Text, and_, cast, func, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.records.database import transaction
from rag_core.records.tables import answers, votes

__all__ = ["DAYS", "Asked", "asked_lately", "stratified"]

DAYS = 30
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asked:
    answer_id: str
    platform: str
    question: str
    """Standing by itself: of a follow-up, as it was understood."""
    scopes: frozenset[str] | None
    """What its asker might read then; None: everything."""
    outcome: str
    """abstained, helpful or unhelpful by the votes that count, or unrated."""


async def asked_lately(database: AsyncEngine, now: datetime | None = None, days: int = DAYS) -> list[Asked]:
    """Of each wording the latest question, oldest first. Left out: what was read from files of a chat, which no release
    has, and what a standard answer answers, whatever the release."""
    since = (now or datetime.now(UTC)) - timedelta(days=days)
    c = answers.c
    counted = (
        select(votes.c.answer_id, func.sum(votes.c.value).label("balance"))
        .where(votes.c.excluded == "")
        .group_by(votes.c.answer_id)
        .subquery()
    )
    fits = and_(
        c.created_at >= since,
        c.wording != "",
        not_(c.generator.startswith("standard:")),
        or_(c.scopes.is_(None), not_(cast(c.scopes, Text).like('%"@%'))),
    )
    columns = (
        c.id,
        c.platform,
        c.question,
        c.standalone,
        c.scopes,
        c.abstained,
        c.wording,
        counted.c.balance,
    )
    query = select(*columns).outerjoin_from(answers, counted, counted.c.answer_id == c.id).where(fits)
    latest: dict[str, Asked] = {}
    async with transaction(database) as connection:
        for row in (await connection.execute(query.order_by(c.created_at, c.id))).all():
            id, platform, question, standalone, scopes, abstained, wording, balance = row
            readable = None if scopes is None else frozenset(scopes)
            outcome = _outcome(abstained, int(balance or 0))
            latest.pop(wording, None)
            latest[wording] = Asked(id, platform, standalone or question, readable, outcome)
    return list(latest.values())


def _outcome(abstained: bool, balance: int) -> str:
    if abstained:
        return "abstained"
    return "helpful" if balance > 0 else "unhelpful" if balance < 0 else "unrated"


def stratified(entries: Sequence[T], strata: Sequence[Hashable], n: int, seed: int) -> list[T]:
    """n of the entries, or all where there are fewer, in a random order that the seed decides.

    strata: of each entry. Each stratum has its share of the sample, rounded by largest remainders, and at least one entry
    while there is room for one of each: the sample looks like the whole, and what is rare is in it.
    """
    # S311: chance that can be repeated is what is wanted here
    drawn = random.Random(seed)  # noqa: S311
    members: dict[Hashable, list[T]] = defaultdict(list)
    for entry, stratum in zip(entries, strata, strict=True):
        members[stratum].append(entry)
    for group in members.values():
        drawn.shuffle(group)
    sizes = _shares({stratum: len(group) for stratum, group in members.items()}, min(n, len(entries)))
    chosen = [entry for stratum, group in members.items() for entry in group[: sizes[stratum]]]
    drawn.shuffle(chosen)
    return chosen


def _shares(sizes: dict[Hashable, int], n: int) -> dict[Hashable, int]:
    """How many of each stratum; n together, which is at most the sum of sizes."""
    total = sum(sizes.values())
    largest_first = sorted(sizes, key=lambda stratum: -sizes[stratum])
    shares = {stratum: int(rank < n) for rank, stratum in enumerate(largest_first)}
    for _ in range(n - sum(shares.values())):
        room = [stratum for stratum in largest_first if shares[stratum] < sizes[stratum]]
        shares[max(room, key=lambda s: sizes[s] * n / total - shares[s])] += 1
    return shares
