"""CSV files that RevOps maintain next to the config: people, targets, spend, rates. Messages name file and line."""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from kpis.periods import EXAMPLES, period
from model.errors import SettingsProblem
from model.helpers.words import did_you_mean, likely

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from importlib.resources.abc import Traversable
    from pathlib import Path

    from kpis.benchmarks import Benchmark
    from model.records import Record

Row = dict[str, str]
T = TypeVar("T")
NUMBER = re.compile(r"-?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?")
MOST_NAMED = 20
"""Mistakes of a file that are listed."""


def all_of(reads: Iterable[Callable[[], T]]) -> list[T]:
    """What each of them gives. Raises SettingsProblem with the mistakes of all, a line each."""
    found, wrong = list[T](), list[str]()
    for read in reads:
        try:
            found.append(read())
        except SettingsProblem as problem:
            wrong.append(str(problem))
    if wrong:
        more = [f"There are {len(wrong) - MOST_NAMED} more mistakes."] if len(wrong) > MOST_NAMED else []
        raise SettingsProblem("\n".join(wrong[:MOST_NAMED] + more))
    return found


def people(path: Path) -> list[Record]:
    """Rows of owner (name or login), manager, team, zone, start date. A blank keeps the CRM's value."""
    return _each(path, ("owner",), partial(_person, path))


def _person(path: Path, line: int, row: Row) -> Record:
    start = row.get("start date") or row.get("start_date") or ""
    return {
        "owner": row["owner"],
        **{name: row.get(name) or None for name in ("manager", "team", "region", "zone")},
        "start_date": _date(path, line, start) if start else None,
    }


def targets(path: Path) -> list[Record]:
    """Targets of an owner, a team or everybody (neither given) for a period such as `2026-Q4` or `FY2026-Q4`.

    `line` is the row's line in the file. Rows for one owner or team and period add up.
    """
    return _each(path, ("period", "amount"), partial(_target, path))


def _target(path: Path, line: int, row: Row) -> Record:
    from kpis.periods import EXAMPLES, period

    label, amount = row["period"].upper(), _decimal(path, line, row["amount"])
    if not period(label):
        raise SettingsProblem(f"{path}:{line}: '{row['period']}' is no period; write {EXAMPLES}.")
    if amount < 0:
        raise SettingsProblem(f"{path}:{line}: a target must not be below zero, as {row['amount']} is.")
    owner, team, currency = (row.get(name) or None for name in ("owner", "team", "currency"))
    return {
        "owner": owner, "team": team, "period": label, "amount": amount, "currency": currency and currency.upper(),
        "line": line,
    }  # fmt: skip


def benchmarks(
    path: Path | Traversable, kpis: Collection[str], known: Mapping[str, Collection[str]] | None = None
) -> list[Benchmark]:
    """Bands of KPIs, for a segment and a stage or for all deals where those cells are empty; shares as 0.22 or 22%.

    `known`: the names that segments or stages have; any other is a mistake.
    """

    def read(line: int, row: Row) -> Benchmark:
        for column, names in (known or {}).items():
            _known_name(path, line, column, row.get(column, ""), names)
        return _benchmark(path, line, row, kpis)

    return _each(path, ("kpi", "low", "high"), read)


def _known_name(path: Path | Traversable, line: int, column: str, name: str, names: Collection[str]) -> None:
    from kpis.benchmarks import plain

    if name and plain(name) not in {plain(one) for one in names}:
        raise SettingsProblem(f"{path}:{line}: there is no {column} '{name}'{likely(name, names)}")


def _benchmark(path: Path | Traversable, line: int, row: Row, kpis: Collection[str]) -> Benchmark:
    from kpis.benchmarks import Benchmark

    if row["kpi"] not in kpis:
        hint = did_you_mean(row["kpi"], kpis) or "; `sluicegate kpis list` has them."
        raise SettingsProblem(f"{path}:{line}: there is no KPI '{row['kpi']}'{hint}")
    low, high = (_share(path, line, row[end]) if row[end] else None for end in ("low", "high"))
    if low is None and high is None:
        raise SettingsProblem(f"{path}:{line}: a benchmark has a low or a high end; write one.")
    if low is not None and high is not None and low > high:
        raise SettingsProblem(f"{path}:{line}: the low end {row['low']} is above the high end {row['high']}.")
    year = row.get("year", "")
    if year and not re.fullmatch(r"\d{4}", year):
        raise SettingsProblem(f"{path}:{line}: '{year}' is no year; write 2025, or nothing.")
    return Benchmark(
        row["kpi"], low, high, row.get("source", ""), int(year) if year else None, row.get("segment") or None,
        row.get("stage") or None,
    )  # fmt: skip


def _share(path: Path | Traversable, line: int, text: str) -> float:
    number = _decimal(path, line, text.removesuffix("%").strip())
    return float(number / 100 if text.endswith("%") else number)


def spend(path: Path) -> list[Record]:
    """What was spent in a period, on a channel, campaign or segment or (none given) on everything together."""
    return _each(path, ("period", "amount", "currency"), partial(_spent, path))


def _spent(path: Path, line: int, row: Row) -> Record:
    amount = _decimal(path, line, row["amount"])
    if amount < 0:
        raise SettingsProblem(f"{path}:{line}: a spend must not be below zero, but it is {row['amount']}.")
    if not period(row["period"]):
        raise SettingsProblem(f"{path}:{line}: '{row['period']}' is no period; write {EXAMPLES}.")
    if not row["currency"]:
        raise SettingsProblem(f"{path}:{line}: the currency is missing; write one as EUR.")
    named = {kind: row.get(kind) or None for kind in ("channel", "campaign", "segment")}
    return {"period": row["period"], "amount": amount, "currency": row["currency"].upper(), **named}


def rates(path: Path) -> list[Record]:
    """Rows of currency, date and rate to the connection's currency, in the shape of canonical rates."""
    return _each(path, ("currency", "date", "rate"), partial(_rate, path))


def _rate(path: Path, line: int, row: Row) -> Record:
    rate = _decimal(path, line, row["rate"])
    if rate <= 0:
        raise SettingsProblem(f"{path}:{line}: a rate must be above zero, not {row['rate']}.")
    on, currency = _date(path, line, row["date"]), row["currency"].upper()
    return {"id": f"{currency} {on}", "currency": currency, "on": on, "multiply": rate, "divide": Decimal(1)}


def _each(path: Path | Traversable, required: tuple[str, ...], read: Callable[[int, Row], T]) -> list[T]:
    """What `read` makes of each line."""
    return all_of([partial(read, line, row) for line, row in _rows(path, required)])


def _rows(path: Path | Traversable, required: tuple[str, ...]) -> Iterator[tuple[int, Row]]:
    try:
        with path.open("rb") as file:
            reader = csv.DictReader(io.StringIO(file.read().decode("utf-8-sig"), newline=""))
            names = [name.strip().lower() for name in reader.fieldnames or []]
            missing = [name for name in required if name not in names]
            if missing:
                raise SettingsProblem(f"{path}:1: the column '{missing[0]}' is missing (there: {', '.join(names)}).")
            reader.fieldnames = names
            for row in reader:
                cells = {k: (v or "").strip() for k, v in row.items() if k}
                if any(cells.values()):
                    yield reader.line_num, cells
    except (FileNotFoundError, UnicodeDecodeError) as e:
        raise SettingsProblem(f"{path} cannot be read as UTF-8 text: {e}") from None


def _date(path: Path, line: int, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SettingsProblem(f"{path}:{line}: '{text}' is no date; write YYYY-MM-DD.") from None


def _decimal(path: Path | Traversable, line: int, text: str) -> Decimal:
    if not NUMBER.fullmatch(text):
        raise SettingsProblem(f"{path}:{line}: '{text}' is no number; write 1234.50 or 1,234.50.")
    return Decimal(text.replace(",", ""))
