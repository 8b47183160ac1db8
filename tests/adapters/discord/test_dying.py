"""A process that is killed at any step of answering: the next one ends what it began, once, and nothing of it is left."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from adapters.discord.rest.calls import Call
from adapters.discord.rest.rest import Rest
from tests.fakes import Written, an_answer
from tests.servers.discord import readable

QUESTION = "How long do refunds take?"
LONG = " ".join(f"Claim {n} is refunded within {n} days of the day on which it was made." for n in range(90))


class Mortal(Rest):
    """Its process dies at one call that changes something: before Discord has it, or before its reply is read."""

    calls_left: float = float("inf")
    replied = False
    is_dead = False

    async def _make(self, call: Call, trying_s: float | None = None) -> Any:
        if not self.is_dead and call.method != "GET" and "typing" not in call.path and not call.urgent:
            self.calls_left -= 1
            if self.calls_left < 0:
                if self.replied:
                    await super()._make(call, trying_s)
                self.is_dead = True
        if self.is_dead:
            await asyncio.Event().wait()
        return await super()._make(call, trying_s)


async def born(bench: Any, calls: float = float("inf"), replied: bool = False) -> Mortal:
    """Start the bench with a Rest that lives for so many calls."""
    bench.rest = rest = Mortal(bench.client, trying_s=3)
    rest.calls_left, rest.replied = calls, replied
    answer = an_answer(f"a{calls}", text=LONG)
    grows = Written(["The half ", "The half of it "], answer, pause_s=0.8)
    bench.assistant.script = [answer if calls == float("inf") else grows]
    made = bench.talking()
    await bench.start(*made.parts, failed=made.failures.tell)
    return rest


async def survived(bench: Any, tmp_path: Path, calls: int, replied: bool, ask: Any) -> Any:
    """What is asked of a process that dies is answered by the next."""
    rest = await born(bench, calls, replied)
    made = ask()
    await bench.discord.until(lambda: rest.is_dead)
    await bench.close()
    second = type(bench)(bench.discord, bench.database, tmp_path)
    try:
        await born(second)
        await bench.discord.until(lambda: second.handled)
        await second.settled()
    finally:
        await second.close()
    return made


@pytest.mark.parametrize("replied", [False, True])
@pytest.mark.parametrize("calls", [0, 1, 3])
async def test_a_question_is_answered_once(bench: Any, tmp_path: Path, calls: int, replied: bool) -> None:
    """In all of its messages, without a half one."""
    anna = bench.discord.user("Anna")
    await survived(bench, tmp_path, calls, replied, lambda: anna.asks("help", QUESTION))
    shown = [readable(one) for one in bench.discord.answers("help")]
    together = "\n".join(shown)
    for n in range(90):
        assert together.count(f"Claim {n} is") == 1
    assert "half" not in together
    assert len([one for one in shown if "👍" in one]) == 1


@pytest.mark.parametrize(
    ("calls", "replied", "private"), [(1, True, True), (2, False, True), (3, True, False)]
)
async def test_a_command_is_answered_once(
    bench: Any, tmp_path: Path, calls: int, replied: bool, private: bool
) -> None:
    """Also in private; there alone a part whose reply was lost with the process is shown twice, as nothing tells of it."""
    anna = bench.discord.user("Anna")
    await survived(
        bench, tmp_path, calls, replied, lambda: anna.runs("ask", "help", question=QUESTION, private=private)
    )
    shown = [
        readable(one)
        for one in (bench.discord.ephemerals(anna) if private else bench.discord.answers("help"))
    ]
    together = "\n".join(shown)
    for n in range(90):
        assert together.count(f"Claim {n} is") == 1
    assert "half" not in together
    assert bench.discord.answers(anna.dm) == []
