"""When a run started, ended and by what; whether a patch is the last one of a closed deal"""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0041"


def upgrade() -> None:
    for column in ("started_at", "ended_at"):
        op.add_column("run", sa.Column(column, sa.BigInteger()))
    op.add_column("run", sa.Column("trigger", sa.Text()))
    op.add_column("patch", sa.Column("closed", sa.SmallInteger()))


def downgrade() -> None:
    with op.batch_alter_table("patch") as patch:
        patch.drop_column("closed")
    with op.batch_alter_table("run") as run:
        for column in ("trigger", "ended_at", "started_at"):
            run.drop_column(column)
