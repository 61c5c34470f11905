"""How a run ended is a state of one word, and a reason in a column of its own"""

import sqlalchemy as sa
from alembic import op

revision = "0065"
down_revision = "0064"

WORDS = "('done', 'killed', 'interrupted', 'fault')"


def upgrade() -> None:
    op.alter_column("run", "outcome", new_column_name="state")
    op.add_column("run", sa.Column("reason", sa.Text()))
    op.execute(f"UPDATE run SET reason = state WHERE state NOT IN {WORDS}")
    op.execute(
        "UPDATE run SET state = CASE WHEN reason LIKE 'fault:%' THEN 'fault' WHEN reason LIKE 'set aside:%' THEN"
        " 'set aside' WHEN reason = 'ended, but its end could not be noted' THEN 'lost' ELSE 'stopped' END"
        " WHERE reason IS NOT NULL"
    )


def downgrade() -> None:
    op.execute("UPDATE run SET state = reason WHERE reason IS NOT NULL")
    with op.batch_alter_table("run") as run:
        run.drop_column("reason")
    op.alter_column("run", "state", new_column_name="outcome")
