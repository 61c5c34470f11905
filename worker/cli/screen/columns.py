"""Rows on the screen, a line each and cut to its width, or as CSV."""

from __future__ import annotations

import csv
import shutil
import sys
from typing import TYPE_CHECKING, NamedTuple

from model.helpers.spreadsheet_cells import inert
from worker.cli.common import tell, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Column(NamedTuple):
    """A column on the screen.

    `least`: it may be cut to this width, 0: it is never cut. `drop`: where cutting is not enough, the column with the
    largest number goes first, 0: it always stays. `right`: numbers. `brief`: a shorter heading for the screen.
    """

    head: str
    least: int = 0
    drop: int = 0
    right: bool = False
    brief: str = ""


def print_csv(heads: Sequence[str], rows: Iterable[tuple[str, ...]]) -> None:
    """Rows as CSV on standard output; a cell that a spreadsheet would run is shown instead."""
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(heads)
    out.writerows([inert(visible(cell)) for cell in row] for row in rows)


def show_lines(
    title: str, columns: Sequence[Column], rows: Iterable[tuple[str, ...]], *, complete: str = "--csv"
) -> None:
    """A line each, cut to the width of the screen; a list longer than the terminal is paged.

    Standard error names columns that are left out, and `complete`, the option that gives every column.
    """
    cells = [
        tuple(column.brief or column.head for column in columns),
        *(tuple(_one_line(cell) for cell in row) for row in rows),
    ]
    size = shutil.get_terminal_size((120, 24))
    widths = _widths(columns, cells, size.columns)
    gone = [column.head for n, column in enumerate(columns) if n not in widths and any(row[n] for row in cells[1:])]
    if gone:
        tell(f"No room for {' and '.join(gone)} in {size.columns} columns; {complete} gives every column.", err=True)
    lines = [title, *(_line(row, columns, widths) for row in cells)]
    if not sys.stdout.isatty() or len(lines) < size.lines:
        tell("\n".join(lines))
        return
    from rich.console import Console

    console = Console(highlight=False)
    with console.pager():
        console.print("\n".join(lines), markup=False, no_wrap=True)


def _one_line(cell: str) -> str:
    return " ".join(visible(cell).split())


def _widths(columns: Sequence[Column], rows: Sequence[tuple[str, ...]], screen: int) -> dict[int, int]:
    """The width of each column that is shown, by its number: as wide as its text, then cut, then left out."""
    from rich.cells import cell_len

    full = [max(map(cell_len, column)) if any(column[1:]) else 0 for column in zip(*rows, strict=True)]
    least = [min(width, column.least or width) for width, column in zip(full, columns, strict=True)]
    shown = [n for n, width in enumerate(full) if width]
    while _room(shown, least) > screen and any(columns[n].drop for n in shown):
        shown.remove(max(shown, key=lambda n: columns[n].drop))
    widths = {n: full[n] for n in shown}
    while _room(shown, widths) > screen and any(widths[n] > least[n] for n in shown):
        widths[max(shown, key=lambda n: widths[n] - least[n])] -= 1
    return widths


def _room(shown: Sequence[int], widths: Sequence[int] | dict[int, int]) -> int:
    """The width of a line: the columns and two spaces between them."""
    return sum(widths[n] + 2 for n in shown) - 2


def _line(row: tuple[str, ...], columns: Sequence[Column], widths: dict[int, int]) -> str:
    from rich.cells import cell_len, set_cell_size

    def fitted(n: int, width: int) -> str:
        cell = row[n]
        if cell_len(cell) > width:
            return f"{set_cell_size(cell, width - 1).rstrip()}…".ljust(width)
        room = " " * (width - cell_len(cell))
        return room + cell if columns[n].right else cell + room

    return "  ".join(fitted(n, width) for n, width in widths.items()).rstrip()
