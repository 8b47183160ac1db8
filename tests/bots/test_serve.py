"""The serving process: a real server on a free port."""

from __future__ import annotations

import asyncio
import io
import logging
import os
import re
import signal
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest
from rich.console import Console

from bots.serve import serve
from rag_core.errors import NotReady, SettingsError
from rag_core.generation.protocol import Said, nothing
from rag_core.settings import Settings, Web
from rag_core.types import Answer, Question
from tests.fakes import FakeAssistant


class Process:
    """serve() running in the background, and what it printed."""

    def __init__(self, tmp_path: Path, assistant: FakeAssistant | None = None, **options: object) -> None:
        self.assistant = assistant or FakeAssistant()
        self.screen = io.StringIO()
        self.open = False
        settings = Settings(home=tmp_path, web=Web(port=0, suggestions=("When?",)))
        console = Console(file=self.screen, width=20)
        self.task = asyncio.create_task(serve(settings, self._open, console, **options))  # type: ignore[arg-type]

    @asynccontextmanager
    async def _open(self, settings: Settings) -> AsyncIterator[FakeAssistant]:
        self.open = True
        try:
            yield self.assistant
        finally:
            self.open = False

    async def address(self) -> str:
        """The address it printed, once it did."""
        for _ in range(500):
            if match := re.search(r"answerloop is ready: (http://\S+)\n", self.screen.getvalue()):
                return match[1]
            await asyncio.sleep(0.01)
        raise AssertionError(f"it never got ready: {self.screen.getvalue()}")

    async def __aenter__(self) -> Process:
        return self

    async def __aexit__(self, *error: object) -> None:
        self.task.cancel()
        with suppress(asyncio.CancelledError):
            await self.task


async def test_the_printed_address_answers(tmp_path: Path) -> None:
    """Port 0 takes a free port; the line names the one taken, unbroken, and only once it accepts."""
    async with Process(tmp_path) as process, httpx.AsyncClient() as client:
        address = await process.address()
        page = await client.get(address)
        asked = await client.post(f"{address}/api/ask", json={"question": "When?"})
        suggested = await client.get(f"{address}/api/suggestions")
    assert "<title>answerloop</title>" in page.text
    assert asked.json()["answer_id"] == "a1"
    assert suggested.json() == {"questions": ["When?"]}
    assert "server" not in page.headers


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    """It returns to its caller, with the assistant closed and the signal's old handler back."""
    before = signal.getsignal(number)
    async with Process(tmp_path) as process:
        await process.address()
        assert process.open
        os.kill(os.getpid(), number)
        await asyncio.wait_for(process.task, 5)
        assert not process.open
    assert signal.getsignal(number) is before


async def test_what_is_being_answered_is_finished_first(tmp_path: Path) -> None:
    """A question that was accepted before the signal gets its answer."""

    class Slow(FakeAssistant):
        async def ask(self, question: Question, said: Said = nothing) -> Answer:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(0.5)
            return await super().ask(question, said)

    async with Process(tmp_path, Slow()) as process, httpx.AsyncClient() as client:
        asked = await client.post(f"{await process.address()}/api/ask", json={"question": "When?"})
        await asyncio.wait_for(process.task, 5)
    assert asked.json()["answer_id"] == "a1"


async def test_being_cancelled_closes_everything(tmp_path: Path) -> None:
    """The assistant is closed and the port is free again."""
    async with Process(tmp_path) as process:
        address = httpx.URL(await process.address())
    assert not process.open
    socket.create_server((address.host, address.port)).close()


async def test_a_taken_port_is_a_settings_error_before_anything_is_opened(tmp_path: Path) -> None:
    """The sentence names web.port and the remedy."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=rf"web\.port: {port} on 127\.0\.0\.1 is in use already"):
            await serve(Settings(home=tmp_path, web=Web(port=port)), _never, Console(file=io.StringIO()))


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid"])
async def test_an_impossible_host_is_a_settings_error(tmp_path: Path, host: str) -> None:
    """The sentence names web.host."""
    with pytest.raises(SettingsError, match=rf"web\.host: cannot listen on '{host}'"):
        await serve(Settings(home=tmp_path, web=Web(host=host, port=0)), _never, Console(file=io.StringIO()))


async def test_on_loopback_a_foreign_host_name_is_refused(tmp_path: Path) -> None:
    """A site that points its name at this machine cannot read the page (DNS rebinding)."""
    async with Process(tmp_path) as process, httpx.AsyncClient() as client:
        response = await client.get(await process.address(), headers={"host": "evil.example"})
    assert response.status_code == 421


async def test_health_speaks_for_the_assistant(tmp_path: Path) -> None:
    """/healthz asks the callable it was given, with the open assistant."""

    async def ready(assistant: FakeAssistant) -> Mapping[str, object]:
        if assistant.questions:
            raise NotReady("busy")
        return {"release": "r1"}

    async with Process(tmp_path, ready=ready) as process, httpx.AsyncClient() as client:
        address = await process.address()
        before = await client.get(f"{address}/healthz")
        await client.post(f"{address}/api/ask", json={"question": "When?"})
        after = await client.get(f"{address}/healthz")
    assert (before.status_code, before.json()) == (200, {"ready": True, "release": "r1"})
    assert after.status_code == 503


async def test_background_work_runs_beside_the_server_and_ends_with_it(tmp_path: Path) -> None:
    """Work gets the open assistant, is cancelled at the end, and the assistant closes after it."""
    events: list[str] = []

    async def work(assistant: FakeAssistant) -> None:
        events.append("begun")
        try:
            await asyncio.Event().wait()
        finally:
            events.append(f"ended, assistant open: {process.open}")

    async with Process(tmp_path, background={"synchronisation": work}) as process:
        await process.address()
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(process.task, 5)
    assert events == ["begun", "ended, assistant open: True"]


async def test_background_work_that_fails_is_logged_and_begins_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """One failing task takes nothing else down; after a pause it is tried again."""
    monkeypatch.setattr("rag_core.running.background._FIRST_PAUSE_S", 0.01)
    again = asyncio.Event()
    runs = 0

    async def work(assistant: FakeAssistant) -> None:
        nonlocal runs
        runs += 1
        if runs < 3:
            raise RuntimeError("source is down")
        again.set()

    with caplog.at_level(logging.ERROR):
        async with (
            Process(tmp_path, background={"synchronisation": work}) as process,
            httpx.AsyncClient() as client,
        ):
            address = await process.address()
            await asyncio.wait_for(again.wait(), 5)
            assert (await client.get(f"{address}/healthz")).status_code == 200
    assert [record.getMessage() for record in caplog.records] == [
        "synchronisation failed; it starts again in 0 s",
        "synchronisation failed; it starts again in 0 s",
    ]


@asynccontextmanager
async def _never(settings: Settings) -> AsyncIterator[FakeAssistant]:
    raise AssertionError("opened although there is nothing to listen on")
    yield FakeAssistant()
