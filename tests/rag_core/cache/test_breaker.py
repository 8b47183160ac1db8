"""Time limits that a busy event loop does not use up, and what stands between questions and a server that is down."""

from __future__ import annotations

import asyncio
import logging
import time

import pytest

from rag_core.cache import breaker
from rag_core.cache.breaker import Breaker, within


async def slow(seconds: float) -> str:
    await asyncio.sleep(seconds)
    return "done"


async def test_what_is_in_time_is_returned() -> None:
    assert await within(1, slow(0.01)) == "done"


async def test_what_takes_longer_is_cancelled() -> None:
    """At about the limit, not at the end of the work."""
    started = time.monotonic()
    with pytest.raises(TimeoutError, match="within 50 ms"):
        await within(0.05, slow(60))
    assert time.monotonic() - started < 5
    await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == 1


async def test_an_event_loop_that_is_held_up_uses_up_no_limit() -> None:
    """The reply came in 10 ms and lay there while something else held the loop for ten times the limit."""

    async def several_steps() -> str:
        for _ in range(3):
            await asyncio.sleep(0.003)
        return "done"

    asking = asyncio.create_task(within(0.05, several_steps()))
    await asyncio.sleep(0.001)
    time.sleep(0.5)  # noqa: ASYNC251  # held up
    assert await asking == "done"


async def test_an_asker_who_goes_takes_the_work_along() -> None:
    """Nothing goes on for nobody."""
    task = asyncio.create_task(within(60, slow(60)))
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == 1


async def test_a_failure_is_passed_on() -> None:
    async def failing() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        await within(1, failing())


class Probe:
    """Fails for as long as it is told to; counts."""

    def __init__(self, failing: bool = False) -> None:
        self.failing = failing
        self.times: list[float] = []

    async def __call__(self) -> None:
        self.times.append(time.monotonic())
        if self.failing:
            raise ConnectionRefusedError("refused\nby the peer")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses of hundredths of a second."""
    monkeypatch.setattr(breaker, "FIRST_S", 0.01)
    monkeypatch.setattr(breaker, "LONGEST_S", 0.08)


async def until_ready(made: Breaker) -> None:
    async with asyncio.timeout(10):
        while made.state != "ready":  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_the_first_question_waits_for_the_first_connection() -> None:
    """And then for nothing."""
    made = Breaker("redis", lambda: slow(0.02))
    made.start()
    assert made.state == "connecting"
    assert await made.closed(5)
    assert made.state == "ready"
    await made.close()


async def test_the_first_question_does_not_wait_long() -> None:
    """A server that takes its time to connect to is gone without."""
    made = Breaker("redis", lambda: slow(60))
    made.start()
    assert not await made.closed(0.01)
    await made.close()
    assert len(asyncio.all_tasks()) == 1


async def test_a_failure_opens_it_until_a_probe_succeeds(quick: None) -> None:
    """While it is open nobody asks the server but the probe."""
    probe = Probe()
    made = Breaker("redis", probe)
    made.start()
    assert await made.closed(5)
    probe.failing = True
    made.failed(TimeoutError("no reply within 50 ms"))
    assert not await made.closed(5)
    assert made.state == "down (no reply within 50 ms)"
    await asyncio.sleep(0.1)
    assert made.state == "down (refused)"
    assert len(probe.times) > 2
    probe.failing = False
    await until_ready(made)
    assert await made.closed(0)
    await made.close()


async def test_pauses_between_probes_double_up_to_the_longest(quick: None) -> None:
    """A server that is gone for days is not asked often, and is used again soon after it comes back."""
    probe = Probe(failing=True)
    made = Breaker("redis", probe)
    made.start()
    await asyncio.sleep(0.7)
    pauses = [b - a for a, b in zip(probe.times, probe.times[1:], strict=False)]
    assert all(
        pause >= at_least for pause, at_least in zip(pauses, [0.01, 0.02, 0.04, *[0.08] * 99], strict=False)
    )
    assert len(pauses) >= 5
    await made.close()


def test_a_server_that_comes_back_is_used_within_half_a_minute() -> None:
    """The longest pause and the longest probe together."""
    from rag_core.cache.redis import CONNECT_S

    assert breaker.LONGEST_S + 2 * CONNECT_S < 30


async def test_a_server_too_slow_for_questions_is_asked_less_and_less(quick: None) -> None:
    """It passes each probe and fails each question: the pauses grow all the same."""
    made = Breaker("redis", Probe())
    made.start()
    assert await made.closed(5)
    paused = []
    for _ in range(4):
        started = time.monotonic()
        made.failed(TimeoutError())
        await until_ready(made)
        paused.append(time.monotonic() - started)
    assert paused[-1] >= 0.07
    await made.close()


async def test_each_change_is_logged_once(quick: None, caplog: pytest.LogCaptureFixture) -> None:
    """However many questions fail meanwhile, and with the first line of the reason."""
    caplog.set_level(logging.INFO)
    probe = Probe()
    made = Breaker("redis://h:1", probe)
    made.start()
    assert await made.closed(5)
    assert caplog.records == []
    probe.failing = True
    for _ in range(100):
        made.failed(OSError("gone\nfor good"))
    await asyncio.sleep(0.1)
    probe.failing = False
    await until_ready(made)
    assert [record.getMessage() for record in caplog.records] == [
        "redis://h:1: gone; answers are given without it",
        "redis://h:1: in use again",
    ]
    await made.close()


async def test_closing_ends_the_probes() -> None:
    made = Breaker("redis", Probe(failing=True))
    made.start()
    await made.closed(5)
    await made.close()
    await made.close()
    made.failed(OSError("while it was closed"))
    assert made.state == "closed"
    assert not await made.closed(5)
    assert len(asyncio.all_tasks()) == 1
