"""A made-up snapshot of any size without a store: five stage rows a deal, activities and roles reduced."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from model.judging_options import Setting
from model.process import Process, Stage
from model.snapshot import (
    ACTIVITY,
    CRM_STAGES,
    DEALS,
    FIELD_CHANGES,
    INSTANT,
    MONEY,
    OWNERS,
    RATES,
    ROLES,
    STAGE_CHANGES,
    TASK_DAYS,
    Snapshot,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Iterator

AS_OF = datetime(2026, 11, 15, 12, tzinfo=UTC)
STAGES = ("Prospecting", "Qualification", "Needs Analysis", "Proposal/Price Quote", "Negotiation/Review", "Closed Won")
PROCESS = Process("main", tuple(Stage(name.lower(), {"salesforce": (name,)}) for name in STAGES))
CRM = [
    {"name": n, "label": n, "is_closed": n[:6] == "Closed", "is_won": n == STAGES[-1]} for n in (*STAGES, "Closed Lost")
]
FEEDS = dict.fromkeys(("activities", "stage_history", "date_history", "contact_roles"), AS_OF)
SETTING = Setting(
    kind="salesforce", zone="America/New_York", mapped=frozenset({"segment", "discount_percent", "kickoff"}),
    types={"kickoff": "date"},
)  # fmt: skip
ZONES = ("America/New_York", "Europe/Berlin", "Asia/Kolkata", None)


def typed(schema: pl.Schema, rows: int, **columns: object) -> pl.DataFrame:
    """A frame of `schema`; columns not named are null."""
    frame = pl.DataFrame(columns)
    return frame.select(
        (pl.col(name) if name in columns else pl.lit(None)).cast(dtype).alias(name) for name, dtype in schema.items()
    ) if rows else pl.DataFrame(schema=schema)  # fmt: skip


def json_text(days: pl.Series) -> pl.Series:
    """Dates as the JSON texts of the store."""
    return days.to_frame("day").select(text=pl.format('"{}"', pl.col("day").cast(pl.String)))["text"]


def snapshot(n: int, mapped: bool = False) -> Snapshot:
    """`n` deals of 400 owners in four zones and three currencies, with five stage rows each."""
    draw = np.random.default_rng(7)
    keys = np.arange(n)

    def instants(rows: int, days: int = 700) -> pl.Series:
        start = int((AS_OF - timedelta(days=days)).timestamp())
        return pl.Series(draw.integers(start, int(AS_OF.timestamp()), rows) * 1_000_000).cast(INSTANT)

    def of(choices: list[str], rows: int) -> pl.Series:
        return pl.Series(choices).gather(pl.Series(draw.integers(0, len(choices), rows)))

    owners = [f"005{i:012d}" for i in range(400)]
    changes = typed(
        STAGE_CHANGES, 5 * n, key=np.repeat(keys, 5), at=instants(5 * n),
        stage_name=of([*STAGES, "Closed Lost"], 5 * n), actor_id=of(owners, 5 * n),
    ).sort("key", "at")  # fmt: skip
    last = changes.filter(pl.col("key") != pl.col("key").shift(-1, fill_value=-1))
    first = changes.filter(pl.col("key") != pl.col("key").shift(1, fill_value=-1))
    facts = pl.Series([f'{{"segment":"mid","discount_percent":{i % 40},"kickoff":"2026-11-{i % 28 + 1:02d}"}}'
                       for i in range(1000)])  # fmt: skip
    deals = typed(
        DEALS, n, key=keys, id=pl.Series([f"006{i:012d}" for i in keys]), name=pl.Series([f"Deal {i}" for i in keys]),
        stage_name=last["stage_name"], is_closed=last["stage_name"].str.starts_with("Closed"),
        is_won=last["stage_name"] == STAGES[-1], created=first["at"], last_edit=instants(n), modified=instants(n),
        amount=pl.Series(draw.integers(0, 10**7, n)).cast(MONEY), currency=of(["USD", "EUR", "INR"], n),
        close_date=instants(n).dt.date(), probability=draw.random(n), next_step=of(["call", "tbd", "send offer"], n),
        next_step_changed=instants(n), owner_id=of(owners, n), unread=of(["", "", "", ";amount;"], n),
        facts=facts.gather(pl.Series(draw.integers(0, 1000, n))) if mapped else pl.repeat("{}", n, eager=True),
    )  # fmt: skip
    activity = typed(
        ACTIVITY, n, key=keys, last_touch=instants(n, 90),
        last_touch_id=deals["id"], newest_seen=instants(n, 90).dt.date(),
        last_touch_kind=of(["call", "mail"], n), touches_30d=draw.integers(0, 4, n), next_meeting=instants(n),
        undated_task=draw.random(n) < 0.1,
        **{f"task_due_from_{day}": instants(n).dt.date() for day in TASK_DAYS},
        **{f"task_owner_id_from_{day}": of(owners, n) for day in TASK_DAYS},
    )  # fmt: skip
    roles = [["Economic Buyer", "Champion", "Evaluator"], ["Evaluator", "Other", "Influencer"]]
    return Snapshot(
        as_of=AS_OF, records=deals, stage_changes=changes, activity=activity,
        field_changes=typed(FIELD_CHANGES, n, key=draw.integers(0, n, n), at=instants(n),
                            field=pl.repeat("close_date", n, eager=True), before=json_text(instants(n).dt.date()),
                            after=json_text(instants(n).dt.date())).sort("key"),
        roles=typed(ROLES, n, key=keys, contact_count=pl.repeat(3, n, eager=True),
                    roles=pl.Series(roles).gather(pl.Series(draw.integers(0, 2, n)))),
        owners=typed(OWNERS, 400, id=pl.Series(owners), name=pl.Series(owners),
                     is_active=pl.repeat(value=True, n=400, eager=True),
                     team=of(["East", "West"], 400), zone=pl.Series(ZONES).gather(pl.Series(np.arange(400) % 4))),
        crm_stages=pl.DataFrame([{c: row.get(c) for c in CRM_STAGES} for row in CRM], schema=CRM_STAGES),
        rates=typed(RATES, 72, currency=pl.Series(["EUR", "INR"] * 36),
                    on=pl.Series([AS_OF.date() - timedelta(days=20 * i) for i in range(72)]),
                    multiply=pl.repeat(1, 72, eager=True), divide=pl.Series(draw.random(72) + 0.5)),
        feeds=FEEDS,
    )  # fmt: skip


def slices(shot: Snapshot, count: int) -> Iterator[Snapshot]:
    """The snapshot in `count` key ranges."""
    first, size = shot.deals["key"].min(), -(-shot.deals.height // count)
    for start in range(first, first + shot.deals.height, size):  # type: ignore[arg-type, operator]
        near = pl.col("key").is_between(start, start + size - 1)
        frames = ("records", "stage_changes", "field_changes", "activity", "roles")
        yield replace(shot, **{name: getattr(shot, name).filter(near) for name in frames})
