"""The policy files of each digest, so that the last good set stays in force and past verdicts keep their text"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "policy_set",
        sa.Column("digest", NAME, nullable=False),
        sa.Column("files", sa.Text(), nullable=False),
        sa.Column("kept_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="policy_set_pkey"),
    )


def downgrade() -> None:
    op.drop_table("policy_set")
