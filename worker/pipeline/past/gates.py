"""Gates by history: bound criteria are checked at their move and each later instant, by the facts at that time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from model.calendars.zones import Zones
from model.snapshot import INSTANT
from policies.judging import gate_history
from policies.judging.breaches import ANSWERS, KEY, unsettled, updated
from policies.judging.gates import MARGIN, Gates, bindings
from policies.judging.judge import judge
from policies.judging.rules import live
from worker.pipeline.context import previous_verdict
from worker.pipeline.slices import overlaid_owners

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from model.deal_keys import DealKeys
    from model.wide import Wide
    from policies.judging.context import Context
    from policies.judging.rules import Rule
    from policies.judging.verdict import Verdict
    from store import Raw
    from worker.pipeline.past.facts import PastFacts

DEALS: Final = 5_000
"""Deals read at once."""
FEW: Final = 500
"""Up to so many deals are checked at all instants in one pass."""
ROWS: Final = 200_000
"""Rows widened at once."""
DATED: Final = pl.Schema({"key": pl.Int64(), "moved_at": INSTANT, "moved_on": pl.Date()})


def verdict_on(facts: PastFacts, wide: Wide, keys: DealKeys, context: Context) -> Verdict:
    """The verdict on a slice of deals, from the previous verdict and gates by history."""
    previous = previous_verdict(facts.session, keys, wide.subject)
    return judge(wide, facts.policies, previous, context, gates_of(facts, wide, previous.breaches, context))


def gates_of(facts: PastFacts, wide: Wide, breaches: pl.DataFrame, context: Context) -> Gates:
    """The criteria that moves bind on a frame's deals, with the answers from history. `breaches`: as last kept."""
    rules, _ = live(facts.policies, wide)
    asked = unsettled(breaches, bindings(wide, rules, context.first_runs, margin=MARGIN))
    if asked.is_empty():
        return Gates(bindings(wide, rules, context.first_runs, _dated(breaches)), breaches)
    parts = list(GateHistory(facts, rules).parts(asked))
    moved_on = pl.concat([_dated(breaches), *(days for days, _ in parts)])
    found = bindings(wide, rules, context.first_runs, moved_on)
    answers = pl.concat([pl.DataFrame(schema=ANSWERS), *(answered for _, answered in parts)])
    return Gates(found, updated(breaches, found, answers, wide.as_of))


def _dated(breaches: pl.DataFrame) -> pl.DataFrame:
    return breaches.select(DATED.names()).drop_nulls()


@dataclass(frozen=True)
class GateHistory:
    """Checks criteria at past instants."""

    facts: PastFacts
    rules: Sequence[Rule]
    midnights: bool = True
    """Whether to check at local midnights. A replay judges each day anyway."""

    def parts(self, asked: pl.DataFrame) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
        """For some deals at a time the local days of their moves (DATED), and the ANSWERS to their bindings."""
        session, keys = self.facts.session, asked["key"].unique().sort()
        for some in (keys[at : at + DEALS] for at in range(0, keys.len(), DEALS)):
            raw = session.store.history.recorded(
                session.name, some, session.as_of, touch=self.facts.touch, fields=self.facts.description.history
            )  # fmt: skip
            yield self.answered(raw, asked.filter(pl.col("key").is_in(some.implode())))

    def answered(self, raw: Raw, asked: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The local days of the moves of some BINDINGS (DATED), and the ANSWERS to them; `raw` holds their deals.

        With many deals, a criterion met at its move is not checked at later instants.
        """
        at_moves = gate_history.at_moves(asked)
        many = asked["key"].n_unique() > FEW
        rows = at_moves if many else pl.concat([at_moves, self._moments(raw, asked)]).unique().sort("key", "at")
        first = list(self._wide(raw, _in_time(rows)))
        days = pl.concat([pl.DataFrame(schema=DATED), *(gate_history.days_of(rows) for rows, _ in first)])
        asked = gate_history.dated(asked, days)
        answers = _merged([gate_history.asked(wide, rows, asked, self.rules) for rows, wide in first])
        unmet = asked.join(answers.filter(pl.col("met_on").is_not_null()), on=KEY, how="anti")
        if many and not unmet.is_empty():
            later = list(self._wide(raw, _in_time(self._moments(raw, unmet))))
            days = pl.concat([days, *(gate_history.days_of(rows) for rows, _ in later)])
            answers = _merged([answers, *(gate_history.asked(wide, rows, unmet, self.rules) for rows, wide in later)])
        return days, _merged([answers, *self._entered_late(raw, asked, answers, days)])

    def _entered_late(
        self, raw: Raw, asked: pl.DataFrame, answers: pl.DataFrame, days: pl.DataFrame
    ) -> Iterator[pl.DataFrame]:
        """ANSWERS at the moves with what was entered later, up to the instant at which the criterion was met."""
        late = gate_history.late_entries(raw.entered_late(), asked, answers)
        if late.is_empty():
            return
        known = days.select(deal="key", known="moved_at", known_on="moved_on").unique(["deal", "known"])
        copies = late.join(known, on=["deal", "known"], how="left", maintain_order="left").with_row_index("key")
        source = raw.known_later(late.select("known", key="deal"))
        for rows, wide in self._wide(source, copies.with_columns(pl.col("key").cast(pl.Int64))):
            yield gate_history.asked(wide, rows, asked, self.rules)

    def _moments(self, raw: Raw, unmet: pl.DataFrame) -> pl.DataFrame:
        """key, at: every instant from the moves on at which an answer may change."""
        until = pl.lit(self.facts.session.as_of, INSTANT)
        spans = gate_history.windows(unmet).with_columns(pl.col("until").fill_null(until))
        midnights = [self._midnights(raw, unmet, spans)] if self.midnights else []
        moments = pl.concat([raw.instants(), *midnights]).unique().join(spans, on="key")
        return moments.filter(pl.col("at").is_between("since", "until")).select("key", "at").sort("key", "at")

    def _midnights(self, raw: Raw, unmet: pl.DataFrame, spans: pl.DataFrame) -> pl.DataFrame:
        """key, at: the local midnights of the deals' owners, where a criterion's answer depends on the date."""
        by_date = [rule.id for rule in self.rules if rule.place and gate_history.by_date(rule.condition)]
        dated = unmet if self.facts.claims_by_date else unmet.filter(pl.col("criterion").is_in(by_date))
        deals = dated.select("key").unique()
        if deals.is_empty():
            return pl.DataFrame(schema={"key": pl.Int64, "at": INSTANT})
        first, last = spans["since"].min().date() - MARGIN, spans["until"].max().date() + MARGIN  # type: ignore[union-attr]
        owners = overlaid_owners(self.facts.session, raw.owners)
        owned = raw.zones(owners, self.facts.setting.zone).join(deals, on="key", how="semi")
        known = Zones.of(self.facts.setting.zone, owned["zone"]).names
        midnights = [Zones.midnights(zone, first, last).with_columns(zone=pl.lit(zone)) for zone in known]
        return owned.join(pl.concat(midnights), on="zone").select("key", "at")

    def _wide(self, raw: Raw, rows: pl.DataFrame) -> Iterator[tuple[pl.DataFrame, Wide]]:
        """Rows and their wide frames, in parts. The local day of `known` is the row's own if `known` equals `at`."""
        for part in rows.iter_slices(ROWS):
            for found, wide in self.facts.rows(raw, part):
                days = found if "known_on" in found.columns else found.with_columns(known_on=wide.frame["as_of_date"])
                yield days.select("deal", "at", "known", "known_on"), wide


def _in_time(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows (key, at) with what was known at their instant."""
    return rows.with_columns(deal="key", known="at")


def _merged(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Merge ANSWERS of several checks: the first instant at which each criterion was met."""
    rows = pl.concat([pl.DataFrame(schema=ANSWERS), *parts]).sort("met_at", "logged_late", nulls_last=True)
    return rows.group_by(KEY, maintain_order=True).agg(
        pl.col("met_at", "met_on", "logged_late").first(), pl.col("judged").any()
    ).select(ANSWERS.names())  # fmt: skip
