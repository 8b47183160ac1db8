"""The tables, as the newest migration makes them."""

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
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.engine import Dialect

__all__ = [
    "answers",
    "channel_settings",
    "deliveries",
    "documents",
    "escalations",
    "metadata",
    "postings",
    "registrations",
    "releases",
    "reviews",
    "sources",
    "standard_answers",
    "standard_state",
    "threads",
    "votes",
]


class _Storable:
    """Text of people and documents, without what a database does not hold: NUL, and half of a surrogate pair."""

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return value and value.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


class _Words(_Storable, TypeDecorator[str]):
    """Of any length."""

    impl = Text
    cache_ok = True


class _Line(_Storable, TypeDecorator[str]):
    """Of a given length."""

    impl = String
    cache_ok = True


metadata = MetaData()

releases = Table(
    "releases",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("embedder", String(200), nullable=False, comment="folder below home/models"),
    Column("index_name", String(100), nullable=False, comment="table of the vector store"),
    Column("card", JSON, nullable=False, comment="the embedding model's card"),
    Column("active", Boolean, nullable=False, default=False),
    Column("reranker", String(200), comment="folder below home/models; null: none"),
)

sources = Table(
    "sources",
    metadata,
    Column("name", _Line(64), primary_key=True),
    Column("spec", JSON, nullable=False, comment="its settings"),
    Column("from_settings", Boolean, nullable=False, comment="false: added by `answerloop ingest PATH`"),
    Column("synced_at", DateTime(timezone=True)),
    Column("error", _Words, comment="why the last sync failed; null when it did not"),
)

documents = Table(
    "documents",
    metadata,
    Column("index_name", _Line(100), primary_key=True),
    Column("source", _Line(64), primary_key=True),
    Column("key", _Line(2000), primary_key=True, comment="path or address, unique within the source"),
    Column("fingerprint", _Words, nullable=False, comment="cheap: size and time, ETag, blob id"),
    Column("digest", _Line(64), nullable=False, comment="of all that its passages were made from"),
    Column("title", _Words, nullable=False),
    Column("url", _Words, nullable=False),
    Column("passages", Integer, nullable=False),
    Column("skipped", _Words, comment="why it could not be read; null when it is indexed"),
    Column("synced_at", DateTime(timezone=True), nullable=False),
)

answers = Table(
    "answers",
    metadata,
    Column("id", _Line(32), primary_key=True),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("platform", _Line(32), nullable=False),
    Column("workspace", _Words, nullable=False),
    Column("channel", _Words, nullable=False),
    Column("user_id", _Line(200), nullable=False),
    Column("thread", _Words, nullable=False),
    Column("question", _Words, nullable=False),
    Column("answer", _Words, nullable=False),
    Column("abstained", Boolean, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("citations", JSON, nullable=False),
    Column("passages", JSON, nullable=False, comment="id, cosine, bm25 and fused score, best first"),
    Column("scopes", JSON, comment="what the asker might read; null: everything"),
    Column("release", _Line(32), nullable=False),
    Column("generation", Integer, nullable=False, comment="of the index"),
    Column("timings_ms", JSON, nullable=False),
    Column(
        "standalone", _Words, nullable=False, server_default="", comment="a follow-up as it was understood"
    ),
    Column("generator", _Line(200), nullable=False, server_default="extractive"),
    Column(
        "generator_version", _Line(64), nullable=False, server_default="", comment="of prompt and settings"
    ),
    Column("notices", JSON, comment="what the reader was told of how it came about: ids of messages"),
    Column("prompt_tokens", Integer, comment="null: no language model was asked"),
    Column("answer_tokens", Integer),
    Column("cached", Boolean, nullable=False, server_default=false()),
    Index("answers_created_at", "created_at"),
)

votes = Table(
    "votes",
    metadata,
    Column("answer_id", _Line(32), ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True),
    Column("platform", _Line(32), primary_key=True),
    Column("user_id", _Line(200), primary_key=True),
    Column("value", SmallInteger, nullable=False, comment="-1 or 1"),
    Column("reason", _Words, nullable=False),
    Column("comment", _Words, nullable=False),
    Column("correction", _Words, nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
)

standard_answers = Table(
    "standard_answers",
    metadata,
    Column("id", _Line(32), primary_key=True),
    Column("version", Integer, nullable=False, comment="of standard_state, when this was last changed"),
    Column("match", _Line(16), nullable=False, comment="exact, pattern or semantic"),
    Column("questions", JSON, nullable=False, comment="wordings"),
    Column("pattern", _Words, nullable=False),
    Column("threshold", Float, nullable=False, comment="cosine"),
    Column("answer", _Words, nullable=False, comment="Markdown"),
    Column("citations", JSON, nullable=False),
    Column("platform", _Line(32), nullable=False, comment="'': all"),
    Column("channels", JSON, nullable=False, comment="none: all"),
    Column("scopes", JSON, nullable=False, comment="all that the asker must be able to read"),
    Column("enabled", Boolean, nullable=False),
    Column("author", _Line(200), nullable=False),
    Column("from_answer", _Line(32), nullable=False),
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

deliveries = Table(
    "deliveries",
    metadata,
    Column(
        "number",
        BigInteger().with_variant(Integer, "sqlite"),
        primary_key=True,
        comment="order of acceptance",
    ),
    Column("platform", _Line(32), nullable=False),
    Column("key", _Line(200), nullable=False, comment="what the platform delivers once has one key"),
    Column("kind", _Line(64), nullable=False),
    Column("lane", _Line(200), nullable=False, comment="what is in one is handled in order"),
    # JSON as ASCII text: PostgreSQL's own has no NUL and no half of a surrogate pair
    Column("payload", Text, comment="as the platform sent it; null once it is handled"),
    Column("state", _Line(8), nullable=False, comment="waiting, taken, done or failed"),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("owner", _Line(100), nullable=False, comment="the process that handles it; '': none"),
    Column("lease_until", DateTime(timezone=True), comment="when another may take it up"),
    Column("attempts", Integer, nullable=False),
    Column("progress", Text, nullable=False, comment="what its handler noted for another attempt"),
    UniqueConstraint("platform", "key", name="deliveries_key"),
    Index("deliveries_state", "state", "owner"),
)

postings = Table(
    "postings",
    metadata,
    Column("platform", _Line(32), primary_key=True),
    Column("channel", _Line(64), primary_key=True),
    Column("message", _Line(64), primary_key=True, comment="the platform's id of it"),
    Column("workspace", _Line(64), nullable=False),
    Column("thread", _Line(64), nullable=False),
    Column("question_message", _Line(64), nullable=False, comment="what it answers; '': no message"),
    Column("part", Integer, nullable=False, comment="of a long answer, from 0"),
    Column("kind", _Line(16), nullable=False, comment="answer, draft, sent, discarded, notice"),
    Column("answer_id", _Line(32), comment="null: a sentence in the place of an answer"),
    Column("user_id", _Line(200), nullable=False, comment="who asked"),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Index("postings_thread", "platform", "channel", "thread"),
    Index("postings_question", "platform", "channel", "question_message"),
    Index("postings_answer", "answer_id"),
    Index("postings_user", "platform", "user_id"),
)

threads = Table(
    "threads",
    metadata,
    Column("platform", _Line(32), primary_key=True),
    Column("channel", _Line(64), primary_key=True),
    Column("thread", _Line(64), primary_key=True),
    Column("workspace", _Line(64), nullable=False),
    Column("silenced_by", _Line(200), nullable=False, comment="'': follow-ups are answered"),
    Column(
        "context", JSON, nullable=False, comment="what the platform said of it, such as the channel looked at"
    ),
    Column("updated_at", DateTime(timezone=True), nullable=False),
)

channel_settings = Table(
    "channel_settings",
    metadata,
    Column("platform", _Line(32), primary_key=True),
    Column("workspace", _Line(64), primary_key=True),
    Column("channel", _Line(64), primary_key=True),
    Column("values", JSON, nullable=False, comment="what is set here goes before the settings file"),
    Column("changed_by", _Line(200), nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
)

escalations = Table(
    "escalations",
    metadata,
    Column("id", _Line(32), primary_key=True),
    Column("answer_id", _Line(32)),
    Column("platform", _Line(32), nullable=False),
    Column("workspace", _Line(64), nullable=False),
    Column("channel", _Line(64), nullable=False, comment="where it was asked"),
    Column("thread", _Line(64), nullable=False),
    Column("message", _Line(64), nullable=False, comment="the question's"),
    Column("user_id", _Line(200), nullable=False, comment="who asked for a person"),
    Column("question", _Words, nullable=False),
    Column("target_channel", _Line(64), nullable=False),
    Column("target_message", _Line(64), nullable=False, comment="'': not posted yet"),
    Column("mentioned", _Line(64), nullable=False, comment="user group or role that was called; '': none"),
    Column("remind_after_s", Integer, nullable=False, comment="before the first reminder; 0: never"),
    Column("state", _Line(16), nullable=False, comment="open or resolved"),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("remind_at", DateTime(timezone=True), comment="null: no more"),
    Column("reminders", Integer, nullable=False),
    Column("resolved_at", DateTime(timezone=True)),
    Column("resolved_by", _Line(200), nullable=False),
    Column("reply", _Words, nullable=False, comment="what the person who answered wrote"),
    Column("replied_by", _Line(200), nullable=False),
    Index("escalations_due", "state", "remind_at"),
    Index("escalations_target", "platform", "target_channel", "target_message"),
    Index("escalations_answer", "answer_id"),
)

reviews = Table(
    "reviews",
    metadata,
    Column("id", _Line(32), primary_key=True),
    Column("answer_id", _Line(32), ForeignKey("answers.id", ondelete="CASCADE"), nullable=False),
    Column("source", _Line(16), nullable=False, comment="vote, escalation or draft"),
    Column("proposed", _Words, nullable=False, comment="an answer that somebody suggests; '': none"),
    Column("proposed_by", _Line(200), nullable=False),
    Column("state", _Line(16), nullable=False, comment="pending, approved, corrected or rejected"),
    Column("correction", _Words, nullable=False, comment="what the answer should be; '': as it is"),
    Column("note", _Words, nullable=False, comment="the reviewer's"),
    Column("reviewer", _Line(200), nullable=False, comment="PLATFORM:USER; '': nobody yet"),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("decided_at", DateTime(timezone=True)),
    Column("told_at", DateTime(timezone=True), comment="when those concerned were told of a correction"),
    Index("reviews_state", "state", "created_at"),
    Index("reviews_answer", "answer_id"),
    Index(
        "reviews_pending",
        "answer_id",
        unique=True,
        sqlite_where=text("state = 'pending'"),
        postgresql_where=text("state = 'pending'"),
    ),
)

registrations = Table(
    "registrations",
    metadata,
    Column("platform", _Line(32), primary_key=True),
    Column("application", _Line(64), primary_key=True),
    Column("fingerprint", _Line(64), nullable=False, comment="of the commands that the platform was told"),
    Column("at", DateTime(timezone=True), nullable=False),
)
