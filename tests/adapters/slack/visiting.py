"""The whole bot with Home tabs, people's own data, reviews and channels' settings, for tests."""

from __future__ import annotations

from typing import Any

from adapters.answering import Answering
from adapters.slack.people.parts import people
from adapters.slack.personal.parts import personal
from rag_core.records.index.documents import DocumentRecord, Documents
from rag_core.records.people.people import People as RecordsOfPeople
from tests.adapters.slack.judging import Judged
from tests.servers.slack import Person, View

__all__ = ["Visited", "visited"]


class Visited(Judged):
    """A bench on which people look at their Home tab."""

    async def home(self, person: Person) -> View:
        """Opened anew."""
        before = len(self.slack.calls("views.publish"))
        person.opens_home()
        await self.slack.until(lambda: len(self.slack.calls("views.publish")) > before)
        await self.bench.settled()
        found = person.home
        assert found is not None
        return found

    async def presses(self, person: Person, name: str, choice: str | None = None) -> None:
        """Something on the Home tab as it is now."""
        assert person.home is not None
        person.clicks(person.home, name, choice)
        await self.bench.settled()

    async def opens(self, person: Person, name: str) -> View:
        """The modal that a button on the Home tab opens."""
        assert person.home is not None
        person.clicks(person.home, name)
        found = await self.slack.until(lambda: person.modal)
        assert isinstance(found, View)
        return found

    async def submits(self, person: Person, values: dict[str, Any]) -> None:
        person.submits(values)
        await self.bench.settled()

    def records_of_people(self) -> RecordsOfPeople:
        """What is kept of people."""
        return RecordsOfPeople(self.bench.database)

    async def source(self, name: str, scope: str = "public") -> None:
        """Another source, with a document."""
        documents = Documents(self.bench.database, "passages_r1")
        await documents.put_source(name, {"kind": "folder", "scope": scope}, True)
        await documents.put([DocumentRecord(name, "a.md", "f", "d", "A", "a", 1)])
        await documents.mark_synced(name, None)


async def visited(bench: Any, *channels: dict[str, Any], **settings: Any) -> Visited:
    """Started. channels, settings: as the settings file has them."""
    bench.configure(channels=list(channels), **settings)
    shared = {
        "database": bench.database,
        "ids": bench.ids,
        "access": bench.access,
        "identity": bench.identity,
        "channels": bench.channels,
        "feedback": bench.feedback,
        "postings": bench.postings,
        "whispers": bench.whispers,
    }
    judging = people(apis=bench.apis, answerer=bench.assistant, **shared)
    own = personal(settings=lambda: bench.settings, reviewing=judging.reviewing, **shared)
    bench.answering = Answering(bench.chat, bench.postings, judging.propose)
    talking = bench.talking(
        take_reply=judging.take_reply,
        question_deleted=judging.question_deleted,
        open_settings=own.open_settings,
    )
    await bench.start(*talking.parts, *judging.parts, *own.parts, failed=talking.failures.tell)
    judging.notices.outbox = bench.inbox
    return Visited(bench, judging)
