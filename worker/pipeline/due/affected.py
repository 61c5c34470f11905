"""The deals that a run has to judge: those that changed or are due, and those that depend on them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from model.deal_keys import DealKeys
from model.judging_options import FILLER
from model.widening.activity_facts import by_owner, of_teams, open_deals, team_shares
from model.widening.copied_next_steps import comparable, steps
from worker.pipeline.slices import Shot, claimed_by, overlaid_owners, snapshot_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from model.snapshot import Snapshot
    from model.sync import Description
    from policies.files import PolicySet
    from store import DueDeals, LastJudging
    from worker.pipeline.session import Session

AT_ONCE: Final = 5_000
"""Deals that are named in one query."""
NO_DEALS: Final = DealKeys(0, 0)
GROUP: Final = ("owner_id", "step")


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


def standing(session: Session, inputs: Mapping[str, str], last: LastJudging | None) -> LastJudging | None:
    """The last judging, where nothing that concerns all deals has changed since."""
    stands = last and can_be_partial(session) and last.inputs == inputs and last.as_of <= session.as_of
    return last if stands else None


def affected_deals(
    session: Session, policies: PolicySet, description: Description, inputs: Mapping[str, str], run_id: int
) -> Affected | None:
    """The deals to judge; None where all of them are to be judged."""
    due, name = session.store.due, session.name
    last = standing(session, inputs, due.last(name, run_id))
    if last is None:
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
    before = pl.concat([due.judged(name, some) for some in slices])
    now = pl.concat([open_now(snapshot_of(session, description, some)) for some in slices])
    owners = overlaid_owners(session, session.store.history.owners(name))
    teams = _teams_now(due.by_owner(name), before, now, owners)
    turned = owners.filter(pl.col("team").is_in([*set(quiet(session, teams)) ^ set(last.quiet)]))["id"]
    others = due.owned(name, turned.to_list()).filter(~pl.col("key").is_in(list(changed)))
    groups = _groups(due, name, before, now, others)
    alone = groups.filter((pl.col("others") == 1) & ((pl.col("deals") > 1) != (pl.col("then") > 1)))
    left = due.holders(name, alone["owner_id"].unique().to_list(), alone["step"].unique().to_list())
    left = left.join(alone, on=GROUP, how="semi").filter(~pl.col("key").is_in(list(changed)))
    rows = pl.concat([part.select("key", *GROUP) for part in (now, others, left)]).unique("key")
    shared = rows.join(groups.filter(pl.col("then") > 1), on=GROUP, how="semi")["key"].sort()
    keys = {*changed, *others["key"], *left["key"]}
    return Affected(in_slices(keys), len(keys), teams, shared, last)


def _groups(
    due: DueDeals, name: str, before: pl.DataFrame, now: pl.DataFrame, others: pl.DataFrame
) -> pl.DataFrame:  # fmt: skip
    """owner_id, step and how many open deals share it: `deals` before, `then` now, `others` that did not change."""
    concerned = pl.concat([part.select(GROUP) for part in (before, now, others)]).drop_nulls().unique()
    kept = due.sharing(name, concerned["owner_id"].unique().to_list(), concerned["step"].unique().to_list())
    counts = [part.group_by(GROUP).agg(pl.len().cast(pl.Int64).alias(as_)) for part, as_ in
              ((before, "were"), (now, "are"))]  # fmt: skip
    groups = concerned.join(kept, on=GROUP, how="left")
    for part in counts:
        groups = groups.join(part, on=GROUP, how="left")
    groups = groups.with_columns(pl.col("deals", "were", "are").fill_null(0))
    return groups.with_columns(others=pl.col("deals") - pl.col("were")).with_columns(
        then=pl.col("others") + pl.col("are")
    )  # fmt: skip


def open_now(snapshot: Snapshot) -> pl.DataFrame:
    """key, owner_id, touched and step of open deals; no step where it or the owner is unread, or it says nothing."""
    written = steps(snapshot.deals).select("key", text=comparable(pl.col("next_step"), FILLER)).drop_nulls()
    texts = written["text"].unique().to_list()
    hashes = pl.DataFrame({"text": texts, "step": [*map(_hash, texts)]}, schema={"text": pl.String, "step": pl.Int64})
    return open_deals(snapshot).join(written.join(hashes, on="text").drop("text"), on="key", how="left")


def _hash(text: str) -> int:
    """63 bits that stand for a text, so that it is kept once only."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest()) >> 1


def _teams_now(
    kept: pl.DataFrame, before: pl.DataFrame, now: pl.DataFrame, owners: pl.DataFrame
) -> pl.DataFrame:  # fmt: skip
    """The shares of teams, from the kept counts without the changed deals as they were, and with them as they are."""
    were = by_owner(before.drop_nulls("touched")).with_columns(-pl.col("open_deals", "touched"))
    return team_shares(of_teams(pl.concat([kept, were, by_owner(now)]), owners))


def quiet(session: Session, teams: pl.DataFrame) -> list[str]:
    """Teams that log too little for a verdict on silence."""
    return sorted(teams.filter(pl.col("share") < session.connection.activity.min_coverage)["team"])


def in_slices(keys: Iterable[int]) -> tuple[DealKeys, ...]:
    """Deals in slices that one query can name; one empty slice where there are none."""
    ordered = sorted(keys)
    slices = (ordered[at : at + AT_ONCE] for at in range(0, len(ordered), AT_ONCE))
    return tuple(DealKeys.of(frozenset(some)) for some in slices) or (NO_DEALS,)
