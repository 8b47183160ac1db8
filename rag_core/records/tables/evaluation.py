"""How releases are compared, how training runs go, what is missing in the documents, and what was exported."""

from __future__ import annotations

from sqlalchemy import JSON, Column, DateTime, ForeignKey, ForeignKeyConstraint, Index, Integer, Table

from rag_core.records.tables.columns import Line, Words, metadata

__all__ = ["comparison_items", "comparisons", "exports", "gaps", "judgements", "runs"]

comparisons = Table(
    "comparisons",
    metadata,
    Column("id", Line(32), primary_key=True),
    Column("name", Words, nullable=False),
    Column("baseline", Line(32), nullable=False, comment="release"),
    Column("candidate", Line(32), nullable=False, comment="release"),
    Column(
        "seed", Integer, nullable=False, comment="of the sample, and of the sides that answers are shown on"
    ),
    Column("state", Line(16), nullable=False, comment="preparing, open, closed or failed"),
    Column("error", Words, nullable=False, comment="why it failed"),
    Column("wanted", Integer, nullable=False, comment="items that it will have when it is prepared"),
    Column("owner", Line(100), nullable=False, comment="the process that prepares it, as in deliveries"),
    Column("created_by", Line(200), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("closed_at", DateTime(timezone=True)),
)

comparison_items = Table(
    "comparison_items",
    metadata,
    Column("comparison_id", Line(32), ForeignKey("comparisons.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False, comment="from 1"),
    Column("answer_id", Line(32), comment="whose question it is; null: forgotten, or written by hand"),
    Column("platform", Line(32), nullable=False, comment="where it was asked; '': a golden question"),
    Column("question", Words, nullable=False),
    Column("scopes", JSON, comment="what is read for it; null: everything"),
    Column("baseline", JSON, nullable=False, comment="text, citations, abstained"),
    Column("candidate", JSON, nullable=False),
    Index("comparison_items_answer", "answer_id"),
)

judgements = Table(
    "judgements",
    metadata,
    Column("comparison_id", Line(32), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("rater", Line(200), primary_key=True, comment="PLATFORM:USER"),
    Column("preference", Line(16), nullable=False, comment="baseline, candidate, tie or skipped"),
    Column("at", DateTime(timezone=True), nullable=False),
    ForeignKeyConstraint(
        ["comparison_id", "number"],
        ["comparison_items.comparison_id", "comparison_items.number"],
        ondelete="CASCADE",
    ),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Line(32), primary_key=True),
    Column("kind", Line(32), nullable=False, comment="what is trained, such as calibration"),
    Column("state", Line(16), nullable=False, comment="running, succeeded, refused or failed"),
    Column("step", Words, nullable=False, comment="what it does now"),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False, comment="0: not known"),
    Column("detail", JSON, nullable=False, comment="curves and figures by name"),
    Column("report", Words, nullable=False, comment="Markdown"),
    Column("release", Line(32), comment="that came of it"),
    Column("owner", Line(100), nullable=False, comment="the process, as in deliveries"),
    Column("started_by", Line(200), nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    Index("runs_started_at", "started_at"),
)

gaps = Table(
    "gaps",
    metadata,
    Column("id", Line(32), primary_key=True),
    Column("name", Words, nullable=False),
    Column("terms", JSON, nullable=False, comment="words that tell it from the others"),
    Column("answers", JSON, nullable=False, comment="ids of its questions' answers, the most typical first"),
    Column("questions", Integer, nullable=False),
    Column("askers", Integer, nullable=False),
    Column("abstained", Integer, nullable=False),
    Column("disliked", Integer, nullable=False),
    Column("first_at", DateTime(timezone=True), nullable=False),
    Column("last_at", DateTime(timezone=True), nullable=False),
    Column("state", Line(16), nullable=False, comment="open, planned, written or dismissed"),
    Column("note", Words, nullable=False),
    Column("changed_by", Line(200), nullable=False),
    Column("found_at", DateTime(timezone=True), nullable=False, comment="when it was last computed"),
)

exports = Table(
    "exports",
    metadata,
    Column("path", Words, primary_key=True, comment="of the file, absolute"),
    Column("host", Line(200), primary_key=True, comment="the machine it lies on"),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("made_by", Line(200), nullable=False),
    Column("rows", Integer, nullable=False),
)
