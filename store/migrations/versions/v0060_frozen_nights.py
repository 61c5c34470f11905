"""A frozen night keeps facts, gate and the revisions it was judged and measured by"""

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0051"


def upgrade() -> None:
    for column in ("gate", "facts"):
        op.add_column("frozen", sa.Column(column, sa.Text()))
    op.create_table(
        "frozen_night",
        sa.Column("connection", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("day", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("run", sa.BigInteger()),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("policy_digest", sa.Text(), nullable=False),
        sa.Column("calibration", sa.Text(), nullable=False),
        sa.Column("kpi_revision", sa.Text(), nullable=False),
        sa.Column("deals", sa.Integer(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("frozen_night")
    with op.batch_alter_table("frozen") as frozen:
        for column in ("facts", "gate"):
            frozen.drop_column(column)
