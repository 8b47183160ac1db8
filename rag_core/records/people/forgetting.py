"""What is removed and changed in the database when a person is forgotten, in an order in which nothing is missed."""

from __future__ import annotations

import re
import secrets
from typing import Any

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import Delete, Update

from rag_core.records.feedback.hygiene import hold_person
from rag_core.records.feedback.wording import wording_of
from rag_core.records.people.erasing import FORGOTTEN, erase
from rag_core.records.reviews.holding import hold
from rag_core.records.reviews.reviews import follow_votes
from rag_core.records.tables import (
    answers,
    audit_log,
    channel_settings,
    comparison_items,
    escalations,
    exports,
    gaps,
    golden_questions,
    judgements,
    postings,
    question_vectors,
    reviews,
    standard_answers,
    threads,
    users,
    vote_flags,
    votes,
)

__all__ = ["answered_by", "asked_by", "forget_gaps", "forget_golden", "remove_person"]

_WORD = re.compile(r"\w+")


async def remove_person(
    connection: AsyncConnection, platform: str, user: str, request: str = "", quorum: int = 1
) -> dict[str, int]:
    """How many rows were removed or changed, by what they are. request: as erase() takes it. quorum: as
    follow_votes() does."""
    await hold_person(connection, platform, user)
    voted_on = await _held(connection, platform, user)
    await hold(connection, _concerns(platform, user, voted_on))
    report = {
        "golden_questions": await forget_golden(connection, asked_by(platform, user))
        + await _forget_author(connection, f"{platform}:{user}"),
        "gaps": await forget_gaps(connection, asked_by(platform, user)),
    }
    for name, statement in _statements(platform, user).items():
        report[name] = (await connection.execute(statement)).rowcount
    report["reviews_pending"] = await _follow(connection, voted_on, quorum)
    return report | await erase(connection, platform, user, request)


def _statements(platform: str, user: str) -> dict[str, Delete | Update]:
    """What is found by their answers goes before these."""
    who, own = f"{platform}:{user}", select(answers.c.id).where(asked_by(platform, user))
    return {
        "escalations": delete(escalations).where(
            or_(
                and_(escalations.c.platform == platform, escalations.c.user_id == user),
                escalations.c.answer_id.in_(own),
            )
        ),
        "escalations_resolved": update(escalations)
        .where(escalations.c.platform == platform, answered_by(user))
        .values(resolved_by="", replied_by="", reply=""),
        "postings": update(postings)
        .where(or_(_posted_to(platform, user), postings.c.answer_id.in_(own)))
        .values(user_id="", answer_id=None),
        "votes_on_answers": delete(votes).where(votes.c.answer_id.in_(own)),
        "votes": delete(votes).where(votes.c.platform == platform, votes.c.user_id == user),
        "vote_flags": delete(vote_flags).where(
            vote_flags.c.platform == platform, vote_flags.c.user_id == user
        ),
        "reviews": delete(reviews).where(or_(reviews.c.answer_id.in_(own), _their_correction(who))),
        "reviews_proposed": update(reviews)
        .where(reviews.c.proposed_by == who)
        .values(proposed_by="", proposed=""),
        "reviews_decided": update(reviews).where(reviews.c.reviewer == who).values(reviewer="", note=""),
        "reviews_assigned": update(reviews)
        .where(reviews.c.assignee == who)
        .values(assignee="", assigned_at=None),
        "standard_answers": update(standard_answers)
        .where(or_(standard_answers.c.author == who, standard_answers.c.from_answer.in_(own)))
        .values(author="", from_answer=""),
        "comparison_items": delete(comparison_items).where(comparison_items.c.answer_id.in_(own)),
        # A name of its own each time: a second person forgotten may have judged the same.
        "judgements": update(judgements)
        .where(judgements.c.rater == who)
        .values(rater=f"{FORGOTTEN}:{secrets.token_hex(4)}"),
        "question_vectors": delete(question_vectors).where(question_vectors.c.answer_id.in_(own)),
        "questions": delete(answers).where(asked_by(platform, user)),
        "threads": update(threads)
        .where(threads.c.platform == platform, threads.c.silenced_by == user)
        .values(silenced_by=FORGOTTEN),  # '' would have follow-ups answered again
        "channel_settings": update(channel_settings)
        .where(channel_settings.c.platform == platform, channel_settings.c.changed_by == user)
        .values(changed_by=""),
        "accounts": delete(users).where(users.c.identity == who),  # and its sessions
        "audit_log": update(audit_log).where(audit_log.c.actor == who).values(actor=FORGOTTEN),
        "exports_made": update(exports).where(exports.c.made_by == who).values(made_by=FORGOTTEN),
    }


async def _held(connection: AsyncConnection, platform: str, user: str) -> list[str]:
    """Answers to others that they voted on. A write first, for SQLite; a lock, for PostgreSQL."""
    theirs = select(votes.c.answer_id).where(votes.c.platform == platform, votes.c.user_id == user)
    of_others = and_(answers.c.id.in_(theirs), ~asked_by(platform, user))
    held = update(answers).where(of_others).values(cached=answers.c.cached).returning(answers.c.id)
    return sorted(await connection.scalars(held))


async def _follow(connection: AsyncConnection, voted_on: list[str], quorum: int) -> int:
    """What waits of these is what the votes of the others say now; how many do not wait any more."""
    waiting = and_(reviews.c.answer_id.in_(voted_on), reviews.c.state == "pending")
    before = set(await connection.scalars(select(reviews.c.id).where(waiting)))
    for answer in voted_on:
        await follow_votes(connection, answer, quorum)
    return len(before - set(await connection.scalars(select(reviews.c.id).where(waiting))))


async def forget_golden(connection: AsyncConnection, forgotten: Any) -> int:
    """A golden question in the words of one that is forgotten goes; one that was worded anew is the team's, and stays. How
    many there were. forgotten: a condition on answers."""
    c = golden_questions.c
    asked = select(c.id, c.question, answers.c.question.label("was"), answers.c.standalone)
    made = asked.join_from(golden_questions, answers, c.from_answer == answers.c.id)
    rows = (await connection.execute(made.where(forgotten))).all()
    theirs = [r.id for r in rows if wording_of(r.question) in map(wording_of, (r.was, r.standalone))]
    if rows:
        await connection.execute(delete(golden_questions).where(c.id.in_(theirs)))
        ids = [row.id for row in rows]
        await connection.execute(update(golden_questions).where(c.id.in_(ids)).values(from_answer=""))
    return len(rows)


async def _forget_author(connection: AsyncConnection, who: str) -> int:
    authored = update(golden_questions).where(golden_questions.c.author == who).values(author=FORGOTTEN)
    return (await connection.execute(authored)).rowcount


async def forget_gaps(connection: AsyncConnection, forgotten: Any) -> int:
    """A gap loses the questions that are forgotten, and the words that only these had; one of these alone goes. How many
    changed. forgotten: a condition on answers."""
    own = select(answers.c.id, answers.c.question, answers.c.standalone).where(forgotten)
    asked = {row.id: f"{row.question} {row.standalone}" for row in (await connection.execute(own)).all()}
    changed = 0
    c = gaps.c
    for gap in (await connection.execute(select(c.id, c.name, c.terms, c.answers))).all() if asked else []:
        left = [id for id in gap.answers if id not in asked]
        if len(left) == len(gap.answers):
            continue
        changed += 1
        if not left:
            await connection.execute(delete(gaps).where(c.id == gap.id))
            continue
        others = select(answers.c.question, answers.c.standalone).where(answers.c.id.in_(left))
        spoken = {word for row in (await connection.execute(others)).all() for word in _words(*row)}
        heard = {word for id in set(gap.answers) & set(asked) for word in _words(asked[id])} - spoken
        terms = [term for term in gap.terms if not heard.intersection(_words(str(term)))]
        name = gap.name if not heard.intersection(_words(gap.name)) else ", ".join(map(str, terms))
        new = {"answers": left, "questions": len(left), "terms": terms, "name": name}
        await connection.execute(update(gaps).where(c.id == gap.id).values(new))
    return changed


def _words(*texts: str) -> set[str]:
    return {word for text in texts for word in _WORD.findall((text or "").casefold())}


def asked_by(platform: str, user: str) -> Any:
    return and_(answers.c.platform == platform, answers.c.user_id == user)


def answered_by(user: str) -> Any:
    return or_(escalations.c.resolved_by == user, escalations.c.replied_by == user)


def _posted_to(platform: str, user: str) -> Any:
    return and_(postings.c.platform == platform, postings.c.user_id == user)


def _concerns(platform: str, user: str, voted_on: list[str]) -> Any:
    """Reviews of their answers, of what they voted on, and those they had a part in."""
    who, r = f"{platform}:{user}", reviews.c
    own = select(answers.c.id).where(asked_by(platform, user))
    part = or_(r.proposed_by == who, r.reviewer == who, r.assignee == who)
    return or_(r.answer_id.in_(own), r.answer_id.in_(voted_on), part)


def _their_correction(who: str) -> Any:
    """They wrote it when they decided, or had proposed it word for word."""
    proposed = and_(reviews.c.proposed_by == who, reviews.c.proposed == reviews.c.correction)
    return and_(reviews.c.correction != "", or_(reviews.c.reviewer == who, proposed))
