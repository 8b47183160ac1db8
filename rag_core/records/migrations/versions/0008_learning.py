"""What releases are made of when they are trained, leases, and kinds of questions."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    for name, type_ in (
        ("query_map", sa.String(200)),
        ("router", sa.String(200)),
        ("adapter", sa.String(200)),
        ("tuning", sa.JSON),
        ("parent", sa.String(32)),
        ("run", sa.String(32)),
    ):
        op.add_column("releases", sa.Column(name, type_))
    op.add_column("releases", sa.Column("canary", sa.Float, nullable=False, server_default="0"))
    op.create_index("releases_run", "releases", ["run"], unique=True)
    op.add_column("reviews", sa.Column("route", sa.String(64), nullable=False, server_default=""))
    op.create_table(
        "leases",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("owner", sa.String(100), nullable=False),
        sa.Column("until", _TIME, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("leases")
    op.drop_column("reviews", "route")
    op.drop_index("releases_run", "releases")
    for name in ("canary", "run", "parent", "tuning", "adapter", "router", "query_map"):
        op.drop_column("releases", name)
