"""Text on its way into a spreadsheet: what begins like a formula is shown, never run."""

from __future__ import annotations

import re
from typing import Final

RUNS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Signs that start a formula in one spreadsheet or another, the wide ones of East Asian keyboards included."""
NUMBER: Final = re.compile(r"-\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
"""A number below zero, which runs nothing."""


def inert(text: str) -> str:
    """The text, behind an apostrophe where a spreadsheet would take it for a formula. A number stays a number."""
    return f"'{text}" if text.startswith(RUNS) and not NUMBER.fullmatch(text) else text


def unescaped(cell: str) -> str:
    """The text of a cell that `inert` wrote."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(RUNS) else cell
