"""What a process keeps while it answers for weeks: nothing for each question, nothing for each click."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

from tests.adapters.discord.personal.conftest import Visited
from tests.fakes import an_answer

ROUNDS, AT_ONCE = 3, 8


def kept(bench: Any) -> dict[str, int]:
    """Sizes of all that could grow."""
    client, calling = bench.client, bench.rest._calling
    store = client._connection._view_store
    return {
        "tasks": len(asyncio.all_tasks()),
        "held": len(bench.inbox._held) + len(bench.inbox._numbers) + len(bench.inbox._aside),
        "responding": len(getattr(bench.rest, "_responding", ())),
        "buckets": len([task for task in calling.wire._buckets._releasing if not task.done()]),
        "unkept": len(bench.bot._unkept),
        "messages": len(client._connection._messages or ()),
        "views": len(store._synced_message_views) + len(store._modals) + sum(map(len, store._views.values())),
        "flights": len(bench.places._channels._flights._flights)
        if hasattr(bench.places._channels._flights, "_flights")
        else 0,
    }


async def a_round(visit: Visited, number: int) -> None:
    bench, anna = visit.bench, visit.anna
    before = len(visit.discord.answers("help"))
    bench.assistant.script = [an_answer(f"a{number}")]
    for n in range(AT_ONCE):
        anna.asks("help", f"How long do refunds take, {number} {n}?")
    await bench.settled(60)
    answers = visit.discord.answers("help")[before:]
    assert len(answers) == AT_ONCE
    for answer in answers:
        anna.clicks(answer, "👍")
        visit.ben.clicks(answer, "👍")
    await bench.settled(60)


async def test_questions_and_clicks_leave_nothing_in_memory(bench: Any) -> None:
    visit = await Visited(bench).start()
    await a_round(visit, 0)
    gc.collect()
    before = kept(bench)
    for number in range(1, ROUNDS):
        await a_round(visit, number)
    gc.collect()
    after = kept(bench)
    grown = {name: (before[name], after[name]) for name in before if after[name] > before[name] + 3}
    assert grown == {}
