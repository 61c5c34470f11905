"""Records that somebody worked on just now wait to be read again"""

import sqlalchemy as sa
from alembic import op

from store.codec import name

revision = "0073"
down_revision = "0072"


def upgrade() -> None:
    op.create_table(
        "nudge",
        sa.Column("connection", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("kind", name(), primary_key=True),
        sa.Column("id", name(), primary_key=True),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("nudge")
