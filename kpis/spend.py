"""What was spent on winning deals: the user's table, and what it says of one window and group."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final, TypeAlias

import polars as pl

from kpis.periods import period
from model.snapshot import MONEY, columns

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from kpis.window import Window

SPEND: Final = columns({
    "period": pl.String, "amount": MONEY, "currency": pl.String, "channel": pl.String, "campaign": pl.String,
    "segment": pl.String,
})  # fmt: skip
"""`period` as in `kpis.periods.period`. A row without channel, campaign and segment is of everything together."""
KINDS: Final[Mapping[str, str]] = {"source": "channel", "campaign": "campaign", "segment": "segment"}
"""By dimension, the column of the table whose names are that dimension's groups."""
ENDLESS: Final = "spend needs a window of days that the periods of the spend table fill, as 2026-Q3"
NO_TABLE: Final = "no spend table"
Said: TypeAlias = "tuple[Decimal | None, str]"


@dataclass(frozen=True)
class Spend:
    """What was spent from the first to the last day of a window. `why`: the reason where nothing can be said."""

    rows: pl.DataFrame = field(default_factory=SPEND.to_frame)
    first: date | None = None
    last: date | None = None
    fiscal_year_starts: int = 1
    why: str = NO_TABLE

    def of(self, dims: tuple[str, ...], group: tuple[str | None, ...]) -> Said:
        """The spend of a group, or of everything without dimensions, and the reason where there is none."""
        if self.why:
            return None, self.why
        if len(dims) > 1:
            return None, "spend is given by one dimension at a time"
        if not dims:
            return self._whole()
        kind, name = KINDS[dims[0]], group[0]
        if name is None:
            return None, f"deals without a {dims[0]} have no spend of their own"
        found = self._by_name(kind).get(name)
        if found is None:
            return None, f"no spend is given for the {kind} {name}"
        return self._filled(found, f"the {kind} {name}")

    def _whole(self) -> Said:
        """The rows of everything together; where there are none, the names of the first column that has any."""
        plain = self.rows.filter(pl.all_horizontal(pl.col(kind).is_null() for kind in KINDS.values()))
        if plain.height:
            return self._filled(plain, "everything")
        kind = next((kind for kind in KINDS.values() if self.rows[kind].null_count() < self.rows.height), "channel")
        said = [self._filled(rows, f"the {kind} {name}") for name, rows in self._by_name(kind).items()]
        if lacking := next((one for one in said if one[0] is None), None):
            return lacking
        return sum((amount for amount, _ in said if amount is not None), Decimal(0)), ""

    def _by_name(self, kind: str) -> dict[str, pl.DataFrame]:
        named = self.rows.drop_nulls(kind)
        return {str(name): rows for (name,), rows in named.group_by([kind], maintain_order=True)}

    def _filled(self, rows: pl.DataFrame, what: str) -> Said:
        """The sum of periods that fill the window, each day once; the reason where they do not."""
        sums = rows.group_by("period").agg(pl.col("amount").sum())
        spans = [(period(label, self.fiscal_year_starts), amount) for label, amount in sums.iter_rows()]
        known = sorted((*span, amount) for span, amount in spans if span)
        total = _tiled(known, self.first, self.last)
        if total is not None:
            return total, ""
        gaps = ", ".join(_gaps(known, self.first, self.last))
        why = f"the spend of {what} does not fill {self.first} to {self.last} with whole periods, each day once"
        return None, f"{why}; it has no line for {gaps}" if gaps else why


def _gaps(spans: Sequence[tuple[date, date, Decimal]], first: date | None, last: date | None) -> Iterator[str]:
    """The months of the window, or the days of them, that no period covers."""
    day = first
    while day is not None and last is not None and day <= last:
        month = period(f"{day:%Y-%m}")
        end = min(month[1], last) if month else last
        inside = [(begins, ends) for begins, ends, _ in spans if begins <= end and ends >= day]
        if not inside:
            yield f"{day:%Y-%m}" if month == (day, end) else f"{day} to {end}"
        day = end + timedelta(days=1)


def _tiled(spans: Iterable[tuple[date, date, Decimal]], first: date | None, last: date | None) -> Decimal | None:
    if first is None or last is None:
        return None
    total, day = Decimal(0), first
    for begins, ends, amount in sorted(spans):
        if ends < first or begins > last:
            continue
        if begins != day:
            return None
        total, day = total + amount, ends + timedelta(days=1)
    return total if day == last + timedelta(days=1) else None


def spend_in(table: pl.DataFrame | None, window: Window, today: date, currency: str | None) -> Spend:
    """What a table (SPEND) says of a window as seen from `today`. Its currency must be the home currency."""
    if table is None or not table.height:
        return Spend()
    first, last = window.days(today)
    found = sorted(set(table["currency"].drop_nulls()) | {currency or "an unknown home currency"})
    unlike = f"spend and pipeline are in unlike currencies: {', '.join(found)}" if len(found) > 1 else ""
    return Spend(table, first, last, window.fiscal_year_starts, unlike or ("" if first else ENDLESS))
