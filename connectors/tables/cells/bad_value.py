"""The error of one cell."""

from __future__ import annotations


class BadValue(ValueError):
    """A cell that cannot be read; the text gives the cell's words and the reason."""
