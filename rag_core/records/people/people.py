"""What is kept of one person: given to them, and forgotten.

What a person asked goes with the answers to it, the votes on these, and their reviews and escalations. What others asked
stays, without the person's votes, words and id. Whoever adds a table that names people adds it here, to export(), and to
rag_core.records.people.forgetting; ids that stand anywhere else are found by rag_core.records.people.erasing, which
looks at every table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag_core.errors import InvalidEntry
from rag_core.records.audit import ITSELF, note
from rag_core.records.database import transaction
from rag_core.records.exchange.removing import Removed, remove_from_files
from rag_core.records.people.forgetting import answered_by, asked_by, remove_person
from rag_core.records.people.pseudonyms import Pseudonyms
from rag_core.records.people.trained import trained_on
from rag_core.records.tables import (
    answers,
    audit_log,
    channel_settings,
    comparisons,
    escalations,
    exports,
    gaps,
    golden_questions,
    judgements,
    postings,
    reviews,
    runs,
    sessions,
    standard_answers,
    threads,
    users,
    vote_flags,
    votes,
)

__all__ = ["Forgotten", "People"]

_SECRET = {"password_hash", "digest", "csrf"}
"""Columns that are nobody's to read."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was removed or changed, and where; of a trial: what would be."""

    rows: Mapping[str, int]
    """In the database, by what they are."""
    files: tuple[Removed, ...] = ()
    """Rows of exports and data sets of this machine; also those that nothing was removed from."""
    unreachable: tuple[Removed, ...] = ()
    """Exports that somebody has to look after: on other machines, or not where they were written."""
    releases: tuple[str, ...] = ()
    """Whose models learned from rows of theirs: forgetting does not reach into a model. The next run learns without them."""

    @property
    def total(self) -> int:
        return sum(self.rows.values()) + sum(file.rows for file in self.files)


class _OnTrial(Exception):
    """Takes back what was done."""


@dataclass
class _Report:
    rows: dict[str, int] = field(default_factory=dict)


class People:
    """Of any platform. A person is known by the platform's id alone: nothing tells that two of them are one."""

    def __init__(self, database: AsyncEngine, home: Path | None = None, quorum: int = 1) -> None:
        """home: of the installation, whose data sets are looked at as well; None: the database and exports alone. quorum:
        votes.quorum of the settings, for reviews that others asked for as well."""
        self._database = database
        self._home = home
        self._quorum = quorum

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
        """As forget_all(): how many rows were removed or changed, by what they are; Nothing found is zeros.

        Raises:
            InvalidEntry: no person is named.
            Unavailable: the database does not work now; nothing was forgotten.
        """
        done = await self.forget_all(platform, user, request=request)
        return {**done.rows, "files": sum(file.rows for file in done.files)}

    async def forget_all(
        self, platform: str, user: str, *, request: str = "", by: str = ITSELF, dry_run: bool = False
    ) -> Forgotten:
        """Forget a person: in the database, all or nothing, and then in exports and data sets of this machine.

        request: the key of the delivery that asks for this; it is handled to its end, with which goes what it holds.
        by: who has it done, PLATFORM:USER. dry_run: change nothing, and tell what would be.

        A correction of theirs goes with the review that holds it. Standard answers stay: they are the team's own text. The
        audit log has it without the id: under a name made from it with the installation's key.

        Raises:
            InvalidEntry: no person is named.
            Unavailable: the database does not work now; nothing was forgotten.
        """
        _refuse_nobody(platform, user)
        names = await Pseudonyms.of(self._database)
        report = _Report()
        try:
            async with transaction(self._database) as connection:
                report.rows = await remove_person(connection, platform, user, request, self._quorum)
                if dry_run:
                    raise _OnTrial
                actor = "forgotten" if by == f"{platform}:{user}" else by
                subject = f"person:{names.name(platform, user)}"
                await note(connection, actor, "person.forget", subject, rows=_found(report.rows))
        except _OnTrial:
            pass
        files, unreachable = await remove_from_files(
            self._database, self._home, platform, user, names, dry_run=dry_run
        )
        return Forgotten(report.rows, files, unreachable, await trained_on(self._database, files))


def _found(rows: Mapping[str, int]) -> dict[str, int]:
    return {name: count for name, count in rows.items() if count}


def _refuse_nobody(platform: str, user: str) -> None:
    if not platform or not user:
        raise InvalidEntry(
            "user: without platform and id nobody is named; visitors without one are not told apart."
        )


def _kept_of(platform: str, user: str) -> dict[str, Select[Any]]:
    who = f"{platform}:{user}"
    account = select(users.c.id).where(users.c.identity == who)
    own = select(answers.c.id).where(asked_by(platform, user))
    return {
        "questions": select(answers).where(asked_by(platform, user)),
        "votes": select(votes).where(votes.c.platform == platform, votes.c.user_id == user),
        "vote_flags": select(vote_flags).where(
            vote_flags.c.platform == platform, vote_flags.c.user_id == user
        ),
        "escalations": select(escalations).where(
            escalations.c.platform == platform,
            or_(answered_by(user), escalations.c.user_id == user),
        ),
        "reviews_proposed": select(reviews).where(reviews.c.proposed_by == who),
        "reviews_decided": select(reviews).where(reviews.c.reviewer == who),
        "reviews_assigned": select(reviews.c.id, reviews.c.answer_id, reviews.c.assigned_at).where(
            reviews.c.assignee == who
        ),
        "standard_answers": select(standard_answers).where(standard_answers.c.author == who),
        "golden_questions": select(golden_questions).where(
            or_(golden_questions.c.author == who, golden_questions.c.from_answer.in_(own))
        ),
        "judgements": select(judgements).where(judgements.c.rater == who),
        "comparisons": select(comparisons).where(comparisons.c.created_by == who),
        "runs": select(runs.c.id, runs.c.kind, runs.c.started_at).where(runs.c.started_by == who),
        "gaps_changed": select(gaps.c.id, gaps.c.name, gaps.c.note).where(gaps.c.changed_by == who),
        "exports_made": select(exports).where(exports.c.made_by == who),
        "account": select(users).where(users.c.identity == who),
        "sessions": select(sessions).where(sessions.c.user_id.in_(account)),
        "audit_log": select(audit_log).where(audit_log.c.actor == who),
        "channel_settings": select(channel_settings).where(
            channel_settings.c.platform == platform, channel_settings.c.changed_by == user
        ),
        "threads_silenced": select(threads).where(
            threads.c.platform == platform, threads.c.silenced_by == user
        ),
        "postings": select(postings).where(postings.c.platform == platform, postings.c.user_id == user),
    }


async def _rows(connection: AsyncConnection, query: Select[Any]) -> list[dict[str, Any]]:
    found = (await connection.execute(query)).mappings().all()
    return [{name: _plain(value) for name, value in row.items() if name not in _SECRET} for row in found]


def _plain(value: Any) -> Any:
    """SQLite keeps no time zone; all times are UTC."""
    if not isinstance(value, datetime):
        return value
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
