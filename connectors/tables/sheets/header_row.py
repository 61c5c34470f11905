"""Where a report's header stands and what parts its cells: the first line of a plain export, below titles of others."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final, TypeAlias

from connectors.tables.sheets.csv_records import cells_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Known: TypeAlias = "Callable[[Sequence[str]], int]"
"""How much of a line reads as headers: 0 for none."""
DELIMITERS: Final = (",", ";", "\t", "|")
TOP: Final = 30
"""Lines among which the header is looked for."""
FEW: Final = 2
LONGEST: Final = 20_000
"""Characters of a line that are looked at."""


def delimiter_of(text: str, known: Known) -> tuple[str, str]:
    """What parts the header's cells, and the text; Excel's own `sep=;` line is obeyed and left as a blank line."""
    first, _, rest = text.partition("\n")
    if first.lower().startswith("sep=") and len(first.strip()) == len("sep=;"):
        return first.strip()[-1], f"\n{rest}"
    lines = [line[:LONGEST] for line in islice(filter(str.strip, text.splitlines()), TOP)]
    return max(DELIMITERS, key=lambda mark: _cut(lines, mark, known)), text


def _cut(lines: list[str], mark: str, known: Known) -> tuple[int, int]:
    """How well the header that this mark makes is known, and into how many cells it is cut."""
    records = [cells_of(line, mark) for line in lines] or [[]]
    header = records[header_place(records, known)]
    return known(header), len(header)


def header_place(records: Sequence[Sequence[str]], known: Known) -> int:
    """Which record is the header: the one that reads most as headers, the first where none does."""
    counts = [known([cell for cell in cells if cell]) for cells in islice(records, TOP)]
    most = max(counts)
    return counts.index(most) if most >= FEW else 0
