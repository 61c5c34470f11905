"""Seeds: a believable portal of any size with known labels."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from sandbox.hubspot.seeds.build import Builder
from sandbox.hubspot.seeds.people import People, populate
from sandbox.seeds.names import QUIET_TEAM
from sandbox.seeds.plans import LABELS, lives, open_plan

if TYPE_CHECKING:
    from datetime import datetime

    from sandbox.hubspot.portal import Portal
    from sandbox.hubspot.records.table import Record

__all__ = ["LABELS", "QUIET_TEAM", "labels", "seed"]
_DELETED = 0.02


def seed(
    portal: Portal, deals: int = 500, seed: int = 1, as_of: datetime | None = None, tidy: float = 0.0
) -> dict[str, dict[str, bool]]:
    """Fill a fresh portal; the same arguments give the same records. Returns `labels(portal)`.

    With `as_of` the server's clock stops there (`portal.clock.run()` lets it go on); else it is the server's now.
    Searches see all of it at once. Nothing is planted in the share `tidy` of the open deals.
    """
    rng = Random(seed)  # noqa: S311 - made-up data, no secrets
    if as_of:
        portal.clock.set(as_of)
    with portal.lock:
        people = populate(portal, rng, deals)
        _deals(portal, Builder(portal, rng, people), people, deals, tidy)
        portal.settle()
    return labels(portal)


def labels(portal: Portal) -> dict[str, dict[str, bool]]:
    """What was planted in each living open deal, by id, as the generator decided it.

    A label is missing where it does not apply or cannot be known: activity in a team that logs nothing.
    """
    return portal.labels


def _deals(portal: Portal, builder: Builder, people: People, count: int, tidy: float) -> None:
    rng = builder.rng
    last: Record | None = None
    planned = lives(
        rng, count, people.reps, quiet=lambda o: o.teams[0][1] == QUIET_TEAM, left=lambda o: o.archived, tidy=tidy
    )
    for plan, owner, cloned in planned:
        last = builder.deal(plan, owner, last if cloned else None)
        if plan.is_open:
            portal.labels[str(last.id)] = plan.labels
    for _ in range(int(count * _DELETED)):
        gone = builder.deal(open_plan(rng, quiet=False), rng.choice(people.reps))
        gone.archived_at = portal.clock.ms()
