"""Alembic runs here on a transaction that the store has opened (store/database.py), never on one of its own."""

from alembic import context

from store import mirror_tables, work_tables

TABLES = (mirror_tables, work_tables)  # importing both fills the metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=mirror_tables.metadata,
    render_as_batch=True,
    transactional_ddl=False,
)
context.run_migrations()
