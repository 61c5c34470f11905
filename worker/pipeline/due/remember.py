"""What a run keeps so that the next one can judge only some deals."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Final

import polars as pl

from model.calendars.zones import Zones
from model.snapshot import INSTANT
from model.widening.activity_facts import of_teams, team_shares
from store import JUDGED, LastJudging
from worker.pipeline.due.affected import open_now, quiet
from worker.pipeline.slices import overlaid_owners

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from policies.reporting.report import VerdictReport
    from worker.pipeline.report import Report
    from worker.pipeline.session import Session
    from worker.pipeline.slices import Part

AROUND: Final = timedelta(days=2)
"""Among the local midnights of so many days the next one is found."""
COUNTED: Final = ("broken", "unknown", "waived", "paused")


def judged_rows(session: Session, part: Part, report: VerdictReport) -> pl.DataFrame:
    """JUDGED of a slice that was judged, and of deals that begin to exist later."""
    owners = part.snapshot.deals.select("key", "owner_id")
    rows = part.wide.frame.select("key", "is_open").join(owners, on="key", how="left")
    rows = rows.join(open_now(part.snapshot).drop("owner_id"), on="key", how="left")
    rows = rows.join(_counts(report), on="key", how="left").with_columns(pl.col(COUNTED).fill_null(0))
    events = session.store.due.events(session.name, session.as_of, part.keys)
    due = pl.concat([_midnights(session, part), events, _holds_end(session, report)]).group_by("key").agg(
        due=pl.col("at").min()
    )  # fmt: skip
    return rows.join(due, on="key", how="full", coalesce=True).select(JUDGED.names())


def _midnights(session: Session, part: Part) -> pl.DataFrame:
    """key, at: the next midnight in UTC, in the connection's zone or in the owner's."""
    own = session.connection.timezone
    names = Zones.of(own, part.snapshot.owners["zone"]).names
    first = min(next_midnight("UTC", session.as_of), next_midnight(own, session.as_of))
    by_zone = {name: min(first, next_midnight(name, session.as_of)) for name in names}
    zones = part.snapshot.owners.select(owner_id="id", at=pl.col("zone").replace_strict(by_zone, default=first))
    deals = part.snapshot.deals.select("key", "owner_id").join(zones, on="owner_id", how="left")
    return deals.select("key", pl.col("at").fill_null(pl.lit(first, INSTANT)).cast(INSTANT))


def next_midnight(zone: str, as_of: datetime) -> datetime:
    """The first local midnight of a zone after an instant."""
    day = as_of.astimezone(UTC).date()
    midnights: list[datetime] = Zones.midnights(zone, day - AROUND, day + AROUND)["at"].to_list()
    return min(at for at in midnights if at > as_of)


def _holds_end(session: Session, report: VerdictReport) -> pl.DataFrame:
    """key, at: when what was known of a deal ceases to hold for an unknown."""
    hold = timedelta(days=session.connection.hold_unknown_days)
    ends = [(one.key, one.unknown_since + hold) for one in report.findings if one.unknown_since]
    rows = [(key, end) for key, end in ends if end > session.as_of]
    return pl.DataFrame(rows, schema={"key": pl.Int64, "at": INSTANT}, orient="row")


def _counts(report: VerdictReport) -> pl.DataFrame:
    """Key and COUNTED of deals with findings."""
    found: dict[int, Counter[str]] = {}
    for one in report.findings:
        found.setdefault(one.key, Counter()).update({"broken" if one.status == "broken" else "unknown": 1})
        if one.status == "broken" and one.exemption:
            found[one.key][one.exemption] += 1
    rows = [(key, *(counts[name] for name in COUNTED)) for key, counts in found.items()]
    return pl.DataFrame(rows, schema={"key": pl.Int64, **dict.fromkeys(COUNTED, pl.Int64)}, orient="row")


def remember(
    session: Session, report: Report, inputs: Mapping[str, str], changes: Mapping[tuple[str, str], int]
) -> None:  # fmt: skip
    """Keep the judging of a run, where it left nothing that the next run must look at on every deal."""
    due, name = session.store.due, session.name
    waits = sum(counts[kind] for counts in (report.outcomes, report.actions) for kind in ("retry_later", "held"))
    if report.held or waits:
        return
    owners = overlaid_owners(session, session.store.history.owners(name))
    teams = team_shares(of_teams(due.by_owner(name), owners))
    by_rule: dict[str, dict[str, int]] = {}
    for (rule, change), count in changes.items():
        by_rule.setdefault(rule, {})[change] = count
    last = LastJudging(int(report.run_id), session.as_of, inputs, by_rule, tuple(quiet(session, teams)))
    due.keep_last(name, last, session.lease)
