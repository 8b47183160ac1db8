"""What is kept of one person: given to them, and forgotten.

What a person asked goes with the answers to it, the votes on these, and their reviews and escalations. What others asked
stays, without the person's votes, words and id. Whoever adds a table that names people adds it here, to export() and to
forget(); ids that stand anywhere else are found by rag_core.records.erasing, which looks at every table.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, and_, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.sql.dml import Delete, Update

from rag_core.errors import InvalidEntry
from rag_core.records.database import transaction
from rag_core.records.erasing import FORGOTTEN, erase
from rag_core.records.tables import (
    answers,
    channel_settings,
    escalations,
    postings,
    reviews,
    standard_answers,
    threads,
    votes,
)

__all__ = ["People"]


class People:
    """Of any platform. A person is known by the platform's id alone: nothing tells that two of them are one."""

    def __init__(self, database: AsyncEngine) -> None:
        self._database = database

    async def export(self, platform: str, user: str) -> dict[str, Any]:
        """All that is kept of a person, as JSON holds it; times in ISO 8601, UTC.

        Raises:
            InvalidEntry: no person is named.
        """
        _refuse_nobody(platform, user)
        async with transaction(self._database) as connection:
            kept = {
                name: await _rows(connection, query.order_by(*query.selected_columns[:1]))
                for name, query in _kept_of(platform, user).items()
            }
        return {"platform": platform, "user": user, **kept}

    async def forget(self, platform: str, user: str, request: str = "") -> dict[str, int]:
        """Forget a person, all or nothing: how many rows were removed or changed, by what they are. Nothing found is zeros.

        request: the key of the delivery that asks for this; it is handled to its end, with which goes what it holds.

        A correction of theirs goes with the review that holds it. Standard answers stay: they are the team's own text.

        Raises:
            InvalidEntry: no person is named.
            Unavailable: the database does not work now; nothing was forgotten.
        """
        _refuse_nobody(platform, user)
        async with transaction(self._database) as connection:
            statements = _forgetting(platform, user).items()
            report = {name: (await connection.execute(one)).rowcount for name, one in statements}
            return report | await erase(connection, platform, user, request)


def _refuse_nobody(platform: str, user: str) -> None:
    if not platform or not user:
        raise InvalidEntry(
            "user: without platform and id nobody is named; visitors without one are not told apart."
        )


def _kept_of(platform: str, user: str) -> dict[str, Select[Any]]:
    who = f"{platform}:{user}"
    return {
        "questions": select(answers).where(_asked_by(platform, user)),
        "votes": select(votes).where(votes.c.platform == platform, votes.c.user_id == user),
        "escalations": select(escalations).where(
            escalations.c.platform == platform,
            or_(_answered_by(user), escalations.c.user_id == user),
        ),
        "reviews_proposed": select(reviews).where(reviews.c.proposed_by == who),
        "reviews_decided": select(reviews).where(reviews.c.reviewer == who),
        "channel_settings": select(channel_settings).where(
            channel_settings.c.platform == platform, channel_settings.c.changed_by == user
        ),
        "threads_silenced": select(threads).where(
            threads.c.platform == platform, threads.c.silenced_by == user
        ),
        "postings": select(postings).where(postings.c.platform == platform, postings.c.user_id == user),
    }


def _forgetting(platform: str, user: str) -> dict[str, Delete | Update]:
    """In an order in which nothing is missed: what is found by their answers goes before these, and pending reviews that
    only their vote asked for after the vote."""
    who, own = f"{platform}:{user}", select(answers.c.id).where(_asked_by(platform, user))
    against = select(votes.c.answer_id).where(votes.c.value == -1)
    return {
        "escalations": delete(escalations).where(
            or_(
                and_(escalations.c.platform == platform, escalations.c.user_id == user),
                escalations.c.answer_id.in_(own),
            )
        ),
        "escalations_resolved": update(escalations)
        .where(escalations.c.platform == platform, _answered_by(user))
        .values(resolved_by="", replied_by="", reply=""),
        "postings": update(postings)
        .where(or_(_posted_to(platform, user), postings.c.answer_id.in_(own)))
        .values(user_id="", answer_id=None),
        "votes_on_answers": delete(votes).where(votes.c.answer_id.in_(own)),
        "votes": delete(votes).where(votes.c.platform == platform, votes.c.user_id == user),
        "reviews": delete(reviews).where(or_(reviews.c.answer_id.in_(own), _their_correction(who))),
        "reviews_proposed": update(reviews)
        .where(reviews.c.proposed_by == who)
        .values(proposed_by="", proposed=""),
        "reviews_decided": update(reviews).where(reviews.c.reviewer == who).values(reviewer="", note=""),
        "reviews_pending": delete(reviews).where(
            reviews.c.state == "pending", reviews.c.source == "vote", reviews.c.answer_id.not_in(against)
        ),
        "standard_answers": update(standard_answers)
        .where(or_(standard_answers.c.author == who, standard_answers.c.from_answer.in_(own)))
        .values(author="", from_answer=""),
        "questions": delete(answers).where(_asked_by(platform, user)),
        "threads": update(threads)
        .where(threads.c.platform == platform, threads.c.silenced_by == user)
        .values(silenced_by=FORGOTTEN),  # '' would have follow-ups answered again
        "channel_settings": update(channel_settings)
        .where(channel_settings.c.platform == platform, channel_settings.c.changed_by == user)
        .values(changed_by=""),
    }


def _asked_by(platform: str, user: str) -> Any:
    return and_(answers.c.platform == platform, answers.c.user_id == user)


def _answered_by(user: str) -> Any:
    return or_(escalations.c.resolved_by == user, escalations.c.replied_by == user)


def _posted_to(platform: str, user: str) -> Any:
    return and_(postings.c.platform == platform, postings.c.user_id == user)


def _their_correction(who: str) -> Any:
    """They wrote it when they decided, or had proposed it word for word."""
    proposed = and_(reviews.c.proposed_by == who, reviews.c.proposed == reviews.c.correction)
    return and_(reviews.c.correction != "", or_(reviews.c.reviewer == who, proposed))


async def _rows(connection: AsyncConnection, query: Select[Any]) -> list[dict[str, Any]]:
    found = (await connection.execute(query)).mappings().all()
    return [{name: _plain(value) for name, value in row.items()} for row in found]


def _plain(value: Any) -> Any:
    """SQLite keeps no time zone; all times are UTC."""
    if not isinstance(value, datetime):
        return value
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
