"""What all platforms share of asking a person."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.escalating import Called, Escalating, Outcome, PersonsReply
from rag_core.errors import NotReady, Unavailable
from rag_core.records.database import open_database
from rag_core.records.platforms.escalations import Escalation, Escalations, escalation_id
from rag_core.records.reviews.reviews import Reviews

WANTED = Escalation(
    id=escalation_id("chat", "a1"),
    answer_id="a1",
    platform="chat",
    workspace="W",
    channel="C",
    thread="1",
    message="1",
    user_id="anna",
    question="How long?",
    remind_after_s=60,
)


@dataclass
class PaperDesk:
    """Writes down what would be shown. Implements adapters.escalating.Desk."""

    group: str = ""
    error: Exception | None = None
    shown: list[str] = field(default_factory=list)

    async def call(self, escalation: Escalation, target: str, again: bool = False) -> Called:
        self._fail()
        self.shown.append(f"call {target}")
        return Called("C" if self.group else target, "9", self.group)

    async def answers(self, escalation: Escalation, user: str) -> bool:
        return user == "ben"

    async def relay(self, escalation: Escalation, reply: PersonsReply, again: bool = False) -> None:
        self._fail()
        self.shown.append(f"relay {reply.text}")

    async def remind(self, escalation: Escalation, number: int) -> None:
        self._fail()
        self.shown.append(f"remind {number}")

    async def settle(self, escalation: Escalation) -> None:
        self.shown.append(f"settle {escalation.resolved_by}")

    def _fail(self) -> None:
        if self.error:
            raise self.error


@pytest.fixture
async def database(database_address: str) -> AsyncIterator[AsyncEngine]:
    engine = await open_database(database_address)
    yield engine
    await engine.dispose()


def joined(database: AsyncEngine, desk: PaperDesk) -> tuple[Escalating, Escalations]:
    records = Escalations(database)
    return Escalating(records, Reviews(database), {"chat": desk}), records


async def test_people_are_asked_once_and_only_where_somebody_is_named(database: AsyncEngine) -> None:
    """Then it is open until it is resolved."""
    desk = PaperDesk()
    escalating, _ = joined(database, desk)
    outcomes = [(await escalating.ask(WANTED, target))[0] for target in ("", "HELP", "HELP")]
    assert outcomes == [Outcome.NOBODY, Outcome.ASKED, Outcome.OPEN]
    await escalating.resolve(WANTED.id, "ben", "30 days")
    assert (await escalating.ask(WANTED, "HELP"))[0] is Outcome.RESOLVED
    assert desk.shown == ["call HELP", "settle ben"]


@pytest.mark.parametrize("error", [Unavailable("not now"), NotReady("not there")])
async def test_people_who_could_not_be_asked_can_be_asked_again(
    database: AsyncEngine, error: Exception
) -> None:
    """What failed leaves nothing open."""
    desk = PaperDesk(error=error)
    escalating, _ = joined(database, desk)
    with pytest.raises(type(error)):
        await escalating.ask(WANTED, "HELP")
    desk.error = None
    assert (await escalating.ask(WANTED, "HELP"))[0] is Outcome.ASKED


async def test_a_reply_that_could_not_be_brought_is_brought_by_the_next_attempt(
    database: AsyncEngine,
) -> None:
    """It counts as given only then."""
    desk = PaperDesk()
    escalating, records = joined(database, desk)
    await escalating.ask(WANTED, "HELP")
    desk.error = Unavailable("not now")
    reply = PersonsReply("ben", "30 days", "10")
    with pytest.raises(Unavailable):
        await escalating.reply("chat", "HELP", "9", reply)
    desk.error = None
    assert await escalating.reply("chat", "HELP", "9", reply, again=True)
    kept = await records.get(WANTED.id)
    assert kept is not None
    assert (kept.reply, kept.replied_by, desk.shown[-1]) == ("30 days", "ben", "relay 30 days")


async def test_in_the_thread_of_the_question_only_members_of_the_group_answer(database: AsyncEngine) -> None:
    """What the asker and others write there stays what it is; nothing is brought where it stands already."""
    desk = PaperDesk(group="experts")
    escalating, _ = joined(database, desk)
    await escalating.ask(WANTED, "experts")
    taken = [
        await escalating.reply("chat", "C", "1", PersonsReply(user, "30 days", "10"))
        for user in ("anna", "carla", "ben")
    ]
    assert taken == [False, False, True]
    assert desk.shown == ["call experts"]


async def test_a_reminder_that_cannot_be_sent_now_is_sent_later(database: AsyncEngine) -> None:
    """One that never can be is not tried again and again."""
    desk = PaperDesk()
    escalating, records = joined(database, desk)
    await escalating.ask(WANTED, "HELP")

    async def when_due() -> None:
        await records._set(WANTED.id, remind_at=datetime.now(UTC) - timedelta(seconds=1))
        await escalating.remind_due()

    desk.error = Unavailable("not now")
    await when_due()
    desk.error = None
    await when_due()
    assert desk.shown == ["call HELP", "remind 1"]
    desk.error = NotReady("the channel is gone")
    await when_due()
    await escalating.remind_due()
    desk.error = None
    await when_due()
    assert desk.shown == ["call HELP", "remind 1", "remind 3"]
