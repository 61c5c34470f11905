"""Leads: the records, what is logged on them, what we saw change, and what was found"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0020"

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    kept()
    judged()


def downgrade() -> None:
    op.drop_table("lead_finding")
    op.drop_index("lead_activity_lead", table_name="lead_activity")
    op.drop_table("lead_activity")
    op.drop_table("lead_change")
    op.drop_table("lead")


def kept() -> None:
    """The mirror."""
    op.create_table(
        "lead",
        sa.Column("key", BIG, primary_key=True),
        sa.Column("connection", sa.Integer(), nullable=False),
        sa.Column("id", NAME, nullable=False),
        *(sa.Column(column, NAME) for column in ("name", "company", "source", "status", "owner_id")),
        sa.Column("is_converted", sa.SmallInteger()),
        sa.Column("converted_on", sa.Integer()),
        *(sa.Column(column, sa.BigInteger()) for column in ("created", "last_edit", "modified")),
        sa.Column("modified_by", NAME),
        sa.Column("facts", sa.Text()),
        sa.Column("unread", NAME),
        sa.Column("gone", NAME),
        sa.Column("merged_into", NAME),
        *(sa.Column(column, sa.BigInteger()) for column in ("first_seen", "first_edit", "seen_at", "gone_at")),
        sa.UniqueConstraint("connection", "id", name="lead_id"),
    )
    op.create_table(
        "lead_change",
        sa.Column("connection", sa.Integer(), nullable=False),
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("id", NAME, nullable=False),
        sa.Column("field", NAME),
        sa.Column("before", sa.Text()),
        sa.Column("after", sa.Text()),
        sa.Column("seen_at", sa.BigInteger()),
        sa.Column("after_edit", sa.BigInteger()),
        sa.PrimaryKeyConstraint("connection", "key", "changed_at", "id", name="lead_change_pkey"),
        sa.UniqueConstraint("connection", "id", name="lead_change_id"),
    )
    op.create_table(
        "lead_activity",
        sa.Column("connection", sa.Integer(), nullable=False),
        sa.Column("id", NAME, nullable=False),
        *(sa.Column(column, NAME) for column in ("lead_id", "kind", "state")),
        *(sa.Column(column, sa.BigInteger()) for column in ("at", "created")),
        sa.Column("created_by", NAME),
        sa.Column("bulk", sa.SmallInteger()),
        sa.Column("modified", sa.BigInteger()),
        sa.Column("gone", NAME),
        sa.PrimaryKeyConstraint("connection", "id", name="lead_activity_pkey"),
    )
    op.create_index("lead_activity_lead", "lead_activity", ["connection", "lead_id"])


def judged() -> None:
    """What was found."""
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
