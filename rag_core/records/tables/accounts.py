"""Who may use the admin pages."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, DateTime, ForeignKey, Index, Integer, Table

from rag_core.records.tables.columns import Line, Words, metadata

__all__ = ["sessions", "signing_keys", "throttles", "users"]

users = Table(
    "users",
    metadata,
    Column("id", Line(32), primary_key=True),
    Column(
        "identity",
        Line(200),
        nullable=False,
        unique=True,
        comment="PLATFORM:USER, such as local:ada, slack:U024BE7LH",
    ),
    Column("name", Words, nullable=False),
    Column("email", Words, nullable=False, comment="as the provider vouches for it; '': it does not"),
    Column("role", Line(16), nullable=False, comment="viewer, reviewer or admin: the higher of the next two"),
    Column("appointed", Line(16), nullable=False, server_default="", comment="by an admin; '': by nobody"),
    Column(
        "granted", Line(16), nullable=False, server_default="", comment="by the settings; '': they do not"
    ),
    Column("password_hash", Words, nullable=False, comment="argon2; '': signs in by a provider"),
    Column("disabled", Boolean, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("seen_at", DateTime(timezone=True)),
)

sessions = Table(
    "sessions",
    metadata,
    Column("digest", Line(64), primary_key=True, comment="SHA-256 of the token in the cookie"),
    Column("user_id", Line(32), ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("csrf", Line(64), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("seen_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("browser", Words, nullable=False, comment="as it names itself, for its owner to recognise"),
    Index("sessions_user", "user_id"),
)

throttles = Table(
    "throttles",
    metadata,
    Column("key", Line(64), primary_key=True, comment="SHA-256 of the name or the address that signs in"),
    Column("failures", Integer, nullable=False),
    Column("failed_at", DateTime(timezone=True), nullable=False),
)

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("name", Line(32), primary_key=True, comment="what it signs"),
    Column("key", Line(64), nullable=False, comment="random; in the database because replicas share it"),
)
