"""A database filled with answers, votes, escalations and reviews of realistic shape; seeded. For tests, and admin_pages.py.

    python benchmarks/feedback_data.py sqlite+aiosqlite:////tmp/home/answerloop.db --answers 100000

Questions come from a few hundred subjects in a dozen wordings each, by Zipf's law, so that they repeat as people's do. Rows
are as wide as those that the assistant records: twenty passages, citations with their quotes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import accumulate, islice
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.index.embedding import ModelCard
from rag_core.records.database import open_database, transaction
from rag_core.records.feedback.wording import wording_of
from rag_core.records.tables import (
    answer_documents,
    answers,
    documents,
    escalations,
    judged_passages,
    releases,
    reviews,
    sources,
    votes,
)

__all__ = ["RELEASES", "Filled", "Shape", "fill"]

BATCH = 2_000
RELEASES = ("r1", "r2", "r3", "r4")
PLATFORMS = (("slack", 0.6), ("discord", 0.25), ("web", 0.15))
SOURCES = ("handbook", "wiki", "runbooks", "api", "policies", "faq")
REASONS = ("wrong_sources", "wrong_answer", "out_of_date", "not_answered", "other", "")
RESOLVED = (
    *("good_example", "right_passage", "wrong_passage", "corrected_answer"),
    *("missing_document", "stale_document", "no_fault"),
)
WORDINGS = (
    "How do I {does} {thing}?",
    "how to {does} {thing}",
    "What is the way to {does} {thing}?",
    "Can somebody tell me how we {does} {thing}?",
    "Where is it written how to {does} {thing}?",
    "{does} {thing}?",
    "Who may {does} {thing}?",
    "What do I need before I {does} {thing}?",
    "How long does it take to {does} {thing}?",
    "Is it possible to {does} {thing} on a weekend?",
    "Why can I not {does} {thing}?",
    "Which form is for people who {does} {thing}?",
)
DOES = (
    *("request", "renew", "cancel", "install", "update", "reset", "approve", "report", "rotate", "deploy"),
    *("restore", "book", "share", "archive", "measure", "disable"),
)
THINGS = (
    *(
        "a parental leave",
        "the VPN client",
        "a travel refund",
        "the staging cluster",
        "an API key",
        "a laptop",
    ),
    *("the on-call rota", "a backup of the database", "the firmware of a lantern", "a meeting room"),
    *("a support contract", "the build pipeline", "a customer's invoice", "an access badge", "the wiki page"),
    *(
        "a security incident",
        "the battery test",
        "a conference ticket",
        "the payroll entry",
        "a feature flag",
    ),
    *(
        "the load balancer",
        "a home office desk",
        "an expense report",
        "the mobile app",
        "a signing certificate",
    ),
)
SENTENCE = (
    "It is done on the page of the team that owns it, and whoever is on call approves it within two days"
)


@dataclass(frozen=True, slots=True)
class Shape:
    """How much of everything there is."""

    answers: int = 100_000
    votes: int = 20_000
    escalations: int = 2_000
    pending: int = 8_000
    resolved: int = 5_000
    people: int = 2_000
    channels: int = 40
    documents: int = 1_200
    days: int = 365

    @classmethod
    def small(cls, answers: int = 400) -> Shape:
        """In the same proportions; for tests."""
        return cls(
            answers=answers,
            votes=answers // 5,
            escalations=answers // 50,
            pending=answers * 8 // 100,
            resolved=answers // 20,
            people=max(10, answers // 50),
            channels=6,
            documents=30,
            days=60,
        )


@dataclass(frozen=True, slots=True)
class Filled:
    """What was put there."""

    answers: int
    votes: int
    reviews: int
    ids: tuple[str, ...] = field(repr=False)
    """Of the answers, the oldest first."""
    until: datetime


async def fill(
    database: AsyncEngine, shape: Shape | None = None, *, until: datetime | None = None, seed: int = 7
) -> Filled:
    """Add rows to a database whose tables are made. until: the newest answer comes before it. Ids are the same for one seed:
    fill a database once."""
    shape, until = shape or Shape(), until or datetime.now(UTC)
    chance = random.Random(seed)
    async with transaction(database) as connection:
        card = await connection.scalar(select(releases.c.card)) or _card()
        known = set(await connection.scalars(select(releases.c.id)))
        index = await connection.scalar(select(releases.c.index_name).where(releases.c.active)) or "passages"
    await _put(database, releases, (_release(id, card, until) for id in RELEASES if id not in known))
    await _put(database, sources, _sources(until))
    await _put(database, documents, _documents(chance, shape, index, until))
    places = _Places(chance, shape)
    made = [_Asked(chance, places, shape, number, until) for number in range(shape.answers)]
    made.sort(key=lambda one: one.at)
    await _put(database, answers, (one.row(chance) for one in made))
    await _put(database, answer_documents, (row for one in made for row in one.cited()))
    voted = _votes(chance, made, shape, until)
    await _put(database, votes, iter(voted))
    await _put(database, escalations, _escalations(chance, made, shape))
    reviewed = list(_reviews(chance, made, voted, shape, until))
    await _put(database, reviews, iter(reviewed))
    await _put(database, judged_passages, _judged(reviewed, {one.id: one for one in made}))
    return Filled(len(made), len(voted), len(reviewed), tuple(one.id for one in made), until)


class _Places:
    """Who asks, where, and what: each by a law that favours few."""

    def __init__(self, chance: random.Random, shape: Shape) -> None:
        self.people = [f"U{n:06d}" for n in range(shape.people)]
        self.by_person = list(accumulate(1 / (n + 5) for n in range(shape.people)))
        self.channels = [f"C{n:03d}" for n in range(shape.channels)]
        self.by_channel = list(accumulate(1 / (n + 2) for n in range(shape.channels)))
        subjects = [(does, thing) for does in DOES for thing in THINGS]
        chance.shuffle(subjects)
        self.subjects = subjects
        self.by_subject = list(accumulate(1 / (n + 1) ** 0.9 for n in range(len(subjects))))
        self.by_wording = list(accumulate(1 / (n + 1) for n in range(len(WORDINGS))))
        self.documents = [_document(n) for n in range(shape.documents)]


class _Asked:
    """A question and its answer; the wide part is made when it is written."""

    __slots__ = (
        *("at", "abstained", "channel", "confidence", "documents", "id", "number", "platform", "question"),
        *("release", "subject", "user"),
    )

    def __init__(
        self, chance: random.Random, places: _Places, shape: Shape, number: int, until: datetime
    ) -> None:
        self.number, self.id = number, f"{number:08x}{chance.getrandbits(96):024x}"
        ago = shape.days * (1 - (1 - chance.random()) ** 0.8)  # more are asked every month
        self.at = until - timedelta(days=max(ago, 0.002), hours=chance.choice((0, 0, 0, 1, 6)) / 24)
        self.platform = chance.choices([p for p, _ in PLATFORMS], [w for _, w in PLATFORMS])[0]
        self.channel = chance.choices(places.channels, cum_weights=places.by_channel)[0]
        self.user = chance.choices(places.people, cum_weights=places.by_person)[0]
        self.subject = chance.choices(range(len(places.subjects)), cum_weights=places.by_subject)[0]
        does, thing = places.subjects[self.subject]
        wording = chance.choices(WORDINGS, cum_weights=places.by_wording)[0]
        self.question = wording.format(does=does, thing=thing)
        age = (until - self.at) / timedelta(days=shape.days)
        self.release = RELEASES[min(3, int(4 * (1 - min(age, 0.999))))]
        missing = self.subject % 9 == 0  # nothing is written of these
        self.abstained = chance.random() < (0.85 if missing else 0.06)
        self.confidence = chance.betavariate(1, 6) if self.abstained else chance.betavariate(5, 2)
        of_subject = random.Random(self.subject)
        about = of_subject.sample(places.documents, k=min(4, len(places.documents)))
        self.documents = [] if self.abstained else about[: chance.choice((1, 1, 2, 3))]

    def row(self, chance: random.Random) -> dict[str, Any]:
        cached = not self.abstained and chance.random() < 0.25
        timings = {"understand": 0.2, "cache": chance.uniform(0.2, 1)} if cached else _timings(chance)
        citations = [_citation(n, one) for n, one in enumerate(self.documents, start=1)]
        told = " ".join(f"{SENTENCE} [{n}]." for n in range(1, len(citations) + 1))
        near = self.documents or [_document(chance.randrange(50))]
        return {
            "id": self.id,
            "created_at": self.at,
            "platform": self.platform,
            "workspace": "T024BE7LH",
            "channel": self.channel,
            "user_id": self.user,
            "thread": f"1790000000.{self.number:06d}",
            "question": self.question,
            "answer": told or "I found nothing about this in the documents that I may read for you.",
            "abstained": self.abstained,
            "confidence": round(self.confidence, 4),
            "citations": citations,
            "passages": [_found(chance, near[n % len(near)], n) for n in range(20)],
            "scopes": ["public", "staff"],
            "release": self.release,
            "generation": 3,
            "timings_ms": timings,
            "generator_version": "1",
            "notices": [],
            "cached": cached,
            "nearest": [_citation(1, near[0])] if self.abstained else [],
            "took_ms": round(sum(timings.values()), 3),
            "wording": wording_of(self.question),
        }

    def cited(self) -> list[dict[str, Any]]:
        day = self.at.date().toordinal()
        return [{"answer_id": self.id, "document": document, "day": day} for document in self.documents]


def _timings(chance: random.Random) -> dict[str, float]:
    stages = {"understand": 0.3, "embed": 2.5, "search": 1.2, "fetch": 0.6, "refine": 0.7}
    spread = chance.lognormvariate(0, 0.35)
    written = chance.lognormvariate(6.8, 0.6) if chance.random() < 0.3 else 1.6
    return {name: round(ms * spread, 2) for name, ms in (stages | {"generate": written}).items()}


def _document(number: int) -> str:
    return f"{SOURCES[number % len(SOURCES)]}/{DOES[number % len(DOES)]}/page-{number:04d}.md"


def _title(document: str) -> str:
    return document.rpartition("/")[2].removesuffix(".md").replace("-", " ").capitalize()


def _citation(number: int, document: str) -> dict[str, Any]:
    return {
        "number": number,
        "title": _title(document),
        "location": f"https://docs.example.com/{document}#step-{number}",
        "quote": f"{SENTENCE}; what was said before {document} was written no longer holds.",
        "passage": f"{document}#{number}",
        "place": "",
    }


def _found(chance: random.Random, document: str, n: int) -> dict[str, Any]:
    score = round(0.9 - 0.04 * n + 0.02 * chance.random(), 4)
    return {"passage": f"{document}#{n}", "cosine": score, "bm25": round(20 * score, 3), "score": score}


def _votes(chance: random.Random, made: list[_Asked], shape: Shape, until: datetime) -> list[dict[str, Any]]:
    """A helpful answer is more often a sure one."""
    weights = list(accumulate(0.4 if one.abstained else 1.0 for one in made))
    people = [f"U{n:06d}" for n in range(shape.people)]
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    while len(rows) < min(shape.votes, len(made)):
        one = chance.choices(made, cum_weights=weights)[0]
        user = one.user if chance.random() < 0.7 else chance.choice(people)
        up = chance.random() < (0.15 if one.abstained else 0.55 + 0.35 * one.confidence)
        reason = "" if up else chance.choice(REASONS)
        corrects = not up and chance.random() < 0.15
        rows[one.id, user] = {
            "answer_id": one.id,
            "platform": one.platform,
            "user_id": user,
            "value": 1 if up else -1,
            "reason": reason,
            "comment": "This is not what the page says now." if reason and chance.random() < 0.3 else "",
            "correction": "Ask the owner of the page; it takes three days now." if corrects else "",
            "updated_at": min(one.at + timedelta(minutes=chance.expovariate(1 / 30)), until),
            "excluded": chance.choices(("", "own", "cap", "flag"), (0.95, 0.02, 0.02, 0.01))[0],
        }
    return list(rows.values())


def _escalations(chance: random.Random, made: list[_Asked], shape: Shape) -> Iterator[dict[str, Any]]:
    unsure = [one for one in made if one.abstained] or made
    for one in chance.sample(unsure, min(shape.escalations, len(unsure))):
        resolved = chance.random() < 0.8
        yield {
            "id": one.id[::-1],
            "answer_id": one.id,
            "platform": one.platform,
            "workspace": "T024BE7LH",
            "channel": one.channel,
            "thread": f"1790000000.{one.number:06d}",
            "message": f"1790000000.{one.number:06d}",
            "user_id": one.user,
            "question": one.question,
            "target_channel": "C999",
            "target_message": f"1790000001.{one.number:06d}",
            "mentioned": "",
            "remind_after_s": 3600,
            "state": "resolved" if resolved else "open",
            "created_at": one.at,
            "remind_at": None,
            "reminders": 0,
            "resolved_at": one.at + timedelta(hours=chance.expovariate(0.5)) if resolved else None,
            "resolved_by": "U000001" if resolved else "",
            "reply": "It is in the new system now; ask finance for access." if resolved else "",
            "replied_by": "U000001" if resolved else "",
        }


def _reviews(
    chance: random.Random, made: list[_Asked], voted: list[dict[str, Any]], shape: Shape, until: datetime
) -> Iterator[dict[str, Any]]:
    """First those that were voted down, then others that were not sure. A third of what is resolved lacked a document."""
    by_id = {one.id: one for one in made}
    down = {row["answer_id"]: row for row in voted if row["value"] == -1}
    chosen = list(down) + [one.id for one in made if one.id not in down and one.confidence < 0.35]
    chosen += [one.id for one in made if one.id not in down and one.confidence >= 0.35]
    chosen = chosen[: shape.pending + shape.resolved]
    chance.shuffle(chosen)
    for number, id in enumerate(chosen):
        one, vote, resolved = by_id[id], down.get(id), number < shape.resolved
        state = chance.choices(RESOLVED, (3, 2, 1, 2, 2, 1, 3))[0] if resolved else ""
        text = vote["correction"] if vote else ""
        taken = not resolved and chance.random() < 0.03
        yield {
            "id": f"{chance.getrandbits(128):032x}",
            "answer_id": id,
            "source": "vote" if vote else chance.choice(("confidence", "escalation", "disagreement")),
            "proposed": text,
            "proposed_by": f"{one.platform}:{vote['user_id']}" if vote and text else "",
            "state": "resolved" if resolved else "pending",
            "resolution": state,
            "correction": text or SENTENCE if state == "corrected_answer" else "",
            "note": "",
            "reviewer": f"local:reviewer{number % 4}" if resolved else "",
            "created_at": one.at,
            "decided_at": min(one.at + timedelta(days=chance.expovariate(0.5)), until) if resolved else None,
            "told_at": None,
            "value": round(chance.expovariate(0.4), 3) + (5 if text else 0),
            "askers": 1 + int(chance.expovariate(0.5)),
            "reason": vote["reason"] if vote else "",
            "assignee": f"local:reviewer{number % 4}" if taken else "",
            "assigned_at": until if taken else None,
        }


def _judged(rows: list[dict[str, Any]], by_id: dict[str, _Asked]) -> Iterator[dict[str, Any]]:
    labels = {"right_passage": "right", "wrong_passage": "wrong", "stale_document": "wrong"}
    for row in rows:
        label, cited = labels.get(row["resolution"]), by_id[row["answer_id"]].documents
        if label and cited:
            yield {
                "review_id": row["id"],
                "passage": f"{cited[0]}#1",
                "label": label,
                "document": cited[0],
                "source": cited[0].partition("/")[0],
                "scope": "public",
                "title": _title(cited[0]),
                "text": f"{SENTENCE}.",
            }


def _sources(until: datetime) -> Iterator[dict[str, Any]]:
    """Two of the six are late, one of them because it fails."""
    for number, name in enumerate(SOURCES):
        yield {
            "name": name,
            "spec": {"name": name, "type": "folder", "path": f"/documents/{name}", "every": "1h"},
            "from_settings": True,
            "synced_at": until - timedelta(minutes=20) - timedelta(days=9 if number < 2 else 0),
            "error": "The address does not answer." if number == 0 else None,
        }


def _documents(chance: random.Random, shape: Shape, index: str, until: datetime) -> Iterator[dict[str, Any]]:
    for number in range(shape.documents):
        source, _, key = _document(number).partition("/")
        yield {
            "index_name": index,
            "source": source,
            "key": key,
            "fingerprint": f"{number:x}",
            "digest": f"{number:064x}",
            "title": _title(key),
            "url": f"https://docs.example.com/{source}/{key}",
            "passages": 1 + chance.randrange(12),
            "skipped": "It is encrypted." if number % 97 == 96 else None,
            "synced_at": until - timedelta(days=chance.expovariate(1 / 60)),
        }


def _release(id: str, card: Any, until: datetime) -> dict[str, Any]:
    number = RELEASES.index(id)
    return {
        "id": id,
        "created_at": until - timedelta(days=91 * (4 - number)),
        "embedder": "sentence-transformers--all-MiniLM-L6-v2",
        "index_name": f"passages_{id}",
        "card": card,
        "active": False,
    }


def _card() -> dict[str, Any]:
    card = ModelCard("sentence-transformers/all-MiniLM-L6-v2", 384, 256)
    return {name: getattr(card, name) for name in ModelCard.__slots__}


async def _put(database: AsyncEngine, table: Any, rows: Iterator[dict[str, Any]]) -> None:
    while batch := list(islice(rows, BATCH)):
        async with transaction(database) as connection:
            await connection.execute(insert(table), batch)


async def _main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="of the database, as in database.url")
    parser.add_argument("--answers", type=int, default=Shape.answers)
    options = parser.parse_args(arguments)
    shape = Shape() if options.answers == Shape.answers else Shape.small(options.answers)
    database = await open_database(options.url)
    made = await fill(database, shape)
    await database.dispose()
    print(json.dumps({"answers": made.answers, "votes": made.votes, "reviews": made.reviews}))


if __name__ == "__main__":
    asyncio.run(_main())
