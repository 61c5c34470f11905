"""Leads, and the facts that policies about them may name. A new fact is one entry here, one row in test_leads.py.

`expression` and `known` are evaluated over the frame that model/widening/lead_steps.py joins.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from model.facts import Fact
from model.records import LEAD
from model.subjects.subject import Subject

OWNED: Final = pl.col("owner_readable")
TOUCHES: Final = ("lead_activities",)
MAPPED: Final = ("mapping",)
HOUR: Final = 3_600_000_000
"""In microseconds."""
WAITS: Final = pl.col("is_open") & pl.col("first_touch_at").is_null()


def _hours(since: str, until: str) -> pl.Expr:
    return (pl.col(until) - pl.col(since)).dt.total_microseconds() / HOUR


FACTS: Final[dict[str, Fact]] = {
    fact.name: fact
    for fact in (
        Fact("id", "text", "", "The CRM's id of the lead", ("id",)),
        Fact("name", "text", "", "The person's name", ("name",)),
        Fact("company", "text", "", "Where the person works", ("company",)),
        Fact("source", "text", "", "Where the lead came from", ("source",)),
        Fact("status", "choice", "", "The status, as the CRM shows it", ("status",)),
        Fact("segment", "text", "", "The buyer's segment, by mapping", MAPPED),
        Fact("owner", "text", "", "The owner's name; blank while nobody or a queue has the lead", ("owner_id",),
             known=OWNED),
        Fact("owner_is_active", "yes/no", "", "The owner can still log in", ("owner_id",),
             known=OWNED & (pl.col("owner_is_active").is_not_null() | pl.col("owner_id").is_null())),
        Fact("team", "text", "", "The owner's team", ("owner_id",), known=OWNED),
        Fact("region", "text", "", "The owner's region, or by mapping", ("owner_id",),
             pl.col("owner_region"), known=OWNED),
        Fact("created", "date", "", "The day it became a lead", ("created",)),
        Fact("last_edit", "date", "", "The last edit of the record", ("last_edit",)),
        Fact("is_open", "yes/no", "", "Neither converted nor in a closed status", ("is_converted", "status"),
             known=pl.col("is_open").is_not_null()),
        Fact("is_converted", "yes/no", "", "It became a contact with a deal", ("is_converted",),
             known=pl.col("is_converted").is_not_null()),
        Fact("converted_on", "date", "", "The day it was converted", ("converted_on",)),
        Fact("first_touch", "date", "", "The day of the first touch since it became a lead", TOUCHES),
        Fact("last_activity", "date", "", "The newest touch; never touched: the day it became a lead", TOUCHES,
             pl.coalesce("last_touch", "created"),
             known=pl.col("last_touch").is_not_null() | pl.col("created").is_not_null()),
        Fact("touched", "yes/no", "", "Touched at least once since it became a lead", TOUCHES,
             pl.col("first_touch_at").is_not_null()),
        Fact("response_hours", "number", "hours", "From the instant it became a lead to the first touch; blank without",
             ("created", *TOUCHES), _hours("_created_at", "first_touch_at"), clock="_response_clock"),
        Fact("hours_waiting", "number", "hours", "Since an open lead without a touch became one; else blank",
             ("created", "is_converted", "status", *TOUCHES), pl.when(WAITS).then(_hours("_created_at", "now")),
             clock="_waiting_clock"),
    )
}  # fmt: skip
"""Fact by name, in the order of the reference page."""
LEADS: Final = Subject(
    name="lead",
    table="lead",
    one="lead",
    many="leads",
    columns=LEAD,
    facts=FACTS,
    feeds=frozenset(TOUCHES),
    dates={name: name for name in ("created", "last_edit", "first_touch", "last_touch")},
    records_feed="leads",
    extra=tuple(fact.clock for fact in FACTS.values() if fact.clock),
    no_replay="leads have no replay",
)
