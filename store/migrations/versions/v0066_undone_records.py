"""A record knows the runs that undid what was written on it and left it as it stands"""

import sqlalchemy as sa
from alembic import op

revision = "0066"
down_revision = "0065"
STANDS = sa.text("undone IS NOT NULL")


def upgrade() -> None:
    op.add_column("push_state", sa.Column("undone", sa.Text()))
    op.create_index("push_state_undone", "push_state", ["connection"], sqlite_where=STANDS, postgresql_where=STANDS)


def downgrade() -> None:
    op.drop_index("push_state_undone", "push_state")
    op.drop_column("push_state", "undone")
