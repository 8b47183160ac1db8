"""The database, of both kinds: how its tables come to be, and how it fails."""

from __future__ import annotations

import asyncio
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import String, create_engine, insert, select, text, update
from sqlalchemy.exc import IntegrityError, InternalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from rag_core.errors import NotReady, SettingsError, Unavailable
from rag_core.records import database as module
from rag_core.records.database import HEAD, open_database, transaction
from rag_core.records.tables import metadata, sources
from rag_core.records.tables.columns import Line, Words

MIGRATIONS = Path(module.__file__).with_name("migrations")
PASSWORD = "hunter2"


async def version(database: AsyncEngine) -> str:
    async with transaction(database) as connection:
        found: str = await connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


async def insert_source(
    database: AsyncEngine, then: Callable[[], object] = lambda: None, error: str | None = None
) -> None:
    async with transaction(database) as connection:
        await connection.execute(
            insert(sources).values(name="docs", spec={}, from_settings=True, error=error)
        )
        then()


async def test_the_migrations_make_the_tables_that_the_code_uses(database: AsyncEngine) -> None:
    """Autogeneration finds no difference in tables, columns, types or indexes."""
    async with database.connect() as connection:
        differences = await connection.run_sync(
            lambda c: compare_metadata(MigrationContext.configure(c, opts={"compare_type": True}), metadata)
        )
    assert [d for d in differences if not _is_comment(d)] == []


def _is_comment(difference: object) -> bool:
    """Comments in the code are for its readers; the database has none."""
    return isinstance(difference, list) and all(d[0] == "modify_comment" for d in difference)


def test_every_text_column_takes_whatever_comes() -> None:
    """All but two, which hold JSON in ASCII: a name that came from outside never breaks a statement."""
    texts = {
        f"{table.name}.{column.name}": column.type
        for table in metadata.tables.values()
        for column in table.columns
        if isinstance(getattr(column.type, "impl", column.type), String)
    }
    plain = {name for name, type_ in texts.items() if not isinstance(type_, (Line, Words))}
    assert plain == {"deliveries.payload", "deliveries.progress"}
    assert "releases.id" in texts


async def test_writers_that_are_cancelled_leave_nothing_locked(database: AsyncEngine) -> None:
    """Whatever they were waiting for: a question is taken back, a page is closed, a process stops."""

    async def write(name: str) -> None:
        async with transaction(database) as connection:
            await connection.execute(insert(sources).values(name=name, spec={}, from_settings=True))
            changed = (
                update(sources).where(sources.c.name == name).values(error="x").returning(sources.c.name)
            )
            list(await connection.scalars(changed))

    for number in range(40):
        writing = [asyncio.create_task(write(f"{number}-{i}")) for i in range(8)]
        await asyncio.sleep(number / 2000)
        for task in writing:
            task.cancel()
        await asyncio.wait(writing)
        await write(f"{number}")


async def test_a_connection_that_is_lost_in_the_middle_may_be_there_again_soon(database: AsyncEngine) -> None:
    """asyncpg has an error of its own for it, without an SQLSTATE; with one it is the server's, and a mistake."""

    def lost(sqlstate: str | None) -> None:
        cause = Exception("cannot switch to state 11; another operation (2) is in progress")
        cause.sqlstate = sqlstate  # type: ignore[attr-defined]
        raise InternalError(None, None, cause)

    with pytest.raises(Unavailable):
        await insert_source(database, lambda: lost(None))
    with pytest.raises(InternalError):
        await insert_source(database, lambda: lost("XX000"))
    await insert_source(database)


async def test_an_error_does_not_tell_what_was_to_be_written(database: AsyncEngine) -> None:
    """It is logged, and what people wrote is not."""
    await insert_source(database)
    with pytest.raises(IntegrityError) as raised:
        await insert_source(database, error=PASSWORD)
    assert PASSWORD not in str(raised.value)


async def test_the_newest_migration_is_the_one_that_the_code_expects(database: AsyncEngine) -> None:
    """HEAD is written by hand, so that opening an up-to-date database need not import alembic."""
    scripts = ScriptDirectory(str(MIGRATIONS))
    assert scripts.get_heads() == [HEAD]
    assert await version(database) == HEAD


async def test_the_migrations_can_be_run_by_hand(tmp_path: Path) -> None:
    """`alembic upgrade head` with an address makes the same tables, and `downgrade base` leaves none."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("sqlalchemy.url", f"sqlite:///{tmp_path}/by-hand.db")
    command.upgrade(config, "head")
    engine = create_engine(f"sqlite:///{tmp_path}/by-hand.db")
    with engine.connect() as connection:
        made = set(connection.dialect.get_table_names(connection))
    assert made == {*metadata.tables, "alembic_version"}
    command.downgrade(config, "base")
    with engine.connect() as connection:
        assert connection.dialect.get_table_names(connection) == ["alembic_version"]
    engine.dispose()


async def test_opening_again_changes_nothing(empty_address: str) -> None:
    """What was stored is there."""
    first = await open_database(empty_address)
    async with transaction(first) as connection:
        await connection.execute(insert(sources).values(name="docs", spec={"a": 1}, from_settings=True))
    await first.dispose()
    second = await open_database(empty_address)
    async with transaction(second) as connection:
        assert (await connection.execute(select(sources.c.name, sources.c.spec))).all() == [
            ("docs", {"a": 1})
        ]
    await second.dispose()


async def test_an_up_to_date_database_opens_without_alembic(address: str) -> None:
    """It takes a third of a second to import, and every command opens the database."""
    await (await open_database(address)).dispose()
    script = (
        "import asyncio, sys\nfrom rag_core.records.database import open_database\n"
        "async def main(): await (await open_database(sys.argv[1])).dispose()\n"
        "asyncio.run(main())\nprint('alembic' in sys.modules)\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, address, stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]
    )
    said, _ = await process.communicate()
    assert said.split() == [b"False"]


async def test_two_processes_that_start_at_once_both_open(empty_address: str) -> None:
    """The tables are made once."""
    script = (
        "import asyncio, sys\nfrom rag_core.records.database import open_database\n"
        "async def main(): await (await open_database(sys.argv[1])).dispose()\n"
        "sys.stdin.readline()\nasyncio.run(main())\n"
    )
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            script,
            empty_address,
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=Path(__file__).parents[3],
        )
        for _ in range(2)
    ]
    said = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))
    assert [(p.returncode, err.decode()[-300:]) for p, (_, err) in zip(processes, said, strict=True)] == [
        (0, "")
    ] * 2


async def test_a_crash_while_the_tables_are_made_leaves_none(tmp_path: Path) -> None:
    """The next start makes them all; nothing half-made stands in its way."""
    file = tmp_path / "answerloop.db"
    script = (
        "import asyncio, os, sys\nfrom alembic.operations import Operations\n"
        "from rag_core.records.database import open_database\n"
        "make = Operations.create_index\n"
        "Operations.create_index = lambda *a, **k: os.kill(os.getpid(), 9)\n"
        "import alembic.op\nalembic.op.create_index = Operations.create_index\n"
        "asyncio.run(open_database(sys.argv[1]))\n"
    )
    address = f"sqlite+aiosqlite:///{file}"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, address, cwd=Path(__file__).parents[3]
    )
    assert await process.wait() == -signal.SIGKILL
    engine = await open_database(address)
    assert await version(engine) == HEAD
    await engine.dispose()


async def test_a_database_of_a_newer_answerloop_is_left_alone(address: str) -> None:
    """The sentence says to upgrade; nothing is written."""
    engine = await open_database(address)
    async with transaction(engine) as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await engine.dispose()
    with pytest.raises(
        NotReady, match=r"^A newer answerloop made this database .*9999.*; upgrade answerloop"
    ):
        await open_database(address)


# --- failures ----------------------------------------------------------------------------------------------------


async def test_a_server_that_is_down_is_unavailable(caplog: pytest.LogCaptureFixture) -> None:
    """The log names the database, and not its password. The sentence, which strangers may see, names neither."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(Unavailable, match=r"^The database cannot be opened; [^:]*\.$") as error:
        await open_database(f"postgresql+asyncpg://me:{PASSWORD}@127.0.0.1:{port}/answerloop")
    assert f"me:***@127.0.0.1:{port}/answerloop" in error.value.cause
    assert error.value.cause in caplog.text
    assert PASSWORD not in caplog.text


async def test_a_server_that_went_away_is_named_in_the_log_alone(caplog: pytest.LogCaptureFixture) -> None:
    """Once, however often it is asked: pages that look for news ask many times a second."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    engine = create_async_engine(f"postgresql+asyncpg://me:{PASSWORD}@127.0.0.1:{port}/answerloop")
    for _ in range(3):
        with pytest.raises(Unavailable, match=r"^The database does not work now; try again\.$") as error:
            async with transaction(engine):
                pass
    assert str(port) in error.value.cause
    assert len([record for record in caplog.records if str(port) in record.getMessage()]) == 1
    await engine.dispose()


@pytest.mark.parametrize(
    ("name", "said"),
    [("me@{}/postgres", 'role "me" does not exist'), ("answerloop@{}/nosuch", '"nosuch" does not exist')],
)
async def test_a_server_that_refuses_is_unavailable(postgres: str, name: str, said: str) -> None:
    """With what the server said."""
    with pytest.raises(Unavailable) as error:
        await open_database("postgresql+asyncpg://" + name.format(urlsplit(postgres).netloc.split("@")[1]))
    assert said in error.value.cause


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql+asyncpg//me:{PASSWORD}@db",
        f"postgresql+asyncpg://me:{PASSWORD}@db:port/answerloop",
        f"nonsense://me:{PASSWORD}@db/answerloop",
        "sqlite:///answerloop.db",
        "",
    ],
)
async def test_an_address_that_is_none_is_a_settings_error(address: str) -> None:
    """The sentence names database.url and not the password in it."""
    with pytest.raises(SettingsError, match=r"^database\.url cannot be used: ") as error:
        await open_database(address)
    assert PASSWORD not in str(error.value)


async def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    """It is not overwritten."""
    file = tmp_path / "answerloop.db"
    file.write_text("precious " * 100)
    with pytest.raises(Unavailable) as error:
        await open_database(f"sqlite+aiosqlite:///{file}")
    assert error.value.cause.endswith("answerloop.db: file is not a database")
    assert file.read_text() == "precious " * 100


async def test_a_place_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    """A file stands where a folder is needed."""
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable, match="cannot be opened"):
        await open_database(f"sqlite+aiosqlite:///{tmp_path}/file/answerloop.db")


async def test_a_locked_database_is_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After waiting for the other writer for a while; reading goes on meanwhile."""
    monkeypatch.setattr(module, "BUSY_MS", 50)
    file = tmp_path / "answerloop.db"
    engine = await open_database(f"sqlite+aiosqlite:///{file}")
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match=r"^The database does not work now; try again\.$") as error:
        async with transaction(engine) as connection:
            await connection.execute(insert(sources).values(name="docs", spec={}, from_settings=True))
    assert error.value.cause == "database is locked"
    async with transaction(engine) as connection:
        assert (await connection.execute(select(sources))).all() == []
    holder.close()
    await engine.dispose()


@pytest.mark.parametrize("statement", ["SELECT pg_terminate_backend(pg_backend_pid())", "SELECT pg_sleep(9)"])
async def test_what_may_pass_is_unavailable(postgres: str, statement: str) -> None:
    """A connection that was cut, a statement that took too long: asyncpg's own errors are understood."""
    engine = await open_database(postgres + "postgres")

    async def execute() -> None:
        async with transaction(engine) as connection:
            await connection.execute(text("SET LOCAL statement_timeout = 50"))
            await connection.execute(text(statement))

    with pytest.raises(Unavailable):
        await execute()
    async with transaction(engine) as connection:
        assert await connection.scalar(text("SELECT 1")) == 1
    await engine.dispose()


async def test_what_would_fail_again_is_not_called_unavailable(database: AsyncEngine) -> None:
    """A mistake of ours shows as what it is."""
    await insert_source(database)
    with pytest.raises(IntegrityError):
        await insert_source(database)


async def test_a_transaction_that_fails_leaves_nothing(database: AsyncEngine) -> None:
    """All or nothing."""
    with pytest.raises(ZeroDivisionError):
        await insert_source(database, lambda: 1 / 0)
    async with transaction(database) as connection:
        assert (await connection.execute(select(sources))).all() == []
