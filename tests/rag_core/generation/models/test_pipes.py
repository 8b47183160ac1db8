"""The child's side with a model that needs no torch, in a process of its own."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from rag_core.generation.models.frames import (
    Ask,
    Broken,
    Done,
    Failed,
    Load,
    Piece,
    Ping,
    Pong,
    Ready,
    Said,
    Stop,
    packed,
    received_heard,
)
from rag_core.generation.protocol import Message

ROOT = Path(__file__).parents[4]
LIMIT_S = 60
LOAD = Load("a model", None, "cpu", None, 700, 0.0)
CHILD = """
import subprocess, sys, time
from rag_core.errors import NotReady
from rag_core.generation.models.pipes import serve

class Echo:
    window, tokenizer_file, device = 100, "", "nowhere"

    def __init__(self, load):
        print("a library that prints")
        subprocess.run([sys.executable, "-c", "print(input('and one that asks: '))"], stderr=subprocess.DEVNULL)
        if load.model == "none":
            raise NotReady("There is no such model.")
        if load.model == "strange":
            raise ArithmeticError("odd")

    def continued(self, messages, max_tokens, say, stopped):
        if messages[0].text == "fail":
            raise ArithmeticError("odd")
        for _ in range(max_tokens):
            if stopped():
                break
            say(messages[0].text)
            time.sleep(0.01)
        return 1, max_tokens

serve(Echo)
"""


class Process:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin
        assert process.stdout
        self.process, self._stdin = process, process.stdin
        self.heard = received_heard(process.stdout)

    async def say(self, *said: Said) -> None:
        self._stdin.write(b"".join(map(packed, said)))
        await self._stdin.drain()

    def leave(self) -> None:
        self._stdin.close()


@pytest.fixture
async def child() -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", CHILD),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(LIMIT_S):
        yield Process(process)
    if process.returncode is None:
        process.kill()
    await process.wait()


def ask(number: int, text: str, max_tokens: int = 2) -> Ask:
    return Ask(number, (Message("user", text),), max_tokens)


async def test_what_libraries_print_does_not_disturb(child: Process) -> None:
    """Nor do they get to read what is meant for the model."""
    await child.say(LOAD, ask(1, "x"))
    assert [await anext(child.heard) for _ in range(4)] == [
        Ready(100, "", "nowhere"),
        Piece(1, "x"),
        Piece(1, "x"),
        Done(1, 1, 2),
    ]


async def test_first_come_first_served(child: Process) -> None:
    """One after the other, in the order of asking."""
    await child.say(LOAD, *(ask(n, f"{n}") for n in range(5)))
    heard = [await anext(child.heard) for _ in range(16)]
    assert [m.id for m in heard if isinstance(m, Done)] == [0, 1, 2, 3, 4]
    assert [m.text for m in heard if isinstance(m, Piece)] == list("0011223344")


async def test_who_is_stopped_while_waiting_is_dropped(child: Process) -> None:
    """And who is stopped while being answered hears no more; the others are answered."""
    await child.say(LOAD, ask(1, "one", 10_000), ask(2, "two"), ask(3, "three"))
    assert await anext(child.heard) == Ready(100, "", "nowhere")
    assert await anext(child.heard) == Piece(1, "one")
    await child.say(Stop(2), Stop(1), Stop(77))
    heard = [await anext(child.heard)]
    while heard[-1] != Done(3, 1, 2):
        heard.append(await anext(child.heard))
    assert Done(2, 0, 0) in heard
    assert {m.text for m in heard if isinstance(m, Piece)} <= {"one", "three"}


async def test_it_reacts_while_it_works(child: Process) -> None:
    await child.say(LOAD, ask(1, "one", 10_000))
    await anext(child.heard)
    await child.say(Ping())
    while await anext(child.heard) != Pong():
        pass


async def test_one_that_fails_costs_itself_only(child: Process) -> None:
    """What it failed with is said."""
    await child.say(LOAD, ask(1, "fail"), ask(2, "x"))
    heard = [await anext(child.heard) for _ in range(5)]
    assert heard[1] == Broken(1, "failed with ArithmeticError: odd; the log has more")
    assert heard[-1] == Done(2, 1, 2)


@pytest.mark.parametrize(
    ("model", "reason"), [("none", "There is no such model."), ("strange", "ArithmeticError")]
)
async def test_a_model_that_cannot_be_loaded_is_told(child: Process, model: str, reason: str) -> None:
    """Then the process ends."""
    await child.say(Load(model, None, "cpu", None, 700, 0.0))
    (failed,) = [m async for m in child.heard]
    assert isinstance(failed, Failed)
    assert reason in failed.reason
    assert await child.process.wait() == 0


async def test_it_ends_with_its_standard_input(child: Process) -> None:
    """Though it is busy, and would be for a long time."""
    await child.say(LOAD, ask(1, "one", 1_000_000))
    await anext(child.heard)
    child.leave()
    assert await child.process.wait() == 0
    assert not psutil.pid_exists(child.process.pid)
