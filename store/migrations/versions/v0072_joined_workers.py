"""What workers do that joined a run: batches to send, shares of a first load to read"""

import sqlalchemy as sa
from alembic import op

from store.codec import name

revision = "0072"
down_revision = "0071"


def upgrade() -> None:
    op.add_column("batch", sa.Column("process", sa.Text()))
    op.add_column("batch", sa.Column("until", sa.BigInteger()))
    op.add_column("batch", sa.Column("calls", sa.Integer()))
    op.create_table(
        "share",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("connection", sa.Integer(), nullable=False),
        *(sa.Column(column, sa.Text(), nullable=False) for column in ("text", "stream", "ended", "after")),
        sa.Column("state", name(), nullable=False),
        sa.Column("not_before", sa.BigInteger()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claimed_at", sa.BigInteger()),
        sa.Column("process", sa.Text()),
        sa.Column("until", sa.BigInteger()),
        sa.Column("calls", sa.Integer()),
        sa.Column("records", sa.BigInteger(), nullable=False),
    )
    op.create_index("share_state", "share", ["connection", "state", "id"])


def downgrade() -> None:
    op.drop_table("share")
    with op.batch_alter_table("batch") as batch:
        batch.drop_column("process")
        batch.drop_column("until")
        batch.drop_column("calls")
