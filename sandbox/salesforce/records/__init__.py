"""Rows: storage, access, writes, and what follows from a write."""
