"""Flags of votes, for reviewers: what each is about, and what they decide. hygiene.py makes them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag_core.errors import Busy, NotFound
from rag_core.records.audit import mark_undone, note
from rag_core.records.database import transaction
from rag_core.records.feedback.hygiene import COUNTS, DAY, HELD, concerned, hold_person
from rag_core.records.reviews.reviews import follow_votes
from rag_core.records.tables import answers, audit_log, vote_flags, votes
from rag_core.settings import Votes

__all__ = ["Capped", "Flag", "FlaggedVote", "Flags", "follow_all"]

Decision = Literal["upheld", "dismissed"]
_f, _v = vote_flags.c, votes.c


@dataclass(frozen=True, slots=True)
class Flag:
    id: str
    kind: str
    """burst: many votes at once. document: one person against one document."""
    platform: str
    user_id: str
    document: str
    """Its id; '': of none in particular."""
    votes: int
    first_at: datetime
    last_at: datetime
    state: str
    """open, dismissed or upheld. Of what is open or upheld the votes do not count."""
    decided_by: str
    decided_at: datetime | None

    @property
    def person(self) -> str:
        """PLATFORM:USER"""
        return f"{self.platform}:{self.user_id}"


@dataclass(frozen=True, slots=True)
class FlaggedVote:
    answer_id: str
    value: int
    excluded: str
    at: datetime
    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Capped:
    """Somebody more of whose votes were kept than count."""

    person: str
    """PLATFORM:USER"""
    votes: int
    last_at: datetime


class Flags:
    def __init__(self, database: AsyncEngine, limits: Votes) -> None:
        self._database = database
        self._limits = limits

    async def open(self, limit: int = 100) -> list[Flag]:
        """Those that wait for a decision, the latest first."""
        return await self._where(_f.state == "open", limit)

    async def decided(self, limit: int = 20) -> list[Flag]:
        """The latest decision first."""
        return await self._where(_f.state != "open", limit, _f.decided_at.desc())

    async def get(self, id: str) -> Flag:
        """
        Raises:
            NotFound: there is none of that id.
        """
        if found := await self._where(_f.id == id, 1):
            return found[0]
        raise NotFound("There is no such flag; it may have been forgotten with its person.")

    async def votes_of(self, flag: Flag, limit: int = 50) -> list[FlaggedVote]:
        """What it is about, the latest first."""
        async with transaction(self._database) as connection:
            rows = (await concerned(connection, _mapping(flag)))[:limit]
            said = select(answers.c.id, answers.c.question, answers.c.answer)
            texts = said.where(answers.c.id.in_([row.answer_id for row in rows]))
            of = {id: (question, text) for id, question, text in (await connection.execute(texts)).all()}
        return [
            FlaggedVote(
                r.answer_id, r.value, r.excluded, _aware(r.updated_at), *of.get(r.answer_id, ("", ""))
            )
            for r in rows
        ]

    async def capped(self, since: datetime, limit: int = 50) -> list[Capped]:
        """Who voted more often than counts since then, the most first."""
        over = and_(_v.excluded == "cap", _v.updated_at >= since)
        count, last = func.count(), func.max(_v.updated_at)
        query = select(_v.platform, _v.user_id, count, last).where(over).group_by(_v.platform, _v.user_id)
        async with transaction(self._database) as connection:
            rows = (await connection.execute(query.order_by(count.desc(), _v.user_id).limit(limit))).all()
        return [Capped(f"{platform}:{user}", votes, _aware(at)) for platform, user, votes, at in rows]

    async def decide(self, id: str, decision: Decision, by: str) -> int:
        """Uphold it: its votes do not count, and reviews that only they asked for go. Or dismiss it: they count, within the
        cap, and ask for their reviews. The number of the entry in the audit log.

        Raises:
            NotFound: there is none of that id.
            Busy: somebody decided before.
        """
        flag = await self.get(id)
        async with transaction(self._database) as connection:
            await hold_person(connection, flag.platform, flag.user_id)
            done = {"state": decision, "decided_by": by, "decided_at": datetime.now(UTC)}
            if not await self._set(connection, flag, "open", done):
                raise Busy("Somebody decided this flag already; reload the page.")
            changed = await self._reckon(connection, flag, decision)
            action = f"flag.{'uphold' if decision == 'upheld' else 'dismiss'}"
            number = await note(connection, by, action, f"flag:{id}", kind=flag.kind, votes=len(changed))
        await follow_all(self._database, changed, self._limits.quorum)
        return number

    async def undo(self, id: str, by: str) -> int:
        """Open it again: its votes are held back as before the decision. The number of the entry in the audit log.

        Raises:
            NotFound: there is none of that id.
            Busy: it is open.
        """
        flag = await self.get(id)
        async with transaction(self._database) as connection:
            await hold_person(connection, flag.platform, flag.user_id)
            if not await self._set(connection, flag, flag.state, _OPEN) or flag.state == "open":
                raise Busy("This flag is open already; reload the page.")
            changed = await self._reckon(connection, flag, "open")
            number = await note(
                connection, by, "flag.reopen", f"flag:{id}", was=flag.state, votes=len(changed)
            )
            await _undone(connection, f"flag:{id}", number)
        await follow_all(self._database, changed, self._limits.quorum)
        return number

    async def _set(
        self, connection: AsyncConnection, flag: Flag, state: str, values: Mapping[str, Any]
    ) -> bool:
        as_known = and_(_f.id == flag.id, _f.state == state)
        return bool((await connection.execute(update(vote_flags).where(as_known).values(values))).rowcount)

    async def _reckon(self, connection: AsyncConnection, flag: Flag, state: str) -> set[str]:
        """Make what the person's votes count as what all their flags say now; ids of the answers that this changes for."""
        was = {row.answer_id for row in await concerned(connection, _mapping(flag))}
        mine = and_(_f.platform == flag.platform, _f.user_id == flag.user_id, _f.state != "dismissed")
        held: set[str] = set()
        for other in (await connection.execute(select(vote_flags).where(mine))).mappings().all():
            held |= {row.answer_id for row in await concerned(connection, dict(other))}
        own = and_(_v.platform == flag.platform, _v.user_id == flag.user_id)
        query = select(_v.answer_id, _v.excluded, _v.updated_at).where(own).order_by(_v.updated_at)
        said = self._excluded((await connection.execute(query)).all(), held)
        for excluded in (COUNTS, HELD, "cap"):
            ids = [id for id, new in said.items() if new == excluded]
            if ids:
                change = update(votes).where(own, _v.answer_id.in_(ids)).values(excluded=excluded)
                await connection.execute(change)
        return set(said) | (was if state == "upheld" else set())

    def _excluded(self, rows: Sequence[Any], held: set[str]) -> dict[str, str]:
        """Of each vote that changes, by its answer. What is not held back any more counts within the cap of its day."""
        said: dict[str, str] = {}
        counted: deque[datetime] = deque()
        for row in rows:
            at = _aware(row.updated_at)
            while counted and counted[0] < at - DAY:
                counted.popleft()
            new = row.excluded
            if row.answer_id in held and new in (COUNTS, HELD):
                new = HELD
            elif new == HELD:
                new = COUNTS if len(counted) < self._limits.per_day else "cap"
            if new == COUNTS:
                counted.append(at)
            if new != row.excluded:
                said[row.answer_id] = new
        return said

    async def _where(self, condition: Any, limit: int, order: Any = None) -> list[Flag]:
        query = select(*(vote_flags.c[name] for name in Flag.__slots__)).where(condition)
        latest = query.order_by(_f.last_at.desc() if order is None else order, _f.id).limit(limit)
        async with transaction(self._database) as connection:
            return [Flag(*map(_aware, row)) for row in (await connection.execute(latest)).all()]


_OPEN = {"state": "open", "decided_by": "", "decided_at": None}


async def follow_all(database: AsyncEngine, answer_ids: Iterable[str], quorum: int) -> None:
    """Make what is pending of these answers what the votes that count say, each in a transaction of its own: none waits
    for two answers at once."""
    for id in sorted(answer_ids):
        async with transaction(database) as connection:
            # A write first, for SQLite; a lock, for PostgreSQL.
            known = update(answers).where(answers.c.id == id).values(cached=answers.c.cached)
            if (await connection.execute(known)).rowcount:
                await follow_votes(connection, id, quorum)


async def _undone(connection: AsyncConnection, subject: str, by: int) -> None:
    c = audit_log.c
    decisions = and_(c.subject == subject, c.action.in_(("flag.uphold", "flag.dismiss")))
    latest = select(c.number).where(decisions).order_by(c.number.desc()).limit(1)
    if (number := await connection.scalar(latest)) is not None:
        await mark_undone(connection, number, by)


def _mapping(flag: Flag) -> dict[str, Any]:
    return {name: getattr(flag, name) for name in Flag.__slots__}


def _aware(value: Any) -> Any:
    """SQLite keeps no time zone; all times are UTC."""
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value
