"""Widening: a snapshot becomes one frame, a column a fact and its mask."""
