"""Answers that a person wrote or approved."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, DateTime, Float, Index, Integer, Table

from rag_core.records.tables.columns import Line, Words, metadata

__all__ = ["standard_answers", "standard_state"]

standard_answers = Table(
    "standard_answers",
    metadata,
    Column("id", Line(32), primary_key=True),
    Column("version", Integer, nullable=False, comment="of standard_state, when this was last changed"),
    Column("match", Line(16), nullable=False, comment="exact, pattern or semantic"),
    Column("questions", JSON, nullable=False, comment="wordings"),
    Column("pattern", Words, nullable=False),
    Column("threshold", Float, nullable=False, comment="cosine"),
    Column("answer", Words, nullable=False, comment="Markdown"),
    Column("citations", JSON, nullable=False),
    Column("platform", Line(32), nullable=False, comment="'': all"),
    Column("channels", JSON, nullable=False, comment="none: all"),
    Column("scopes", JSON, nullable=False, comment="all that the asker must be able to read"),
    Column("enabled", Boolean, nullable=False),
    Column("author", Line(200), nullable=False),
    Column("from_answer", Line(32), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("hits", Integer, nullable=False, server_default="0"),
    Column("last_hit_at", DateTime(timezone=True)),
    Index("standard_answers_version", "version"),
)

standard_state = Table(
    "standard_state",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False, comment="1"),
    Column("version", Integer, nullable=False, comment="grows with every change of a standard answer"),
)
