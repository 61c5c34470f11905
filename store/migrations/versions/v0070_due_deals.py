"""A run judges the deals that changed or are due"""

import sqlalchemy as sa
from alembic import op

from store.codec import name

revision = "0070"
down_revision = "0069"


def _deal() -> list[sa.Column[int]]:
    return [
        sa.Column("connection", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("key", sa.BigInteger(), primary_key=True, autoincrement=False),
    ]


def upgrade() -> None:
    op.create_table(
        "judged_deal", *_deal(),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("is_open", sa.SmallInteger()),
        sa.Column("owner_id", name()),
        sa.Column("touched", sa.SmallInteger()),
        sa.Column("step", sa.BigInteger()),
        *(sa.Column(count, sa.Integer()) for count in ("broken", "unknown", "waived", "paused")),
        sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_index("judged_deal_due", "judged_deal", ["connection", "due"])
    op.create_index("judged_deal_owner", "judged_deal", ["connection", "owner_id", "step", "touched"])
    op.create_table(
        "touched_deal", *_deal(), sa.Column("seen_at", sa.BigInteger(), nullable=False), sqlite_with_rowid=False
    )
    op.create_table(
        "judging",
        sa.Column("connection", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("run", sa.BigInteger(), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        *(sa.Column(text, sa.Text(), nullable=False) for text in ("inputs", "changes", "quiet")),
    )


def downgrade() -> None:
    for table in ("judging", "touched_deal", "judged_deal"):
        op.drop_table(table)
