"""`widen_leads`: leads become one frame, a column a fact and its mask, as `widen` makes of deals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from model.calendars.zones import Zones
from model.facts import KNOWN
from model.lead_facts import CLOCKS, LEAD_FACTS
from model.wide import Wide
from model.widening.left_join import beside
from model.widening.mapped_facts import DTYPES, Unread, typed_facts
from model.widening.stage_moves import MOVES

if TYPE_CHECKING:
    from collections.abc import Collection

    from model.facts import Fact
    from model.judging_options import Setting
    from model.snapshot import LeadSnapshot

RECORDS, FEED = "leads", "lead_activities"
"""The feeds: the records themselves, and what is logged on them."""
DATES = {"created": "created", "last_edit": "last_edit", "first_touch": "first_touch", "last_touch": "last_touch"}


def widen_leads(
    snapshot: LeadSnapshot, setting: Setting, closed: Collection[str] = (), hidden: Collection[str] = ()
) -> Wide:
    """The wide frame of leads, in the order of the snapshot; `process` and `stage` are null, as none binds a lead.

    `setting`: the connection's ways, with the facts that are mapped for leads. `closed`: statuses (without case) of
    leads that were given up. `hidden`: mapped facts whose field cannot be read now, so that nobody knows its type.
    """
    zones = Zones.of(setting.zone, snapshot.owners["zone"])
    frame = _placed(snapshot, zones, {status.strip().casefold() for status in closed})
    unread = Unread(frame["unread"])
    absent = dormant(snapshot, setting)
    frame = frame.with_columns(
        fact.expression.alias(name) for name, fact in LEAD_FACTS.items() if fact.expression is not None
    )
    frame = frame.with_columns(
        _known(fact, unread, late=not setting.feeds_late.isdisjoint(fact.needs)).alias(name + KNOWN)
        for name, fact in LEAD_FACTS.items() if name not in absent
    )  # fmt: skip
    for name, value, known in typed_facts(frame["facts"], setting, unread):
        frame = frame.with_columns(value.alias(name), known.alias(name + KNOWN))
    finished = _darkened(_finished(frame, setting, absent), frozenset(hidden), late=RECORDS in setting.feeds_late)
    none, nothing = pl.DataFrame(schema=MOVES), absent - frozenset(hidden)
    return Wide(finished, snapshot.as_of, none, nothing, setting.holidays, setting.weekend, leads=True)


def _darkened(frame: pl.DataFrame, hidden: frozenset[str], *, late: bool) -> pl.DataFrame:
    """The frame with hidden facts unknown; where the records were read too long ago every fact is."""
    masks = {name for name in frame.columns if late and name.endswith(KNOWN)} | {fact + KNOWN for fact in hidden}
    dark = [pl.lit(value=False).alias(name) for name in sorted(masks)]
    return frame.with_columns(*dark, *(pl.lit(None).alias(fact) for fact in sorted(hidden)))


def dormant(snapshot: LeadSnapshot, setting: Setting) -> frozenset[str]:
    """Facts of leads that nothing on this connection can say."""
    feeds = set(snapshot.feeds) | setting.feeds_late

    def lacks(need: str) -> bool:
        if need == FEED:
            return need not in feeds
        return need == "mapping" or (setting.columns is not None and need not in setting.columns)

    return frozenset(
        name for name, fact in LEAD_FACTS.items() if name not in setting.mapped and any(map(lacks, fact.needs))
    )


def _placed(snapshot: LeadSnapshot, zones: Zones, closed: set[str]) -> pl.DataFrame:
    """LEADS with the owner's columns, local dates for instants, whether it is open, and the instants themselves."""
    owners = snapshot.owners.select(
        owner_id="id", owner="name", owner_is_active="is_active", team="team", region="region",
        _zone=zones.code(pl.col("zone")), owner_readable=pl.lit(value=True),
    )  # fmt: skip
    status = pl.col("status").str.strip_chars().str.to_lowercase()
    given_up = status.is_in(sorted(closed)).fill_null(value=False)
    frame = beside(snapshot.leads, owners, on="owner_id").with_columns(
        pl.col("_zone").fill_null(0), pl.col("unread").fill_null(""), pl.col("facts").fill_null("{}"),
        pl.col("owner_readable").fill_null(value=False) | pl.col("owner_id").is_null(),
        is_open=~(pl.col("is_converted") | given_up),
        created_at="created", first_touch_at="first_touch", now=pl.lit(snapshot.as_of, pl.Datetime("us", "UTC")),
    )  # fmt: skip
    clock = _local(frame, zones)
    return frame.with_columns(
        *(zones.date(frame[instant], frame["_zone"]).alias(name) for instant, name in DATES.items()),
        *(clock.alias(name) for name in CLOCKS.values()),
        as_of_date=zones.today(snapshot.as_of).gather(frame["_zone"]),
    )


def _local(frame: pl.DataFrame, zones: Zones) -> pl.Series:
    """`created` as local time without a zone."""
    parts = [
        pl.when(pl.col("_zone") == code).then(pl.col("created").dt.convert_time_zone(zone).dt.replace_time_zone(None))
        for code, zone in enumerate(zones.names)
    ]
    return frame.select(pl.coalesce(parts)).to_series()


def _known(fact: Fact, unread: Unread, *, late: bool) -> pl.Expr:
    said = pl.lit(value=True) if fact.known is None else fact.known.fill_null(value=False)
    return said & pl.lit(unread.readable(*fact.needs)) & pl.lit(not late)


def _finished(frame: pl.DataFrame, setting: Setting, absent: frozenset[str]) -> pl.DataFrame:
    facts = [*LEAD_FACTS, *sorted(setting.mapped - LEAD_FACTS.keys())]
    values = [
        (pl.lit(None) if name in absent else pl.col(name)).cast(_dtype(name, setting)).alias(name) for name in facts
    ]
    masks = [
        (pl.lit(value=False) if name in absent else pl.col(name + KNOWN)).alias(name + KNOWN)
        for name in facts if name != "id"
    ]  # fmt: skip
    clocks = [
        (pl.lit(None, pl.Datetime("us")) if name in setting.mapped else pl.col(clock)).alias(clock)
        for name, clock in CLOCKS.items()
    ]
    nothing = (pl.lit(None, pl.String).alias(name) for name in ("process", "stage") if name not in facts)
    return frame.select("key", "as_of_date", *nothing, *values, *masks, *clocks)


def _dtype(name: str, setting: Setting) -> pl.DataType | type[pl.DataType]:
    return DTYPES[LEAD_FACTS[name].type if name in LEAD_FACTS else setting.type_of(name)]
