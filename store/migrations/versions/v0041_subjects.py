"""Findings about leads lie with those about deals, and a description has an offer by subject"""

import json
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
PARTS = ("mapped", "types", "choices")
ROW = "connection, key, policy, status, since, first_seen, unknown_since, shown, flag"
LAST = "coalesce((SELECT max(id) FROM run WHERE run.connection = lead_finding.connection AND judged = 1), 0)"


def upgrade() -> None:
    for table in ("finding", "finding_past"):
        op.add_column(table, sa.Column("subject", NAME, nullable=False, server_default="opportunity"))
    op.execute(
        f"INSERT INTO finding ({ROW}, began, subject) SELECT {ROW}, {LAST}, 'lead' FROM lead_finding WHERE true"
        " ON CONFLICT (connection, key, policy) DO NOTHING"
    )
    op.drop_table("lead_finding")
    described(by_subject)


def downgrade() -> None:
    op.create_table(
        "lead_finding",
        sa.Column("connection", sa.Integer(), nullable=False),
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("policy", NAME, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        *(sa.Column(column, sa.Integer()) for column in ("since", "first_seen")),
        sa.Column("unknown_since", sa.BigInteger()),
        sa.Column("shown", sa.SmallInteger()),
        sa.Column("flag", sa.Text()),
        sa.PrimaryKeyConstraint("connection", "key", "policy", name="lead_finding_pkey"),
    )
    op.execute(f"INSERT INTO lead_finding ({ROW}) SELECT {ROW} FROM finding WHERE subject = 'lead'")
    for table in ("finding", "finding_past"):
        op.execute(f"DELETE FROM {table} WHERE subject <> 'opportunity'")
        op.drop_column(table, "subject")
    described(by_name)


def described(change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Rewrite what each connection was last described as."""
    run, rows = op.get_bind(), sa.text("SELECT key, description FROM connection WHERE description IS NOT NULL")
    for key, text in run.execute(rows).all():
        new = json.dumps(change(json.loads(text)))
        run.execute(sa.text("UPDATE connection SET description = :new WHERE key = :key"), {"new": new, "key": key})


def by_subject(kept: dict[str, Any]) -> dict[str, Any]:
    lead = {part: kept.pop(f"lead_{part}", None) for part in PARTS}
    return kept | {"offers": {"lead": {k: v for k, v in lead.items() if v}} if any(lead.values()) else {}}


def by_name(kept: dict[str, Any]) -> dict[str, Any]:
    lead = kept.pop("offers", {}).get("lead", {})
    return kept | {f"lead_{part}": lead.get(part, [] if part == "mapped" else {}) for part in PARTS}
