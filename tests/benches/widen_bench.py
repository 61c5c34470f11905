"""Widening and judging a million deals that the store has read."""

from __future__ import annotations

from model.calibration import Calibration
from model.judging_options import Setting
from model.previous_verdict import PreviousVerdict
from model.widening.activity_facts import coverage
from model.widening.widen import widen
from policies.files import read_policies
from policies.judging.context import Context
from policies.judging.judge import judge
from policies.judging.rules import rules_of
from tests.benches import seed
from tests.benches.made import slices
from tests.benches.measure import Row, peak_mb, seconds, took
from tests.benches.read_bench import read, seeded
from worker.settings import Settings
from worker.wiring import policy_texts

SLICES = 4


def run(share: float, *, times: int, folder: str) -> list[Row]:
    """The starter pack with its gates, over slices by key as a worker judges them."""
    deals = int(1_000_000 * share)
    with seeded(folder, deals) as store:
        snapshot = read(store)
    policies = read_policies(policy_texts(Settings()))
    setting = Setting(kind="salesforce", zone="America/New_York")
    first_runs = {rule.id: seed.AS_OF.date().replace(month=6) for rule in rules_of(policies)}
    before, context = peak_mb(), Context(first_runs=first_runs)
    with took() as found:
        teams = coverage([snapshot])
        for part in slices(snapshot, SLICES):
            judge(widen(part, policies.processes, Calibration(), setting, teams), policies, PreviousVerdict(), context)
    what = f"widen and judge {deals:,} deals, {snapshot.stage_changes.height:,} stage events, {SLICES} slices"
    reduced = Row(f"  (10 activities and 3 roles a deal were reduced by the store; {before} MB after that)", "")
    return [seconds(what, found, 4, memory=2500), reduced]
