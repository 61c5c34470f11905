"""Cells that hold nothing, however a program writes that."""

from __future__ import annotations

import re
from typing import Final

WORDS: Final = frozenset({
    "", "-", "--", "---", "\u2013", "\u2014", "n/a", "#n/a", "#na", "n.a.", "null", "(null)", "[null]", "<null>",
    "none", "(none)", "nil", "\\n", "nan", "-nan", "nat", "<na>", "(no value)", "no value", "(blank)", "[blank]",
    "(empty)", "(not set)", "not set", "undefined", "#value!", "#ref!", "#name?", "#null!", "#div/0!", "#num!",
})  # fmt: skip
VALUES: Final = frozenset({"na", "?", "tbd", "tba", "."})
"""Blank where a number or a date belongs. As a text they may mean something, such as the region NA."""
NO_DATE: Final = re.compile(r"0000-00-00(?:[T ][0:.]+)?|00[/.]00[/.]0000(?: [0:.]+)?|0000/00/00")


def is_blank(text: str, *, value: bool = False) -> bool:
    """Whether a cell is blank. `value`: a number, a date or a yes/no belongs there."""
    word = text.strip().casefold()
    return word in WORDS or (value and word in VALUES) or NO_DATE.fullmatch(word) is not None
