"""How an answer was generated."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

COLUMNS = (
    sa.Column("standalone", sa.Text, nullable=False, server_default=""),
    sa.Column("generator", sa.String(200), nullable=False, server_default="extractive"),
    sa.Column("generator_version", sa.String(64), nullable=False, server_default=""),
    sa.Column("notices", sa.JSON),
    sa.Column("prompt_tokens", sa.Integer),
    sa.Column("answer_tokens", sa.Integer),
    sa.Column("cached", sa.Boolean, nullable=False, server_default=sa.false()),
)


def upgrade() -> None:
    for column in COLUMNS:
        op.add_column("answers", column.copy())


def downgrade() -> None:
    with op.batch_alter_table("answers") as answers:
        for column in COLUMNS:
            answers.drop_column(column.name)
