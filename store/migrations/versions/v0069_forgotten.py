"""People who were forgotten, by keyed marks of their ids and names"""

import sqlalchemy as sa
from alembic import op

from store.codec import name

revision = "0069"
down_revision = "0068"


def upgrade() -> None:
    op.create_table(
        "forgotten",
        sa.Column("connection", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("kind", name(), primary_key=True),
        sa.Column("mark", name(), primary_key=True),
        sa.Column("first", sa.Text()),
        sa.Column("words", sa.Integer(), nullable=False),
        sa.Column("pseudonym", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("forgotten")
