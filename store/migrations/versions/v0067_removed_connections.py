"""Connections that were removed, by a pseudonym of their name, and the key of pseudonyms"""

import sqlalchemy as sa
from alembic import op

from store.codec import name

revision = "0067"
down_revision = "0066"


def upgrade() -> None:
    op.create_table(
        "secret_key",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("key", sa.Text(), nullable=False),
    )
    op.create_table(
        "removed_connection",
        sa.Column("mark", name(), primary_key=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("removed_connection")
    op.drop_table("secret_key")
