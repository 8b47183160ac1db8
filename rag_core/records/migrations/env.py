"""How alembic runs our migrations: over the connection that open_database holds, or an address given by hand."""

from alembic import context
from sqlalchemy import create_engine
from sqlalchemy.engine import Connection

from rag_core.records.tables import metadata


def _run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    with create_engine(context.config.get_main_option("sqlalchemy.url") or "").connect() as opened:
        _run(opened)
