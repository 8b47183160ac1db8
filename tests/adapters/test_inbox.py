"""What platforms deliver is accepted once, handled in order, and taken up again after a crash."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from adapters.inbox import Delivery, Inbox, Note
from rag_core.errors import Unavailable
from rag_core.records.database import open_database, transaction
from rag_core.records.platforms.deliveries import Deliveries
from rag_core.records.tables import deliveries
from tests.rag_core.records import conftest as records

address, database = records.address, records.database

ROOT = Path(__file__).parents[2]
SOON_S = 20.0
"""Longer than anything here takes."""
QUICK: dict[str, Any] = {"pauses": (0.01, 0.01, 0.01, 0.01), "look_s": 0.05, "renew_s": 0.1}


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON_S):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


class Handler:
    """Keeps what it was given; does what it is told to do, for all or by key."""

    def __init__(self, do: Callable[[Delivery, Note], Awaitable[None]] | None = None) -> None:
        self.begun: list[Delivery] = []
        self.done: list[str] = []
        self.told: list[tuple[Delivery, BaseException, str]] = []
        self.cancelled: list[str] = []
        self._do = do

    async def __call__(self, delivery: Delivery, note: Note) -> None:
        self.begun.append(delivery)
        try:
            if self._do is not None:
                await self._do(delivery, note)
        except asyncio.CancelledError:
            self.cancelled.append(delivery.key)
            raise
        self.done.append(delivery.key)

    async def failed(self, delivery: Delivery, error: BaseException, reference: str) -> None:
        self.told.append((delivery, error, reference))

    @property
    def keys(self) -> list[str]:
        return [delivery.key for delivery in self.begun]


@asynccontextmanager
async def running(
    database: AsyncEngine,
    handler: Handler,
    *,
    lease_s: float = 30.0,
    owner: str | None = None,
    platforms: tuple[str, ...] | None = None,
    **settings: Any,
) -> AsyncIterator[Inbox]:
    kept = Deliveries(database, lease_s=lease_s, owner=owner, platforms=platforms)
    inbox = Inbox(kept, handler, failed=handler.failed, **(QUICK | settings))
    run = asyncio.create_task(inbox.run())
    try:
        yield inbox
    finally:
        await inbox.close(0)
        run.cancel()
        await asyncio.wait([run], timeout=SOON_S)
        assert run.cancelled()


async def accept(inbox: Inbox, key: str, lane: str = "L", **payload: Any) -> bool:
    return await inbox.accept("slack", key, "message", lane, payload)


async def rows(database: AsyncEngine) -> dict[str, Any]:
    async with transaction(database) as connection:
        found = (await connection.execute(select(deliveries).order_by(deliveries.c.number))).all()
    return {row.key: row for row in found}


async def states(database: AsyncEngine) -> dict[str, str]:
    return {key: row.state for key, row in (await rows(database)).items()}


async def until_states(database: AsyncEngine, expected: Mapping[str, str]) -> None:
    async with asyncio.timeout(SOON_S):
        while await states(database) != expected:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_what_is_accepted_is_handled_once_and_forgotten_except_for_its_key(
    database: AsyncEngine,
) -> None:
    """The handler gets all that the platform sent; afterwards the database holds no word of it."""
    handler = Handler()
    before = datetime.now(UTC)
    async with running(database, handler) as inbox:
        assert await accept(inbox, "E1", "C1:T1", text="How?")
        await until_states(database, {"E1": "done"})
        assert not await accept(inbox, "E1", "C1:T1", text="How?")
    (one,) = handler.begun
    assert (one.platform, one.key, one.kind, one.lane) == ("slack", "E1", "message", "C1:T1")
    assert (one.payload, one.attempt, one.progress) == ({"text": "How?"}, 1, {})
    assert before <= one.received_at <= datetime.now(UTC)
    row = (await rows(database))["E1"]
    assert (row.payload, row.progress, row.owner) == (None, "{}", "")


# --- accepted once ---


async def test_of_many_deliveries_with_one_key_at_once_one_is_accepted(database: AsyncEngine) -> None:
    """By two processes on one database, in whatever batches; and nobody sees an error."""
    handlers = Handler(), Handler()
    async with running(database, handlers[0]) as one, running(database, handlers[1]) as other:
        told = await asyncio.gather(
            *(accept(inbox, f"E{n % 50}", f"L{n % 7}") for n in range(200) for inbox in (one, other))
        )
        await until(lambda: sum(len(handler.done) for handler in handlers) == 50)
    assert told.count(True) == 50
    assert sorted(handlers[0].done + handlers[1].done) == sorted(f"E{n}" for n in range(50))


async def test_two_thousand_at_once_are_each_handled_once_and_in_order(database: AsyncEngine) -> None:
    """Written together: some hundred rows in a transaction."""
    handler, transactions = Handler(), 0

    def count(*_: object) -> None:
        nonlocal transactions
        transactions += 1

    event.listen(database.sync_engine, "commit", count)
    async with running(database, handler, look_s=60.0, renew_s=60.0) as inbox:
        told = await asyncio.gather(*(accept(inbox, f"E{n}", f"L{n % 300}") for n in range(2000)))
        assert transactions < 100
        await until(lambda: len(handler.done) == 2000)
        await until_states(database, {f"E{n}": "done" for n in range(2000)})
    assert all(told)
    assert len(set(handler.done)) == 2000
    for lane in range(300):
        mine = [int(key[1:]) for key in handler.keys if int(key[1:]) % 300 == lane]
        assert mine == sorted(mine)


async def test_a_payload_may_hold_any_text(database: AsyncEngine) -> None:
    """NUL, halves of surrogate pairs and emoji come to the handler as they were sent."""
    handler = Handler()
    words = "a\0b \ud83d \udc40\ud83d ✅ \u2028"
    async with running(database, handler) as inbox:
        await accept(inbox, "E1", text=words)
        await until(lambda: handler.done == ["E1"])
    assert handler.begun[0].payload == {"text": words}


async def test_a_key_too_long_for_its_column_is_still_known(database: AsyncEngine) -> None:
    """And two that begin alike are two."""
    handler, long = Handler(), "k\0" * 300
    async with running(database, handler) as inbox:
        assert [await accept(inbox, key) for key in (long, long + "x", long)] == [True, True, False]


async def test_what_is_no_json_costs_itself_only(database: AsyncEngine) -> None:
    """The others of its batch are accepted."""
    handler = Handler()
    async with running(database, handler) as inbox:
        told = await asyncio.gather(
            accept(inbox, "E1"),
            accept(inbox, "E2", bad=object()),
            accept(inbox, "E3"),
            return_exceptions=True,
        )
    assert told[0] is told[2] is True
    assert isinstance(told[1], TypeError)


async def test_who_stops_waiting_leaves_the_delivery_to_the_inbox(database: AsyncEngine) -> None:
    """A connection that its client closes cancels whoever accepts; what is written is handled."""
    handler = Handler()
    async with running(database, handler) as inbox:
        waiting = asyncio.create_task(accept(inbox, "E1"))
        await asyncio.sleep(0)
        waiting.cancel()
        await until(lambda: handler.done == ["E1"])


async def test_a_delivery_may_be_left_to_another_process(database: AsyncEngine) -> None:
    """Which looks for what waits."""
    handler, other = Handler(), Handler()
    here = Inbox(Deliveries(database), handler)
    assert await here.accept("slack", "E1", "message", "L", {}, handle_here=False)
    async with running(database, other):
        await until(lambda: other.done == ["E1"])
    assert not handler.begun
    assert other.begun[0].attempt == 1


# --- lanes ---


async def test_a_lane_goes_in_order_and_another_does_not_wait_for_it(database: AsyncEngine) -> None:
    """One at a time within a lane; a slow one delays no other lane."""
    slow = asyncio.Event()

    async def do(delivery: Delivery, note: Note) -> None:
        if delivery.key == "slow":
            await slow.wait()

    handler = Handler(do)
    async with running(database, handler) as inbox:
        for key, lane in (
            ("slow", "A"),
            ("second", "A"),
            ("third", "A"),
            *((f"B{n}", "B") for n in range(5)),
        ):
            await accept(inbox, key, lane)
        await until(lambda: handler.done == [f"B{n}" for n in range(5)])
        assert [key for key in handler.keys if not key.startswith("B")] == ["slow"]
        slow.set()
        await until(lambda: handler.done[5:] == ["slow", "second", "third"])


async def test_it_is_told_at_once_of_what_has_to_wait_in_its_lane(database: AsyncEngine) -> None:
    """So that whoever waits can be shown that they do."""
    slow, waiting = asyncio.Event(), list[str]()

    async def do(delivery: Delivery, note: Note) -> None:
        if delivery.key == "slow":
            await slow.wait()

    handler = Handler(do)
    async with running(database, handler, waits=lambda delivery: waiting.append(delivery.key)) as inbox:
        for key, lane in (("slow", "A"), ("second", "A"), ("other", "B")):
            await accept(inbox, key, lane)
        assert waiting == ["second"]
        slow.set()
        await until(lambda: "second" in handler.done)
        assert waiting == ["second"]


async def test_what_another_process_holds_in_a_lane_comes_first(database: AsyncEngine) -> None:
    """A later delivery that comes to another replica waits for it."""
    going = asyncio.Event()

    async def do(delivery: Delivery, note: Note) -> None:
        await going.wait()

    first, second = Handler(do), Handler()
    async with running(database, first) as one, running(database, second) as other:
        await accept(one, "E1", "L")
        await accept(other, "E2", "L")
        await accept(other, "E3", "M")
        await until(lambda: second.done == ["E3"])
        await asyncio.sleep(0.2)
        assert second.keys == ["E3"]
        going.set()
        await until(lambda: second.done == ["E3", "E2"])
    assert first.done == ["E1"]


async def test_platforms_of_others_are_not_taken_up(database: AsyncEngine) -> None:
    """A process of Discord's leaves to Slack's what is Slack's."""
    handler = Handler()
    idle = Inbox(Deliveries(database), handler)
    for platform in ("slack", "discord"):
        await idle.accept(platform, "E1", "message", "L", {}, handle_here=False)
    async with running(database, handler, platforms=("discord",)):
        await until(lambda: len(handler.done) == 1)
        await asyncio.sleep(0.2)
    assert [delivery.platform for delivery in handler.begun] == ["discord"]


# --- crashes ---

CRASHING = """
import asyncio, sys
from adapters.inbox import Inbox
from rag_core.records.database import open_database
from rag_core.records.platforms.deliveries import Deliveries

async def handle(delivery, note):
    await note({"message": delivery.key + "-posted"})
    print("noted", flush=True)
    await asyncio.Event().wait()

async def main():
    inbox = Inbox(Deliveries(await open_database(sys.argv[1])), handle)
    asyncio.create_task(inbox.run())
    for key in ("E1", "E2"):
        await inbox.accept("slack", key, "message", "L", {"text": "How?"})
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def killed(address: str) -> None:
    """A process that is killed while it handles E1, with E2 behind it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CRASHING, address, stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert process.stdout is not None
    async with asyncio.timeout(SOON_S):
        assert await process.stdout.readline() == b"noted\n"
    await asyncio.sleep(0.1)
    process.kill()
    await process.wait()


async def test_what_a_killed_process_left_is_taken_up_at_start(address: str, database: AsyncEngine) -> None:
    """At once, in order: the one it was at as a second attempt with what was noted, the one that waited as a first."""
    await killed(address)
    handler = Handler()
    async with running(database, handler, look_s=60.0):
        await until(lambda: handler.done == ["E1", "E2"])
    assert [(d.attempt, d.progress) for d in handler.begun] == [(2, {"message": "E1-posted"}), (1, {})]
    assert handler.begun[0].payload == {"text": "How?"}


async def test_what_a_machine_that_is_gone_left_is_taken_up_when_its_lease_ends(
    database: AsyncEngine,
) -> None:
    """And new deliveries in its lanes wait for that."""
    gone = Deliveries(database, owner="elsewhere:7:abc", lease_s=0.5)
    taken = await gone.accept("slack", "E1", "message", "L", {}, begin=True)
    assert taken is not None
    handler = Handler()
    async with running(database, handler) as inbox:
        await accept(inbox, "E2", "L")
        await accept(inbox, "E3", "M")
        await until(lambda: handler.done == ["E3", "E1", "E2"])
    assert handler.begun[1].attempt == 2


async def test_what_ends_the_process_each_time_is_given_up(database: AsyncEngine) -> None:
    """After as many attempts as any other, without another one; the asker can be told."""
    gone = Deliveries(database, owner="elsewhere:7:abc", lease_s=0.0)
    taken = await gone.accept("slack", "E1", "message", "L", {})
    assert taken is not None
    assert await gone.begin(taken.number, 5, {"message": "M1"})
    handler = Handler()
    async with running(database, handler):
        await until_states(database, {"E1": "failed"})
    assert not handler.begun
    assert handler.told[0][0].progress == {"message": "M1"}


async def test_who_lost_a_delivery_stops_and_does_not_finish_it(database: AsyncEngine) -> None:
    """A process that was away for longer than its lease cannot undo what another does."""

    async def do(delivery: Delivery, note: Note) -> None:
        await asyncio.Event().wait()

    handler = Handler(do)
    async with running(database, handler) as inbox:
        await accept(inbox, "E1")
        await until(lambda: handler.keys == ["E1"])
        async with transaction(database) as connection:
            await connection.execute(
                update(deliveries).values(
                    owner="elsewhere:7:abc", lease_until=datetime.now(UTC) + timedelta(hours=1)
                )
            )
        await until(lambda: handler.cancelled == ["E1"])
    row = (await rows(database))["E1"]
    assert (row.state, row.owner) == ("taken", "elsewhere:7:abc")


async def test_leases_are_renewed(database: AsyncEngine) -> None:
    """What takes longer than a lease stays with its process while that is alive."""
    going = asyncio.Event()

    async def do(delivery: Delivery, note: Note) -> None:
        await going.wait()

    first, second = Handler(do), Handler()
    async with running(database, first, lease_s=1.0) as one, running(database, second, lease_s=1.0):
        await accept(one, "E1")
        await asyncio.sleep(2.5)
        going.set()
        await until(lambda: first.done == ["E1"])
    assert not second.begun


async def test_what_was_accepted_unknown_to_its_process_is_handled(database: AsyncEngine) -> None:
    """A connection may break after the database kept it and before it could say so."""
    handler = Handler()
    async with running(database, handler, owner="here:1:a"):
        await Deliveries(database, owner="here:1:a").accept("slack", "E1", "message", "L", {})
        await until(lambda: handler.done == ["E1"])


# --- closing ---


async def test_closing_lets_finish_what_can_and_gives_back_the_rest(database: AsyncEngine) -> None:
    """What runs long or waits in its lane is another process's at once; its notes go with it."""

    async def do(delivery: Delivery, note: Note) -> None:
        await note({"message": delivery.key})
        await (asyncio.sleep(0.3) if delivery.key == "short" else asyncio.Event().wait())

    first, second = Handler(do), Handler()
    async with running(database, first) as one:
        for key, lane in (("short", "A"), ("behind", "A"), ("long", "B")):
            await accept(one, key, lane)
        await until(lambda: sorted(first.keys) == ["long", "short"])
        await one.close(1.0)
        assert (first.done, first.cancelled) == (["short"], ["long"])
        assert await states(database) == {"short": "done", "behind": "waiting", "long": "waiting"}
        assert await accept(one, "late", "C")
        async with running(database, second):
            await until(lambda: sorted(second.done) == ["behind", "late", "long"])
    attempts = {d.key: (d.attempt, d.progress) for d in second.begun}
    assert attempts == {"behind": (1, {}), "late": (1, {}), "long": (2, {"message": "long"})}


async def test_closing_does_not_wait_for_a_pause_between_attempts(database: AsyncEngine) -> None:
    """What rests is given back at once."""

    async def do(delivery: Delivery, note: Note) -> None:
        raise Unavailable("Slack does not answer.")

    handler = Handler(do)
    async with running(database, handler, pauses=(600.0,)) as inbox:
        await accept(inbox, "E1")
        await until(lambda: handler.keys == ["E1"])
        await asyncio.sleep(0.1)
        async with asyncio.timeout(SOON_S):
            await inbox.close(600.0)
    assert await states(database) == {"E1": "waiting"}


# --- interrupting ---


async def test_an_interrupted_delivery_is_done(database: AsyncEngine) -> None:
    """One that runs is cancelled; one that waits is not handled; what comes after goes on. Nobody is told of a failure."""
    going = asyncio.Event()

    async def do(delivery: Delivery, note: Note) -> None:
        try:
            await going.wait()
        except asyncio.CancelledError:
            raise RuntimeError("on its way out") from None

    handler = Handler(do)
    async with running(database, handler) as inbox:
        for key in ("E1", "E2", "E3"):
            await accept(inbox, key, "A")
        await until(lambda: handler.keys == ["E1"])
        assert inbox.interrupt("slack", "E2")
        assert inbox.interrupt("slack", "E1")
        assert not inbox.interrupt("slack", "E1")
        assert not inbox.interrupt("slack", "never seen")
        await until(lambda: handler.keys == ["E1", "E3"])
        going.set()
        await until_states(database, dict.fromkeys(("E1", "E2", "E3"), "done"))
        assert not inbox.interrupt("slack", "E3")
    assert not handler.told


# --- failures ---


@pytest.mark.parametrize("error", [Unavailable("Slack is down."), ConnectionResetError(), TimeoutError()])
async def test_what_may_pass_is_tried_again(database: AsyncEngine, error: Exception) -> None:
    """With a greater number and what was noted; its lane waits."""

    async def do(delivery: Delivery, note: Note) -> None:
        await note({"tries": delivery.attempt})
        if delivery.key == "E1" and delivery.attempt < 3:
            raise error

    handler = Handler(do)
    async with running(database, handler) as inbox:
        await accept(inbox, "E1")
        await accept(inbox, "E2")
        await until_states(database, {"E1": "done", "E2": "done"})
    seen = [(d.key, d.attempt, d.progress) for d in handler.begun]
    assert seen == [("E1", 1, {}), ("E1", 2, {"tries": 1}), ("E1", 3, {"tries": 2}), ("E2", 1, {})]
    assert not handler.told


async def test_after_the_last_attempt_the_asker_can_be_told(
    database: AsyncEngine, caplog: pytest.LogCaptureFixture
) -> None:
    """With a reference that the log carries, which has nothing that people wrote; and what comes after is handled. What was
    foreseen takes one line of the log; a mistake tells where it was made."""
    caplog.set_level(logging.DEBUG, logger="adapters")

    async def do(delivery: Delivery, note: Note) -> None:
        if delivery.key == "E1":
            raise Unavailable("Slack is down.")
        if delivery.key == "E2":
            raise ValueError(delivery.payload["text"])

    handler = Handler(do)
    async with running(database, handler) as inbox:
        for key in ("E1", "E2", "E3"):
            await accept(inbox, key, text="my secret words")
        await until_states(database, {"E1": "failed", "E2": "failed", "E3": "done"})
    assert handler.keys == ["E1"] * 5 + ["E2", "E3"]
    (first, down, one), (second, bad, other) = handler.told
    assert (first.key, first.attempt, str(down)) == ("E1", 5, "Slack is down.")
    assert (second.key, second.attempt, type(bad)) == ("E2", 1, ValueError)
    assert one in caplog.text
    assert other in caplog.text
    assert "secret" not in caplog.text
    lines = {ref: r.getMessage() for ref in (one, other) for r in caplog.records if ref in r.getMessage()}
    assert "\n" not in lines[one]
    assert "test_inbox.py" in lines[other]
    assert {row.payload for row in (await rows(database)).values()} == {None}


async def test_a_failure_that_cannot_be_told_stops_nothing(
    database: AsyncEngine, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged under the reference, and the lane goes on."""

    class Untellable(Handler):
        async def failed(self, delivery: Delivery, error: BaseException, reference: str) -> None:
            await super().failed(delivery, error, reference)
            raise RuntimeError("channel archived")

    async def do(delivery: Delivery, note: Note) -> None:
        if delivery.key == "E1":
            raise asyncio.CancelledError  # of its own accord

    handler = Untellable(do)
    async with running(database, handler) as inbox:
        await accept(inbox, "E1")
        await accept(inbox, "E2")
        await until_states(database, {"E1": "failed", "E2": "done"})
    assert f"Nobody could be told of it (reference {handler.told[0][2]})" in caplog.text


# --- the database is away ---


async def test_nothing_is_lost_while_sqlite_is_locked(tmp_path: Path) -> None:
    """Accepting says so in time; what was being handled is finished when the lock is gone, once."""
    file = tmp_path / "answerloop.db"
    engine = await open_database(f"sqlite+aiosqlite:///{file}")
    going = asyncio.Event()

    async def do(delivery: Delivery, note: Note) -> None:
        await going.wait()

    handler = Handler(do)
    try:
        async with running(engine, handler, accept_s=0.3) as inbox:
            await accept(inbox, "E1")
            await until(lambda: handler.keys == ["E1"])
            lock = sqlite3.connect(file, isolation_level=None)
            lock.execute("BEGIN IMMEDIATE")
            with pytest.raises(Unavailable, match=r"within 0\.3 s"):
                await accept(inbox, "E2", "M")
            going.set()
            await until(lambda: handler.done == ["E1"])
            lock.execute("ROLLBACK")
            lock.close()
            await until_states(
                engine, {"E1": "done", "E2": "done"}
            )  # the second came to be accepted after all
            assert not await accept(inbox, "E2", "M")
        assert handler.keys == ["E1", "E2"]
    finally:
        await engine.dispose()


async def test_nothing_is_lost_when_connections_break(database: AsyncEngine) -> None:
    """Notes, ends and leases are written over new ones."""
    if database.dialect.name != "postgresql":
        pytest.skip("SQLite has no connection to break")

    async def do(delivery: Delivery, note: Note) -> None:
        for number in range(10):
            with suppress(Unavailable):
                await note({"at": number})
            await asyncio.sleep(0.02)

    handler = Handler(do)
    accepted: list[str] = []
    admin = create_async_engine(database.url, isolation_level="AUTOCOMMIT")
    ending = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    async with running(database, handler) as inbox:
        for number in range(30):
            while True:
                with suppress(Unavailable):
                    await accept(inbox, f"E{number}", f"L{number % 5}")
                    break
            accepted.append(f"E{number}")
            if number % 5 == 0:
                async with admin.connect() as connection:
                    await connection.execute(ending)
        await until_states(database, dict.fromkeys(accepted, "done"))
    await admin.dispose()
    assert sorted(handler.done) == sorted(accepted)


async def test_a_database_that_was_away_is_used_again(tmp_path: Path) -> None:
    """run() survives it; what others left meanwhile is taken up."""
    file = tmp_path / "answerloop.db"
    engine = await open_database(f"sqlite+aiosqlite:///{file}")
    handler = Handler()
    try:
        async with running(engine, handler):
            lock = sqlite3.connect(file, isolation_level=None)
            lock.execute("ALTER TABLE deliveries RENAME TO away")
            await asyncio.sleep(0.3)
            lock.execute("ALTER TABLE away RENAME TO deliveries")
            lock.close()
            await Inbox(Deliveries(engine), handler).accept(
                "slack", "E1", "message", "L", {}, handle_here=False
            )
            await until(lambda: handler.done == ["E1"])
    finally:
        await engine.dispose()


async def test_keys_of_long_ago_are_forgotten(database: AsyncEngine) -> None:
    """Those of what was handled; what is still to be handled stays, however old."""
    handler = Handler()
    async with running(database, handler) as inbox:
        await accept(inbox, "E1")
        await accept(inbox, "E2")
        await until_states(database, {"E1": "done", "E2": "done"})
    await age(database, "E1", timedelta(days=8))
    async with running(database, handler):
        await until_states(database, {"E2": "done"})
    await Inbox(Deliveries(database), handler).accept("slack", "E3", "message", "L", {}, handle_here=False)
    for key in ("E2", "E3"):
        await age(database, key, timedelta(days=8))
    assert await Deliveries(database).prune(datetime.now(UTC) - timedelta(days=7)) == 1
    assert await states(database) == {"E3": "waiting"}


async def age(database: AsyncEngine, key: str, by: timedelta) -> None:
    old = datetime.now(UTC) - by
    async with transaction(database) as connection:
        await connection.execute(update(deliveries).where(deliveries.c.key == key).values(received_at=old))
