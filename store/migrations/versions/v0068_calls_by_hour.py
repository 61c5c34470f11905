"""Calls are counted by hour and step, the CRM's limits are kept, and batches that clear go first"""

import sqlalchemy as sa
from alembic import op

from store.codec import name

revision = "0068"
down_revision = "0067"


def upgrade() -> None:
    op.rename_table("calls", "calls_by_day")
    op.create_table(
        "calls",
        sa.Column("connection", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("hour", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("step", name(), primary_key=True),
        sa.Column("used", sa.BigInteger(), nullable=False),
    )
    op.execute("INSERT INTO calls SELECT connection, day * 24, 'check', used FROM calls_by_day")
    op.drop_table("calls_by_day")
    op.create_table(
        "crm_limits",
        sa.Column("connection", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger()),
        sa.Column("allowed", sa.BigInteger()),
        sa.Column("windows", sa.Text(), nullable=False),
    )
    op.add_column("batch", sa.Column("clears", sa.SmallInteger()))


def downgrade() -> None:
    op.drop_column("batch", "clears")
    op.drop_table("crm_limits")
    op.rename_table("calls", "calls_by_hour")
    op.create_table(
        "calls",
        sa.Column("connection", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("day", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
    )
    op.execute(
        "INSERT INTO calls SELECT connection, hour / 24, sum(used) FROM calls_by_hour GROUP BY connection, hour / 24"
    )
    op.drop_table("calls_by_hour")
