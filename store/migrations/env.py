"""Alembic runs here on a transaction that the store has opened (store/base.py), never on one of its own."""

from alembic import context

from store import ledger, schema

TABLES = (schema, ledger)  # importing both fills the metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=schema.metadata,
    render_as_batch=True,
    transactional_ddl=False,
)
context.run_migrations()
