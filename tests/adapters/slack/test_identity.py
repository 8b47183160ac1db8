"""Who a person is."""

from __future__ import annotations

from typing import Any


async def test_a_delivery_reaches_the_part_that_handles_its_kind(bench: Any) -> None:
    """Through Socket Mode, Bolt, the inbox and the database."""
    seen = []

    class Part:
        def handlers(self) -> Any:
            async def handle(received: Any) -> None:
                seen.append(received.event["text"])

            return {"message": handle}

    await bench.start(Part())
    bench.slack.user("U0ANNA").asks("C0HELP", "Hello?")
    await bench.settled()
    assert seen == [f"{bench.slack.mention} Hello?"]
