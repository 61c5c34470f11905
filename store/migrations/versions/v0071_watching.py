"""What the operator watches: live processes, the step of a run, totals of runs and patches"""

import sqlalchemy as sa
from alembic import op

from store.codec import name

revision = "0071"
down_revision = "0070"
SEED = "INSERT INTO tally (connection, figure, label, total) SELECT connection, "


def upgrade() -> None:
    op.create_table(
        "process",
        sa.Column("process", name(), primary_key=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "tally",
        sa.Column("connection", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("figure", name(), primary_key=True),
        sa.Column("label", name(), primary_key=True),
        sa.Column("total", sa.BigInteger(), nullable=False),
    )
    op.execute(f"{SEED}'patches', outcome, COUNT(*) FROM patch WHERE outcome IS NOT NULL GROUP BY connection, outcome")
    op.execute(f"{SEED}'runs', state, COUNT(*) FROM run WHERE state IS NOT NULL GROUP BY connection, state")
    op.execute(
        f"{SEED}'run_us', state, CAST(SUM(ended_at - started_at) AS BIGINT) FROM run"
        " WHERE state IS NOT NULL AND ended_at IS NOT NULL AND started_at IS NOT NULL GROUP BY connection, state"
    )
    op.add_column("run", sa.Column("step", sa.Text()))


def downgrade() -> None:
    with op.batch_alter_table("run") as run:
        run.drop_column("step")
    op.drop_table("tally")
    op.drop_table("process")
