"""A snapshot: what was known of a connection's pipeline at one instant, as the store hands it out.

Frames and their columns (instants are Datetime("us", "UTC"); `key` is the store's integer key of a deal):
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import polars as pl

from model.subjects import OPPORTUNITIES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from model.subjects import Subject

INSTANT: Final[pl.DataType] = pl.Datetime("us", "UTC")
MONEY: Final[pl.DataType] = pl.Decimal(38, 6)


def columns(types: Mapping[str, pl.DataType | type[pl.DataType]]) -> pl.Schema:
    """A frame's schema from its columns."""
    return pl.Schema(types)


DEALS: Final = columns({
    "key": pl.Int64, "id": pl.String, "name": pl.String, "pipeline": pl.String, "record_type": pl.String,
    "deal_type": pl.String, "source": pl.String, "stage_name": pl.String, "is_closed": pl.Boolean,
    "is_won": pl.Boolean, "amount": MONEY, "currency": pl.String, "close_date": pl.Date, "probability": pl.Float64,
    "forecast_category": pl.String, "next_step": pl.String, "owner_id": pl.String, "account_id": pl.String,
    "activity_hint": pl.Date,
    "created": INSTANT, "last_edit": INSTANT, "modified": INSTANT,
    "facts": pl.String,  # JSON object of mapped facts
    "unread": pl.String,  # ";amount;segment;": columns and mapped facts unknown at as_of; "" where none
    "next_step_changed": INSTANT,  # when the text was last written, creation where it never changed; null: not known
    "owner_changed": INSTANT,  # when the owner took over, creation where they always had it; null: not known
})  # fmt: skip

STAGE_CHANGES: Final = columns({
    "key": pl.Int64, "at": INSTANT, "stage_name": pl.String, "pipeline": pl.String, "actor_id": pl.String,
})  # fmt: skip
"""Sorted by key, at and the CRM's order; the first row of a deal is the stage it was created in."""

FIELD_CHANGES: Final = columns({
    "key": pl.Int64, "at": INSTANT, "field": pl.String, "before": pl.String, "after": pl.String,
})  # fmt: skip
"""Changes of the fields that facts follow (model/facts.py: FOLLOWED), oldest first, with values as JSON texts."""

CLAIM_CHANGES: Final = columns({"key": pl.Int64, "at": INSTANT, "field": pl.String, "before": pl.String})
"""Changes of what processes claim deals by, oldest first; `before` is the JSON text of the value until then."""

TASK_DAYS: Final = {"yesterday": -1, "today": 0, "tomorrow": 1}
"""Days that a deal owner's local day can be, by their distance from as_of's UTC day."""

ACTIVITY: Final = columns({
    "key": pl.Int64,
    "last_touch": INSTANT, "last_touch_id": pl.String, "last_touch_kind": pl.String,
    "touches_30d": pl.Int64,
    "newest_seen": pl.Date,  # UTC day of the newest readable activity that is not open, ignored ones included
    "vanished_touch": INSTANT,  # newest touch that can no longer be read (gone = vanished)
    "possible_touch": INSTANT,  # newest activity that may belong to a sibling deal
    "next_meeting": INSTANT,  # earliest start of a meeting after as_of
    # the open task due first on or after each of TASK_DAYS: widen knows which of them is the owner's local day
    **{f"task_due_from_{day}": pl.Date() for day in TASK_DAYS},
    **{f"task_owner_id_from_{day}": pl.String() for day in TASK_DAYS},
    "undated_task": pl.Boolean,  # an open task without a due date
    "vanished_plan": pl.Boolean,  # a meeting or open task ahead that can no longer be read
})  # fmt: skip
"""Activities reduced by the store: touches and plans only, known (created) and dated at or before as_of."""

LOGGED: Final = columns({"owner_id": pl.String, "kind": pl.String, "at": INSTANT})
"""Touches one by one: who made each, its kind and when."""

ROLES: Final = columns({"key": pl.Int64, "contact_count": pl.Int64, "roles": pl.List(pl.String)})

OWNERS: Final = columns({
    "id": pl.String, "name": pl.String, "is_active": pl.Boolean, "manager_id": pl.String, "team": pl.String,
    "region": pl.String, "zone": pl.String, "start_date": pl.Date,
})  # fmt: skip

CRM_STAGES: Final = columns({
    "pipeline": pl.String, "name": pl.String, "label": pl.String, "is_active": pl.Boolean, "is_closed": pl.Boolean,
    "is_won": pl.Boolean, "probability": pl.Float64, "sort": pl.Int64,
})  # fmt: skip

RATES: Final = columns({"currency": pl.String, "on": pl.Date, "multiply": MONEY, "divide": MONEY})


LEADS: Final = columns({
    "key": pl.Int64, "id": pl.String, "name": pl.String, "company": pl.String, "source": pl.String,
    "status": pl.String, "owner_id": pl.String, "is_converted": pl.Boolean, "converted_on": pl.Date,
    "created": INSTANT, "last_edit": INSTANT,
    "facts": pl.String,  # JSON object of mapped facts
    "unread": pl.String,  # as that of DEALS
    "first_touch": INSTANT, "last_touch": INSTANT,  # touches known at as_of, of those since `created`
})  # fmt: skip


@dataclass(frozen=True)
class Snapshot:
    """Everything `widen` needs of a subject's records, with the schemas above.

    `feeds`: when each was last read in full. One of the subject's feeds that is absent was never read on this
    connection (its facts are dormant); one that was read longer ago than the connection allows is late (its facts are
    unknown). In a replay's snapshot the records also have `as_of` (INSTANT): each row's own. Leads have only `records`
    and `owners`.
    """

    as_of: datetime
    records: pl.DataFrame  # DEALS or LEADS
    owners: pl.DataFrame
    feeds: Mapping[str, datetime] = field(default_factory=dict)
    subject: Subject = OPPORTUNITIES
    stage_changes: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=STAGE_CHANGES))
    field_changes: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=FIELD_CHANGES))
    activity: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=ACTIVITY))
    roles: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=ROLES))
    crm_stages: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=CRM_STAGES))
    rates: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=RATES))
    claim_changes: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=CLAIM_CHANGES))

    @property
    def deals(self) -> pl.DataFrame:
        """The records, where they are deals."""
        return self.records
