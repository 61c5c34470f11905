"""Actions: tasks and deals moved back, and what became of each attempt"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0013"

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "action",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("connection", sa.Integer(), nullable=False),
        sa.Column("key", NAME, nullable=False),
        sa.Column("deal_key", sa.BigInteger(), nullable=False),
        sa.Column("deal", NAME, nullable=False),
        sa.Column("policy", NAME, nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("since", sa.Integer()),
        sa.Column("state", NAME, nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("record", sa.Text()),
        sa.Column("run", sa.BigInteger(), nullable=False),
        sa.Column("tried_at", sa.BigInteger()),
        sa.Column("flag_ended", sa.SmallInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.UniqueConstraint("connection", "key", name="action_key"),
    )
    op.create_table(
        "action_receipt",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("connection", sa.Integer(), nullable=False),
        sa.Column("action", sa.BigInteger(), nullable=False),
        sa.Column("run", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )
    op.create_index("action_receipt_action", "action_receipt", ["connection", "action"])


def downgrade() -> None:
    for table in ("action_receipt", "action"):
        op.drop_table(table)
