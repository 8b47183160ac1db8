"""What reviewers are to look at, what they decided, and what came of it."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    Table,
    text,
)

from rag_core.records.tables.columns import Line, Words, metadata

__all__ = ["audit_log", "golden_questions", "golden_results", "judged_passages", "reviews"]

reviews = Table(
    "reviews",
    metadata,
    Column("id", Line(32), primary_key=True),
    Column("answer_id", Line(32), ForeignKey("answers.id", ondelete="CASCADE"), nullable=False),
    Column(
        "source",
        Line(16),
        nullable=False,
        comment="vote, escalation, draft, confidence, disagreement or person",
    ),
    Column("proposed", Words, nullable=False, comment="an answer that somebody suggests; '': none"),
    Column("proposed_by", Line(200), nullable=False),
    Column("state", Line(16), nullable=False, comment="pending or resolved"),
    Column(
        "resolution",
        Line(32),
        nullable=False,
        server_default="",
        comment="one of reviews.RESOLUTIONS; '': none yet",
    ),
    Column("correction", Words, nullable=False, comment="what the answer should be; '': as it is"),
    Column("citations", JSON, comment="what the correction cites by number; null: nothing"),
    Column("note", Words, nullable=False, comment="the reviewer's"),
    Column("reviewer", Line(200), nullable=False, comment="PLATFORM:USER; '': nobody yet"),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("decided_at", DateTime(timezone=True)),
    Column("told_at", DateTime(timezone=True), comment="when those concerned were told of a correction"),
    Column(
        "route",
        Line(64),
        nullable=False,
        server_default="",
        comment="what kind of question it is, for the router; '': nobody said",
    ),
    Column(
        "value",
        Float,
        nullable=False,
        server_default="0",
        comment="what looking at it is worth; the highest first",
    ),
    Column("askers", Integer, nullable=False, server_default="1", comment="people who asked the same"),
    Column("reason", Line(32), nullable=False, server_default="", comment="of the latest vote against it"),
    Column("assignee", Line(200), nullable=False, server_default="", comment="PLATFORM:USER; '': nobody"),
    Column("assigned_at", DateTime(timezone=True)),
    Column(
        "claimed_until", DateTime(timezone=True), comment="till then; null: until it is decided or taken over"
    ),
    Index("reviews_state", "state", "value", "created_at"),
    Index("reviews_decided", "decided_at"),
    Index("reviews_answer", "answer_id"),
    Index(
        "reviews_pending",
        "answer_id",
        unique=True,
        sqlite_where=text("state = 'pending'"),
        postgresql_where=text("state = 'pending'"),
    ),
)

judged_passages = Table(
    "judged_passages",
    metadata,
    Column("review_id", Line(32), ForeignKey("reviews.id", ondelete="CASCADE"), primary_key=True),
    Column("passage", Words, primary_key=True, comment="its id in the index when it was judged"),
    Column("label", Line(8), nullable=False, comment="right, wrong or stale"),
    Column("document", Words, nullable=False),
    Column("source", Line(64), nullable=False),
    Column("scope", Line(64), nullable=False),
    Column("title", Words, nullable=False),
    Column("text", Words, nullable=False, comment="as it was when it was judged"),
)

golden_questions = Table(
    "golden_questions",
    metadata,
    Column("id", Line(32), primary_key=True),
    Column("question", Words, nullable=False, comment="standing by itself"),
    Column("scopes", JSON, comment="what is read for it; null: everything"),
    Column(
        "expected",
        JSON,
        nullable=False,
        comment="document, title and text of each passage; none: it must abstain",
    ),
    Column("answer", Words, nullable=False, comment="for the reader; '': none"),
    Column("enabled", Boolean, nullable=False),
    Column("author", Line(200), nullable=False),
    Column("from_answer", Line(32), nullable=False, comment="'': written by hand"),
    Column("created_at", DateTime(timezone=True), nullable=False),
)

golden_results = Table(
    "golden_results",
    metadata,
    Column("golden_id", Line(32), ForeignKey("golden_questions.id", ondelete="CASCADE"), primary_key=True),
    Column("release", Line(32), primary_key=True),
    Column("passed", Boolean, nullable=False),
    Column("rank", Integer, comment="of the first passage expected, from 1; null: it was not found"),
    Column("detail", Words, nullable=False),
    Column("checked_at", DateTime(timezone=True), nullable=False),
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("actor", Line(200), nullable=False, comment="PLATFORM:USER; 'answerloop': by itself"),
    Column("action", Line(64), nullable=False, comment="such as review.resolve"),
    Column("subject", Line(200), nullable=False, comment="what it was done to, such as review:ID"),
    Column(
        "detail", JSON, nullable=False, comment="what was, and what is; never text of documents or secrets"
    ),
    Column("undone_by", BigInteger, comment="number of the entry that took it back"),
    Index("audit_log_at", "at"),
    Index("audit_log_subject", "subject"),
    Index("audit_log_actor", "actor", "number"),
    Index("audit_log_action", "action", "number"),
)
