"""What chat platforms deliver, and what stands where in them."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, DateTime, Index, Integer, Table, Text, UniqueConstraint

from rag_core.records.tables.columns import Line, Words, metadata

__all__ = ["channel_settings", "deliveries", "escalations", "postings", "registrations", "threads"]

deliveries = Table(
    "deliveries",
    metadata,
    Column(
        "number",
        BigInteger().with_variant(Integer, "sqlite"),
        primary_key=True,
        comment="order of acceptance",
    ),
    Column("platform", Line(32), nullable=False),
    Column("key", Line(200), nullable=False, comment="what the platform delivers once has one key"),
    Column("kind", Line(64), nullable=False),
    Column("lane", Line(200), nullable=False, comment="what is in one is handled in order"),
    # JSON as ASCII text: PostgreSQL's own has no NUL and no half of a surrogate pair
    Column("payload", Text, comment="as the platform sent it; null once it is handled"),
    Column("state", Line(8), nullable=False, comment="waiting, taken, done or failed"),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("owner", Line(100), nullable=False, comment="the process that handles it; '': none"),
    Column("lease_until", DateTime(timezone=True), comment="when another may take it up"),
    Column("attempts", Integer, nullable=False),
    Column("progress", Text, nullable=False, comment="what its handler noted for another attempt"),
    UniqueConstraint("platform", "key", name="deliveries_key"),
    Index("deliveries_state", "state", "owner"),
)

postings = Table(
    "postings",
    metadata,
    Column("platform", Line(32), primary_key=True),
    Column("channel", Line(64), primary_key=True),
    Column("message", Line(64), primary_key=True, comment="the platform's id of it"),
    Column("workspace", Line(64), nullable=False),
    Column("thread", Line(64), nullable=False),
    Column("question_message", Line(64), nullable=False, comment="what it answers; '': no message"),
    Column("part", Integer, nullable=False, comment="of a long answer, from 0"),
    Column("kind", Line(16), nullable=False, comment="answer, draft, sent, discarded, notice"),
    Column("answer_id", Line(32), comment="null: a sentence in the place of an answer"),
    Column("user_id", Line(200), nullable=False, comment="who asked"),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Index("postings_thread", "platform", "channel", "thread"),
    Index("postings_question", "platform", "channel", "question_message"),
    Index("postings_answer", "answer_id"),
    Index("postings_user", "platform", "user_id"),
)

threads = Table(
    "threads",
    metadata,
    Column("platform", Line(32), primary_key=True),
    Column("channel", Line(64), primary_key=True),
    Column("thread", Line(64), primary_key=True),
    Column("workspace", Line(64), nullable=False),
    Column("silenced_by", Line(200), nullable=False, comment="'': follow-ups are answered"),
    Column(
        "context", JSON, nullable=False, comment="what the platform said of it, such as the channel looked at"
    ),
    Column("updated_at", DateTime(timezone=True), nullable=False),
)

channel_settings = Table(
    "channel_settings",
    metadata,
    Column("platform", Line(32), primary_key=True),
    Column("workspace", Line(64), primary_key=True),
    Column("channel", Line(64), primary_key=True),
    Column("values", JSON, nullable=False, comment="what is set here goes before the settings file"),
    Column("changed_by", Line(200), nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
)

escalations = Table(
    "escalations",
    metadata,
    Column("id", Line(32), primary_key=True),
    Column("answer_id", Line(32)),
    Column("platform", Line(32), nullable=False),
    Column("workspace", Line(64), nullable=False),
    Column("channel", Line(64), nullable=False, comment="where it was asked"),
    Column("thread", Line(64), nullable=False),
    Column("message", Line(64), nullable=False, comment="the question's"),
    Column("user_id", Line(200), nullable=False, comment="who asked for a person"),
    Column("question", Words, nullable=False),
    Column("target_channel", Line(64), nullable=False),
    Column("target_message", Line(64), nullable=False, comment="'': not posted yet"),
    Column("mentioned", Line(64), nullable=False, comment="user group or role that was called; '': none"),
    Column("remind_after_s", Integer, nullable=False, comment="before the first reminder; 0: never"),
    Column("state", Line(16), nullable=False, comment="open or resolved"),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("remind_at", DateTime(timezone=True), comment="null: no more"),
    Column("reminders", Integer, nullable=False),
    Column("resolved_at", DateTime(timezone=True)),
    Column("resolved_by", Line(200), nullable=False),
    Column("reply", Words, nullable=False, comment="what the person who answered wrote"),
    Column("replied_by", Line(200), nullable=False),
    Index("escalations_due", "state", "remind_at"),
    Index("escalations_target", "platform", "target_channel", "target_message"),
    Index("escalations_answer", "answer_id"),
)

registrations = Table(
    "registrations",
    metadata,
    Column("platform", Line(32), primary_key=True),
    Column("application", Line(64), primary_key=True),
    Column("fingerprint", Line(64), nullable=False, comment="of the commands that the platform was told"),
    Column("at", DateTime(timezone=True), nullable=False),
)
