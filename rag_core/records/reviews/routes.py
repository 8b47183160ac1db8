"""What kind of question it is, as reviewers say it: what the router learns from.

'answer': the documents are to be searched. 'small-talk': nothing is. 'person': only a person can help. Anything else is a
topic of the team's own, which is answered like any question.
"""

from __future__ import annotations

import re

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.errors import InvalidEntry
from rag_core.records.database import transaction
from rag_core.records.tables import reviews
from rag_core.routing import ANSWER, PERSON, SMALL_TALK

__all__ = ["LONGEST", "check_route", "is_route", "known_routes", "plain_route"]

LONGEST = 64
"""Characters."""
LOOKED_THROUGH = 1_000
"""Decisions, the latest, whose routes are suggested."""
SUGGESTED = 50
_ROUTE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def is_route(text: str) -> bool:
    """Whether it is lower-case words of letters and digits, joined by hyphens, and not too long."""
    return len(text) <= LONGEST and _ROUTE.fullmatch(text) is not None


def plain_route(text: str) -> str:
    """As it is kept: 'Travel costs' is 'travel-costs'."""
    return "-".join(text.lower().replace("-", " ").split())


def check_route(text: str) -> None:
    """
    Raises:
        InvalidEntry: it is none, and not '' either.
    """
    if text and not is_route(text):
        raise InvalidEntry(
            f"route: name the kind of question in up to {LONGEST} letters a to z, digits and hyphens, "
            "such as travel-costs."
        )


async def known_routes(database: AsyncEngine) -> list[str]:
    """Those that there always are, then the team's own, the most used lately first."""
    latest = (
        select(reviews.c.route)
        .where(reviews.c.decided_at.is_not(None))
        .order_by(reviews.c.decided_at.desc())
        .limit(LOOKED_THROUGH)
        .subquery()
    )
    query = select(latest.c.route).where(latest.c.route != "").group_by(latest.c.route)
    async with transaction(database) as connection:
        used = await connection.scalars(query.order_by(func.count().desc(), latest.c.route).limit(SUGGESTED))
        return list(dict.fromkeys([ANSWER, SMALL_TALK, PERSON, *used]))
