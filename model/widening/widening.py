"""`Widening`: a subject's records become one frame, a column a fact and its mask, in steps that each subject has."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import polars as pl

from model.calendars.zones import Zones
from model.facts import KNOWN
from model.wide import Wide
from model.widening.identity_facts import placed
from model.widening.left_join import beside
from model.widening.mapped_facts import DTYPES, Unread, with_mapped

if TYPE_CHECKING:
    from model.facts import Fact
    from model.judging_options import Setting
    from model.snapshot import Snapshot
    from model.subjects import Subject


class Widening:
    """One widening under way. `frame`: the records with what the steps joined so far; `absent`: dormant facts."""

    def __init__(self, snapshot: Snapshot, setting: Setting) -> None:
        self.snapshot, self.setting, self.subject = snapshot, setting, snapshot.subject
        self.zones = Zones.of(setting.zone, snapshot.owners["zone"])
        self.absent = dormant(snapshot, setting)
        self.frame = placed(snapshot, self.zones)
        self.unread = Unread(self.frame["unread"])

    def join(self, other: pl.DataFrame) -> None:
        """Add the other frame's columns, by key."""
        self.frame = beside(self.frame, other)

    def add(self, *columns: pl.Expr | pl.Series, **named: pl.Expr | pl.Series | str) -> None:
        """Add columns."""
        self.frame = self.frame.with_columns(*columns, **named)

    def map(self) -> None:
        """Add the mapped facts with their masks; see `with_mapped`."""
        self.frame = with_mapped(self.frame, self.subject.facts, self.setting, self.unread)

    def resolve(self) -> None:
        """Add every fact and mask that can be computed from the columns there are by now."""
        waiting = [fact for name, fact in self.subject.facts.items() if name + KNOWN not in self.frame.columns]
        while ready := [fact for fact in waiting if _needed(self.subject, fact.name).issubset(self.frame.columns)]:
            self.add(*(e.alias(fact.name) for fact in ready if (e := _expression(fact)) is not None))
            self.add(*(self._known(fact).alias(fact.name + KNOWN) for fact in ready))
            waiting = [fact for fact in waiting if fact not in ready]

    def _known(self, fact: Fact) -> pl.Expr:
        if fact.name in self.absent:
            return pl.lit(value=False)
        known = pl.lit(value=True) if fact.known is None else fact.known.fill_null(value=False)
        if f"mapped_{fact.name}{KNOWN}" in self.frame.columns and fact.type != "yes/no":
            known &= pl.col(f"mapped_{fact.name}{KNOWN}")
        if fact.partly:
            return known
        late = not self.setting.feeds_late.isdisjoint(fact.needs)
        return known & pl.lit(self.unread.readable(*fact.needs)) & pl.lit(not late)

    def wide(self, moves: pl.DataFrame) -> Wide:
        """The wide frame of what is there now."""
        setting, shot = self.setting, self.snapshot
        absent = self.absent - setting.hidden
        return Wide(self._finished(), shot.as_of, moves, absent, setting.holidays, setting.weekend, self.subject)

    def _finished(self) -> pl.DataFrame:
        """key, as_of_date, process and stage, facts, masks and the subject's own columns."""
        setting, standard = self.setting, self.subject.facts
        facts = [*standard, *sorted(setting.mapped - standard.keys())]
        untyped = sorted(setting.hidden - set(facts))
        dark = self.absent | setting.hidden
        values = [
            (pl.lit(None) if name in dark else pl.col(name)).cast(self._dtype(name)).alias(name) for name in facts
        ]
        if self.subject.records_feed in setting.feeds_late:
            dark |= set(facts)
        masks = [
            (pl.lit(value=False) if name in dark else pl.col(name + KNOWN)).alias(name + KNOWN)
            for name in (*facts, *untyped) if name != "id"
        ]  # fmt: skip
        place = [name for name in ("process", "stage") if name not in facts]
        nothing = [pl.lit(None).alias(name) for name in untyped]
        return self.frame.select("key", "as_of_date", *place, *values, *nothing, *masks, *self.subject.extra)

    def _dtype(self, name: str) -> pl.DataType | type[pl.DataType]:
        whole = name in self.subject.facts and self.subject.facts[name].whole
        return pl.Int64() if whole else DTYPES[self.setting.type_of(name, self.subject.facts)]


def dormant(snapshot: Snapshot, setting: Setting) -> frozenset[str]:
    """Standard facts that nothing on this connection can say: no mapped field, and a column or feed it lacks."""
    subject, offered = snapshot.subject, set(snapshot.feeds) | setting.feeds_late

    def lacks(need: str) -> bool:
        if need in subject.feeds:
            return need not in offered
        column = need.removesuffix("_history")
        return need == "mapping" or (setting.columns is not None and column not in setting.columns)

    facts = subject.facts.items()
    return frozenset(name for name, fact in facts if name not in setting.mapped and any(map(lacks, fact.needs)))


def _expression(fact: Fact) -> pl.Expr | None:
    """What the fact is made of in the joined frame, where a fact over history is a column."""
    return None if fact.history else fact.expression


@cache
def _needed(subject: Subject, name: str) -> frozenset[str]:
    """Columns that a standard fact and its mask are made of."""
    fact = subject.facts[name]
    expression = _expression(fact)
    asked = set(expression.meta.root_names()) if expression is not None else {name}
    if fact.known is not None:
        asked |= set(fact.known.meta.root_names()) - {name}
    return frozenset(asked)
