"""The whole bot with what lets people judge its answers, for tests."""

from __future__ import annotations

from typing import Any

from adapters.answering import Answering
from adapters.discord.people.parts import People, people
from rag_core.records.platforms.escalations import Escalations
from rag_core.records.reviews.reviews import Review, Reviews
from rag_core.types import Vote
from tests.servers.discord import Message, Person

__all__ = ["Judged", "judged"]

CHANNEL = "help"


class Judged:
    """A bench on which people ask, vote, help each other and review."""

    def __init__(self, bench: Any, made: People) -> None:
        self.bench = bench
        self.discord = bench.discord
        self.people = made
        self.reviews = Reviews(bench.database)
        self.escalations = Escalations(bench.database)
        self.anna = bench.discord.user("Anna")
        self.ben = bench.discord.user("Ben")

    async def answered(
        self, text: str = "How long do refunds take?", by: Person | None = None, channel: Any = CHANNEL
    ) -> Message:
        """What the bot answers, once all that comes with it is shown."""
        before = len(self.discord.answers(channel))
        (by or self.anna).asks(channel, text)
        found = await self.discord.until(lambda: self.discord.answers(channel)[before:])
        await self.bench.settled()
        answer: Message = found[0]
        return answer

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

    def told(self, person: Person) -> list[str]:
        """What the bot wrote to this person directly."""
        return [one.content for one in self.discord.answers(person.dm)]


async def judged(bench: Any, *channels: dict[str, Any], **settings: Any) -> Judged:
    """Started. channels, settings: as the settings file has them."""
    bench.configure(channels=list(channels), **settings)
    made = people(
        database=bench.database,
        ids=bench.ids,
        rest=bench.rest,
        answerer=bench.assistant,
        access=bench.access,
        identity=bench.identity,
        places=bench.places,
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
