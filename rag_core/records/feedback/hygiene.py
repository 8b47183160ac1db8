"""Which votes count, decided when they are recorded; and flags: what looks like somebody trying to move things by votes.

A vote that does not count is kept with the reason in `excluded`. A flag holds back the votes that it concerns until a
reviewer dismisses it (flags.py): nothing follows from them before a person has looked.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from rag_core.records.tables import answers, reviews, standard_answers, vote_flags, votes
from rag_core.settings import Votes, duration_s
from rag_core.types import Vote

__all__ = ["COUNTS", "DAY", "HELD", "cited_documents", "concerned", "hold_person", "judge", "raise_flags"]

DAY = timedelta(hours=24)
COUNTS = ""
"""What `excluded` says of a vote that counts."""
HELD = "flag"
LOOKED_AT = 200
"""The latest votes of a person among which those against one document are counted."""
STANDARD = "standard:"
_STANDING = ("open", "upheld")
_v, _f = votes.c, vote_flags.c


async def hold_person(connection: AsyncConnection, platform: str, user: str) -> None:
    """Of two votes of one person at once, one is judged after the other. SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        digest = hashlib.sha256(f"vote:{platform}:{user}".encode("utf-8", "replace")).digest()
        key = int.from_bytes(digest[:8], "big", signed=True)
        await connection.execute(select(func.pg_advisory_xact_lock(key)))


async def judge(
    connection: AsyncConnection, vote: Vote, answer: Any, before: Any, limits: Votes, now: datetime
) -> str:
    """What the vote's `excluded` is to be: COUNTS, or why it does not: own, flag or cap.

    answer: its row. before: what stood in the place of this vote (value and excluded); None: nothing did.
    """
    if await _is_own(connection, vote, answer):
        return "own"
    if await _is_flagged(connection, vote, answer):
        return HELD
    if before is not None and before.value == vote.value and before.excluded == COUNTS:
        return COUNTS  # the same vote with a reason or a comment is no other one
    return "cap" if await _counted(connection, vote, now - DAY) >= limits.per_day else COUNTS


async def _is_own(connection: AsyncConnection, vote: Vote, answer: Any) -> bool:
    """Whether the voter wrote what the answer says. Who asked did not."""
    if not answer.generator.startswith(STANDARD):
        return False
    c, who = standard_answers.c, f"{vote.platform}:{vote.user}"
    query = select(c.author, c.from_answer).where(c.id == answer.generator.removeprefix(STANDARD))
    standard = (await connection.execute(query)).one_or_none()
    if standard is None:
        return False
    if standard.author == who:
        return True
    if not standard.from_answer:
        return False
    r = reviews.c
    proposed = and_(r.proposed_by == who, r.proposed != "")
    wrote = and_(r.correction != "", or_(r.reviewer == who, proposed))
    found = select(r.id).where(r.answer_id == standard.from_answer, r.state == "resolved", wrote).limit(1)
    return await connection.scalar(found) is not None


async def _is_flagged(connection: AsyncConnection, vote: Vote, answer: Any) -> bool:
    """A burst that was upheld is of the person: none of their votes counts. What is against a document holds back votes
    against answers that cite it, from the beginning of the flag."""
    standing = and_(_f.platform == vote.platform, _f.user_id == vote.user, _f.state.in_(_STANDING))
    flags = (await connection.execute(select(_f.kind, _f.document, _f.state).where(standing))).all()
    if any(flag.kind == "burst" and flag.state == "upheld" for flag in flags):
        return True
    against = {flag.document for flag in flags if flag.kind == "document"}
    return bool(vote.value < 0 and against & cited_documents(answer.citations))


async def _counted(connection: AsyncConnection, vote: Vote, since: datetime) -> int:
    """Votes of that person on other answers that count and were cast since then."""
    own = and_(_v.platform == vote.platform, _v.user_id == vote.user)
    others = and_(own, _v.updated_at >= since, _v.answer_id != vote.answer, _v.excluded == COUNTS)
    return int(await connection.scalar(select(func.count()).select_from(votes).where(others)) or 0)


async def raise_flags(
    connection: AsyncConnection, vote: Vote, answer: Any, limits: Votes, now: datetime
) -> set[str]:
    """Make or renew the flags that this vote, which is recorded, brings about, and hold back what they concern: ids of the
    answers that other votes were held back of."""
    held: set[str] = set()
    if flag := await _burst(connection, vote, limits, now):
        held |= await _hold(connection, flag)
    if vote.value < 0:
        for flag in await _against_documents(
            connection, vote, cited_documents(answer.citations), limits, now
        ):
            held |= await _hold(connection, flag)
    return held - {vote.answer}


async def _burst(
    connection: AsyncConnection, vote: Vote, limits: Votes, now: datetime
) -> Mapping[str, Any] | None:
    within = timedelta(seconds=duration_s(limits.burst_within))
    own = and_(_v.platform == vote.platform, _v.user_id == vote.user, _v.updated_at >= now - within)
    cast, first = (await connection.execute(select(func.count(), func.min(_v.updated_at)).where(own))).one()
    if cast < limits.burst:
        return None
    latest = await _latest(connection, vote, "burst", "")
    goes_on = latest is not None and _aware(latest["last_at"]) >= now - within
    if latest is None or not goes_on:
        return await _new(connection, vote, "burst", "", cast, _aware(first), now)
    since = and_(_v.platform == vote.platform, _v.user_id == vote.user, _v.updated_at >= latest["first_at"])
    total = int(await connection.scalar(select(func.count()).select_from(votes).where(since)) or 0)
    return await _renewed(connection, latest, total, now)


async def _against_documents(
    connection: AsyncConnection, vote: Vote, cited: set[str], limits: Votes, now: datetime
) -> list[Mapping[str, Any]]:
    if not cited:
        return []
    own = and_(_v.platform == vote.platform, _v.user_id == vote.user, _v.value == -1)
    latest = select(answers.c.citations, _v.updated_at).join_from(votes, answers).where(own)
    rows = (await connection.execute(latest.order_by(_v.updated_at.desc()).limit(LOOKED_AT))).all()
    counts: Counter[str] = Counter()
    first: dict[str, datetime] = {}
    for citations, at in rows:
        for document in cited & cited_documents(citations):
            counts[document] += 1
            first[document] = _aware(at)
    flags = []
    for document, count in sorted(counts.items()):
        if count < limits.per_document:
            continue
        known = await _latest(connection, vote, "document", document)
        # Once dismissed, it takes as many votes more.
        dismissed = known is not None and known["state"] == "dismissed"
        if known is None or (dismissed and count >= known["votes"] + limits.per_document):
            flags.append(await _new(connection, vote, "document", document, count, first[document], now))
        elif not dismissed:
            flags.append(await _renewed(connection, known, count, now))
    return flags


async def _latest(
    connection: AsyncConnection, vote: Vote, kind: str, document: str
) -> Mapping[str, Any] | None:
    of = and_(_f.platform == vote.platform, _f.user_id == vote.user, _f.kind == kind, _f.document == document)
    query = select(vote_flags).where(of).order_by(_f.last_at.desc(), _f.id).limit(1)
    row = (await connection.execute(query)).mappings().one_or_none()
    return dict(row) if row is not None else None


async def _new(
    connection: AsyncConnection,
    vote: Vote,
    kind: str,
    document: str,
    count: int,
    first: datetime,
    now: datetime,
) -> Mapping[str, Any]:
    row: dict[str, Any] = {
        "id": secrets.token_hex(16),
        "kind": kind,
        "platform": vote.platform,
        "user_id": vote.user,
        "document": document,
        "votes": count,
        "first_at": first,
        "last_at": now,
        "state": "open",
        "decided_by": "",
    }
    await connection.execute(insert(vote_flags).values(row))
    return row


async def _renewed(
    connection: AsyncConnection, flag: Mapping[str, Any], count: int, now: datetime
) -> Mapping[str, Any]:
    changed = {"votes": max(count, flag["votes"]), "last_at": now}
    await connection.execute(update(vote_flags).where(_f.id == flag["id"]).values(changed))
    return {**flag, **changed}


async def _hold(connection: AsyncConnection, flag: Mapping[str, Any]) -> set[str]:
    """A flag that is open or upheld: what it concerns does not count any more. Ids of the answers."""
    if flag["state"] not in _STANDING:
        return set()
    ids = [row.answer_id for row in await concerned(connection, flag) if row.excluded == COUNTS]
    if ids:
        own = and_(_v.platform == flag["platform"], _v.user_id == flag["user_id"], _v.answer_id.in_(ids))
        await connection.execute(update(votes).where(own).values(excluded=HELD))
    return set(ids)


async def concerned(connection: AsyncConnection, flag: Mapping[str, Any]) -> list[Any]:
    """answer_id, value, excluded, updated_at of the votes that a flag is about, the newest first: of a burst those of
    its span (all since, once it is upheld), else those against the document."""
    own = and_(_v.platform == flag["platform"], _v.user_id == flag["user_id"])
    wanted = select(_v.answer_id, _v.value, _v.excluded, _v.updated_at, answers.c.citations)
    newest = wanted.join_from(votes, answers).order_by(_v.updated_at.desc(), _v.answer_id)
    if flag["kind"] == "burst":
        span = [_v.updated_at >= flag["first_at"]]
        if flag["state"] != "upheld":
            span.append(_v.updated_at <= flag["last_at"])
        return list((await connection.execute(newest.where(own, *span))).all())
    found = (await connection.execute(newest.where(own, _v.value == -1))).all()
    return [row for row in found if flag["document"] in cited_documents(row.citations)]


def cited_documents(citations: Iterable[Mapping[str, Any]]) -> set[str]:
    """Ids of the documents that the citations of an answer are from."""
    return {document for c in citations if (document := str(c.get("passage", "")).rpartition("#")[0])}


def _aware(time: Any) -> datetime:
    """SQLite keeps no time zone, and an aggregate of it is text; all times are UTC."""
    made = datetime.fromisoformat(time) if isinstance(time, str) else time
    return made if made.tzinfo else made.replace(tzinfo=UTC)
