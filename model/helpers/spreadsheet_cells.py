"""Text on its way into a spreadsheet: what begins like a formula is shown, never run."""

from __future__ import annotations

from typing import Final

RUNS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Signs that start a formula in one spreadsheet or another, the wide ones of East Asian keyboards included."""


def inert(text: str) -> str:
    """The text, behind an apostrophe where a spreadsheet would take it for a formula."""
    return f"'{text}" if text.startswith(RUNS) else text


def unescaped(cell: str) -> str:
    """The text of a cell that `inert` wrote."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(RUNS) else cell
