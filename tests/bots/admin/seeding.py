"""A month of a small company's questions about the example documents: for pages that are looked at with something on them.

    await seed(pages.database, pages.assistant)

Questions are answered by the real release, votes recorded by the real code; only the times are moved into the past.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.records.database import transaction
from rag_core.records.platforms.escalations import Escalation, Escalations, escalation_id
from rag_core.records.reviews.reviews import Resolution, Reviews
from rag_core.records.tables import answer_documents, answers, escalations, reviews, votes
from rag_core.review.gaps.finding import find
from rag_core.running.active import ActiveRelease
from rag_core.types import Answer, Principal, Question, Vote

__all__ = ["HOSTILE", "PEOPLE", "Seeded", "seed"]

PEOPLE: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "slack": (
        ("U024BE7LH", "U03ANNA01", "U04BEN002", "U05CARLA3", "U06DIEGO4", "U07EWA005"),
        ("C-ASK", "C-SUPPORT", "C-ENG"),
    ),
    "discord": (("80351110224678912", "80351110224678999", "80351110224670001"), ("9001", "9002")),
    "web": (("w-5f1c", "w-77aa", "w-90de"), ("chat",)),
}
"""Users and channels of each platform."""
COMMON = (
    "What am I paid for a week as primary?",
    "How many days of annual leave do I have?",
    "By when do I have to hand in my travel claim?",
    "How do I roll back a deployment?",
    "What is the company's pension contribution?",
)
"""Asked by many."""
EXAMPLES = tuple(
    json.loads(line)
    for line in (Path(__file__).parents[3] / "examples" / "questions.jsonl").read_text("utf-8").splitlines()
)
RARE = tuple(example["question"] for example in EXAMPLES)
KNOWN = {example["question"]: example.get("answer") or "" for example in EXAMPLES}
HOSTILE = (
    "<script>window.pwned=1</script><img src=x onerror=window.pwned=1>",
    "[click](javascript:window.pwned=1) {{7*7}} ${7*7} <b hx-get='/users' hx-trigger='load'>x</b>",
    "\u202eevil\u202c " + "a" * 300 + " </textarea></title><style>*{display:none}</style>",
)
"""What must come out as the text that it is."""
DISLIKED = "Leave policy"
"""The title of a document that somebody votes against, whatever is asked."""
CORRECTIONS = {
    COMMON[0]: "The primary gets €280 a week, the secondary €140; public holidays count double.",
    COMMON[1]: "27 days a year, pro rata in the first year, and one more day after five years.",
    COMMON[2]: "Within 45 days of the last day of the journey.",
}
"""What somebody who knows better writes about a question; about others, what the document says."""
RESOLVED: tuple[Resolution, ...] = (
    "good_example",
    "corrected_answer",
    "missing_document",
    "right_passage",
    "no_fault",
    "stale_document",
)


@dataclass(frozen=True, slots=True)
class Seeded:
    answers: tuple[str, ...]
    """Ids, the oldest first."""
    pending: tuple[str, ...]
    """Ids of reviews, the oldest first."""
    resolved: tuple[str, ...]
    hostile: tuple[str, ...]
    """Those of the pending ones whose words try to be more than text."""


async def seed(
    database: AsyncEngine,
    assistant: ActiveRelease,
    *,
    many: int = 60,
    days: int = 30,
    hostile: bool = True,
    reviewer: str = "local:reviewer",
) -> Seeded:
    """many: answers, over so many days until now. The same every time, but for the ids. hostile: three more answers whose
    question, vote and correction try to be more than text."""
    chance = random.Random(7)
    start = datetime.now(UTC) - timedelta(days=days)
    given = []
    for n in range(many):
        asked = chance.choice(COMMON) if chance.random() < 0.45 else chance.choice(RARE)
        given.append(await _asked(assistant, asked, chance, thread=f"{n}.1"))
    trying = [await _asked(assistant, text, chance) for text in HOSTILE] if hostile else []
    times = {
        answer.id: start + timedelta(days=days) * ((n + chance.random()) / (many + len(trying)))
        for n, (answer, _) in enumerate([*given, *trying])
    }
    # Votes move into the past before the next ones come: so many at once would be told to reviewers, and held back.
    for answer, question in given:
        await _voted_on(assistant, answer, question.text, chance)
        await _backdated(database, {answer.id: times[answer.id]})
    for (answer, _), text in zip(trying, HOSTILE, strict=False):
        await assistant.vote(Vote(answer.id, "slack", text[:60], -1, "wrong_answer", text, text))
    await _against_one_document(assistant, given)
    await _escalated(database, given[5::11])
    await _backdated(database, times)
    async with assistant.core() as core:
        await find(core, database)
    resolved = await _decided(database, chance, reviewer, {answer.id for answer, _ in trying})
    pending = await Reviews(database).pending(1000)
    tried = {answer.id for answer, _ in trying}
    return Seeded(
        tuple(sorted(times, key=lambda id: times[id])),
        tuple(review.id for review in pending),
        resolved,
        tuple(review.id for review in pending if review.answer_id in tried),
    )


async def _asked(
    assistant: ActiveRelease, text: str, chance: random.Random, thread: str = ""
) -> tuple[Answer, Question]:
    platform = chance.choices(list(PEOPLE), (6, 3, 2))[0]
    users, channels = PEOPLE[platform]
    who = Principal(
        platform, chance.choice(users), "T1" if platform == "slack" else "", chance.choice(channels)
    )
    question = Question(text, who, thread)
    return await assistant.ask(question), question


def _correction(question: str) -> str:
    """'': nobody knows."""
    known = KNOWN.get(question, "")
    return CORRECTIONS.get(question) or (f"{known[:1].upper()}{known[1:].rstrip('.')}." if known else "")


async def _voted_on(assistant: ActiveRelease, answer: Answer, question: str, chance: random.Random) -> None:
    """Most say nothing; of the others most are content, with abstentions fewest."""
    voters = [(platform, user) for platform, (users, _) in PEOPLE.items() for user in users]
    for platform, user in chance.sample(voters, chance.choices((0, 1, 2, 4), (2, 4, 3, 1))[0]):
        if chance.random() < (0.25 if answer.abstained else 0.75):
            await assistant.vote(Vote(answer.id, platform, user, 1))
            continue
        reason = chance.choice(("wrong_answer", "out_of_date", "wrong_sources", "not_answered", ""))
        comment = chance.choice(("", "", "This is last year's number.", "It quotes the wrong team's page."))
        correction = chance.choice(("", "", *[_correction(question)] * 3))
        await assistant.vote(Vote(answer.id, platform, user, -1, reason, comment, correction))


async def _against_one_document(assistant: ActiveRelease, given: Sequence[tuple[Answer, Question]]) -> None:
    """One person, who does not like it: a flag for the reviewers."""
    citing = [answer for answer, _ in given if any(one.title == DISLIKED for one in answer.citations)]
    for answer in citing[:6]:
        await assistant.vote(Vote(answer.id, "discord", "80351110224670099", -1, "wrong_answer"))


async def _escalated(database: AsyncEngine, asked: Sequence[tuple[Answer, Question]]) -> None:
    for n, (answer, question) in enumerate(asked):
        who = question.principal
        place = (who.platform, who.workspace, who.channel, question.thread)
        opened = Escalation(
            escalation_id(who.platform, answer.id), answer.id, *place, "", who.user, question.text
        )
        await Escalations(database).open(opened)
        await Reviews(database).propose(answer.id, "escalation")
        if n % 2:
            await Escalations(database).replied(
                opened.id, "slack:U03ANNA01", _correction(question.text) or "Ask Anna."
            )


async def _backdated(database: AsyncEngine, times: dict[str, datetime]) -> None:
    later = timedelta(hours=2)
    async with transaction(database) as connection:
        for id, time in times.items():
            day = {"day": time.date().toordinal()}
            moved = update(answers).where(answers.c.id == id).values(created_at=time, **day)
            await connection.execute(moved)
            await connection.execute(
                update(answer_documents).where(answer_documents.c.answer_id == id).values(day)
            )
            for table, moment in (
                (votes, "updated_at"),
                (reviews, "created_at"),
                (escalations, "created_at"),
            ):
                after = min(time + later, datetime.now(UTC))
                await connection.execute(update(table).where(table.c.answer_id == id).values({moment: after}))


async def _decided(
    database: AsyncEngine, chance: random.Random, reviewer: str, but: set[str]
) -> tuple[str, ...]:
    """Two in five of what waits were decided; but: answers that nothing was decided of."""
    waiting = [one for one in await Reviews(database).pending(1000) if one.answer_id not in but]
    async with transaction(database) as connection:
        asked = dict(
            [tuple(row) for row in await connection.execute(select(answers.c.id, answers.c.question))]
        )
    decided = []
    for n, review in enumerate(chance.sample(waiting, 2 * len(waiting) // 5)):
        resolution = RESOLVED[n % len(RESOLVED)]
        correction = _correction(asked[review.answer_id]) if resolution == "corrected_answer" else ""
        if resolution == "corrected_answer" and not correction:
            resolution = "missing_document"
        await Reviews(database).decide(review.id, resolution, reviewer, correction)
        decided.append(review.id)
    return tuple(decided)
