"""The same work for many at once is done once."""

from __future__ import annotations

import asyncio

import pytest

from rag_core.cache import Flights


class Work:
    """Counts how often it was begun, ended and cancelled; ends when it is let."""

    def __init__(self, error: Exception | None = None) -> None:
        self.begun = self.ended = self.cancelled = 0
        self.let = asyncio.Event()
        self.error = error

    async def __call__(self) -> int:
        self.begun += 1
        try:
            await self.let.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        self.ended += 1
        if self.error:
            raise self.error
        return self.begun


async def test_many_at_once_share_one_piece_of_work() -> None:
    """Five hundred askers, one run, the same result for each."""
    flights: Flights[int] = Flights()
    work = Work()
    asking = [asyncio.create_task(flights.run("k", work)) for _ in range(500)]
    await asyncio.sleep(0)
    work.let.set()
    assert set(await asyncio.gather(*asking)) == {1}
    assert work.begun == 1


async def test_another_key_is_other_work() -> None:
    flights: Flights[int] = Flights()
    work = Work()
    work.let.set()
    await asyncio.gather(flights.run("a", work), flights.run("b", work))
    assert work.begun == 2


async def test_nothing_is_remembered_once_it_has_ended() -> None:
    """The next asker has it done anew; remembering is the cache's."""
    flights: Flights[int] = Flights()
    work = Work()
    work.let.set()
    assert [await flights.run("k", work), await flights.run("k", work)] == [1, 2]


async def test_an_asker_who_goes_does_not_take_the_work_along() -> None:
    """Whether it is the one that began it or another."""
    flights: Flights[int] = Flights()
    work = Work()
    asking = [asyncio.create_task(flights.run("k", work)) for _ in range(5)]
    await asyncio.sleep(0)
    asking[0].cancel()
    asking[3].cancel()
    await asyncio.sleep(0)
    work.let.set()
    done = await asyncio.gather(*asking, return_exceptions=True)
    assert [isinstance(result, asyncio.CancelledError) for result in done] == [
        True,
        False,
        False,
        True,
        False,
    ]
    assert (work.begun, work.ended, work.cancelled) == (1, 1, 0)


async def test_work_that_nobody_waits_for_is_given_up() -> None:
    """And a later asker begins anew, though the given-up work may take a moment to stop."""
    flights: Flights[int] = Flights()
    work = Work()
    asking = [asyncio.create_task(flights.run("k", work)) for _ in range(3)]
    await asyncio.sleep(0)
    for task in asking:
        task.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    late = asyncio.create_task(flights.run("k", work))
    await asyncio.sleep(0)
    work.let.set()
    assert await late == 2
    assert (work.begun, work.cancelled) == (2, 1)


async def test_a_failure_reaches_all_who_wait_and_nobody_after() -> None:
    flights: Flights[int] = Flights()
    work = Work(ValueError("broken"))
    asking = [asyncio.create_task(flights.run("k", work)) for _ in range(50)]
    await asyncio.sleep(0)
    work.let.set()
    failed = await asyncio.gather(*asking, return_exceptions=True)
    assert [str(error) for error in failed] == ["broken"] * 50
    work.error = None
    assert await flights.run("k", work) == 2


async def test_a_failure_that_nobody_waited_for_is_not_complained_about(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Work that fails while it is cancelled."""

    async def stubborn() -> int:
        try:
            await asyncio.sleep(60)
        finally:
            raise ValueError("while it was cancelled")

    flights: Flights[int] = Flights()
    task = asyncio.create_task(flights.run("k", stubborn))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await asyncio.sleep(0)
    assert caplog.records == []
