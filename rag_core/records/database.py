"""The database: SQLite in the home directory by default, PostgreSQL by its address. How it is opened."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from rag_core.errors import NotReady, SettingsError, Unavailable

__all__ = ["HEAD", "open_database", "reason_of", "transaction", "unavailable"]

log = logging.getLogger(__name__)

HEAD = "0008"
"""The newest migration in migrations/versions."""
_LOCK = 0x616E7377
"""Of our migrations, among PostgreSQL's advisory locks."""
BUSY_MS = 5_000
"""How long SQLite waits for another writer."""
AGAIN_S = 60.0
"""A reason that lasts is logged so often."""
_told: dict[str, float] = {}
"""When a reason was logged last."""


@asynccontextmanager
async def transaction(database: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """All or nothing.

    Raises:
        Unavailable: the database does not answer, is locked, or its disk is full.
    """
    try:
        async with database.begin() as connection:
            yield connection
    except (DBAPIError, PoolTimeout, OSError) as error:
        if not _may_pass(error):
            raise
        raise unavailable("The database does not work now; try again.", reason_of(error)) from error


def reason_of(error: Exception) -> str:
    """In the words of the driver."""
    return str(getattr(error, "orig", None) or error)


def unavailable(sentence: str, cause: str) -> Unavailable:
    """The sentence for whoever asked, a stranger at the sign-in page among them; why stands in the log, where a driver may
    well name the server and its user. Once a minute for one reason: what looks for work asks many times a second."""
    now = time.monotonic()
    if now - _told.get(cause, -AGAIN_S) >= AGAIN_S:
        for old in [one for one, at in _told.items() if now - at >= AGAIN_S]:
            del _told[old]
        _told[cause] = now
        log.warning("%s %s", sentence, cause)
    return Unavailable(sentence, cause)


def _may_pass(error: Exception) -> bool:
    """Whether the same statement may succeed later. asyncpg's errors come as plain DBAPIError with an SQLSTATE."""
    state = getattr(getattr(error, "orig", None), "sqlstate", None) or ""
    passing = (OperationalError, InterfaceError, PoolTimeout, OSError)
    broken = (
        isinstance(error, InternalError) and not state
    )  # asyncpg, of a connection that is lost at this moment
    return broken or isinstance(error, passing) or state[:2] in _MAY_PASS


_MAY_PASS = {"08", "40", "53", "55", "57", "58"}
"""SQLSTATE classes: connection, rolled back, resources, object in use, operator intervention, system."""


async def open_database(url: str) -> AsyncEngine:
    """Connect, and bring the tables to the newest version.

    Raises:
        SettingsError: the address is not one, or its driver is not installed.
        NotReady: a newer answerloop made the tables.
        Unavailable: the database does not answer or cannot be written.
    """
    try:
        # Every transaction of ours ends in a commit or a rollback; another rollback on return is a wasted round trip.
        sqlite = url.startswith("sqlite")
        engine = create_async_engine(
            url,
            pool_pre_ping=not sqlite,
            pool_reset_on_return=None if sqlite else "rollback",
            hide_parameters=True,  # they are people's words, and an error's text reaches logs
        )
    except (SQLAlchemyError, ImportError, ValueError) as error:
        raise SettingsError(
            f"database.url cannot be used: {error}. For PostgreSQL install 'answerloop[postgres]'."
        ) from None
    try:
        if engine.dialect.name == "sqlite":
            _prepare_sqlite(engine)
        async with engine.begin() as connection:
            if await connection.run_sync(_version) != HEAD:
                await connection.run_sync(_upgrade)
    except NotReady:
        await engine.dispose()
        raise
    except (DBAPIError, OSError) as error:
        await engine.dispose()
        reason = f"{engine.url.render_as_string()}: {reason_of(error)}"
        sentence = "The database cannot be opened; see that it can be reached and written."
        raise unavailable(sentence, reason) from error
    return engine


def _prepare_sqlite(engine: AsyncEngine) -> None:
    if database := engine.url.database:
        Path(database).parent.mkdir(parents=True, exist_ok=True)

    @event.listens_for(engine.sync_engine, "connect")
    def _pragmas(connection: Any, _: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine.sync_engine, "invalidate")
    def _let_go(connection: Any, record: Any, error: BaseException | None) -> None:
        """A task that was cancelled leaves a cursor behind, and a connection that is closed under it stays locked."""
        with contextlib.suppress(Exception):
            connection.rollback()


def _version(connection: Connection) -> str | None:
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    version: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return version


def _upgrade(connection: Connection) -> None:
    """In one transaction, and one process at a time."""
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    # Python's sqlite3 opens no transaction before CREATE TABLE: a crash half-way would leave tables without a version.
    lock = (
        "BEGIN IMMEDIATE" if connection.dialect.name == "sqlite" else f"SELECT pg_advisory_xact_lock({_LOCK})"
    )
    connection.exec_driver_sql(lock)
    if _version(connection) == HEAD:
        return
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise NotReady(
            f"A newer answerloop made this database ({error}); upgrade answerloop, or use another home directory."
        ) from None
