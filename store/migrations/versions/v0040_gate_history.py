"""Gates judged by history: the local day of each binding move, and whether a late entry met the criterion"""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0030"


def upgrade() -> None:
    op.add_column("breach", sa.Column("moved_on", sa.Integer()))
    op.add_column("breach", sa.Column("logged_late", sa.SmallInteger()))


def downgrade() -> None:
    with op.batch_alter_table("breach") as breach:
        breach.drop_column("logged_late")
        breach.drop_column("moved_on")
