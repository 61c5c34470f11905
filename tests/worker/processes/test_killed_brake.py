"""A run under the brake that is stopped while it keeps its verdict, and started again, is as one that was not."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.worker.governed import NAME, governed, live, rolled_out
from worker.usecases.rollout.approve import approvals, approve

RULES = b"""version: 1
policies:
  - {id: no-amount, title: No amount, applies_to: is_open, flag_if: amount is blank, severity: warning, points: 15,
     fix: Enter the amount, owner: ops, pausable: true}
"""
DEALS, SLICE = 21, 8


class Killed(BaseException):
    """What no flow catches."""


@dataclass
class Dying:
    """A part of the store; the run is stopped after the n-th call of one method."""

    part: Any
    method: str
    nth: int

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.part, name)
        return self._counted(found) if name == self.method else found

    def _counted(self, call: Any) -> Any:
        def stopping(*given: Any, **options: Any) -> Any:
            self.nth -= 1
            answer = call(*given, **options)
            if self.nth == 0:
                raise Killed
            return answer

        return stopping


@pytest.fixture
def org(tmp_path):
    """Deals in three slices that all would be flagged, one of them paused, and a person who lets them through."""
    with governed(tmp_path) as sandbox:
        sandbox.driver.let_reps_pause()
        deals = [sandbox.deal(f"Deal {n}") for n in range(DEALS)]
        sandbox.edit(deals[0], pause_until="2026-11-20", pause_reason="The buyer is away until then")
        team = live(sandbox, rolled_out({"rules.yaml": RULES}))
        team.services = replace(team.services, slice_deals=SLICE)
        assert team.run().exit_code == 4
        approve(team.services, NAME, "no-amount", up_to=DEALS - 1, by="Joan")
        sandbox.later(hours=1)
        yield team


def test_the_share_is_counted_over_all_slices_and_a_held_policy_is_held_in_each(org):
    assert {record["flag_ids"] for record in org.all_on_record().values()} == {None}
    assert "no-amount is held: it would flag 20 of 21 open deals at once" in org.reports[-1].remarks[0]


def stopped(org, part, method, nth):
    store = org.services.store
    dying = replace(store, **{part: Dying(getattr(store, part), method, nth)})
    with pytest.raises(Killed):
        replace(org, services=replace(org.services, store=dying)).run()


@pytest.mark.parametrize(("part", "method", "nth"), [("verdicts", "keep", 1), ("approvals", "keep_pauses", 3)])
def test_stopped_between_two_slices_the_approval_is_still_good_for_all_of_them(org, part, method, nth):
    stopped(org, part, method, nth)
    report = org.run()
    assert (report.exit_code, report.held, flagged(org)) == (0, 0, DEALS - 1)
    assert org.services.store.approvals.pauses(NAME)[0].height == 1


def test_stopped_after_the_last_slice_the_approval_is_used_and_what_comes_later_is_new(org):
    stopped(org, "verdicts", "keep", 3)
    org.deal("Late")
    org.later(hours=1)
    report = org.run()
    assert (report.exit_code, report.held, flagged(org)) == (0, 0, DEALS)
    assert [found["used"] is None for found in approvals(org.services, NAME)] == [False]


def flagged(org):
    return sum(record["flag_count"] or 0 for record in org.all_on_record().values())
