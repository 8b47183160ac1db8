"""Long random sequences of what people do, on the records and on a naive model of them (naive.py): they agree throughout."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.errors import InvalidEntry, NotFound
from rag_core.records.database import open_database, transaction
from rag_core.records.exchange.exporting import export
from rag_core.records.exchange.importing import import_file
from rag_core.records.feedback.recording import Feedback
from rag_core.records.people.people import People
from rag_core.records.reviews.deciding import decide_all
from rag_core.records.reviews.queue import Queue
from rag_core.records.reviews.reviews import RESOLUTIONS, Reviews
from rag_core.records.reviews.undoing import undo
from rag_core.records.tables import answers, audit_log, metadata, reviews, signing_keys, votes
from rag_core.settings import Votes
from rag_core.types import Principal, Question, Vote
from tests.fakes import an_answer
from tests.rag_core.records.naive import Model

PEOPLE = [
    ("slack", "U0ADA12345"),
    ("slack", "U0BOB12345"),
    ("local", "cy"),
    ("local", "cy-2"),
    ("web", "dee.9"),
]
REVIEWERS = ["local:cy", "local:cy-2", "slack:U0ADA12345", "oidc:eve@login"]
STEPS = 120


class Both:
    """The records and the model, told the same."""

    def __init__(self, database: AsyncEngine, dice: random.Random) -> None:
        self.dice, self.database = dice, database
        limits = Votes(
            quorum=dice.choice([1, 2, 3]), per_day=dice.choice([2, 4, 50]), burst=10_000, per_document=10_000
        )
        self.model = Model(limits.quorum, limits.per_day)
        self.feedback, self.queue = Feedback(database, limits), Queue(database)
        self.people = People(database, quorum=limits.quorum)
        self.ids: dict[int, str] = {}
        """Of reviews, by the model's number."""
        self.entries: list[int] = []
        """Of the audit log, in the order of the model's."""
        self.made = 0

    async def step(self) -> str:
        acts = [self.ask] * 2 + [self.vote] * 8 + [self.decide] * 3 + [self.bulk, self.assign, self.propose]
        act = self.dice.choice([*acts, self.undo, self.undo, self.undo])
        if self.dice.random() < 0.015:
            act = self.forget
        return f"{act.__name__}: {await act()}"

    async def ask(self) -> str:
        self.made += 1
        id, (platform, user) = f"a{self.made}", self.dice.choice(PEOPLE)
        asked = Question(f"How about {id}?", Principal(platform, user, "T1", "C1"))
        answer = an_answer(id)
        await self.feedback.record_answer(asked, answer, passages=[], scopes=None, generation=1)
        self.model.asked[id] = (platform, user)
        return id

    def some_answer(self) -> str:
        return self.dice.choice([*self.model.asked, "nowhere"][-8:])

    async def vote(self) -> str:
        answer, (platform, user) = self.some_answer(), self.dice.choice(PEOPLE)
        value = self.dice.choice([-1, -1, -1, 1, 1, 0])
        text = f"rather {self.model.tick()}" if value < 0 and self.dice.random() < 0.3 else ""
        vote = Vote(answer, platform, user, value, correction=text)  # type: ignore[arg-type]
        if answer in self.model.asked:
            await self.feedback.record_vote(vote)
            self.model.vote(answer, (platform, user), value, text)
        else:
            with pytest.raises(NotFound):
                await self.feedback.record_vote(vote)
        return f"{vote}"

    async def propose(self) -> str:
        answer, by = self.some_answer(), self.dice.choice(REVIEWERS)
        source = self.dice.choice(["escalation", "draft", "person"])
        text = f"perhaps {self.model.tick()}" if source != "person" and self.dice.random() < 0.5 else ""
        await Reviews(self.database).propose(answer, source, text, by if text else "")
        if answer in self.model.asked:
            self.model.propose(answer, source, text, by if text else "")
        return f"{answer} {source} {text}"

    def some_reviews(self, count: int) -> list[int]:
        known = list(self.model.reviews)[-12:]
        return self.dice.sample(known, min(count, len(known)))

    async def decide(self) -> str:
        [number] = self.some_reviews(1) or [0]
        resolution, by = self.dice.choice(RESOLUTIONS), self.dice.choice(REVIEWERS)
        text = f"it is {self.model.tick()}" if resolution == "corrected_answer" else ""
        if text and self.dice.random() < 0.5 and number:
            text = self.model.reviews[number].proposed or text
        done = await Reviews(self.database).decide(self.ids.get(number, "none"), resolution, by, text)
        assert done == bool(self.model.decide([number], resolution, by, text, bulk=False))
        return f"{number} {resolution} {by} {text}"

    async def bulk(self) -> str:
        numbers, by = self.some_reviews(5), self.dice.choice(REVIEWERS)
        resolution = self.dice.choice(["no_fault", "good_example"])
        done = await decide_all(self.database, [self.ids[n] for n in numbers], resolution, by)  # type: ignore[arg-type]
        assert done.ids == tuple(
            self.ids[n] for n in self.model.decide(numbers, resolution, by, "", bulk=True)
        )
        return f"{numbers} {resolution}"

    async def assign(self) -> str:
        numbers, by, to = (
            self.some_reviews(3),
            self.dice.choice(REVIEWERS),
            self.dice.choice(["", *REVIEWERS]),
        )
        await self.queue.assign([self.ids[n] for n in numbers], by, to)
        self.model.assign(numbers, by, to)
        return f"{numbers} {to}"

    async def undo(self) -> str:
        if not self.entries:
            return "nothing"
        at, by = (
            self.dice.randrange(max(0, len(self.entries) - 12), len(self.entries)),
            self.dice.choice(REVIEWERS),
        )
        could = self.model.undo(at, by)
        did = True
        try:
            await undo(self.database, self.entries[at], by)
        except InvalidEntry:
            did = False
        assert did == could, (at, self.model.log[at])
        return f"{at} {could}"

    async def forget(self) -> str:
        who = self.dice.choice(PEOPLE)
        await self.people.forget_all(*who)
        self.model.forget(who)
        await nowhere(self.database, *who)
        return ":".join(who)

    async def agree(self) -> None:
        """Also learns the ids of what is new."""
        said = await state(self.database)
        waiting = {row.answer_id: row.id for row in said.pop("rows")}
        for number, one in self.model.reviews.items():
            if number not in self.ids and one.waits and one.answer in waiting:
                self.ids[number] = waiting[one.answer]
        numbers = said.pop("numbers")
        self.entries += numbers[len(self.entries) :]
        assert said == self.model.state()


async def state(database: AsyncEngine) -> dict[str, Any]:
    """In the words of the model."""
    r, v, c = reviews.c, votes.c, audit_log.c
    shown = (
        r.answer_id,
        r.source,
        r.state,
        r.proposed,
        r.proposed_by,
        r.resolution,
        r.correction,
        r.reviewer,
        r.assignee,
    )
    async with transaction(database) as connection:
        found = (await connection.execute(select(*shown))).all()
        pending = (await connection.execute(select(r.answer_id, r.id).where(r.state == "pending"))).all()
        cast = select(v.answer_id, v.platform, v.user_id, v.value, v.correction, v.excluded)
        said = (await connection.execute(cast)).all()
        asked = sorted(await connection.scalars(select(answers.c.id)))
        log = (
            await connection.execute(select(c.number, c.actor, c.action, c.undone_by).order_by(c.number))
        ).all()
    return {
        "answers": asked,
        "votes": sorted((*row[:5], row.excluded == "") for row in said),
        "reviews": sorted(tuple(row) for row in found),
        "log": [(row.actor, row.action, row.undone_by is not None) for row in log],
        "rows": pending,
        "numbers": [row.number for row in log],
    }


async def nowhere(database: AsyncEngine, platform: str, user: str) -> None:
    """Nothing in the database names them: all of it is read as text."""
    named = re.compile(rf"(?<![\w.-]){re.escape(platform)}:{re.escape(user)}(?![\w@-])")
    async with transaction(database) as connection:
        for table in metadata.sorted_tables:
            if table is signing_keys:
                continue
            for row in (await connection.execute(select(table))).mappings().all():
                assert not named.search(str(dict(row))), (table.name, dict(row))
                own = row.get("platform") == platform and user in {row.get("user_id"), row.get("resolved_by")}
                assert not own, (table.name, dict(row))


@pytest.mark.parametrize("seed", range(2))
async def test_whatever_is_done_the_records_are_as_a_naive_model_has_them(
    database: AsyncEngine, tmp_path: Path, seed: int
) -> None:
    """After each step: votes, whether they count, reviews with what is proposed and decided, and the audit log. At the end
    another database has the same, by way of a file."""
    both, done = Both(database, random.Random(seed)), []
    for _ in range(STEPS):
        done.append(await both.step())
        try:
            await both.agree()
        except AssertionError as error:
            raise AssertionError("\n".join(done[-12:])) from error
    await carried_over(both, tmp_path)


async def carried_over(both: Both, folder: Path) -> None:
    """Export, import, export: the same bytes, and the same in the database."""
    first, second = folder / "first.jsonl", folder / "second.jsonl"
    await export(both.database, first)
    other = await open_database(f"sqlite+aiosqlite:///{folder}/other/answerloop.db")
    await import_file(other, first)
    await export(other, second)
    said, expected = await state(other), both.model.state()
    await other.dispose()
    assert first.read_bytes() == second.read_bytes()
    assert [said[name] for name in ("answers", "votes", "reviews")] == [
        expected[name] for name in ("answers", "votes", "reviews")
    ]


async def test_what_is_written_at_the_same_time_is_all_there(address: str, database: AsyncEngine) -> None:
    """Six at once vote, decide and undo on four answers, by two connections to the database: one vote of each person, one
    review that waits, one winner of each decision, and an entry for whatever was done."""
    other = await open_database(address)
    dice = random.Random(7)
    for id in "abcd":
        asked = Question("How?", Principal("slack", "U0", "T1", "C1"))
        await Feedback(database).record_answer(asked, an_answer(id), passages=[], scopes=None, generation=1)
    done: list[tuple[str, str]] = []
    cast: dict[tuple[str, str], int] = {}
    await asyncio.gather(*(_busily((database, other)[n % 2], f"U{n}", dice, done, cast) for n in range(6)))
    await other.dispose()
    said = await state(database)
    assert {(id, user): value for id, _, user, value, *_ in said["votes"]} == cast
    waiting = [row.answer_id for row in said["rows"]]
    assert len(waiting) == len(set(waiting))
    log = said["log"]
    for action in ("review.resolve", "review.bulk", "undo"):
        assert sum(one == action for _, one, _ in log) == sum(one == action for one, _ in done), action
    resolved = sum(row[2] == "resolved" for row in said["reviews"])
    assert resolved == sum(action == "review.resolve" and not undone for _, action, undone in log)


async def _busily(
    database: AsyncEngine,
    user: str,
    dice: random.Random,
    done: list[tuple[str, str]],
    cast: dict[tuple[str, str], int],
) -> None:
    feedback, decisions = Feedback(database), Reviews(database)
    for _ in range(12):
        id, what = dice.choice("abcd"), dice.randrange(8)
        if what < 4:
            value = dice.choice([-1, -1, 1])
            await feedback.record_vote(Vote(id, "slack", user, value, correction=f"{user}!"))  # type: ignore[arg-type]
            cast[id, user] = value
        elif what < 6:
            waiting = await decisions.pending(2)
            if waiting and await decisions.decide(waiting[-1].id, "no_fault", f"slack:{user}"):
                done.append(("review.resolve", user))
        elif what == 6:
            waiting = await decisions.pending(9)
            decided = await decide_all(database, [one.id for one in waiting], "good_example", f"slack:{user}")
            done += [("review.resolve", user)] * len(decided.ids)
            done += [("review.bulk", user)] * (len(decided.ids) > 1)
        else:
            async with transaction(database) as connection:
                last = await connection.scalar(
                    select(func.max(audit_log.c.number)).where(audit_log.c.action == "review.resolve")
                )
            with contextlib.suppress(InvalidEntry, NotFound):
                await undo(database, last or 0, f"slack:{user}")
                done.append(("undo", user))
