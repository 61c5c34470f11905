"""The deals that a run has to judge: those that changed or are due, and those that depend on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from model.deal_keys import DealKeys
from model.judging_options import FILLER
from model.widening.activity_facts import by_owner, of_teams, open_deals, team_shares
from model.widening.copied_next_steps import copied, steps
from worker.pipeline.slices import Shot, claimed_by, overlaid_owners, snapshot_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from model.snapshot import Snapshot
    from model.sync import Description
    from policies.files import PolicySet
    from store import LastJudging
    from worker.pipeline.session import Session

AT_ONCE: Final = 5_000
"""Deals that are named in one query."""
NO_DEALS: Final = DealKeys(0, 0)


@dataclass(frozen=True)
class Affected:
    """The deals to judge in slices, and of all deals what `widen` needs. `last`: the judging that still stands."""

    slices: tuple[DealKeys, ...]
    deals: int
    teams: pl.DataFrame
    copies: pl.Series
    last: LastJudging

    def shots(self, session: Session, description: Description, policies: PolicySet) -> Iterator[Shot]:
        """What the store knows of these deals, slice by slice."""
        claims = claimed_by([policies])
        for keys in self.slices:
            yield Shot(keys, snapshot_of(session, description, keys, claims), self.teams, self.copies)


def can_be_partial(session: Session) -> bool:
    """Whether a deal's answers depend on no other connection and on no activity of a sibling deal."""
    return not session.connection.linked_to and session.connection.activity.roll_up == "deal"


def affected_deals(
    session: Session, policies: PolicySet, description: Description, inputs: Mapping[str, str], run_id: int
) -> Affected | None:
    """The deals to judge; None where all of them are to be judged."""
    due, name = session.store.due, session.name
    last = due.last(name, run_id) if can_be_partial(session) else None
    if last is None or last.inputs != inputs or last.as_of > session.as_of:
        return None
    keys = due.affected(name, last, session.as_of, policies.actions)
    if 2 * len(keys) > due.deals(name):
        return None
    return _with_dependent(session, description, frozenset(keys), last)


def _with_dependent(
    session: Session, description: Description, changed: frozenset[int], last: LastJudging
) -> Affected:  # fmt: skip
    """Add the deals of teams that begin or cease to log too little, and those whose next step is or was shared."""
    due, name, slices = session.store.due, session.name, in_slices(changed)
    before = pl.concat([due.judged(name, some) for some in (*slices, NO_DEALS)])
    now = pl.concat([open_now(snapshot_of(session, description, some)) for some in (*slices, NO_DEALS)])
    owners = overlaid_owners(session, session.store.history.owners(name))
    teams = _teams_now(due.by_owner(name), before, now, owners)
    turned = owners.filter(pl.col("team").is_in([*set(quiet(session, teams)) ^ set(last.quiet)]))["id"]
    stood = due.steps(name, [*{*before["owner_id"], *now["owner_id"], *turned} - {None}])
    stands = pl.concat([stood.filter(~pl.col("key").is_in(list(changed))), now.select(stood.columns)])
    shared_before, shared = (copied(rows.drop_nulls(), FILLER) for rows in (stood, stands))
    of_turned = stood.filter(pl.col("owner_id").is_in(turned.implode()))["key"]
    keys = {*changed, *of_turned, *(set(shared_before) ^ set(shared))}
    return Affected(in_slices(keys) or (NO_DEALS,), len(keys), teams, shared, last)


def open_now(snapshot: Snapshot) -> pl.DataFrame:
    """key, owner_id, touched and next_step of open deals; no next step where it or the owner could not be read."""
    return open_deals(snapshot).join(steps(snapshot.deals).select("key", "next_step"), on="key", how="left")


def _teams_now(
    kept: pl.DataFrame, before: pl.DataFrame, now: pl.DataFrame, owners: pl.DataFrame
) -> pl.DataFrame:  # fmt: skip
    """The shares of teams, from the kept counts without the changed deals as they were, and with them as they are."""
    were = by_owner(before).with_columns(-pl.col("open_deals", "touched"))
    return team_shares(of_teams(pl.concat([kept, were, by_owner(now)]), owners))


def quiet(session: Session, teams: pl.DataFrame) -> list[str]:
    """Teams that log too little for a verdict on silence."""
    return sorted(teams.filter(pl.col("share") < session.connection.activity.min_coverage)["team"])


def in_slices(keys: Iterable[int]) -> tuple[DealKeys, ...]:
    """Deals in slices that one query can name."""
    ordered = sorted(keys)
    return tuple(DealKeys.of(frozenset(ordered[at : at + AT_ONCE])) for at in range(0, len(ordered), AT_ONCE))
