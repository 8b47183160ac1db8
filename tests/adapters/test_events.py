"""Answers as server-sent events: over a real server where it is about a reader who goes away."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import uvicorn

from adapters.chat import Chat
from adapters.events import INTERVAL_S, EventStream, Work
from adapters.web import web_app
from rag_core.errors import InvalidQuestion, Unavailable
from rag_core.generation.protocol import Said
from tests.fakes import FakeAssistant, Written, an_answer

STREAM = {"accept": "text/event-stream"}
GROWING = ("Expenses", "Expenses are refunded", "Expenses are refunded within 30 days")


@asynccontextmanager
async def client_of(assistant: FakeAssistant) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a server of its own."""
    server = uvicorn.Server(
        uvicorn.Config(web_app(Chat(assistant), _ready), log_level="error", lifespan="off")
    )
    listening = socket.create_server(("127.0.0.1", 0))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{listening.getsockname()[1]}") as client:
            yield client
    finally:
        server.should_exit = True
        await serving


async def _ready() -> Mapping[str, object]:
    return {}


def events(body: str) -> list[tuple[str, Any]]:
    """The events of a whole stream: name and data."""
    blocks = [block.split("\n") for block in body.split("\n\n") if block and not block.startswith(":")]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in blocks]


async def asked(client: httpx.AsyncClient, **body: str) -> list[tuple[str, Any]]:
    response = await client.post("/api/ask", json={"question": "When?", **body}, headers=STREAM)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/event-stream")
    return events(response.text)


async def test_the_text_comes_as_it_is_written_and_then_the_answer() -> None:
    """Each event has the whole text so far; the answer is what a plain request gets."""
    assistant = FakeAssistant([Written(GROWING, an_answer(), pause_s=2 * INTERVAL_S), an_answer()])
    async with client_of(assistant) as client:
        told = await asked(client)
        plain = await client.post("/api/ask", json={"question": "When?"})
    assert told == [*(("text", {"text": text}) for text in GROWING), ("answer", plain.json())]


async def test_fast_writing_is_told_in_steps_and_to_its_end() -> None:
    """At most 20 events a second, whatever the model's pace; the last text is always among them."""
    texts = ["word " * count for count in range(1, 400)]
    async with client_of(FakeAssistant([Written(texts, an_answer())])) as client:
        started = time.monotonic()
        told = await asked(client)
        took = time.monotonic() - started
    said = [data["text"] for name, data in told if name == "text"]
    assert said[-1] == texts[-1]
    assert len(said) <= 2 + took / INTERVAL_S
    assert said == sorted(said, key=len)


async def test_an_answer_that_says_nothing_on_the_way_is_told_at_once() -> None:
    """One event."""
    async with client_of(FakeAssistant()) as client:
        assert [name for name, _ in await asked(client)] == ["answer"]


@pytest.mark.parametrize(
    ("error", "status"),
    [(InvalidQuestion("Say more."), 422), (Unavailable("down"), 503), (KeyError("bug"), 503)],
)
async def test_an_error_is_the_last_event(error: Exception, status: int) -> None:
    """A sentence, and the status that a plain request would have had; also in the middle of the text."""
    async with client_of(FakeAssistant([Written(["Expen"], error)])) as client:
        told = await asked(client)
    assert [name for name, _ in told] == ["text", "error"]
    assert told[-1][1]["status"] == status
    assert set(told[-1][1]) == {"error", "status"}


async def test_what_cannot_be_asked_is_refused_before_it_streams() -> None:
    """A wrong body has its own status, as without streaming."""
    async with client_of(FakeAssistant()) as client:
        refused = await client.post("/api/ask", json={"question": ""}, headers=STREAM)
    assert (refused.status_code, refused.headers["content-type"]) == (422, "application/json")


async def test_a_streamed_exchange_is_remembered() -> None:
    """In its thread, of the person whose cookie the stream's headers gave; an unfinished one is not."""
    assistant = FakeAssistant([an_answer(), Unavailable("down"), an_answer()])
    async with client_of(assistant) as client:
        for question in ("When?", "Where?", "Who?"):
            await asked(client, question=question, thread="t1")
    first, _, last = assistant.questions
    assert first.principal == last.principal
    assert [(turn.text, turn.answer) for turn in last.turns] == [
        ("When?", ""),
        ("Expenses are refunded within 30 days [1].", "a1"),
    ]


async def test_who_goes_away_takes_the_question_back() -> None:
    """The work is cancelled at once, and nothing is remembered of it."""
    assistant = FakeAssistant([Written(GROWING, an_answer(), pause_s=30), an_answer()])
    async with client_of(assistant) as client:
        await client.get("/")
        body = {"question": "When?", "thread": "t1"}
        async with client.stream("POST", "/api/ask", json=body, headers=STREAM) as response:
            assert response.status_code == 200
        await asyncio.wait_for(assistant.cancelled.wait(), 5)
        await asked(client, question="And now?", thread="t1")
    assert assistant.questions[1].turns == ()


async def test_the_stream_is_neither_kept_nor_held_back() -> None:
    """No cache stores it, and a proxy is told to pass each event on."""
    async with client_of(FakeAssistant()) as client:
        headers = (await client.post("/api/ask", json={"question": "When?"}, headers=STREAM)).headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-accel-buffering"] == "no"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "content-length" not in headers


# --- the response by itself ------------------------------------------------------------------------------------------


async def streamed(work: Work, **options: float) -> str:
    """What the response sends, to a reader who stays."""
    sent: list[bytes] = []

    async def send(message: Any) -> None:
        sent.append(message.get("body", b""))

    await EventStream(work, **options)({"type": "http"}, _staying, send)
    return b"".join(sent).decode()


async def _staying() -> Any:
    await asyncio.Event().wait()


async def test_silence_is_broken_by_comments() -> None:
    """So that no proxy takes the connection for dead."""

    async def slow(said: Said) -> tuple[dict[str, Any], int]:
        await asyncio.sleep(0.3)
        return {"text": "done"}, 200

    body = await streamed(slow, keep_alive_s=0.05)
    assert body.count(": still at it\n\n") >= 2
    assert events(body) == [("answer", {"text": "done"})]


async def test_half_a_character_does_not_break_the_stream() -> None:
    """A model may write one half of a surrogate pair, which no UTF-8 holds; line ends stay within the data."""

    async def odd(said: Said) -> tuple[dict[str, Any], int]:
        said("a\ud800\r\n\n\u2028b")
        return {"text": "\ud800"}, 200

    told = events(await streamed(odd))
    assert told == [("text", {"text": "a\ud800\r\n\n\u2028b"}), ("answer", {"text": "\ud800"})]


async def test_a_server_that_stops_cancels_the_work() -> None:
    """Whatever cancels the response cancels what it waits for, before it goes on."""
    ended = asyncio.Event()

    async def endless(said: Said) -> tuple[dict[str, Any], int]:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        raise AssertionError

    task = asyncio.create_task(streamed(endless))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()
