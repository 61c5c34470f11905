"""`runs undo` at scale: a run writes 5,000 records, people edit 50 of them, and the run is undone.

Run it with `python -m tests.cases.undo salesforce` (or hubspot) and, if you like, the numbers of deals and edits.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.worker.enforcing import under
from tests.worker.governed import governed
from worker.usecases.undo import undo

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.worker.governed import Governed
    from worker.pipeline.report import Report

RULES = """version: 1
policies:
  - {id: old, title: Open for 14 days, applies_to: is_open, flag_if: days_since(created) >= 14, severity: warning,
     points: 15, fix: Close it, owner: ops}
"""


def told(what: str, call: Callable[[], Report]) -> Report:
    """The report of a run, and a line with its figures."""
    wall, cpu = time.perf_counter(), time.process_time()
    report = call()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    counts = {kind: n for kind, n in report.outcomes.items() if n}
    took = f"{report.calls} calls, {wall:.0f} s ({cpu:.0f} s CPU)"
    sys.stdout.write(f"{what}: {counts}, {len(report.left)} left, {took}\n")
    sys.stdout.flush()
    return report


def case(team: Governed, deals: int, edits: int) -> None:
    """Write, edit, undo, and run again; raises AssertionError where a promise is broken."""
    made = [team.deal(f"Deal {number}", amount=100) for number in range(deals)]
    told("first run", team.run)
    before = {deal: team.on_record(deal) for deal in made}
    team.later(days=15)
    flagged = told("flagging run", team.run)
    team.let_reps_edit_ours()
    edited = set(random.Random(13).sample(made, edits))  # noqa: S311 - a drawn case
    for deal in edited:
        team.edit(deal, score=7)
    undone = told("undo", lambda: undo(team.services, flagged.run_id, by="Joan"))
    assert (undone.outcomes["written"], {one["deal"] for one in undone.left}) == (deals - edits, edited)
    sent = len(team.writes())
    team.later(hours=1)
    told("next run", team.run)
    assert set(team.written(sent)) <= edited
    assert all(team.on_record(deal) == before[deal] for deal in made if deal not in edited)
    sys.stdout.write(f"{deals - edits:,} restored and not written again, {edits:,} named and left\n")


def main() -> None:
    """The case on one CRM."""
    kind, *sizes = sys.argv[1:]
    deals, edits = map(int, sizes or ("5000", "50"))
    with tempfile.TemporaryDirectory() as folder, governed(Path(folder), kind) as opened:
        case(under(opened, RULES), deals, edits)


if __name__ == "__main__":
    main()
