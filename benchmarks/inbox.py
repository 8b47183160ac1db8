"""How long accepting a delivery takes, and how many come through in a second.

    python benchmarks/inbox.py [--at-once 200] [--rounds 10] [--deliveries 5000] [--url sqlite+aiosqlite:///...] [--json]

On SQLite in a scratch folder unless an address is given (its table of deliveries grows by what is measured). "at once":
that many are accepted at the same moment, while the handling of all before goes on. "sustained": senders that each wait
for one to be accepted before the next, until all are handled. Handlers note once, as one that posts a message does.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import secrets
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from adapters.inbox import Delivery, Inbox, Note  # noqa: E402
from rag_core.records.database import open_database  # noqa: E402
from rag_core.records.platforms.deliveries import Deliveries  # noqa: E402

LANES = 50
SENDERS = 20
EVENT = {
    "type": "event_callback",
    "event": {"type": "app_mention", "text": "How long does it take? " * 20, "user": "U1"},
}


class Sent:
    """Deliveries to one inbox, and how long each took to be accepted."""

    def __init__(self) -> None:
        self.run = secrets.token_hex(4)
        self.took_ms: list[float] = []
        self.handled = 0
        self.number = 0

    async def handle(self, delivery: Delivery, note: Note) -> None:
        await note({"message": delivery.key})
        self.handled += 1

    async def send(self, inbox: Inbox) -> None:
        self.number += 1
        number = self.number
        began = time.perf_counter()
        await inbox.accept("slack", f"{self.run}-{number}", "message", f"L{number % LANES}", EVENT)
        self.took_ms.append((time.perf_counter() - began) * 1e3)

    async def all_handled(self) -> None:
        while self.handled < self.number:  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def at_once(inbox: Inbox, sent: Sent, many: int, rounds: int) -> dict[str, float]:
    for _ in range(rounds):
        await asyncio.gather(*(sent.send(inbox) for _ in range(many)))
    await sent.all_handled()
    return _row(sent.took_ms)


async def sustained(inbox: Inbox, sent: Sent, many: int) -> dict[str, float]:
    sent.took_ms.clear()
    began, first = time.perf_counter(), sent.number

    async def sender() -> None:
        while sent.number < first + many:
            await sent.send(inbox)

    await asyncio.gather(*(sender() for _ in range(SENDERS)))
    accepted = time.perf_counter() - began
    await sent.all_handled()
    handled = time.perf_counter() - began
    return _row(sent.took_ms) | {
        "accepted_per_s": round(many / accepted),
        "handled_per_s": round(many / handled),
    }


async def measure(url: str, many: int, rounds: int, deliveries: int) -> dict[str, Any]:
    database = await open_database(url)
    sent = Sent()
    inbox = Inbox(Deliveries(database), sent.handle)
    run = asyncio.create_task(inbox.run())
    try:
        return {
            f"{many} at once": await at_once(inbox, sent, many, rounds),
            "sustained": await sustained(inbox, sent, deliveries),
        }
    finally:
        await inbox.close(10)
        run.cancel()
        await asyncio.wait([run])
        await database.dispose()


def _row(took: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(took, n=100, method="inclusive")
    return {
        "p50_ms": round(cuts[49], 2),
        "p99_ms": round(cuts[98], 2),
        "max_ms": round(max(took), 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--at-once", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--deliveries", type=int, default=5000)
    parser.add_argument("--url", default="")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        url = arguments.url or f"sqlite+aiosqlite:///{folder}/answerloop.db"
        work = measure(url, arguments.at_once, arguments.rounds, arguments.deliveries)
        result = asyncio.run(work)
    if arguments.json:
        print(json.dumps(result))
        return
    for name, row in result.items():
        print(f"{name:14}" + "  ".join(f"{column} {value:g}" for column, value in row.items()))


if __name__ == "__main__":
    main()
