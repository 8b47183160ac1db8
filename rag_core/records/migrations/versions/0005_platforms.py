"""Chat platforms: deliveries, what was posted where, threads, channels' settings, escalations, reviews."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "deliveries",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("platform", sa.String(32), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("lane", sa.String(200), nullable=False),
        sa.Column("payload", sa.Text),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("owner", sa.String(100), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("progress", sa.Text, nullable=False),
        sa.UniqueConstraint("platform", "key", name="deliveries_key"),
    )
    op.create_index("deliveries_state", "deliveries", ["state", "owner"])
    op.create_table(
        "postings",
        sa.Column("platform", sa.String(32), primary_key=True),
        sa.Column("channel", sa.String(64), primary_key=True),
        sa.Column("message", sa.String(64), primary_key=True),
        sa.Column("workspace", sa.String(64), nullable=False),
        sa.Column("thread", sa.String(64), nullable=False),
        sa.Column("question_message", sa.String(64), nullable=False),
        sa.Column("part", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("answer_id", sa.String(32)),
        sa.Column("user_id", sa.String(200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("postings_thread", "postings", ["platform", "channel", "thread"])
    op.create_index("postings_question", "postings", ["platform", "channel", "question_message"])
    op.create_index("postings_answer", "postings", ["answer_id"])
    op.create_index("postings_user", "postings", ["platform", "user_id"])
    op.create_table(
        "threads",
        sa.Column("platform", sa.String(32), primary_key=True),
        sa.Column("channel", sa.String(64), primary_key=True),
        sa.Column("thread", sa.String(64), primary_key=True),
        sa.Column("workspace", sa.String(64), nullable=False),
        sa.Column("silenced_by", sa.String(200), nullable=False),
        sa.Column("context", sa.JSON, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "channel_settings",
        sa.Column("platform", sa.String(32), primary_key=True),
        sa.Column("workspace", sa.String(64), primary_key=True),
        sa.Column("channel", sa.String(64), primary_key=True),
        sa.Column("values", sa.JSON, nullable=False),
        sa.Column("changed_by", sa.String(200), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "escalations",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("answer_id", sa.String(32)),
        sa.Column("platform", sa.String(32), nullable=False),
        sa.Column("workspace", sa.String(64), nullable=False),
        sa.Column("channel", sa.String(64), nullable=False),
        sa.Column("thread", sa.String(64), nullable=False),
        sa.Column("message", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(200), nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("target_channel", sa.String(64), nullable=False),
        sa.Column("target_message", sa.String(64), nullable=False),
        sa.Column("mentioned", sa.String(64), nullable=False),
        sa.Column("remind_after_s", sa.Integer, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("remind_at", sa.DateTime(timezone=True)),
        sa.Column("reminders", sa.Integer, nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True)),
        sa.Column("resolved_by", sa.String(200), nullable=False),
        sa.Column("reply", sa.Text, nullable=False),
        sa.Column("replied_by", sa.String(200), nullable=False),
    )
    op.create_index("escalations_due", "escalations", ["state", "remind_at"])
    op.create_index("escalations_target", "escalations", ["platform", "target_channel", "target_message"])
    op.create_index("escalations_answer", "escalations", ["answer_id"])
    op.create_table(
        "reviews",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column(
            "answer_id", sa.String(32), sa.ForeignKey("answers.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("proposed", sa.Text, nullable=False),
        sa.Column("proposed_by", sa.String(200), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("correction", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("reviewer", sa.String(200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("told_at", sa.DateTime(timezone=True)),
    )
    op.create_index("reviews_state", "reviews", ["state", "created_at"])
    op.create_index("reviews_answer", "reviews", ["answer_id"])
    pending = sa.text("state = 'pending'")
    op.create_index(
        "reviews_pending",
        "reviews",
        ["answer_id"],
        unique=True,
        sqlite_where=pending,
        postgresql_where=pending,
    )


def downgrade() -> None:
    for table in ("reviews", "escalations", "channel_settings", "threads", "postings", "deliveries"):
        op.drop_table(table)
