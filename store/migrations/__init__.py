"""Alembic's folder: each version makes or changes tables, up and down."""
