"""The last evidence at stage entry of each connection"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "stage_evidence",
        sa.Column("connection", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("connection", name="stage_evidence_pkey"),
    )


def downgrade() -> None:
    op.drop_table("stage_evidence")
