"""Facts of past instants: rows of (deal, instant), widened as a run widens (deal, now)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Final

import polars as pl

from model.widening.widen import widen
from policies.judging.gate_history import by_date
from store import UnrecordedChanges, past_rows_at
from worker.pipeline.linked_deals import owned_elsewhere, without
from worker.pipeline.slices import claimed_by, overlaid, setting_of, touch_rule, unmapped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from model.calibration import Calibration
    from model.judging_options import Setting
    from model.sync import Description
    from model.wide import Wide
    from policies.files import PolicySet
    from store import PastRows, Raw, TouchRule
    from worker.pipeline.session import Session

NOBODY_KNOWN: Final = pl.DataFrame(
    schema={"team": pl.String, "open_deals": pl.Int64, "touched": pl.Int64, "share": pl.Float64}
)
"""No team counts as silent: logged activity is known, even if a team logs little."""
NOTHING_SHARED: Final = pl.Series(dtype=pl.Int64)
"""No next step counts as copied."""


@dataclass(frozen=True)
class PastFacts:
    """How a connection's records become facts at past instants."""

    session: Session
    description: Description
    policies: PolicySet

    @cached_property
    def setting(self) -> Setting:
        """The connection's judging options."""
        return setting_of(self.session, self.description)

    @cached_property
    def touch(self) -> TouchRule:
        """Which activities count."""
        return touch_rule(self.session, self.description)

    @cached_property
    def claims(self) -> tuple[str, ...]:
        """The facts by which processes claim deals."""
        return tuple(claimed_by([self.policies]))

    @property
    def claims_by_date(self) -> bool:
        """Whether a process may claim a deal because of the date alone."""
        claims = (process.applies_to for process in self.policies.processes)
        return any(by_date(claim) for claim in claims if claim is not None)  # type: ignore[arg-type]

    @cached_property
    def unrecorded(self) -> UnrecordedChanges:
        """Changes without a record that the store needs to give rows."""
        return UnrecordedChanges(claims=self.claims)

    def widened(self, past_rows: PastRows, calibration: Calibration, late: frozenset[str]) -> Wide:
        """The wide frame of rows under one calibration and with the same feeds late; `key` is the row's own."""
        shot = overlaid(self.session, past_rows.snapshot, self.description)
        setting = replace(self.setting, feeds_late=late)
        wide = widen(shot, self.policies.processes, calibration, setting, NOBODY_KNOWN, copies=NOTHING_SHARED)
        wide = replace(wide, dormant=wide.dormant | unmapped(self.session, self.description))
        return without(wide, owned_elsewhere(self.session))

    def rows(self, raw: Raw, rows: pl.DataFrame) -> Iterator[tuple[pl.DataFrame, Wide]]:
        """The wide frames of `rows` (key, at and more), part by part, each with its rows in the frame's order.

        A part has one calibration and the same late feeds; deals of a linked connection are left out.
        """
        for (on, late), part in self._in_periods(rows).group_by(["on", "late"], maintain_order=True):
            past_rows = past_rows_at(raw, part.select("key", "at"), self.unrecorded)
            feeds = frozenset(str(late).split(";")) - {""}
            wide = self.widened(past_rows, self._calibrations[on], feeds)
            places = wide.frame["key"]
            yield part.drop("on", "late")[places], wide

    def _in_periods(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows with the day of their calibration (`on`) and the feeds that are late then (`late`)."""
        days = rows["at"].dt.date().unique().sort().to_list()
        made = self._made_on(days)
        flags = [
            pl.when(pl.col("at") > read + self._stale).then(pl.lit(feed))
            for feed, read in sorted(self.session.store.history.feeds(self.session.name).items())
        ]  # fmt: skip
        late = pl.concat_str(flags, separator=";", ignore_nulls=True) if flags else pl.lit("")
        found = pl.DataFrame({"day": days, "on": made}, schema={"day": pl.Date, "on": pl.Date})
        return rows.with_columns(late=late, day=pl.col("at").dt.date()).join(
            found, on="day", how="left", maintain_order="left",
        ).drop("day")  # fmt: skip

    def _made_on(self, days: list[date]) -> list[date | None]:
        """The day on which the calibration of each of some rising days was made."""
        if not days:
            return []
        first, last = self._made(days[0]), self._made(days[-1])
        if first == last:
            return [first] * len(days)
        middle = len(days) // 2
        return [*self._made_on(days[:middle]), *self._made_on(days[middle:])]

    def _made(self, day: date) -> date | None:
        at = datetime.combine(day, time(), UTC)
        found = self.session.store.connections.current_calibration(self.session.name, at)
        self._calibrations[found.on] = found
        return found.on

    @cached_property
    def _calibrations(self) -> dict[date | None, Calibration]:
        return {}

    @property
    def _stale(self) -> timedelta:
        return timedelta(hours=self.session.connection.activity.stale_after_hours)
