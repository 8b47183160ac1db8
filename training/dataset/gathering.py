"""What was reviewed, golden questions and standard answers -> examples. The only part of the dataset that reads the
database.

Only what a person resolved is read: of chats, nothing that nobody reviewed. Of several decisions on one answer the last one
stands. What was asked on a platform whose setting is "never" is left out, and so is what was made from it: a golden
question, a standard answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag_core.access import PUBLIC
from rag_core.index.stores.protocol import VectorStore
from rag_core.records.database import transaction
from rag_core.records.evaluation.golden import GoldenQuestion, GoldenQuestions
from rag_core.records.reviews.judging import Judged
from rag_core.records.standard import StandardRecords
from rag_core.records.tables import answers, documents, judged_passages, reviews, votes
from rag_core.records.times import aware
from rag_core.review.resolving.evidence import passages_of
from rag_core.settings.training import TrainingData
from rag_core.standard.answer import StandardAnswer
from rag_core.types import Citation, Passage
from training.dataset.citing import renumbered
from training.dataset.drops import Dropped
from training.dataset.meaning import Reviewed, cited_by, learned, named_by
from training.dataset.passages import Named, Standing, standing, text_of
from training.dataset.rows import Example, Origin, Source, Text

__all__ = ["DECIDED_AGAIN", "Gathered", "gather", "licence_of", "platform_of"]

DECIDED_AGAIN = "decided again later"
MOST_FOUND = 8
"""Passages kept with an abstention."""
AT_ONCE = 500
"""Rows asked for by id with one statement."""
UNKNOWN = "unknown"
"""The platform of what was made from an answer that is not kept any more."""
_SETTINGS = ("slack", "discord", "web")


@dataclass(frozen=True, slots=True)
class Gathered:
    examples: tuple[Example, ...]
    dropped: tuple[Dropped, ...]


@dataclass(frozen=True, slots=True)
class _Records:
    reviewed: Sequence[Reviewed]
    earlier: Sequence[Reviewed]
    """On whose answer somebody decided again."""
    golden: Sequence[GoldenQuestion]
    standard: Sequence[StandardAnswer]
    askers: Mapping[str, tuple[str, str]]
    """Platform and user by the id of an answer that a golden question or a standard answer was made from."""
    found: Mapping[str, Sequence[str]]
    """By review of which nothing may answer, ids of passages that were found for its answer, best first, in documents that
    were not read again since."""


async def gather(database: AsyncEngine, store: VectorStore, data: TrainingData) -> Gathered:
    """In the order in which it was decided or written; golden questions and standard answers last.

    store: of the release that answers now.

    Raises:
        Unavailable: the database or the index does not work now.
    """
    records = await _read(database)
    texts = await standing(store, _named(records))
    before = await passages_of(store, (id for ids in records.found.values() for id in ids))
    made: list[Example | Dropped] = [
        *(_again(learned(one, texts, licence_of(one.platform))) for one in records.earlier),
        *(_with_found(one, texts, records.found, before) for one in records.reviewed),
        *(_golden(one, texts, records.askers) for one in records.golden),
        *(made for one in records.standard for made in _standard(one, texts, records.askers)),
    ]
    checked = [_allowed(one, data) for one in made]
    return Gathered(
        tuple(one for one in checked if isinstance(one, Example)),
        tuple(one for one in checked if isinstance(one, Dropped)),
    )


def _with_found(
    reviewed: Reviewed, texts: Standing, found: Mapping[str, Sequence[str]], before: Mapping[str, Passage]
) -> Example | Dropped:
    """Where a person found that nothing answers, what had been found does not."""
    made = learned(reviewed, texts, licence_of(reviewed.platform))
    if isinstance(made, Dropped) or not made.abstain:
        return made
    known = {text.id for text in made.wrong}
    passages = (before[id] for id in found.get(reviewed.id, ()) if id in before and id not in known)
    return made.moved(mined=tuple(map(text_of, passages))[:MOST_FOUND])


def platform_of(platform: str) -> str:
    """The key of [training.data] that decides about it."""
    return platform if platform in _SETTINGS else "other"


def licence_of(platform: str) -> str:
    """'training.data.slack'; 'own' where it was asked nowhere."""
    return f"training.data.{platform_of(platform)}" if platform else "own"


def _again(made: Example | Dropped) -> Dropped:
    return Dropped(DECIDED_AGAIN, made) if isinstance(made, Example) else made


def _allowed(made: Example | Dropped, data: TrainingData) -> Example | Dropped:
    """Where the platform is not known, all settings must allow it. Of what none allows, no word is kept."""
    origin = made.example.origin if isinstance(made, Dropped) else made.origin
    keys = (*_SETTINGS, "other") if origin.platform == UNKNOWN else (platform_of(origin.platform),)
    never = next((key for key in keys if origin.platform and getattr(data, key) == "never"), "")
    return Dropped(f'training.data.{never} is "never"', Example("", origin)) if never else made


def _named(records: _Records) -> list[Named]:
    reviewed = (one for review in (*records.reviewed, *records.earlier) for one in named_by(review))
    golden = (_expected(one) for entry in records.golden for one in entry.expected)
    cited = (cited_by(one) for entry in records.standard for one in entry.rendered()[1])
    return list(dict.fromkeys(one for one in (*reviewed, *golden, *cited) if one is not None))


def _expected(one: Any) -> Named:
    return Named(one.document, one.source, one.title, one.text)


def _golden(entry: GoldenQuestion, texts: Standing, askers: Mapping[str, tuple[str, str]]) -> Example:
    readers = None if entry.scopes is None else tuple(sorted(entry.scopes))
    origin = _origin("golden", entry, readers, askers)
    right = _unique(text for one in entry.expected for text in texts.get(_expected(one), ()))
    return Example(
        entry.question,
        origin,
        right,
        answer=renumbered(entry.answer, {}),
        abstain=entry.must_abstain,
        group=f"golden:{entry.id}",
        part="test",
    )


def _standard(entry: StandardAnswer, texts: Standing, askers: Mapping[str, tuple[str, str]]) -> list[Example]:
    """One for each wording."""
    if not entry.enabled:
        return []
    answer, citations = entry.rendered()
    places = {one.number: texts[place] for one in citations if (place := cited_by(one)) and texts.get(place)}
    right = _unique(text for found in places.values() for text in found)
    at = {text.id: n for n, text in enumerate(right, 1)}
    answer = renumbered(answer, {number: at[found[0].id] for number, found in places.items()})
    readers = tuple(sorted(entry.scopes | {PUBLIC}))
    origin = _origin("standard", entry, readers, askers)
    return [Example(question, origin, right, answer=answer) for question in entry.questions]


def _origin(
    source: Source,
    entry: GoldenQuestion | StandardAnswer,
    scopes: tuple[str, ...] | None,
    askers: Mapping[str, tuple[str, str]],
) -> Origin:
    unknown = (UNKNOWN if entry.from_answer else "", "")
    platform, user = askers.get(entry.from_answer, unknown)
    asker = f"{platform}:{user}" if user else ""
    people = tuple(dict.fromkeys(one for one in (asker, entry.author) if one))
    written = _iso(entry.created_at)
    return Origin(source, entry.id, platform, entry.author, people, scopes, licence_of(platform), written)


def _unique(texts: Iterable[Text]) -> tuple[Text, ...]:
    return tuple({text.id: text for text in texts}.values())


async def _read(database: AsyncEngine) -> _Records:
    golden = await GoldenQuestions(database).all(enabled=True)
    standard = await StandardRecords(database).all()
    async with transaction(database) as connection:
        judged, voted = await _judged(connection), await _voted(connection)
        rows = (await connection.execute(_resolved())).mappings().all()
        askers = await _askers(connection, _sources(golden, standard))
        read = await _synced(connection)
    last = {row["answer_id"]: row["id"] for row in rows}
    decided: dict[bool, list[Reviewed]] = {True: [], False: []}
    for row in rows:
        one = _reviewed(row, judged.get(row["id"], ()), voted.get(row["answer_id"], 0))
        decided[last[row["answer_id"]] == row["id"]].append(one)
    nothing = [row for row in rows if row["abstained"] or row["resolution"] == "missing_document"]
    found = {row["id"]: _found(row, read) for row in nothing}
    return _Records(decided[True], decided[False], golden, standard, askers, found)


def _found(row: Any, read: Mapping[str, datetime]) -> list[str]:
    ids = [str(one["passage"]) for one in row["passages"] or ()][: 2 * MOST_FOUND]
    decided = aware(row["decided_at"])
    since = {id: read.get(id.rpartition("#")[0]) for id in ids}
    return [id for id, at in since.items() if at is None or (decided is not None and at <= decided)]


async def _synced(connection: AsyncConnection) -> dict[str, datetime]:
    """By document, when it was last read into an index."""
    c = documents.c
    query = select(c.source, c.key, func.max(c.synced_at)).group_by(c.source, c.key)
    return {f"{source}/{key}": aware(at) for source, key, at in (await connection.execute(query)).all()}


def _resolved() -> Any:
    """The earliest decision first."""
    r, a = reviews.c, answers.c
    of_review = (
        r.id,
        r.answer_id,
        r.resolution,
        r.correction,
        r.reviewer,
        r.proposed_by,
        r.decided_at,
        r.route,
    )
    of_answer = (a.platform, a.user_id, a.question, a.standalone, a.answer, a.abstained, a.scopes)
    citations = (a.passages, a.citations.label("cited"), r.citations.label("corrected"))
    query = select(*of_review, *of_answer, *citations).join_from(reviews, answers, r.answer_id == a.id)
    return query.where(r.state == "resolved").order_by(r.decided_at, r.id)


def _reviewed(row: Any, judged: Sequence[Judged], voted: int) -> Reviewed:
    return Reviewed(
        row["id"],
        row["resolution"],
        row["correction"],
        _citations(row["corrected"]),
        row["reviewer"],
        row["proposed_by"],
        _iso(row["decided_at"]),
        row["route"],
        row["platform"],
        row["user_id"],
        row["standalone"] or row["question"],
        row["answer"],
        row["abstained"],
        _citations(row["cited"]),
        None if row["scopes"] is None else tuple(row["scopes"]),
        tuple(judged),
        voted,
    )


async def _judged(connection: AsyncConnection) -> dict[str, list[Judged]]:
    """By review, right ones first."""
    c = judged_passages.c
    query = select(c.review_id, *(c[name] for name in Judged.__slots__)).join(reviews)
    found: defaultdict[str, list[Judged]] = defaultdict(list)
    rows = await connection.execute(query.where(reviews.c.state == "resolved").order_by(c.label, c.passage))
    for review, *judged in rows.all():
        found[review].append(Judged(*judged))
    return found


async def _voted(connection: AsyncConnection) -> dict[str, int]:
    """By answer, of the votes that count those for it less those against it."""
    c = votes.c
    there = select(reviews.c.answer_id).where(reviews.c.state == "resolved")
    query = select(c.answer_id, func.sum(c.value)).where(c.excluded == "", c.answer_id.in_(there))
    return {id: int(total) for id, total in (await connection.execute(query.group_by(c.answer_id))).all()}


def _sources(golden: Sequence[GoldenQuestion], standard: Sequence[StandardAnswer]) -> set[str]:
    """Ids of the answers that they were made from."""
    return {one.from_answer for one in golden} | {one.from_answer for one in standard} - {""}


async def _askers(connection: AsyncConnection, ids: Iterable[str]) -> dict[str, tuple[str, str]]:
    wanted, found = sorted(ids), dict[str, tuple[str, str]]()
    for at in range(0, len(wanted), AT_ONCE):
        query = select(answers.c.id, answers.c.platform, answers.c.user_id)
        some = query.where(answers.c.id.in_(wanted[at : at + AT_ONCE]))
        found |= {id: (platform, user) for id, platform, user in (await connection.execute(some)).all()}
    return found


def _citations(rows: Iterable[Mapping[str, Any]] | None) -> tuple[Citation, ...]:
    return tuple(Citation(**one) for one in rows or ())


def _iso(time: datetime | None) -> str:
    return aware(time).astimezone(UTC).isoformat(timespec="seconds") if time else ""
