"""The memory: SQLite or PostgreSQL."""
