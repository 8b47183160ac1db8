"""What arrives goes before what arrived, and many questions begin one after the other."""

from __future__ import annotations

import asyncio
from itertools import pairwise

from adapters.pacing import APART_S, FIRST_S, MANY, Pacing


async def begun(pacing: Pacing, many: int) -> list[float]:
    """When each began."""
    loop = asyncio.get_running_loop()
    times: list[float] = []

    async def question() -> None:
        await pacing.before_question()
        times.append(loop.time())

    await asyncio.gather(*(question() for _ in range(many)))
    return times


async def test_a_question_begins_once_nothing_arrives() -> None:
    """Not while anything at all still arrives."""
    pacing = Pacing()
    with pacing.arriving():
        with pacing.arriving():
            beginning = asyncio.create_task(pacing.before_question())
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.05)
        assert not beginning.done()
    await asyncio.wait_for(beginning, FIRST_S / 2)


async def test_a_question_begins_although_more_and_more_arrives() -> None:
    """After FIRST_S."""
    pacing = Pacing()
    with pacing.arriving():
        await asyncio.wait_for(pacing.before_question(), 3 * FIRST_S)


async def test_many_begin_apart() -> None:
    """And the last of them as close as a few do."""
    gaps = [later - earlier for earlier, later in pairwise(await begun(Pacing(), 3 * MANY))]
    assert sum(gap > APART_S / 2 for gap in gaps) >= MANY
    assert sum(gap > APART_S / 2 for gap in await _gaps_of_few()) == 0


async def _gaps_of_few() -> list[float]:
    return sorted(later - earlier for earlier, later in pairwise(await begun(Pacing(), MANY)))[:-2]


async def test_who_gives_up_waiting_holds_up_nobody() -> None:
    """A question that is taken back while it waits in line, too."""
    pacing = Pacing()
    with pacing.arriving():
        waiting = [asyncio.create_task(pacing.before_question()) for _ in range(4)]
        await asyncio.sleep(0.05)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    await asyncio.wait_for(pacing.before_question(), FIRST_S / 2)
