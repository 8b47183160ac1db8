"""The databases that records are kept in: SQLite in a file, and a PostgreSQL server of our own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from rag_core.records.database import open_database

UNPRIVILEGED = ("postgres", "nobody")
"""Whom the server runs as when the tests run as root, which it refuses to."""


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


@pytest.fixture(params=["sqlite", "postgresql"])
async def address(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The address of an empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path}/home/answerloop.db"
        return
    server: str = request.getfixturevalue("postgres")
    name = f"test_{uuid.uuid4().hex}"
    admin = create_async_engine(server + "postgres", isolation_level="AUTOCOMMIT")
    await _execute(admin, f"CREATE DATABASE {name}")
    yield server + name
    await _execute(admin, f"DROP DATABASE {name} WITH (FORCE)")
    await admin.dispose()


async def _execute(engine: AsyncEngine, statement: str) -> None:
    async with engine.connect() as connection:
        await connection.execute(text(statement))


@pytest.fixture
async def database(address: str) -> AsyncIterator[AsyncEngine]:
    """An open database of each kind, its tables made."""
    engine = await open_database(address)
    yield engine
    await engine.dispose()
