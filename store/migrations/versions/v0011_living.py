"""Pauses that were granted, and approvals of what the brake holds"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "pause",
        sa.Column("connection", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("asked", sa.Integer()),
        sa.Column("until", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("began", sa.Integer(), nullable=False),
        sa.Column("stage_name", sa.Text()),
        sa.Column("owner_id", sa.Text()),
        sa.Column("ended", sa.Integer()),
        sa.PrimaryKeyConstraint("connection", "key", "number", name="pause_pkey"),
    )
    op.create_table(
        "approval",
        sa.Column("connection", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("policy", NAME, nullable=False),
        sa.Column("revision", NAME, nullable=False),
        sa.Column("up_to", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger()),
        sa.PrimaryKeyConstraint("connection", "policy", "revision", name="approval_pkey"),
    )


def downgrade() -> None:
    op.drop_table("approval")
    op.drop_table("pause")
