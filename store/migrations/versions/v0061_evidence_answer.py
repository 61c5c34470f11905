"""The kept answer of `policies evidence` stands under a plain name"""

from alembic import op

revision = "0061"
down_revision = "0060"


def upgrade() -> None:
    op.alter_column("stage_evidence", "told", new_column_name="answer")


def downgrade() -> None:
    op.alter_column("stage_evidence", "answer", new_column_name="told")
