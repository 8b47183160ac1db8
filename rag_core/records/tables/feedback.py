"""Answers as they were given, and what people said of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    false,
)

from rag_core.records.tables.columns import Line, Words, metadata

__all__ = ["answer_documents", "answers", "question_vectors", "vote_flags", "votes"]


def _day(context: Any) -> int:
    time: datetime = context.get_current_parameters()["created_at"]
    return time.astimezone(UTC).date().toordinal()


answers = Table(
    "answers",
    metadata,
    Column("id", Line(32), primary_key=True),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("platform", Line(32), nullable=False),
    Column("workspace", Words, nullable=False),
    Column("channel", Words, nullable=False),
    Column("user_id", Line(200), nullable=False),
    Column("thread", Words, nullable=False),
    Column("question", Words, nullable=False),
    Column("answer", Words, nullable=False),
    Column("abstained", Boolean, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("citations", JSON, nullable=False),
    Column("passages", JSON, nullable=False, comment="id, cosine, bm25 and fused score, best first"),
    Column("scopes", JSON, comment="what the asker might read; null: everything"),
    Column("release", Line(32), nullable=False),
    Column("generation", Integer, nullable=False, comment="of the index"),
    Column("timings_ms", JSON, nullable=False),
    Column(
        "standalone", Words, nullable=False, server_default="", comment="a follow-up as it was understood"
    ),
    Column("generator", Line(200), nullable=False, server_default="extractive"),
    Column(
        "generator_version", Line(64), nullable=False, server_default="", comment="of prompt and settings"
    ),
    Column("notices", JSON, comment="what the reader was told of how it came about: ids of messages"),
    Column("prompt_tokens", Integer, comment="null: no language model was asked"),
    Column("answer_tokens", Integer),
    Column("cached", Boolean, nullable=False, server_default=false()),
    Column("prompt_version", Line(16), nullable=False, server_default="", comment="'': nothing was prompted"),
    Column("nearest", JSON, comment="citations named with an abstention"),
    Column("took_ms", Float, comment="from the question to the answer, without its recording"),
    Column(
        "wording",
        Line(32),
        nullable=False,
        server_default="",
        comment="equal for questions that are worded alike",
    ),
    Column(
        "day",
        Integer,
        nullable=False,
        server_default="0",
        default=_day,
        comment="of created_at in UTC: datetime.date.toordinal()",
    ),
    Index("answers_created_at", "created_at"),
    Index("answers_thread", "platform", "thread"),
    Index("answers_wording", "wording", "created_at"),
    Index("answers_user", "platform", "user_id"),
    # Figures are counted from this index alone: a row is some kilobytes wide.
    Index(
        "answers_figures",
        *("day", "platform", "channel", "release", "abstained", "cached", "confidence", "took_ms", "id"),
    ),
    # Those that were voted on or escalated, from this one.
    Index("answers_judged", "id", "day", "platform", "channel", "release", "confidence"),
)

answer_documents = Table(
    "answer_documents",
    metadata,
    Column("answer_id", Line(32), ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True),
    Column("document", Words, primary_key=True, comment="SOURCE/KEY of one that the answer cites"),
    Column("day", Integer, nullable=False, comment="of the answer"),
    Index("answer_documents_document", "document", "day"),
)

votes = Table(
    "votes",
    metadata,
    Column("answer_id", Line(32), ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True),
    Column("platform", Line(32), primary_key=True),
    Column("user_id", Line(200), primary_key=True),
    Column("value", SmallInteger, nullable=False, comment="-1 or 1"),
    Column("reason", Words, nullable=False),
    Column("comment", Words, nullable=False),
    Column("correction", Words, nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column(
        "excluded",
        Line(16),
        nullable=False,
        server_default="",
        comment="why it does not count: own, cap, flag; '': it does",
    ),
    Index("votes_updated_at", "updated_at"),
    Index("votes_user", "platform", "user_id", "updated_at"),
)

vote_flags = Table(
    "vote_flags",
    metadata,
    Column("id", Line(32), primary_key=True),
    Column(
        "kind",
        Line(16),
        nullable=False,
        comment="burst: many votes at once; document: one person against one document",
    ),
    Column("platform", Line(32), nullable=False),
    Column("user_id", Line(200), nullable=False),
    Column("document", Words, nullable=False, comment="id of the document; '': of none in particular"),
    Column("votes", Integer, nullable=False),
    Column("first_at", DateTime(timezone=True), nullable=False),
    Column("last_at", DateTime(timezone=True), nullable=False),
    Column(
        "state", Line(16), nullable=False, comment="open, dismissed or upheld; upheld: its votes do not count"
    ),
    Column("decided_by", Line(200), nullable=False),
    Column("decided_at", DateTime(timezone=True)),
    Index("vote_flags_state", "state", "last_at"),
    Index("vote_flags_user", "platform", "user_id"),
)

question_vectors = Table(
    "question_vectors",
    metadata,
    Column("answer_id", Line(32), ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True),
    Column("embedder", Line(200), nullable=False, comment="folder below home/models"),
    Column("vector", LargeBinary, nullable=False, comment="int8, of length 127"),
)
