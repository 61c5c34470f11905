"""The past of verdicts: what stood from which run to which, with the deal as people were shown it

Decisions begin with the last verdict that stands when this migration runs: what stood before it was not kept.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0003"

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SHOWN: dict[str, sa.types.TypeEngine[Any]] = {
    "name": sa.Text(),
    "pipeline": sa.Text(),
    "stage_name": sa.Text(),
    "owner": sa.Text(),
    "is_open": sa.SmallInteger(),
}
LAST = """
    SELECT max(id) FROM run WHERE run.connection = {table}.connection AND outcome = 'done'
      AND kind IN ('incremental', 'full', 'judge', 'push', 'check')"""
SHOWN_NOW = """
    UPDATE deal_verdict SET (name, pipeline, stage_name, owner, is_open) = (
      SELECT o.name, o.pipeline,
        coalesce((SELECT s.label FROM crm_stage s WHERE s.connection = o.connection AND s.name = o.stage_name
          AND (s.pipeline IS NULL OR s.pipeline = o.pipeline) LIMIT 1), o.stage_name),
        coalesce(u.name, o.owner_id), CASE WHEN coalesce(o.is_closed, 0) = 0 THEN 1 ELSE 0 END
      FROM opportunity o LEFT JOIN owner u ON u.connection = o.connection AND u.id = o.owner_id
      WHERE o.connection = deal_verdict.connection AND o.key = deal_verdict.key)"""


def upgrade() -> None:
    op.add_column("run", sa.Column("judged", sa.SmallInteger()))
    for name, kind in SHOWN.items():
        op.add_column("deal_verdict", sa.Column(name, kind))
    op.execute(SHOWN_NOW)
    for table in ("finding", "deal_verdict"):
        op.add_column(table, sa.Column("began", sa.BigInteger(), nullable=False, server_default="0"))
        op.execute(f"UPDATE {table} SET began = coalesce(({LAST.format(table=table)}), 0)")
    op.execute("UPDATE run SET judged = 1 WHERE id IN (SELECT began FROM deal_verdict UNION SELECT began FROM finding)")
    op.drop_index("finding_log_deal", "finding_log")
    op.drop_table("finding_log")
    pasts()


def pasts() -> None:
    """What stood once."""
    op.create_table(
        "finding_past",
        sa.Column("connection", sa.Integer(), nullable=False),
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("policy", NAME, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("since", sa.Integer()),
        sa.Column("first_seen", sa.Integer()),
        sa.Column("unknown_since", sa.BigInteger()),
        sa.Column("shown", sa.SmallInteger()),
        sa.Column("flag", sa.Text()),
        sa.Column("began", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "key", "policy", "began", name="finding_past_pkey"),
    )
    op.create_table(
        "deal_verdict_past",
        sa.Column("connection", sa.Integer(), nullable=False),
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("score", sa.BigInteger()),
        sa.Column("score_reason", sa.Text()),
        sa.Column("gate", sa.Text()),
        sa.Column("detail", sa.Text()),
        *(sa.Column(name, kind) for name, kind in SHOWN.items()),
        sa.Column("began", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "key", "began", name="deal_verdict_past_pkey"),
    )
    for table in ("finding_past", "deal_verdict_past"):
        op.create_index(f"{table}_ended", table, ["connection", "ended"])


def downgrade() -> None:
    op.drop_table("finding_past")
    op.drop_table("deal_verdict_past")
    op.drop_column("finding", "began")
    for column in (*SHOWN, "began"):
        op.drop_column("deal_verdict", column)
    op.drop_column("run", "judged")
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
