"""Policies reach 300 reps step by step: observed, previewed, one team, held by the brake, approved, everyone.

    python -m tests.cases.rollout [REPS] [salesforce|hubspot]

A made-up company of 20 open deals a rep: 11 of 20 untouched for 60 days, 8 of 20 in a stage that they entered before
the policies existed without what its gate asks, 2 of 20 without an amount; won and lost deals besides. What each step
must write is counted here by hand, without the judge. Prints a row a step, and exits 1 where anything is off.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any, Final

from typer import echo

from tests.worker.governed import FLAGS, NAME, SCORE, Governed, governed, live, rolled_out
from worker.usecases.digest import digest
from worker.usecases.rollout.approve import approve
from worker.usecases.steps import preview_push

if TYPE_CHECKING:
    from worker.pipeline.report import Report

POLICIES: Final = Path(__file__).with_suffix(".yaml")
REPS, DEALS, TEAM = 300, 20, 10
"""Reps, open deals a rep, reps a team."""
STALE, STEPLESS, BARE = 11, 8, 2
"""Of each rep's deals: untouched for 60 days; moved on without a next step; without an amount."""
FINE: Final = {"stale": 25, "bare": 10}
"""One topic costs once: 25, not 15 + 25."""
STALE_IDS, BARE_ID = ("no-activity", "long-silent"), "no-amount"


@dataclass
class Company:
    """Deals by rep, in the order they were made; closed ones besides."""

    team: Governed
    reps: dict[str, list[str]] = field(default_factory=dict)
    closed: list[str] = field(default_factory=list)

    def wanted(self, reps: int, *, stale: bool) -> dict[str, tuple[frozenset[str], int]]:
        """By open deal its flags and score, where the first `reps` reps are open to the policies."""
        found = {}
        for deals in list(self.reps.values())[:reps]:
            for n, deal in enumerate(deals):
                flags = (STALE_IDS if stale and is_stale(n) else ()) + ((BARE_ID,) if is_bare(n) else ())
                cost = FINE["stale"] * (stale and is_stale(n)) + FINE["bare"] * is_bare(n)
                found[deal] = (frozenset(flags), 100 - cost)
        return found


def is_stale(n: int) -> bool:
    """Whether a rep's n-th deal was not touched."""
    return n < STALE


def is_bare(n: int) -> bool:
    """Whether it has no amount."""
    return n >= DEALS - BARE


def is_stepless(n: int) -> bool:
    """Whether it moved on without what the gate asks."""
    return n % 5 in {0, 1}


def company(team: Governed, reps: int) -> Company:
    """The reps and their deals; the policies do not exist yet."""
    made, clock = Company(team), team.driver.clock
    today = clock.now()
    clock.set(today - timedelta(days=60))
    for n in range(reps):
        owner = team.driver.rep(f"Rep{n:03}", f"Team {n // TEAM:02}")
        deals = [_deal(team, f"Deal {n}/{k}", owner, None if is_bare(k) else 1000.0 + k) for k in range(DEALS)]
        made.reps[owner] = deals
        made.closed += [_deal(team, f"Old {n}/{k}", owner, None) for k in range(2)]
    clock.set(today - timedelta(days=30))
    for deals in made.reps.values():
        for deal in (deal for k, deal in enumerate(deals) if is_stepless(k)):
            team.edit(deal, stage=team.driver.second_stage)
    for n, deal in enumerate(made.closed):
        team.edit(deal, stage=team.driver.won if n % 2 else team.driver.lost)
    clock.set(today - timedelta(days=3))
    for deals in made.reps.values():
        for deal in (deal for k, deal in enumerate(deals) if not is_stale(k)):
            team.driver.call(deal)
    clock.set(today)
    return made


def _deal(team: Governed, name: str, owner: str, amount: float | None) -> str:
    return team.deal(name, owner=owner, amount=amount, close_date="2027-03-31")


@dataclass
class Checks:
    """The rows that were printed, and what was off."""

    rows: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def must(self, step: str, what: str, got: object, want: object) -> None:
        """Note a difference."""
        if got != want:
            self.faults.append(f"{step}: {what} is {got}, not {want}")

    def step(self, made: Company, step: str, report: Report, reps: int, *, stale: bool) -> None:
        """Compare every record with what was counted by hand, and print the step."""
        records = made.team.all_on_record()
        wanted = made.wanted(reps, stale=stale)
        shown = {deal: frozenset(filter(None, (row[FLAGS] or "").split(";"))) for deal, row in records.items()}
        for deal, row in records.items():
            flags, score = wanted.get(deal, (frozenset(), None))
            if (shown[deal], row[SCORE]) != (flags, score):
                self.must(step, f"the record of {deal}", (sorted(shown[deal]), row[SCORE]), (sorted(flags), score))
        each = [sum(len(shown[deal]) for deal in deals) for deals in made.reps.values()]
        points = [100 - row[SCORE] for row in records.values() if row[SCORE] is not None]
        self.rows.append(
            f"{step:<28} writes {report.outcomes['written']:>6}  flags a rep {mean(each):>5.2f} (most {max(each)})  "
            f"points a deal {mean(points) if points else 0:>5.2f}  held {report.held:>6}  exit {report.exit_code}"
        )
        echo(self.rows[-1])


def play(team: Governed, reps: int, folder: Path) -> Checks:
    """Every step in order; what was off is in the answer."""
    checks, made, rules = Checks(), company(team, reps), {"rules.yaml": POLICIES.read_bytes()}
    every, pilot = rolled_out(rules), rolled_out(rules, "{teams: [Team 00]}")
    of = min(TEAM, reps) * DEALS
    report = live(team, rules).run()
    checks.must("observe", "writes", report.outcomes["written"], 0)
    checks.step(made, "observe", report, 0, stale=False)

    preview = preview_push(live(team, pilot).services, NAME, folder / "preview.csv")
    checks.must("preview", "patches", preview["patches"], of)
    checks.must("preview", "flags", preview["by_policy"], _flags(min(TEAM, reps)))
    echo(f"{'preview of one team':<28} would write {preview['patches']}: {preview['by_policy']}")

    report = live(team, pilot).run()
    checks.must("one team", "writes", report.outcomes["written"], of)
    checks.step(made, "one team", report, min(TEAM, reps), stale=True)

    everyone = live(team, every)
    report = everyone.run()
    stale = reps * STALE
    checks.must("everyone, held", "exit", report.exit_code, 4)
    checks.must("everyone, held", "held", report.held, 2 * (stale - min(TEAM, reps) * STALE))
    _held_step(checks, made, report, min(TEAM, reps))

    for policy in STALE_IDS:
        approve(everyone.services, NAME, policy, up_to=stale - 1, by="Joan")
    report = everyone.run()
    checks.must("approved for too few", "exit", (report.exit_code, report.outcomes["written"]), (4, 0))
    for policy in STALE_IDS:
        approve(everyone.services, NAME, policy, up_to=stale, by="Joan")
    report = everyone.run()
    checks.must(
        "approved", "writes", (report.exit_code, report.outcomes["written"]), (0, stale - min(TEAM, reps) * STALE)
    )
    checks.step(made, "approved, everyone", report, reps, stale=True)

    team.later(days=1)
    report = everyone.run()
    checks.must("the day after", "writes", (report.exit_code, report.outcomes["written"]), (0, 0))
    checks.step(made, "the day after", report, reps, stale=True)
    _no_breach(checks, made)
    most = max(len(rep["lines"]) for rep in digest(everyone.services, NAME)["reps"])
    checks.must("digest", "the most lines of a rep", most, 5)
    checks.must("closed deals", "records with anything", _written(made), [])
    return checks


def _flags(reps: int) -> dict[str, int]:
    return {**dict.fromkeys(STALE_IDS, reps * STALE), BARE_ID: reps * BARE}


def _held_step(checks: Checks, made: Company, report: Report, pilot: int) -> None:
    """The pilot keeps its flags; of the others only what is not held is on the record."""
    records, wanted = made.team.all_on_record(), made.wanted(10**9, stale=False) | made.wanted(pilot, stale=True)
    for deal, (flags, score) in wanted.items():
        row = records[deal]
        shown = frozenset(filter(None, (row[FLAGS] or "").split(";")))
        if (shown, row[SCORE]) != (flags, score):
            checks.must("everyone, held", f"the record of {deal}", (sorted(shown), row[SCORE]), (sorted(flags), score))
    writes, held = report.outcomes["written"], report.held
    echo(f"{'everyone: held by the brake':<28} writes {writes:>6}  held {held}  exit {report.exit_code}")
    for remark in report.remarks:
        echo(f"    {remark}")


def _no_breach(checks: Checks, made: Company) -> None:
    """Stages passed before the policies existed bind nothing."""
    gates = {row["gate"] for row in made.team.all_on_record().values()} - {None}
    checks.must("gates", "what they say", gates, {"waiting", "clear"})


def _written(made: Company) -> list[tuple[str, dict[str, Any]]]:
    records = {deal: made.team.on_record(deal) for deal in made.closed}
    return [(deal, row) for deal, row in records.items() if any(value is not None for value in row.values())]


def main(reps: str = str(REPS), kind: str = "salesforce") -> int:
    """Print the steps; 1 where anything was off."""
    with tempfile.TemporaryDirectory() as folder, governed(Path(folder), kind) as team:
        checks = play(team, int(reps), Path(folder))
    for fault in checks.faults[:20]:
        echo(fault)
    echo(f"{len(checks.faults)} faults" if checks.faults else "All as counted by hand.")
    return 1 if checks.faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
