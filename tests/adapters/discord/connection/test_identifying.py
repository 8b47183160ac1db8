"""Sessions are begun one after the other, and not more of them than Discord allows."""

from __future__ import annotations

import asyncio
import time

import pytest

from adapters.discord.connection.identifying import Gateway, Identifying, gateway_of


async def nothing() -> Gateway | None:
    return None


async def test_two_sessions_of_a_bucket_are_begun_apart() -> None:
    """Those of another one at the same time."""
    identifying, begun = Identifying(nothing, 0.2), []
    identifying.told(Gateway("wss://g", shards=3, at_once=2))

    async def begin(shard: int) -> None:
        async with identifying.turn(shard):
            identifying.spent(shard)
            begun.append((shard, time.monotonic()))

    await asyncio.gather(*(begin(shard) for shard in range(3)))
    times = dict(begun)
    assert times[2] - times[0] >= 0.2
    assert abs(times[1] - times[0]) < 0.2


async def test_a_session_is_waited_for_where_few_are_left(caplog: pytest.LogCaptureFixture) -> None:
    """Until they are counted anew; what came to nothing does not count."""
    identifying = Identifying(nothing, 0)
    identifying.told(Gateway("wss://g", remaining=6, reset_after_s=0.1))
    for _ in range(9):
        async with identifying.turn(0):
            pass  # no connection could be made
    async with identifying.turn(0):
        identifying.spent(0)
    assert caplog.text == ""
    before = time.monotonic()
    async with identifying.turn(0):
        assert time.monotonic() - before >= 0.1
    assert "Discord allows 5 more connections" in caplog.text


def test_what_discord_leaves_out_is_as_usual() -> None:
    """Without an address there is no gateway."""
    assert gateway_of({"url": "wss://g"}) == Gateway("wss://g")
    limit = {"total": 1000, "remaining": 7, "reset_after": 1500, "max_concurrency": 16}
    assert gateway_of({"url": "wss://g", "shards": 4, "session_start_limit": limit}) == Gateway(
        "wss://g", 4, 7, 1000, 1.5, 16
    )
    for wrong in (None, "<html>", {"shards": 1}, {"url": "wss://g", "session_start_limit": "?"}):
        with pytest.raises(ValueError, match="gateway"):
            gateway_of(wrong)
