"""Users, sessions and throttles, in both databases."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.errors import InvalidEntry, NotFound
from rag_core.records.accounts import Accounts, Administration, Throttling
from rag_core.records.database import open_database, transaction
from rag_core.records.tables import sessions, throttles, users

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def count(database: AsyncEngine, table: object) -> int:
    async with transaction(database) as connection:
        return int(await connection.scalar(select(func.count()).select_from(table)) or 0)  # type: ignore[arg-type]


async def test_a_session_is_over_by_time_and_by_rest(database: AsyncEngine) -> None:
    """An hour at most, and half an hour without a request; a request in time keeps it."""
    accounts = Accounts(database)
    ada = await accounts.add("local:ada", "Ada", "viewer")

    async def begun() -> str:
        return await accounts.begin_session(ada, HOUR, now=NOW)

    async def lives(token: str, minutes: int) -> bool:
        rest = timedelta(minutes=30)
        return await accounts.session(token, rest, NOW + timedelta(minutes=minutes)) is not None

    token = await begun()
    assert [await lives(token, minutes) for minutes in (29, 58, 59)] == [True, True, True]
    assert not await lives(token, 60)
    token = await begun()
    assert not await lives(token, 30)
    assert not await lives(token, 1)


async def test_only_a_digest_of_the_token_is_kept(database: AsyncEngine) -> None:
    """Who reads the database cannot use the sessions in it."""
    accounts = Accounts(database)
    token = await accounts.begin_session(await accounts.add("local:ada", "Ada", "viewer"), HOUR)
    async with transaction(database) as connection:
        row = (await connection.execute(select(sessions))).one()
    assert token not in str(row)


async def test_what_is_over_is_removed_sometimes(database: AsyncEngine) -> None:
    """When somebody signs in."""
    accounts = Accounts(database)
    ada = await accounts.add("local:ada", "Ada", "viewer")
    for hours in (0, 1, 2):
        await accounts.begin_session(ada, HOUR, now=NOW + hours * HOUR)
    assert await count(database, sessions) == 1


async def test_of_many_processes_one_makes_the_first_admin(database: AsyncEngine, address: str) -> None:
    """And of many that sign, all use one key."""
    others = [await open_database(address) for _ in range(3)]
    all_ = [Accounts(one) for one in (database, *others)]
    made = await asyncio.gather(*(one.add_first("local:admin", "Admin", "hash") for one in all_))
    assert sorted(made) == [False, False, False, True]
    assert await count(database, users) == 1
    assert len(set(await asyncio.gather(*(one.signing_key("x") for one in all_)))) == 1
    for one in others:
        await one.dispose()


async def test_two_admins_cannot_demote_each_other_at_once(database: AsyncEngine, address: str) -> None:
    """One of both stays, in whatever order it happens."""
    accounts = Accounts(database)
    other = await open_database(address)
    both = [await accounts.add(f"local:{name}", name, "admin") for name in ("ada", "bob")]

    async def demote(engine: AsyncEngine, id: str) -> bool:
        try:
            await Administration(engine).set_role(id, "viewer", "local:x")
        except InvalidEntry:
            return False
        return True

    done = await asyncio.gather(demote(database, both[0].id), demote(other, both[1].id))
    await other.dispose()
    assert sorted(done) == [False, True]


async def test_disabling_signs_out(database: AsyncEngine) -> None:
    """And so do another password, and being removed."""
    accounts, administration = Accounts(database), Administration(database)
    await accounts.add("local:root", "Root", "admin")
    ada = await accounts.add("local:ada", "Ada", "viewer", password_hash="x")

    async def signed_out() -> bool:
        return await count(database, sessions) == 0

    await accounts.begin_session(ada, HOUR)
    await administration.set_disabled(ada.id, True, "local:root")
    assert await signed_out()
    await administration.set_disabled(ada.id, False, "local:root")
    await accounts.begin_session(ada, HOUR)
    await administration.set_password(ada.id, "y", "local:root")
    assert await signed_out()
    await accounts.begin_session(ada, HOUR)
    await administration.remove(ada.id, "local:root")
    assert await signed_out()
    with pytest.raises(NotFound):
        await administration.get(ada.id)


async def test_settings_give_at_least_their_role_and_an_admin_may_give_more(database: AsyncEngine) -> None:
    """What an admin gave stays when the settings give less; below the settings nobody is put."""
    accounts, administration = Accounts(database), Administration(database)

    async def admitted(role: str | None) -> str | None:
        user = await accounts.admit("slack:U1", "Uma", "", role)  # type: ignore[arg-type]
        return user.role if user else None

    assert await admitted(None) is None
    assert await admitted("reviewer") == "reviewer"
    uma = await administration.named("slack:U1")
    with pytest.raises(InvalidEntry, match="settings make"):
        await administration.set_role(uma.id, "viewer", "local:root")
    await accounts.add("local:root", "Root", "admin")
    await administration.set_role(uma.id, "admin", "local:root")
    assert await admitted("reviewer") == "admin"
    assert await admitted(None) == "admin"
    await administration.set_disabled(uma.id, True, "local:root")
    assert await admitted("admin") is None


async def test_who_signs_in_twice_at_once_for_the_first_time_is_let_in_twice(database: AsyncEngine) -> None:
    """An admin named the address only; the second finds what the first made of it."""
    accounts, administration = Accounts(database), Administration(database)
    for round in range(5):
        await administration.add(f"email:uma{round}@example.com", "reviewer", "local:root")
        admitted = [
            accounts.admit(f"oidc:u{round}@issuer", "Uma", f"Uma{round}@example.com", None) for _ in range(6)
        ]
        users_in = await asyncio.gather(*admitted)
        assert [user and user.role for user in users_in] == ["reviewer"] * 6


async def test_what_a_page_asks_for_by_itself_is_no_use_of_a_session(database: AsyncEngine) -> None:
    """An open page that looks for news does not keep its owner signed in."""
    accounts, rest = Accounts(database), timedelta(minutes=30)
    ada = await accounts.add("local:ada", "Ada", "viewer")
    token = await accounts.begin_session(ada, HOUR, now=NOW)
    for minutes in (10, 20, 29):
        assert await accounts.session(token, rest, NOW + timedelta(minutes=minutes), used=False)
    assert await accounts.session(token, rest, NOW + timedelta(minutes=31), used=False) is None


async def test_failures_make_the_next_attempt_wait_longer_and_longer(database: AsyncEngine) -> None:
    """Up to a quarter of an hour; a success ends it for the name."""
    throttling, at = Throttling(database), NOW
    waits = []
    for _ in range(18):
        wait = await throttling.begin("ada", "192.0.2.1", at)
        waits.append(wait)
        at += timedelta(seconds=wait)
        assert not wait or await throttling.begin("ada", "192.0.2.1", at) == 0
    assert waits[:8] == [0, 0, 0, 0, 2, 4, 8, 16]
    assert max(waits) == 900
    assert await throttling.begin("ada", "192.0.2.99", at) == 900
    await throttling.succeed("ada", "192.0.2.1")
    assert await throttling.begin("ada", "192.0.2.99", at) == 0


async def test_an_address_is_slowed_down_whatever_names_it_tries(database: AsyncEngine) -> None:
    """IPv6 by the network of a subscriber; another address is not."""
    throttling = Throttling(database)
    for number in range(15):
        assert await throttling.begin(f"name{number}", f"2001:db8::{number + 1}", NOW) == 0
    assert await throttling.begin("another", "2001:db8::ffff", NOW) > 0
    assert await throttling.begin("another", "2001:db8:0:1::1", NOW) == 0


async def test_many_attempts_at_once_are_not_many_chances(database: AsyncEngine, address: str) -> None:
    """They are counted as they begin, for all processes that share the database."""
    other = await open_database(address)
    begun = await asyncio.gather(
        *(Throttling((database, other)[number % 2]).begin("ada", "192.0.2.1", NOW) for number in range(20))
    )
    await other.dispose()
    assert begun.count(0) == 4


async def test_what_was_long_ago_is_forgotten(database: AsyncEngine) -> None:
    """And does not fill the table."""
    throttling = Throttling(database)
    for _ in range(6):
        await throttling.begin("ada", "192.0.2.1", NOW)
    assert await throttling.begin("bob", "192.0.2.2", NOW + 3 * HOUR) == 0
    assert await count(database, throttles) == 2
    assert await throttling.begin("ada", "192.0.2.1", NOW + 3 * HOUR) == 0
