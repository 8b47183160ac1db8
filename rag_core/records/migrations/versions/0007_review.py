"""The admin review: what reviewers decide, who they are, what is measured; figures of answers that charts are drawn from."""

import hashlib
import re
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

PAGE = 500
RESOLUTIONS = {"approved": "good_example", "corrected": "corrected_answer", "rejected": "no_fault"}
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _columns()
    _review()
    _accounts()
    _evaluation()
    _feedback()
    _operation()
    for state, resolution in RESOLUTIONS.items():
        op.execute(
            sa.text(
                "UPDATE reviews SET state = 'resolved', resolution = :resolution WHERE state = :state"
            ).bindparams(resolution=resolution, state=state)
        )
    _fill_answers(op.get_bind())


def _columns() -> None:
    for table, columns in _NEW.items():
        for make in columns:
            op.add_column(table, make())
    for name, table, of in _INDEXES:
        op.create_index(name, table, of)
    op.drop_index("reviews_state", "reviews")
    op.create_index("reviews_state", "reviews", ["state", "value", "created_at"])


_NEW = {
    "answers": (
        lambda: sa.Column("prompt_version", sa.String(16), nullable=False, server_default=""),
        lambda: sa.Column("nearest", sa.JSON),
        lambda: sa.Column("took_ms", sa.Float),
        lambda: sa.Column("wording", sa.String(32), nullable=False, server_default=""),
        lambda: sa.Column("day", sa.Integer, nullable=False, server_default="0"),
    ),
    "votes": (lambda: sa.Column("excluded", sa.String(16), nullable=False, server_default=""),),
    "reviews": (
        lambda: sa.Column("resolution", sa.String(32), nullable=False, server_default=""),
        lambda: sa.Column("citations", sa.JSON),
        lambda: sa.Column("value", sa.Float, nullable=False, server_default="0"),
        lambda: sa.Column("askers", sa.Integer, nullable=False, server_default="1"),
        lambda: sa.Column("reason", sa.String(32), nullable=False, server_default=""),
        lambda: sa.Column("assignee", sa.String(200), nullable=False, server_default=""),
        lambda: sa.Column("assigned_at", _TIME),
        lambda: sa.Column("claimed_until", _TIME),
    ),
    "sources": (
        lambda: sa.Column("wanted_at", _TIME),
        lambda: sa.Column("failing_since", _TIME),
    ),
    "releases": (
        lambda: sa.Column("metrics", sa.JSON),
        lambda: sa.Column("note", sa.Text, nullable=False, server_default=""),
    ),
}
_FIGURES = ("day", "platform", "channel", "release", "abstained", "cached", "confidence", "took_ms", "id")
_INDEXES = (
    ("answers_thread", "answers", ["platform", "thread"]),
    ("answers_wording", "answers", ["wording", "created_at"]),
    ("answers_user", "answers", ["platform", "user_id"]),
    ("answers_figures", "answers", [*_FIGURES]),
    ("answers_judged", "answers", ["id", "day", "platform", "channel", "release", "confidence"]),
    ("votes_updated_at", "votes", ["updated_at"]),
    ("votes_user", "votes", ["platform", "user_id", "updated_at"]),
    ("reviews_decided", "reviews", ["decided_at"]),
)


def _review() -> None:
    op.create_table(
        "judged_passages",
        sa.Column(
            "review_id", sa.String(32), sa.ForeignKey("reviews.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("passage", sa.Text, primary_key=True),
        sa.Column("label", sa.String(8), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("scope", sa.String(64), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
    )
    op.create_table(
        "golden_questions",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("scopes", sa.JSON),
        sa.Column("expected", sa.JSON, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("author", sa.String(200), nullable=False),
        sa.Column("from_answer", sa.String(32), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
    )
    op.create_table(
        "golden_results",
        sa.Column(
            "golden_id",
            sa.String(32),
            sa.ForeignKey("golden_questions.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("release", sa.String(32), primary_key=True),
        sa.Column("passed", sa.Boolean, nullable=False),
        sa.Column("rank", sa.Integer),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("checked_at", _TIME, nullable=False),
    )
    op.create_table(
        "audit_log",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("detail", sa.JSON, nullable=False),
        sa.Column("undone_by", sa.BigInteger),
    )
    op.create_index("audit_log_at", "audit_log", ["at"])
    op.create_index("audit_log_subject", "audit_log", ["subject"])
    op.create_index("audit_log_actor", "audit_log", ["actor", "number"])
    op.create_index("audit_log_action", "audit_log", ["action", "number"])


def _accounts() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("identity", sa.String(200), nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("appointed", sa.String(16), nullable=False, server_default=""),
        sa.Column("granted", sa.String(16), nullable=False, server_default=""),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("disabled", sa.Boolean, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("seen_at", _TIME),
    )
    op.create_table(
        "sessions",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("user_id", sa.String(32), sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("csrf", sa.String(64), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("seen_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("browser", sa.Text, nullable=False),
    )
    op.create_index("sessions_user", "sessions", ["user_id"])
    op.create_table(
        "throttles",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("failed_at", _TIME, nullable=False),
    )
    op.create_table(
        "signing_keys",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("key", sa.String(64), nullable=False),
    )


def _evaluation() -> None:
    op.create_table(
        "comparisons",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("baseline", sa.String(32), nullable=False),
        sa.Column("candidate", sa.String(32), nullable=False),
        sa.Column("seed", sa.Integer, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("wanted", sa.Integer, nullable=False),
        sa.Column("owner", sa.String(100), nullable=False),
        sa.Column("created_by", sa.String(200), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("closed_at", _TIME),
    )
    op.create_table(
        "comparison_items",
        sa.Column(
            "comparison_id",
            sa.String(32),
            sa.ForeignKey("comparisons.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("answer_id", sa.String(32)),
        sa.Column("platform", sa.String(32), nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("scopes", sa.JSON),
        sa.Column("baseline", sa.JSON, nullable=False),
        sa.Column("candidate", sa.JSON, nullable=False),
    )
    op.create_index("comparison_items_answer", "comparison_items", ["answer_id"])
    op.create_table(
        "judgements",
        sa.Column("comparison_id", sa.String(32), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("rater", sa.String(200), primary_key=True),
        sa.Column("preference", sa.String(16), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["comparison_id", "number"],
            ["comparison_items.comparison_id", "comparison_items.number"],
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "runs",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("detail", sa.JSON, nullable=False),
        sa.Column("report", sa.Text, nullable=False),
        sa.Column("release", sa.String(32)),
        sa.Column("owner", sa.String(100), nullable=False),
        sa.Column("started_by", sa.String(200), nullable=False),
        sa.Column("started_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.Column("ended_at", _TIME),
    )
    op.create_index("runs_started_at", "runs", ["started_at"])
    op.create_table(
        "gaps",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("terms", sa.JSON, nullable=False),
        sa.Column("answers", sa.JSON, nullable=False),
        sa.Column("questions", sa.Integer, nullable=False),
        sa.Column("askers", sa.Integer, nullable=False),
        sa.Column("abstained", sa.Integer, nullable=False),
        sa.Column("disliked", sa.Integer, nullable=False),
        sa.Column("first_at", _TIME, nullable=False),
        sa.Column("last_at", _TIME, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("changed_by", sa.String(200), nullable=False),
        sa.Column("found_at", _TIME, nullable=False),
    )
    op.create_table(
        "exports",
        sa.Column("path", sa.Text, primary_key=True),
        sa.Column("host", sa.String(200), primary_key=True),
        sa.Column("made_at", _TIME, nullable=False),
        sa.Column("made_by", sa.String(200), nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
    )


def _feedback() -> None:
    op.create_table(
        "answer_documents",
        sa.Column(
            "answer_id", sa.String(32), sa.ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("document", sa.Text, primary_key=True),
        sa.Column("day", sa.Integer, nullable=False),
    )
    op.create_index("answer_documents_document", "answer_documents", ["document", "day"])
    op.create_table(
        "vote_flags",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("platform", sa.String(32), nullable=False),
        sa.Column("user_id", sa.String(200), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("votes", sa.Integer, nullable=False),
        sa.Column("first_at", _TIME, nullable=False),
        sa.Column("last_at", _TIME, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("decided_by", sa.String(200), nullable=False),
        sa.Column("decided_at", _TIME),
    )
    op.create_index("vote_flags_state", "vote_flags", ["state", "last_at"])
    op.create_index("vote_flags_user", "vote_flags", ["platform", "user_id"])
    op.create_table(
        "question_vectors",
        sa.Column(
            "answer_id", sa.String(32), sa.ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("embedder", sa.String(200), nullable=False),
        sa.Column("vector", sa.LargeBinary, nullable=False),
    )


def _operation() -> None:
    op.create_table(
        "activations",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("release", sa.String(32), nullable=False),
        sa.Column("back", sa.Boolean, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("named", sa.JSON),
    )
    op.create_table(
        "syncs",
        sa.Column("source", sa.String(64), primary_key=True),
        sa.Column("owner", sa.String(100), nullable=False),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("listed", sa.Integer, nullable=False),
        sa.Column("complete", sa.Boolean, nullable=False),
        sa.Column("passages", sa.Integer, nullable=False),
        sa.Column("asked_at", _TIME),
        sa.Column("started_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
    )
    _fill_activations(op.get_bind())


def _fill_activations(connection: sa.Connection) -> None:
    """Until now each release was made active when it was made."""
    releases = sa.table(
        "releases", sa.column("id"), sa.column("created_at", _TIME), sa.column("active", sa.Boolean)
    )
    columns = ("release", "back", "at", "actor")
    activations = sa.table("activations", *(sa.column(name) for name in columns))
    now = sa.select(releases.c.created_at).where(releases.c.active).scalar_subquery()
    past = sa.select(releases.c.id, sa.false(), releases.c.created_at, sa.literal("answerloop"))
    until_now = past.where(releases.c.created_at <= now).order_by(releases.c.created_at)
    connection.execute(sa.insert(activations).from_select(columns, until_now))


def _fill_answers(connection: sa.Connection) -> None:
    """What is recorded with each answer from now on, of those that are there."""
    answers = sa.table(
        "answers",
        *(sa.column(name, sa.String) for name in ("id", "question", "standalone", "wording")),
        *(sa.column(name, sa.JSON) for name in ("timings_ms", "citations")),
        sa.column("created_at", _TIME),
        sa.column("took_ms", sa.Float),
        sa.column("day", sa.Integer),
    )
    cited = sa.table("answer_documents", *map(sa.column, ("answer_id", "document", "day")))
    c, last = answers.c, ""
    page = sa.select(c.id, c.question, c.standalone, c.timings_ms, c.created_at, c.citations).order_by(c.id)
    changing = (
        sa.update(answers)
        .where(c.id == sa.bindparam("of"))
        .values(wording=sa.bindparam("as_worded"), took_ms=sa.bindparam("ms"), day=sa.bindparam("on_day"))
    )
    while rows := connection.execute(page.where(c.id > last).limit(PAGE)).all():
        connection.execute(changing, [_filled(*row[:4]) | {"on_day": _day(row.created_at)} for row in rows])
        named = [
            {"answer_id": row.id, "document": document, "day": _day(row.created_at)}
            for row in rows
            for document in _documents(row.citations)
        ]
        if named:
            connection.execute(sa.insert(cited), named)
        last = rows[-1].id


def _day(time: datetime) -> int:
    return (time.astimezone(UTC) if time.tzinfo else time).date().toordinal()


def _documents(citations: list[dict[str, str]]) -> list[str]:
    named = (citation.get("passage", "").rpartition("#")[0] for citation in citations or [])
    return list(dict.fromkeys(name for name in named if name))


def _filled(id: str, question: str, standalone: str, timings: dict[str, float]) -> dict[str, object]:
    words = " ".join(re.findall(r"\w+", (standalone or question).casefold()))
    stages = [ms for name, ms in (timings or {}).items() if name not in ("record", "total")]
    wording = hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()[:32] if words else ""
    return {"of": id, "as_worded": wording, "ms": sum(stages) if stages else None}


def downgrade() -> None:
    for state, resolution in RESOLUTIONS.items():
        op.execute(
            sa.text("UPDATE reviews SET state = :state WHERE resolution = :resolution").bindparams(
                resolution=resolution, state=state
            )
        )
    op.execute(
        "DELETE FROM reviews WHERE state = 'resolved' OR source NOT IN ('vote', 'escalation', 'draft')"
    )
    for table in _TABLES:
        op.drop_table(table)
    for name, table, _ in _INDEXES:
        op.drop_index(name, table)
    op.drop_index("reviews_state", "reviews")
    for table, columns in _NEW.items():
        with op.batch_alter_table(table) as altered:
            for make in columns:
                altered.drop_column(make().name)
    op.create_index("reviews_state", "reviews", ["state", "created_at"])


_TABLES = (
    *("activations", "syncs"),
    *("judged_passages", "golden_results", "golden_questions", "audit_log", "sessions", "users", "throttles"),
    "signing_keys",
    *(
        "judgements",
        "comparison_items",
        "comparisons",
        "runs",
        "gaps",
        "exports",
        "vote_flags",
        "question_vectors",
        "answer_documents",
    ),
)
