"""Databases whose tables are made: of each kind once in a session, then copied (SQLite) or emptied for each test."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from rag_core.records.database import open_database
from rag_core.records.tables import metadata

__all__ = ["Databases", "databases", "migrated", "postgres"]

UNPRIVILEGED = ("postgres", "nobody")
"""Whom the server runs as when the tests run as root, which it refuses to."""
_TABLES = (*metadata.tables, "alembic_version")
_KEEP = """
CREATE SCHEMA kept;
DO $$ DECLARE name text; filled boolean; BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %I)', name) INTO filled;
        IF filled THEN EXECUTE format('CREATE TABLE kept.%I AS TABLE public.%I', name, name); END IF;
    END LOOP;
END $$
"""
"""The rows that the migrations made."""
_BEGIN_ANEW = f"""
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid();
SET session_replication_role = replica;
{";".join(f'DELETE FROM public."{name}"' for name in _TABLES)};
DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'kept' LOOP
        EXECUTE format('INSERT INTO public.%I TABLE kept.%I', name, name);
    END LOOP;
END $$;
SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false) FROM pg_sequences
"""
"""Whoever a test left connected goes; as a replica the tables may be emptied in any order. An error if one is missing."""


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite database with its tables and nothing else, to be copied: making them takes fifty times as long."""
    file = tmp_path_factory.mktemp("migrated") / "answerloop.db"
    making = threading.Thread(target=asyncio.run, args=(_make(f"sqlite+aiosqlite:///{file}"),))
    making.start()  # where this is called from, a loop may run already
    making.join()
    return file


async def _make(address: str) -> None:
    await (await open_database(address)).dispose()


class Databases:
    """Those on a PostgreSQL server. It takes a second of the disk to make one; so a test's is emptied for the next."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._free: list[str] = []

    @asynccontextmanager
    async def empty(self) -> AsyncIterator[str]:
        """The address of one without tables."""
        name = await self._create()
        yield self._server + name
        await self._drop(name)

    @asynccontextmanager
    async def migrated(self) -> AsyncIterator[str]:
        """The address of one with its tables and nothing else."""
        name = self._free.pop() if self._free else await self._create_migrated()
        yield self._server + name
        try:
            await self._execute(name, _BEGIN_ANEW)
            self._free.append(name)
        except asyncpg.PostgresError:  # a test that failed may leave anything behind
            await self._drop(name)

    async def _create_migrated(self) -> str:
        name = await self._create()
        await _make(self._server + name)
        await self._execute(name, _KEEP)
        return name

    async def _create(self) -> str:
        name = f"test_{uuid.uuid4().hex}"
        await self._execute("postgres", f"CREATE DATABASE {name}")
        return name

    async def _drop(self, name: str) -> None:
        await self._execute("postgres", f"DROP DATABASE {name} WITH (FORCE)")

    async def _execute(self, name: str, statements: str) -> None:
        connection = await asyncpg.connect(self._server.replace("+asyncpg", "") + name)
        try:
            await connection.execute(statements)
        finally:
            await connection.close()


@pytest.fixture(scope="session")
def databases(postgres: str) -> Databases:
    return Databases(postgres)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL server on a free loopback port; its address without a database's name."""
    initdb = _binary("initdb")
    if initdb is None:
        pytest.skip("PostgreSQL is not installed (as root: sh tests/system-packages.sh)")
    folder = Path(tempfile.mkdtemp(prefix="answerloop-postgres-"))
    data, log = folder / "data", folder / "log"
    port = _free_port()
    settings = (
        f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories= -c fsync=off "
        "-c synchronous_commit=off -c full_page_writes=off -c shared_buffers=16MB"
    )
    try:
        as_user = _unprivileged(folder)
        made = [str(initdb), "-D", str(data), "-U", "answerloop", "-A", "trust", "-E", "UTF8", "--no-sync"]
        _run([*as_user, *made])
        control = [*as_user, str(initdb.with_name("pg_ctl")), "-D", str(data), "-w"]
        _run([*control, "-l", str(log), "-o", settings, "start"])
        try:
            yield f"postgresql+asyncpg://answerloop@127.0.0.1:{port}/"
        finally:
            _run([*control, "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binary(name: str) -> Path | None:
    """Debian keeps the server's programs out of PATH, by version."""
    if found := shutil.which(name):
        return Path(found).resolve()
    return max(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), default=None)


def _unprivileged(folder: Path) -> list[str]:
    """What to put before a command so that it does not run as root; the folder is made that user's."""
    if os.getuid() != 0:
        return []
    import pwd

    names = {entry.pw_name for entry in pwd.getpwall()}
    user = next((name for name in UNPRIVILEGED if name in names), None)
    runuser = shutil.which("runuser")
    if user is None or runuser is None:
        pytest.skip("PostgreSQL does not run as root, and there is no user postgres or no runuser")
    shutil.chown(folder, user)
    return [runuser, "-u", user, "--"]


def _run(command: list[str]) -> None:
    # not captured: the server keeps pg_ctl's standard output open
    with tempfile.TemporaryFile() as said:
        code = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, cwd="/", timeout=60, check=False
        ).returncode
        said.seek(0)
        assert code == 0, said.read().decode(errors="replace")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port
