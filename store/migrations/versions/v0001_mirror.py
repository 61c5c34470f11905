"""The mirror of the CRM's records"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLES = (
    "connection",
    "opportunity",
    "stage_change",
    "field_change",
    "activity",
    "contact_role",
    "owner",
    "account",
    "crm_stage",
    "rate",
    "aside",
    "cursor",
    "feed",
    "lease",
)


def upgrade() -> None:
    deals()
    of_deals()
    lists()
    progress()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def deals() -> None:
    """Connections and deals."""
    op.create_table(
        "connection",
        sa.Column("key", sa.Integer(), primary_key=True),
        sa.Column("name", NAME, nullable=False),
        sa.Column("paused", sa.Text()),
        sa.Column("paused_at", sa.BigInteger()),
        sa.Column("description", sa.Text()),
        sa.UniqueConstraint("name", name="connection_name"),
    )
    op.create_table(
        "opportunity",
        sa.Column("key", BIG, primary_key=True),
        sa.Column("connection", sa.Integer(), nullable=False),
        sa.Column("id", NAME, nullable=False),
        sa.Column("name", NAME),
        sa.Column("pipeline", NAME),
        sa.Column("record_type", NAME),
        sa.Column("deal_type", NAME),
        sa.Column("source", NAME),
        sa.Column("stage_name", NAME),
        sa.Column("is_closed", sa.SmallInteger()),
        sa.Column("is_won", sa.SmallInteger()),
        sa.Column("amount", sa.Text()),
        sa.Column("currency", NAME),
        sa.Column("close_date", sa.Integer()),
        sa.Column("probability", sa.Float()),
        sa.Column("forecast_category", NAME),
        sa.Column("next_step", NAME),
        sa.Column("owner_id", NAME),
        sa.Column("account_id", NAME),
        sa.Column("activity_hint", sa.Integer()),
        sa.Column("created", sa.BigInteger()),
        sa.Column("last_edit", sa.BigInteger()),
        sa.Column("modified", sa.BigInteger()),
        sa.Column("modified_by", NAME),
        sa.Column("facts", sa.Text()),
        sa.Column("ours", sa.Text()),
        sa.Column("unread", NAME),
        sa.Column("gone", NAME),
        sa.Column("merged_into", NAME),
        sa.Column("first_seen", sa.BigInteger()),
        sa.Column("first_edit", sa.BigInteger()),
        sa.Column("seen_at", sa.BigInteger()),
        sa.Column("gone_at", sa.BigInteger()),
        sa.UniqueConstraint("connection", "id", name="opportunity_id"),
    )


def of_deals() -> None:
    """What hangs on a deal, clustered by it."""
    op.create_table(
        "stage_change",
        sa.Column("connection", sa.Integer(), nullable=False),
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("id", NAME, nullable=False),
        sa.Column("stage_name", NAME),
        sa.Column("pipeline", NAME),
        sa.Column("actor_id", NAME),
        sa.PrimaryKeyConstraint("connection", "key", "at", "id", name="stage_change_pkey"),
        sa.UniqueConstraint("connection", "id", name="stage_change_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "field_change",
        sa.Column("connection", sa.Integer(), nullable=False),
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("id", NAME, nullable=False),
        sa.Column("field", NAME),
        sa.Column("before", sa.Text()),
        sa.Column("after", sa.Text()),
        sa.Column("seen_at", sa.BigInteger()),
        sa.Column("actor_id", NAME),
        sa.Column("origin", NAME),
        sa.Column("after_edit", sa.BigInteger()),
        sa.PrimaryKeyConstraint("connection", "key", "changed_at", "id", name="field_change_pkey"),
        sa.UniqueConstraint("connection", "id", name="field_change_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "activity",
        sa.Column("connection", sa.Integer(), nullable=False),
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("id", NAME, nullable=False),
        sa.Column("account_id", NAME),
        sa.Column("contact_id", NAME),
        sa.Column("kind", NAME),
        sa.Column("state", NAME),
        sa.Column("at", sa.BigInteger()),
        sa.Column("due", sa.Integer()),
        sa.Column("created", sa.BigInteger()),
        sa.Column("owner_id", NAME),
        sa.Column("created_by", NAME),
        sa.Column("bulk", sa.SmallInteger()),
        sa.Column("possible", sa.SmallInteger()),
        sa.Column("modified", sa.BigInteger()),
        sa.Column("gone", NAME),
        sa.PrimaryKeyConstraint("connection", "key", "id", name="activity_pkey"),
        sa.UniqueConstraint("connection", "id", name="activity_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "contact_role",
        sa.Column("connection", sa.Integer(), nullable=False),
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("id", NAME, nullable=False),
        sa.Column("contact_id", NAME),
        sa.Column("role", NAME),
        sa.Column("is_primary", sa.SmallInteger()),
        sa.Column("created", sa.BigInteger()),
        sa.Column("gone", NAME),
        sa.PrimaryKeyConstraint("connection", "key", "id", name="contact_role_pkey"),
        sa.UniqueConstraint("connection", "id", name="contact_role_id"),
        sqlite_with_rowid=False,
    )


def lists() -> None:
    """Small tables of a connection."""
    op.create_table(
        "owner",
        sa.Column("connection", sa.Integer(), nullable=False),
        sa.Column("id", NAME, nullable=False),
        sa.Column("name", NAME),
        sa.Column("username", NAME),
        sa.Column("is_active", sa.SmallInteger()),
        sa.Column("manager_id", NAME),
        sa.Column("team", NAME),
        sa.Column("region", NAME),
        sa.Column("zone", NAME),
        sa.Column("start_date", sa.Integer()),
        sa.PrimaryKeyConstraint("connection", "id", name="owner_pkey"),
    )
    op.create_table(
        "account",
        sa.Column("connection", sa.Integer(), nullable=False),
        sa.Column("id", NAME, nullable=False),
        sa.Column("name", NAME),
        sa.Column("gone", NAME),
        sa.PrimaryKeyConstraint("connection", "id", name="account_pkey"),
    )
    op.create_table(
        "crm_stage",
        sa.Column("connection", sa.Integer(), nullable=False),
        sa.Column("id", NAME, nullable=False),
        sa.Column("pipeline", NAME),
        sa.Column("name", NAME),
        sa.Column("label", NAME),
        sa.Column("is_active", sa.SmallInteger()),
        sa.Column("is_closed", sa.SmallInteger()),
        sa.Column("is_won", sa.SmallInteger()),
        sa.Column("probability", sa.Float()),
        sa.Column("forecast_category", NAME),
        sa.Column("sort", sa.BigInteger()),
        sa.PrimaryKeyConstraint("connection", "id", name="crm_stage_pkey"),
    )
    op.create_table(
        "rate",
        sa.Column("connection", sa.Integer(), nullable=False),
        sa.Column("id", NAME, nullable=False),
        sa.Column("currency", NAME),
        sa.Column("on", sa.Integer()),
        sa.Column("multiply", sa.Text()),
        sa.Column("divide", sa.Text()),
        sa.PrimaryKeyConstraint("connection", "id", name="rate_pkey"),
    )


def progress() -> None:
    """How far each connection was read, and by whom."""
    op.create_table(
        "aside",
        sa.Column("connection", sa.Integer(), nullable=False),
        sa.Column("table_name", NAME, nullable=False),
        sa.Column("id", NAME, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("run", sa.BigInteger()),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "table_name", "id", name="aside_pkey"),
    )
    op.create_table(
        "cursor",
        sa.Column("connection", sa.Integer(), nullable=False),
        sa.Column("stream", NAME, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "stream", name="cursor_pkey"),
    )
    op.create_table(
        "feed",
        sa.Column("connection", sa.Integer(), nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "name", name="feed_pkey"),
    )
    op.create_table(
        "lease",
        sa.Column("connection", sa.Integer(), primary_key=True),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.SmallInteger(), nullable=False),
    )
