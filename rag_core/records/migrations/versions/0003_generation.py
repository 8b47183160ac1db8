"""How an answer was generated."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def _columns() -> list[sa.Column]:  # type: ignore[type-arg]
    return [
        sa.Column("standalone", sa.Text, nullable=False, server_default=""),
        sa.Column("generator", sa.String(200), nullable=False, server_default="extractive"),
        sa.Column("generator_version", sa.String(64), nullable=False, server_default=""),
        sa.Column("notices", sa.JSON),
        sa.Column("prompt_tokens", sa.Integer),
        sa.Column("answer_tokens", sa.Integer),
        sa.Column("cached", sa.Boolean, nullable=False, server_default=sa.false()),
    ]


def upgrade() -> None:
    for column in _columns():
        op.add_column("answers", column)


def downgrade() -> None:
    with op.batch_alter_table("answers") as answers:
        for column in _columns():
            answers.drop_column(column.name)
