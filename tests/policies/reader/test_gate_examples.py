"""Examples of gates tell what happens to a deal day by day, and how that ends."""

from __future__ import annotations

import pytest

from model.errors import PolicyProblem
from policies.files import read_policies, untested
from policies.trying.gate_scenarios import run_gate_scenarios

FILE = """version: 1
processes:
  - id: sales
    stages:
      - id: qualification
        names: {{salesforce: [Qualification]}}
        exit:
          - id: budget
            title: Budget confirmed
            require: {require}
            fix: Ask what is set aside
            {more}
            examples: {examples}
      - {{id: discovery, names: {{salesforce: [Needs Analysis]}}}}
      - {{id: demo, names: {{salesforce: [Demo]}}}}
      - {{id: won, names: {{salesforce: [Closed Won]}}}}
"""
BORN = "2026-11-02: {enter: qualification}"


def gate(examples="{}", require="budget_confirmed", more="severity: warning"):
    return read_policies({"a.yaml": FILE.format(examples=examples, require=require, more=more)})


def result(outcome, *days, **more):
    """What is wrong with one example of the gate."""
    found = run_gate_scenarios(gate(f"{{{outcome}: [{{{', '.join(days)}}}]}}", **more))
    return found[0].text if found else "holds"


def refusals(examples, **more):
    with pytest.raises(PolicyProblem) as refused:
        gate(examples, **more)
    return [str(problem) for problem in refused.value.problems]


@pytest.mark.parametrize(
    ("outcome", "days"),
    [
        ("met", ["2026-11-05: {enter: discovery, budget_confirmed: true}"]),
        ("met", ["2026-11-03: {budget_confirmed: true}", "2026-11-05: {enter: demo}"]),
        ("met", ["2026-11-05: {enter: discovery, budget_confirmed: true}", "2026-11-09: {budget_confirmed: false}"]),
        ("missed", ["2026-11-05: {enter: discovery}"]),
        ("missed", ["2026-11-05: {enter: demo}"]),
        ("missed", ["2026-11-05: {enter: won}"]),
        ("missed", ["2026-11-05: {enter: demo}", "2026-11-06: {enter: discovery}"]),
        ("missed", ["2026-11-05: {enter: discovery}", "2026-11-06: {enter: lost}"]),
        ("healed", ["2026-11-05: {enter: discovery}", "2026-11-12: {budget_confirmed: true}"]),
        ("healed", ["2026-11-05: {enter: demo}", "2026-11-06: {enter: qualification}"]),
        ("unbound", ["2026-11-05: {enter: lost}"]),
        ("unbound", ["2026-11-05: {}"]),
    ],
)
def test_a_gate_binds_at_forward_moves_and_is_healed_by_the_act_or_the_way_back(outcome, days):
    assert result(outcome, BORN, *days) == "holds"
    others = {"met", "missed", "healed", "unbound"} - {outcome}
    assert all(outcome in result(other, BORN, *days) for other in others)


def test_a_deal_created_behind_the_gate_is_not_bound_by_it():
    assert result("unbound", "2026-11-02: {enter: discovery}") == "holds"


def test_ages_in_an_example_count_from_its_moves():
    standing = {"require": "days_in_stage <= 3", "more": "holds: while_in"}
    assert result("met", BORN, "2026-11-05: {}", **standing) == "holds"
    assert result("missed", BORN, "2026-11-06: {}", **standing) == "holds"
    assert result("healed", BORN, "2026-11-06: {}", "2026-11-07: {enter: demo}", **standing) == "holds"


def test_what_cannot_be_read_is_reported_as_unknown():
    days = (BORN, "2026-11-05: {enter: discovery, budget_confirmed: unknown}")
    assert result("met", *days) == (
        "sales/qualification/budget: this example should be met, but it is unknown: a fact that it asks for cannot be "
        "read"
    )


def test_a_wrong_outcome_has_the_place_of_its_example():
    (problem,) = run_gate_scenarios(gate(f"{{healed: [{{{BORN}, 2026-11-05: {{enter: discovery}}}}]}}"))
    assert str(problem) == (
        "a.yaml:13:33: sales/qualification/budget: this example should be healed, but it is missed: it is still unmet "
        "on the last day"
    )


def test_examples_of_a_gate_that_is_off_are_run_all_the_same():
    assert result("missed", BORN, "2026-11-05: {enter: discovery}", more="mode: off") == "holds"


@pytest.mark.parametrize(
    ("days", "says"),
    [
        ("2026-11-02: {enter: qualifcation}", "won, lost, not 'qualifcation'; did you mean 'qualification'?"),
        ("2026-11-02: {budget_confirmed: true}", "with the stage a deal is created in, as in 2026-11-02: {enter"),
        ("2026-11-02: {enter: lost}", "starts with the stage a deal is created in"),
        (f"{BORN}, 2026-11-01: {{enter: demo}}", "stand in order; 2026-11-01 comes after 2026-11-02"),
        (f"{BORN}, Tuesday: {{enter: demo}}", "a day of an example is a date such as 2026-11-03, not Tuesday"),
        (f"{BORN}, 2026-11-05: {{budget_confirmd: true}}", "unknown fact 'budget_confirmd'; did you mean"),
        (f"{BORN}, 2026-11-05: {{stage: demo}}", "stage follows from the moves; say enter: STAGE on the day of"),
        (f"{BORN}, 2026-11-05: {{days_in_stage: 3}}", "days_in_stage follows from the moves"),
        (f"{BORN}, 2026-11-05: {{budget_confirmed: yes}}", "budget_confirmed is true or false, not 'yes'"),
        (f"{BORN}, 2026-11-05: demo", "what happens on a day is a map of keys and values, not a text"),
        (f"{BORN}, 2026-11-02: {{}}", "the key '2026-11-02' stands twice in an example of a gate; keep one"),
    ],
)  # fmt: skip
def test_a_mistake_in_an_example_is_reported_with_its_place(days, says):
    (found,) = refusals(f"{{met: [{{{days}}}]}}")
    assert says in found
    assert found.startswith("a.yaml:13:")


def test_a_year_of_days_is_no_example():
    days = ", ".join(f"2026-{month:02}-{day:02}: {{}}" for month in range(1, 12) for day in (1, 15))
    (found,) = refusals(f"{{met: [{{2025-11-02: {{enter: demo}}, {days}}}]}}")
    assert "an example of a gate has 23 days; 20 are the most" in found


def test_a_criterion_without_met_missed_and_healed_examples_may_not_enforce():
    (found,) = refusals(f"{{met: [{{{BORN}}}]}}", more="mode: enforce\n            actions: [{task: owner}]")
    assert found.endswith("mode enforce needs examples, and there is none that is missed, healed; add them")
    whole = f"{{met: [{{{BORN}}}], missed: [{{{BORN}}}], healed: [{{{BORN}}}]}}"
    (found,) = refusals(whole, more="mode: enforce")
    assert found.endswith("mode enforce does what `actions` lists, and there are none; add them, or write warn")


def test_what_no_example_tries_is_named():
    met = f"{{met: [{{{BORN}, 2026-11-05: {{enter: demo, budget_confirmed: true}}}}]}}"
    (found,) = untested(gate(met))
    assert (found.id, found.lacks) == ("sales/qualification/budget", ("missed", "healed"))
