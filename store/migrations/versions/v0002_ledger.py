"""Our own work: runs, verdicts, patches, KPI values, frozen days, calibrations"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLES = (
    "run",
    "finding",
    "deal_verdict",
    "breach",
    "finding_log",
    "first_run",
    "push_state",
    "batch",
    "patch",
    "kpi_value",
    "frozen",
    "calibration",
    "calls",
)


def upgrade() -> None:
    judged()
    pushed()
    measured()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def judged() -> None:
    """Runs and verdicts."""
    op.create_table(
        "run",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("connection", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("policy_digest", sa.Text(), nullable=False),
        sa.Column("calibration", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text()),
        sa.Column("counts", sa.Text()),
    )
    op.create_table(
        "finding",
        sa.Column("connection", sa.Integer(), nullable=False),
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("policy", NAME, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("since", sa.Integer()),
        sa.Column("first_seen", sa.Integer()),
        sa.Column("unknown_since", sa.BigInteger()),
        sa.Column("shown", sa.SmallInteger()),
        sa.Column("flag", sa.Text()),
        sa.PrimaryKeyConstraint("connection", "key", "policy", name="finding_pkey"),
    )
    op.create_table(
        "deal_verdict",
        sa.Column("connection", sa.Integer(), nullable=False),
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("score", sa.BigInteger()),
        sa.Column("score_reason", sa.Text()),
        sa.Column("gate", sa.Text()),
        sa.Column("detail", sa.Text()),
        sa.PrimaryKeyConstraint("connection", "key", name="deal_verdict_pkey"),
    )
    op.create_table(
        "breach",
        sa.Column("connection", sa.Integer(), nullable=False),
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("criterion", NAME, nullable=False),
        sa.Column("side", NAME, nullable=False),
        sa.Column("moved_at", sa.BigInteger(), nullable=False),
        sa.Column("met_on", sa.Integer()),
        sa.Column("ended", sa.Text()),
        sa.Column("first_judged", sa.BigInteger()),
        sa.PrimaryKeyConstraint("connection", "key", "criterion", "side", "moved_at", name="breach_pkey"),
    )
    op.create_table(
        "finding_log",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("connection", sa.Integer(), nullable=False),
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("policy", NAME, nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("run", sa.BigInteger(), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
    )
    op.create_index("finding_log_deal", "finding_log", ["connection", "key"])
    op.create_table(
        "first_run",
        sa.Column("connection", sa.Integer(), nullable=False),
        sa.Column("id", NAME, nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "id", name="first_run_pkey"),
    )


def pushed() -> None:
    """Patches and their outcomes."""
    op.create_table(
        "push_state",
        sa.Column("connection", sa.Integer(), nullable=False),
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("sent", sa.Text()),
        sa.Column("put_back_at", sa.BigInteger()),
        sa.Column("last_patched_closed", sa.SmallInteger()),
        sa.Column("refused_hash", sa.Text()),
        sa.Column("refused_at", sa.BigInteger()),
        sa.Column("locked_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("connection", "key", name="push_state_pkey"),
    )
    op.create_table(
        "batch",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("connection", sa.Integer(), nullable=False),
        sa.Column("run", sa.BigInteger(), nullable=False),
        sa.Column("state", NAME, nullable=False),
        sa.Column("not_before", sa.BigInteger()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claimed_at", sa.BigInteger()),
    )
    op.create_index("batch_state", "batch", ["connection", "state", "id"])
    op.create_table(
        "patch",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("connection", sa.Integer(), nullable=False),
        sa.Column("run", sa.BigInteger(), nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("deal", NAME, nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("overwritten", sa.SmallInteger()),
        sa.Column("at", sa.BigInteger()),
    )
    op.create_index("patch_batch", "patch", ["batch"])
    op.create_index("patch_run", "patch", ["connection", "run"])


def measured() -> None:
    """KPI values, frozen days, calibrations, calls."""
    op.create_table(
        "kpi_value",
        sa.Column("run", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("connection", sa.Integer(), nullable=False),
        sa.Column("id", NAME, nullable=False),
        sa.Column("row", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run", "place", name="kpi_value_pkey"),
    )
    op.create_index("kpi_value_connection", "kpi_value", ["connection", "run"])
    op.create_table(
        "frozen",
        sa.Column("connection", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("stage_name", sa.Text()),
        sa.Column("amount", sa.Text()),
        sa.Column("currency", sa.Text()),
        sa.Column("close_date", sa.Integer()),
        sa.Column("owner_id", sa.Text()),
        sa.Column("is_closed", sa.SmallInteger()),
        sa.Column("score", sa.BigInteger()),
        sa.Column("flags", sa.Text()),
        sa.PrimaryKeyConstraint("connection", "day", "key", name="frozen_pkey"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "calibration",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("connection", sa.Integer(), nullable=False),
        sa.Column("on_day", sa.Integer(), nullable=False),
        sa.Column("medians", sa.Text(), nullable=False),
        sa.Column("floor_days", sa.Integer(), nullable=False),
        sa.Column("accepted_on", sa.Integer()),
    )
    op.create_table(
        "calls",
        sa.Column("connection", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "day", name="calls_pkey"),
    )
