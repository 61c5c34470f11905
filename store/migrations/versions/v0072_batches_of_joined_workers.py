"""Batches that workers send who joined a run: by which process, until when, with how many calls"""

import sqlalchemy as sa
from alembic import op

revision = "0072"
down_revision = "0071"


def upgrade() -> None:
    op.add_column("batch", sa.Column("process", sa.Text()))
    op.add_column("batch", sa.Column("until", sa.BigInteger()))
    op.add_column("batch", sa.Column("calls", sa.Integer()))


def downgrade() -> None:
    with op.batch_alter_table("batch") as batch:
        batch.drop_column("process")
        batch.drop_column("until")
        batch.drop_column("calls")
