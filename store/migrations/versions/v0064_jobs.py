"""The schedule stands in the store: a row for each job of a connection"""

import sqlalchemy as sa
from alembic import op

from store.codec import name

revision = "0064"
down_revision = "0063"


def upgrade() -> None:
    instants = (sa.Column(column, sa.BigInteger()) for column in ("sent_at", "not_before", "until", "ended_at"))
    op.create_table(
        "job",
        sa.Column("connection", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("name", name(), primary_key=True),
        sa.Column("due", sa.BigInteger(), nullable=False),
        *instants,
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("process", sa.Text()),
        sa.Column("set_aside", sa.Text()),
    )


def downgrade() -> None:
    op.drop_table("job")
