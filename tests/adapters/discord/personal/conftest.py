"""The whole bot with people's own data, reviews and settings."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from adapters.answering import Answering
from adapters.discord.people.parts import people
from adapters.discord.personal.parts import personal
from rag_core.records.index.documents import DocumentRecord, Documents
from rag_core.records.people.people import People
from rag_core.records.reviews.reviews import Review, Reviews
from rag_core.types import Vote
from tests.servers.discord import Interaction, Message, Person


class Visited:
    """A bench on which Anna asks, and Ben looks at what only he sees."""

    def __init__(self, bench: Any) -> None:
        self.bench = bench
        self.discord = bench.discord
        self.reviews = Reviews(bench.database)
        self.records = People(bench.database)
        self.anna = bench.discord.user("Anna")
        self.ben = bench.discord.user("Ben")

    async def start(self, *channels: dict[str, Any], **settings: Any) -> Visited:
        """channels, settings: as the settings file has them."""
        bench = self.bench
        bench.configure(channels=list(channels), **settings)
        shared = {
            "ids": bench.ids,
            "database": bench.database,
            "access": bench.access,
            "identity": bench.identity,
            "places": bench.places,
            "channels": bench.channels,
            "feedback": bench.feedback,
            "postings": bench.postings,
            "whispers": bench.whispers,
        }
        judging = people(rest=bench.rest, answerer=bench.assistant, **shared)
        own = personal(settings=lambda: bench.settings, reviewing=judging.reviewing, **shared)
        bench.answering = Answering(bench.chat, bench.postings, judging.propose)
        talking = bench.talking(take_reply=judging.take_reply, question_deleted=judging.question_deleted)
        await bench.start(*talking.parts, *judging.parts, *own.parts, failed=talking.failures.tell)
        judging.notices.outbox = bench.inbox
        return self

    async def answered(
        self, text: str = "How long do refunds take?", by: Person | None = None, channel: str = "help"
    ) -> Message:
        (by or self.anna).asks(channel, text)
        await self.bench.settled()
        found: Message = self.discord.answers(channel)[-1]
        return found

    async def voted_down(
        self, text: str = "How long do refunds take?", comment: str = "Not since March.", correction: str = ""
    ) -> Review:
        """An answer that Anna found wrong."""
        await self.answered(text)
        answer = self.bench.assistant.answers[-1].id
        vote = Vote(answer, "discord", self.anna.id, -1, "wrong_answer", comment, correction)
        await self.bench.assistant.vote(vote)
        return (await self.reviews.pending(100))[-1]

    async def state(self, review: str) -> tuple[str, str, str, str]:
        found = await self.reviews.get(review)
        assert found is not None
        return found.resolution or found.state, found.reviewer, found.correction, found.note

    async def runs(self, person: Person, command: str, where: Any = "help") -> Message:
        """What the person alone then sees."""
        made: Interaction = person.runs(command, where)
        await self.bench.settled()
        assert made.original is not None
        assert made.original.shown_to == person.id
        return made.original

    async def clicks(self, person: Person, message: Message, name: str) -> Message:
        """The same message, as it is then."""
        person.clicks(message, name)
        await self.bench.settled()
        return message

    async def opens(self, person: Person, message: Message, name: str) -> Any:
        """A modal. Where the machine was too slow for Discord's limit the person clicks again, as people do."""
        for _ in range(4):
            person.clicks(message, name)
            with contextlib.suppress(AssertionError):
                return await self.discord.until(lambda: person.modal, 5)
        return await self.discord.until(lambda: person.modal)

    async def submits(self, person: Person, values: dict[str, Any]) -> None:
        person.submits(values)
        await self.bench.settled()

    async def chooses(self, person: Person, message: Message, menu: str, values: Any) -> None:
        person.chooses(message, menu, values)
        await self.bench.settled()

    async def source(self, name: str, scope: str = "public") -> None:
        """Another source, with a document."""
        documents = Documents(self.bench.database, "passages_r1")
        await documents.put_source(name, {"kind": "folder", "scope": scope}, True)
        await documents.put([DocumentRecord(name, "a.md", "f", "d", "A", "a", 1)])
        await documents.mark_synced(name, None)


@pytest.fixture
def visit(bench: Any) -> Visited:
    """Not started: await visit.start(...)."""
    return Visited(bench)
