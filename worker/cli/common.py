"""Helpers of all commands: settings, services, and answers as a table for people or JSON for scripts."""

from __future__ import annotations

import json
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import typer
from typer.core import TyperGroup

from model.errors import (
    AccessRefused,
    BudgetSpent,
    ConnectionBusy,
    PolicyProblem,
    RetryLater,
    SettingsProblem,
    SluicegateError,
    StoreProblem,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from worker.settings import Settings
    from worker.wiring import Services

Name = Annotated[str, typer.Argument(help="the connection's name in the config file")]
Json = Annotated[bool, typer.Option("--json", help="answer in JSON")]
AsCsv = Annotated[bool, typer.Option("--csv", help="print CSV with whole texts")]
HELP = frozenset({"--help", "-h"})
WRONG, OUR_FAULT = 2, 70
EXIT_CODES: dict[type[SluicegateError], int] = {
    PolicyProblem: WRONG,
    SettingsProblem: WRONG,
    StoreProblem: WRONG,
    AccessRefused: WRONG,
    RetryLater: 3,
    BudgetSpent: 3,
    ConnectionBusy: 5,
}
EMOJI = "\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff"
HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff\ud800-\udfff]"
    f"|(?<![{EMOJI}\ufe0f])\u200d|\u200d(?![{EMOJI}])"
)
"""Controls and escapes, line ends other than LF, marks that change the writing direction, signs of no width, and
halves of characters; but not the joiner between two parts of an emoji."""
LONGEST_LINE = 2_000
LONGEST_CELL = 500
"""Characters of a line and of a line in a table's cell; a longer one is cut."""
READABLE, WIDE = 100, 160
ROOM = 12
"""The width that a table leaves to a column of texts before ids are broken."""
DEFAULT_CONFIG = Path("sluicegate.toml")


class ShortGroup(TyperGroup):
    """A group in which the command `default` need not be written: `runs 12` is short for `runs show 12`."""

    default: ClassVar[str] = "show"

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Insert the command if none is given."""
        if not args or (args[0] not in self.commands and args[0] not in HELP):
            args = [self.default, *args]
        return super().parse_args(ctx, args)


@dataclass
class Asked:
    """The options before the command."""

    config: Path | None

    def settings(self) -> Settings:
        """The settings; raises SettingsProblem."""
        from worker.settings import read_settings

        return read_settings(self.file)

    @property
    def file(self) -> Path | None:
        """The config file, if there is one."""
        return self.config or (DEFAULT_CONFIG if DEFAULT_CONFIG.exists() else None)

    def services(self, *, quiet: bool = True) -> Services:
        """Real services for the settings. A terminal shows running counts unless `quiet`."""
        from worker.wiring import wire

        shown = None if quiet or not sys.stderr.isatty() else show_count
        return wire(self.settings(), progress=shown)


def asked(context: typer.Context) -> Asked:
    """The options of this call."""
    found = context.obj
    assert isinstance(found, Asked)  # noqa: S101 - the callback has set it
    return found


def visible(text: str, longest: int = LONGEST_LINE) -> str:
    """The text as it may be printed: � for what would move, colour or deceive a terminal; long lines are cut."""
    lines = (line if len(line) <= longest else f"{line[: longest - 1]}…" for line in text.split("\n"))
    return HIDDEN.sub("�", "\n".join(lines))


def to_json(answer: Any, indent: int | None = None) -> str:
    """JSON in which every character that `visible` replaces is escaped."""
    text = json.dumps(answer, ensure_ascii=False, default=str, indent=indent)
    return HIDDEN.sub(lambda found: json.dumps(found[0])[1:-1], text)


def tell(text: str, *, err: bool = False) -> None:
    """Print a line for people."""
    print(visible(text), file=sys.stderr if err else sys.stdout)


def show_count(what: str, count: int) -> None:
    """Show a running count on the terminal's last line."""
    print(f"\r{what} {count:,} ", end="", file=sys.stderr, flush=True)


def one_form(*, as_csv: bool, as_json: bool) -> None:
    """Raise SettingsProblem where both forms are asked for."""
    if as_csv and as_json:
        raise SettingsProblem("--csv and --json are two forms of one answer; ask for one of them.")


def say(answer: Any, as_json: bool, people: Callable[[], None]) -> None:
    """Print the answer as JSON or text, as requested."""
    if as_json:
        print(to_json(answer, indent=2))
    else:
        people()


def exit_code_of(error: SluicegateError) -> int:
    """The exit code for this error."""
    return next((code for kind, code in EXIT_CODES.items() if isinstance(error, kind)), OUR_FAULT)


def say_error(error: Exception, code: int, *, as_json: bool) -> None:
    """Report an error: JSON on standard output for scripts, a sentence on standard error for people."""
    text = str(error) if isinstance(error, SluicegateError) else f"Internal error ({type(error).__name__}): {error}"
    if as_json:
        answer: dict[str, Any] = {"error": text, "exit": code}
        if isinstance(error, PolicyProblem):
            answer["problems"] = [vars(problem) for problem in error.problems]
        print(to_json(answer))
    tell(text, err=True)


def plain(value: object) -> object:
    """A cell for people: lists as their items, true and false as yes and no."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A plain table as wide as the screen, in which ids stay whole where they fit."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    cells = [[("" if cell is None else visible(str(cell), LONGEST_CELL)) for cell in row] for row in rows]
    screen = _width()
    whole = _whole_columns(columns, cells, screen)
    shown = Table(show_edge=False, pad_edge=False)
    for n, column in enumerate(columns):
        shown.add_column(column, overflow="fold", no_wrap=n in whole)
    for row in cells:
        shown.add_row(*map(Text, row))
    tell(f"\n{' '.join(title.split())}")
    Console(width=screen, highlight=False).print(shown)


def _width() -> int:
    """The screen's columns. Where there is none, those that COLUMNS names, if that is room for a table; else 160."""
    columns = shutil.get_terminal_size((WIDE, 24)).columns
    return columns if sys.stdout.isatty() or columns >= READABLE else WIDE


def _whole_columns(columns: Sequence[str], rows: Sequence[Sequence[str]], screen: int) -> set[int]:
    """Columns of single words, such as ids, amounts and days: not broken, if the others keep some room."""
    widths = {n: max(map(len, (columns[n], *(row[n] for row in rows)))) for n in range(len(columns))}
    words = {n for n in widths if all(" " not in row[n] for row in rows) and " " not in columns[n]}
    others = sum(min(width, ROOM) for n, width in widths.items() if n not in words)
    fits = sum(widths[n] for n in words) + others + 3 * len(columns) <= screen
    return words if fits else set()
