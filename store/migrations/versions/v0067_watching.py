"""What the operator watches: live processes, the step of a run, the CRM's allowance, outcomes counted as they come"""

import sqlalchemy as sa
from alembic import op

from store.codec import name

revision = "0067"
down_revision = "0066"


def upgrade() -> None:
    op.create_table(
        "process",
        sa.Column("process", name(), primary_key=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "outcome_count",
        sa.Column("connection", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("outcome", name(), primary_key=True),
        sa.Column("patches", sa.BigInteger(), nullable=False),
    )
    op.execute(
        "INSERT INTO outcome_count (connection, outcome, patches) SELECT connection, outcome, COUNT(*) FROM patch"
        " WHERE outcome IS NOT NULL GROUP BY connection, outcome"
    )
    op.add_column("run", sa.Column("step", sa.Text()))
    op.add_column("calls", sa.Column("allowed", sa.BigInteger()))
    op.add_column("calls", sa.Column("used_by_all", sa.BigInteger()))


def downgrade() -> None:
    for table, column in (("run", "step"), ("calls", "allowed"), ("calls", "used_by_all")):
        with op.batch_alter_table(table) as altered:
            altered.drop_column(column)
    op.drop_table("outcome_count")
    op.drop_table("process")
