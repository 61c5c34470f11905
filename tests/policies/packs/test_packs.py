"""The shipped packs stand alone and together, claim each deal once, and try every gate with moves."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from model.widening.process_binding import bound
from policies.files import Example, read_policies, untested
from policies.trying.examples import run_examples, wide_of
from policies.trying.gate_scenarios import run_gate_scenarios
from policies.trying.mutation_check import unnoticed

FOLDER = Path("policies/packs")
NAMES = sorted(path.name for path in FOLDER.glob("*.yaml"))


def read(*names):
    return read_policies({name: (FOLDER / name).read_text("utf-8") for name in names})


@pytest.fixture(scope="module")
def together():
    return read(*NAMES)


def deals(*facts):
    """One example a deal, on a day in November."""
    return [Example({name: _exact(value) for name, value in one.items()}, date(2026, 11, 15)) for one in facts]


def _exact(value):
    return Decimal(str(value)) if isinstance(value, int | float) and not isinstance(value, bool) else value


@pytest.mark.parametrize("name", NAMES)
def test_a_pack_lacks_no_example_and_its_gates_end_as_their_moves_say(name):
    pack = read(name)
    assert untested(pack) == []
    assert unnoticed(pack) == {}
    assert run_gate_scenarios(pack) == []


def test_all_packs_stand_together_and_their_examples_still_hold(together):
    assert run_examples(together) == []
    assert run_gate_scenarios(together) == []
    assert [process.id for process in together.processes if not process.applies_to] == ["seven-stages"]


@pytest.mark.parametrize(
    ("deal", "process"),
    [
        ({"employees": 99}, "smb"),
        ({"employees": 100}, "mid-market"),
        ({"employees": 999}, "mid-market"),
        ({"employees": 1000}, "enterprise"),
        ({"employees": 50, "acv": 500_000}, "smb"),
        ({"acv": 24999.99}, "smb"),
        ({"acv": 25_000}, "mid-market"),
        ({"acv": 80_000}, "mid-market"),
        ({"acv": 100_000}, "enterprise"),
        ({}, "seven-stages"),
        ({"pipeline": "Five stages"}, "five-stages"),
        ({"pipeline": "Lead funnel"}, "lead-funnel"),
    ],
)
def test_a_segment_is_decided_by_staff_and_where_that_is_blank_by_contract_value(together, deal, process):
    types = {"employees": "number", "acv": "money", "pipeline": "text"}
    (row,) = bound(wide_of(deals(deal), types), together.processes).iter_rows(named=True)
    assert row["process"] == process


def test_a_deal_with_an_unreadable_staff_count_is_guessed_into_no_segment(together):
    unreadable = Example({}, date(2026, 11, 15), frozenset({"employees"}))
    types = {"employees": "number", "acv": "money", "pipeline": "text"}
    (row,) = bound(wide_of([unreadable], types), together.processes).iter_rows(named=True)
    assert (row["process"], row["_process_unknown"]) == (None, "unknown")


@pytest.mark.parametrize(
    ("percent", "band"),
    [(0, None), (0.01, "manager"), (15, "manager"), (15.01, "director"), (25, "director"), (25.01, "vp"), (80, "vp")],
)
def test_each_discount_falls_into_one_band(percent, band):
    pack = read("deal-desk.yaml")
    bands = [policy for policy in pack.policies if policy.id.startswith("discount-needs-")]
    types = {"is_open": "yes/no", "discount_percent": "number"}
    wide = wide_of(deals({"is_open": True, "discount_percent": percent}), types)
    claimed = [one.id for one in bands if wide.frame.select(one.applies_to.polars(wide)).item()]
    assert claimed == ([f"discount-needs-{band}"] if band else [])


@pytest.mark.parametrize("name", ["deal-desk.yaml", "handoff.yaml", "leads.yaml"])
def test_what_the_documents_say_of_desks_handoffs_and_leads_ships_off(name):
    assert {policy.mode for policy in read(name).policies} == {"off"}


def test_velocity_limits_and_limits_without_a_figure_flag_no_deal(together):
    silent = [one for one in together.policies if one.id.startswith("velocity-") or "for-good" in one.id]
    assert len(silent) == 6
    assert {one.mode for one in silent} == {"off"}


def test_stages_are_named_for_every_crm(together):
    for process in together.processes:
        assert all(stage.names.keys() == {"salesforce", "hubspot", "tables"} for stage in process.stages)
        assert process.lost_names.keys() == {"salesforce", "hubspot", "tables"}
