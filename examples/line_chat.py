"""A third platform in one file: a chat by lines of text over TCP. `python examples/line_chat.py`, then `nc 127.0.0.1 7007`.

Read documents first: `answerloop ingest FOLDER`. docs/adapters.md goes through this file.
"""

import asyncio
import os
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from adapters.answering import Answering, Asked
from adapters.channels import Channels
from adapters.chat import Chat, Reply
from adapters.inbox import Delivery, Inbox, Note
from adapters.running_inbox import inbox_running
from adapters.text import printable
from adapters.voting import Voting
from rag_core.records.feedback.recording import Feedback
from rag_core.records.platforms.channels import ChannelRecords
from rag_core.records.platforms.deliveries import Deliveries
from rag_core.records.platforms.postings import Postings
from rag_core.running.opening import Running, open_running, settings_loader
from rag_core.types import Principal, Question, Vote

PLATFORM = "line"
VOTES = {"+1": 1, "-1": -1}


class LineSurface:
    """Where one answer is shown. Implements adapters.answering.Surface."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    async def begin(self) -> None:
        await self._say("…")

    def said(self, text: str) -> None:
        """Lines that were written cannot be changed: the answer comes whole."""

    async def finish(self, reply: Reply) -> Sequence[str]:
        lines = [printable(reply.text)]
        for citation in reply.answer.citations if reply.answer else ():
            lines.append(printable(f"[{citation.number}] {citation.title} {citation.location}"))
        await self._say("\n".join(lines))
        return [secrets.token_hex(8)]

    async def give_up(self) -> None:
        """What was said stays said."""

    async def withdraw(self) -> None:
        """What was said stays said."""

    async def _say(self, text: str) -> None:
        self._writer.write(f"{text}\n".encode())
        await self._writer.drain()


class LineChat:
    """Lines -> deliveries -> questions and votes. Everyone who connects is somebody else."""

    def __init__(self, running: Running) -> None:
        database, settings = running.database, running.settings
        self._postings = Postings(database)
        self._answering = Answering(
            Chat(running.assistant, settings().language or ""), self._postings, self._propose
        )
        self._voting = Voting(running.assistant, Feedback(database))
        self._channels = Channels(lambda: settings().channels, ChannelRecords(database))
        self._writers: dict[str, asyncio.StreamWriter] = {}
        self._last: dict[str, str] = {}
        self.inbox = Inbox(Deliveries(database, platforms={PLATFORM}), self._handle)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One person, until they hang up. Each line is in the database before it is answered."""
        user = secrets.token_hex(8)
        self._writers[user] = writer
        try:
            async for line in reader:
                if text := line.decode(errors="replace").strip():
                    key, kind = secrets.token_hex(8), "vote" if text in VOTES else "question"
                    await self.inbox.accept(PLATFORM, key, kind, user, {"user": user, "text": text})
        finally:
            del self._writers[user]
            writer.close()

    async def _handle(self, delivery: Delivery, note: Note) -> None:
        payload: Mapping[str, Any] = delivery.payload
        user, text = str(payload["user"]), str(payload["text"])
        writer = self._writers.get(user)
        if writer is None:
            return  # hung up meanwhile
        if delivery.kind == "vote":
            if answer := self._last.get(user):
                await self._voting.cast(Vote(answer, PLATFORM, user, VOTES[text]))
            return
        channel = await self._channels.of(PLATFORM, "", user)
        question = Question(text, Principal(PLATFORM, user, channel=user, direct=True), thread=user)
        reply = await self._answering.answer(Asked(question, channel), LineSurface(writer))
        if reply and reply.answer:
            self._last[user] = reply.answer.id

    async def _propose(self, asked: Asked, reply: Reply) -> None:
        """Draft mode needs people who decide; here are none."""


async def main() -> None:
    async with open_running(settings_loader()) as running:
        chat = LineChat(running)
        async with inbox_running(chat.inbox, {}):
            port = int(os.environ.get("PORT", "7007"))
            server = await asyncio.start_server(chat.talk, "127.0.0.1", port)
            print(f"listening on {server.sockets[0].getsockname()[1]}", flush=True)
            async with server:
                await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
