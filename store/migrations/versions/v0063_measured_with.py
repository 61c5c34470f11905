"""A run that measured keeps what its KPI values depend on: a digest of each file and setting"""

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0061"


def upgrade() -> None:
    op.add_column("run", sa.Column("measured_with", sa.Text()))


def downgrade() -> None:
    with op.batch_alter_table("run") as run:
        run.drop_column("measured_with")
