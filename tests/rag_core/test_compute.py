"""Work that keeps a core busy leaves room for everything else."""

from __future__ import annotations

import asyncio
import time

from threadpoolctl import threadpool_info

from rag_core.compute import Compute


async def test_work_runs_beside_the_event_loop(compute: Compute) -> None:
    """The loop goes on while a thread is busy; what the work raises reaches the caller."""
    working = asyncio.create_task(compute.run(time.sleep, 0.05))
    rounds = 0
    while not working.done():
        await asyncio.sleep(0.001)
        rounds += 1
    assert rounds > 3


async def test_between_two_turns_the_loop_sees_to_everything_else(compute: Compute) -> None:
    """Fifty pieces of work that are ready at once do not run in one round of the loop."""
    order: list[str] = []

    async def piece() -> None:
        async with compute.turn:
            order.append("work")

    async def others() -> None:
        while order.count("work") < 50:
            order.append("other")
            await asyncio.sleep(0)

    await asyncio.gather(*(piece() for _ in range(50)), others())
    longest = max(len(run) for run in "".join(o[0] for o in order).split("o"))
    assert longest <= 2


async def test_small_products_have_one_thread(compute: Compute) -> None:
    """Those of NumPy, as soon as there is a Compute."""
    blas = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
    assert blas
    assert set(blas) == {1}
