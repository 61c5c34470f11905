"""Judging a connection's deals, slice by slice, and its other subjects."""
