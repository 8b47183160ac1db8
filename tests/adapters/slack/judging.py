"""The whole bot with what lets people judge its answers, for tests."""

from __future__ import annotations

from typing import Any

from adapters.answering import Answering
from adapters.slack.people.parts import People, people
from rag_core.records.platforms.escalations import Escalations
from rag_core.records.reviews.reviews import Review, Reviews
from rag_core.types import Vote
from tests.servers.slack import Message, Person

__all__ = ["Judged", "judged"]

CHANNEL = "C0HELP"


class Judged:
    """A bench on which people ask, vote, help each other and review."""

    def __init__(self, bench: Any, made: People) -> None:
        self.bench = bench
        self.slack = bench.slack
        self.people = made
        self.reviews = Reviews(bench.database)
        self.escalations = Escalations(bench.database)
        self.anna = bench.slack.user("U0ANNA", name="Anna")
        self.ben = bench.slack.user("U0BEN", name="Ben")
        bench.slack.channel(CHANNEL, members=[self.anna.id, self.ben.id])

    async def answered(
        self, text: str = "How long do refunds take?", by: Person | None = None, channel: str = CHANNEL
    ) -> Message:
        """What the bot answers in the question's thread, once all that comes with it is shown."""
        asked = (by or self.anna).asks(channel, text)
        [answer] = await self.slack.until(lambda: self.slack.answers(channel, asked))
        await self.bench.settled()
        found: Message = answer
        return found

    @property
    def answer_id(self) -> str:
        """Of the latest answer."""
        return str(self.bench.assistant.answers[-1].id)

    async def votes(self) -> list[Vote]:
        """On the latest answer, once all is handled."""
        await self.bench.settled()
        found: list[Vote] = await self.bench.feedback.votes_on(self.answer_id)
        return found

    async def pending(self) -> list[Review]:
        await self.bench.settled()
        return await self.reviews.pending(10)


async def judged(bench: Any, *channels: dict[str, Any], **settings: Any) -> Judged:
    """Started. channels, settings: as the settings file has them."""
    bench.configure(channels=list(channels), **settings)
    made = people(
        database=bench.database,
        ids=bench.ids,
        apis=bench.apis,
        answerer=bench.assistant,
        access=bench.access,
        identity=bench.identity,
        channels=bench.channels,
        feedback=bench.feedback,
        postings=bench.postings,
        whispers=bench.whispers,
    )
    bench.answering = Answering(bench.chat, bench.postings, made.propose)
    talking = bench.talking(take_reply=made.take_reply, question_deleted=made.question_deleted)
    await bench.start(*talking.parts, *made.parts, failed=talking.failures.tell)
    made.notices.outbox = bench.inbox
    return Judged(bench, made)
