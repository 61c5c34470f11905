"""Seeds: a believable org of any size with known labels."""

from __future__ import annotations

import gc
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

from sandbox.salesforce.clock import wire
from sandbox.salesforce.records.deals import CHILDREN
from sandbox.salesforce.seeds.build import Builder
from sandbox.salesforce.seeds.people import People, populate
from sandbox.salesforce.setup import SYNC
from sandbox.seeds.names import QUIET_TEAM
from sandbox.seeds.plans import LABELS, lives, open_plan

if TYPE_CHECKING:
    from sandbox.salesforce.org import Org
    from sandbox.salesforce.records.table import Row

__all__ = ["LABELS", "QUIET_TEAM", "labels", "seed"]
_DELETED = 0.02
_SETUP_AGE = timedelta(days=1_500)


def seed(
    org: Org, deals: int = 500, seed: int = 1, as_of: datetime | None = None, tidy: float = 0.0
) -> dict[str, dict[str, bool]]:
    """Fill a fresh org; the same arguments give the same rows. Returns `labels(org)`.

    With `as_of` the server's clock stops there (`org.clock.run()` lets it go on); else it is the server's now.
    Nothing is planted in the share `tidy` of the open deals.
    """
    rng = Random(seed)  # noqa: S311 - made-up data, no secrets
    if as_of:
        org.clock.set(as_of)
    now = org.clock.now()
    people = populate(org, rng, deals, now.date())
    svc = next(u["Id"] for u in org.tables["User"].rows.values() if u["Username"] == SYNC)
    _date_back(org, wire(now - _SETUP_AGE))
    builder = Builder(org, rng, now.date(), people, svc)
    gc.disable()  # millions of small rows and no cycles: collecting while they are made doubles the time
    try:
        _deals(org, builder, people, deals, tidy)
        builder.load()
    finally:
        gc.enable()
    org.access.changed()
    return labels(org)


def labels(org: Org) -> dict[str, dict[str, bool]]:
    """What was planted in each living open deal, by id, as the generator decided it.

    A label is missing where it does not apply or cannot be known: activity in a team that logs nothing.
    """
    return org.labels


def _deals(org: Org, builder: Builder, people: People, count: int, tidy: float) -> None:
    rng = builder.rng
    last: Row | None = None
    planned = lives(
        rng,
        count,
        people.reps,
        quiet=lambda u: u["Department"] == QUIET_TEAM,
        left=lambda u: not u["IsActive"],
        tidy=tidy,
    )
    for plan, owner, cloned in planned:
        last = builder.deal(plan, owner, last if cloned else None)
        if plan.is_open:
            org.labels[last["Id"]] = plan.labels
    for _ in range(int(count * _DELETED)):
        _binned(builder, builder.deal(open_plan(rng, quiet=False), rng.choice(people.reps)))


def _binned(builder: Builder, deal: Row) -> None:
    """Put a deal that was just built, and what belongs to it, into the bin."""
    for entity, key in (("Opportunity", "Id"), *CHILDREN):
        rows = builder.rows.get(entity, [])
        for index in range(len(rows) - 1, -1, -1):
            if rows[index][key] != deal["Id"]:
                break
            rows[index] = {**rows[index], "IsDeleted": True}


def _date_back(org: Org, at: str) -> None:
    """Users, permission sets and stages are older than any deal."""
    for name, table in org.tables.items():
        if name in {"Account", "Contact"}:
            continue
        fields = {"CreatedDate", "LastModifiedDate", "SystemModstamp"} & org.objects[name].fields.keys()
        for row in list(table.rows.values()):
            table.put({**row, **dict.fromkeys(fields, at)})
