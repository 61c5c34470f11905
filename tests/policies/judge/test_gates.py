"""Gates: hand-written histories of moves and what each binds, misses and asks for."""

from dataclasses import dataclass, replace

import orjson
import polars as pl
import pytest

from model.facts import FACTS
from model.previous_verdict import PreviousVerdict
from policies.judging.context import Context
from policies.judging.gate_history import by_date
from policies.judging.judge import judge
from policies.language import parse_condition
from policies.reporting.report import report_on, rule_counts
from tests.policies.judge import views
from tests.policies.judge.build import compare, criterion, day, moves, policies, process, wide, yes
from tests.policies.judge.gates import ANSWER, BUDGET, MET, PAIN, SALES, SIGNED, SINCE, broken, gate, judged


@dataclass
class Case:
    says: str
    history: tuple[str, ...]
    facts: dict
    gate: str | None
    broken: tuple[str, ...] = ()


CASES = [
    Case("creation in a stage binds nothing", ("2026-11-01 proposal",), {"budget_confirmed": False}, "ready"),
    Case("an unmet exit criterion of the stage it is in makes it wait, without a flag",
         ("2026-11-01 discovery",), {"pain_identified": False}, "waiting"),
    Case("all exit criteria met: ready", ("2026-11-01 discovery",), {}, "ready"),
    Case("a stage without criteria, come to by creation: nothing binds", ("2026-11-01 negotiation",), {}, "clear"),
    Case("what bound it and is met counts as met, so it is ready",
         ("2026-11-01 proposal", "2026-11-05 negotiation"), {}, "ready"),
    Case("an exit criterion unmet at the move out is breached",
         ("2026-11-01 discovery", "2026-11-05 proposal"), {"pain_identified": False}, "breached", (PAIN,)),
    Case("an entry criterion unmet at the move in is breached",
         ("2026-11-01 discovery", "2026-11-05 proposal"), {"budget_confirmed": False}, "breached", (BUDGET,)),
    Case("a skipped stage binds with its entry and its exit criteria",
         ("2026-11-01 discovery", "2026-11-05 negotiation"),
         {"budget_confirmed": False, "proposal_acknowledged": False}, "breached", (BUDGET, ANSWER)),
    Case("straight to Won binds all on the way; a closed deal has no gate, its breaches stay",
         ("2026-11-01 discovery", "2026-11-05 won"),
         {"pain_identified": False, "budget_confirmed": False, "contract_sent": False}, None, (PAIN, BUDGET, SIGNED)),
    Case("a move to Lost binds nothing", ("2026-11-01 discovery", "2026-11-05 lost"), {"pain_identified": False}, None),
    Case("a backward move binds nothing",
         ("2026-11-01 negotiation", "2026-11-05 discovery"), {"pain_identified": False, "budget_confirmed": False},
         "waiting"),
    Case("loss ends nothing: what was missed before it stays",
         ("2026-11-01 discovery", "2026-11-05 proposal", "2026-11-06 lost"), {"pain_identified": False}, None, (PAIN,)),
    Case("taken back to the stage before the missed exit: off the record, and it waits again",
         ("2026-11-01 discovery", "2026-11-05 proposal", "2026-11-06 discovery"),
         {"pain_identified": False}, "waiting"),
    Case("taken back to a stage before that of the missed gate",
         ("2026-11-01 discovery", "2026-11-05 negotiation", "2026-11-06 discovery"),
         {"budget_confirmed": False, "proposal_acknowledged": False}, "ready"),
    Case("taken back only part of the way: what was missed before stays",
         ("2026-11-01 discovery", "2026-11-05 negotiation", "2026-11-06 proposal"),
         {"pain_identified": False, "proposal_acknowledged": False}, "breached", (PAIN,)),
    Case("taken back and forward again binds again",
         ("2026-11-01 discovery", "2026-11-05 proposal", "2026-11-06 discovery", "2026-11-07 proposal"),
         {"pain_identified": False}, "breached", (PAIN,)),
    Case("re-opening in or before the stage that was missed takes the breach back",
         ("2026-11-01 discovery", "2026-11-05 proposal", "2026-11-06 lost", "2026-11-08 discovery"),
         {"pain_identified": False, "budget_confirmed": False}, "waiting"),
    Case("re-opening beyond it does not",
         ("2026-11-01 discovery", "2026-11-05 proposal", "2026-11-06 lost", "2026-11-08 negotiation"),
         {"pain_identified": False}, "breached", (PAIN,)),
    Case("a move out of Lost binds nothing, not even the stages it jumps",
         ("2026-11-01 discovery", "2026-11-02 lost", "2026-11-08 negotiation"),
         {"pain_identified": False, "budget_confirmed": False}, "clear"),
    Case("out of Lost to Won binds Won's entry criteria and no others",
         ("2026-11-01 discovery", "2026-11-02 lost", "2026-11-08 won"),
         {"pain_identified": False, "contract_sent": False}, None, (SIGNED,)),
    Case("a move out of Won binds nothing, and takes back what it comes back to",
         ("2026-11-01 negotiation", "2026-11-05 won", "2026-11-08 proposal"),
         {"budget_confirmed": False, "contract_sent": False}, "ready"),
    Case("a criterion that cannot be judged makes the gate unknown",
         ("2026-11-01 discovery", "2026-11-05 proposal"), {"pain_identified": "unknown"}, "unknown"),
    Case("an exit criterion of its stage that cannot be judged does too",
         ("2026-11-01 discovery",), {"pain_identified": "unknown"}, "unknown"),
    Case("breached goes before waiting and unknown",
         ("2026-11-01 discovery", "2026-11-05 proposal"),
         {"pain_identified": False, "budget_confirmed": "unknown", "proposal_acknowledged": False},
         "breached", (PAIN,)),
    Case("waiting goes before unknown",
         ("2026-11-01 discovery", "2026-11-05 proposal"),
         {"budget_confirmed": "unknown", "proposal_acknowledged": False}, "waiting"),
    Case("a blank yes/no is not met", ("2026-11-01 discovery", "2026-11-05 proposal"), {"pain_identified": None},
         "breached", (PAIN,)),
    Case("our own move binds nothing",
         ("2026-11-01 discovery", "2026-11-05 proposal ours"), {"pain_identified": False}, "ready"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.says)
def test_a_history_of_moves(case):
    v = judged(*case.history, facts=case.facts)
    assert (gate(v), broken(v)) == (case.gate, sorted(case.broken))


def test_a_deal_that_no_process_knows_has_an_unknown_gate():
    assert gate(judged("2026-11-01 discovery", process=None)) == "unknown"


def test_a_deal_in_a_stage_that_its_process_does_not_know_has_an_unknown_gate():
    assert gate(judged("2026-11-01 discovery", stage=None)) == "unknown"


def test_a_move_before_binds_from_binds_nothing():
    history = ("2026-10-01 discovery", "2026-11-05 proposal")
    missed = {"pain_identified": False}
    assert broken(judged(*history, facts=missed, first_runs=SINCE | {PAIN: day("2026-11-06")})) == []
    assert broken(judged(*history, facts=missed, first_runs=SINCE | {PAIN: day("2026-11-05")})) == [PAIN]


def test_a_criterion_that_never_ran_binds_from_today_on():
    missed = {"pain_identified": False}
    assert broken(judged("2026-10-01 discovery", "2026-11-19 proposal", facts=missed, first_runs={})) == []
    assert broken(judged("2026-10-01 discovery", "2026-11-20 proposal", facts=missed, first_runs={})) == [PAIN]


def test_a_criterions_own_binds_from_goes_before_its_first_run():
    exits = (criterion("pain-known", yes("pain_identified"), binds_from=day("2026-11-01")),)
    sales = process(discovery=((), exits))
    missed = {"pain_identified": False}
    v = judged("2026-10-01 discovery", "2026-11-05 proposal", facts=missed, sales=sales, first_runs={})
    assert broken(v) == [PAIN]


def test_a_standing_rule_holds_while_the_deal_is_in_the_stage_however_it_came_there():
    rule = criterion("amount-known", compare("amount", ">", 0), holds="while_in")
    sales = process(proposal=((rule,), ()))
    created = judged("2026-11-01 proposal", sales=sales, amount=None, first_runs={})
    left = judged("2026-11-01 proposal", "2026-11-05 negotiation", sales=sales, amount=None, first_runs={})
    assert (broken(created), gate(created)) == (["sales/proposal/amount-known"], "breached")
    assert (broken(left), gate(left)) == ([], "clear")


def test_a_standing_rule_is_not_met_once_for_all():
    rule = criterion("amount-known", compare("amount", ">", 0), holds="while_in")
    sales = process(proposal=((rule,), ()))
    first = judged("2026-11-01 proposal", sales=sales, amount=5)
    then = judged("2026-11-01 proposal", sales=sales, amount=None, previous=views.previous(first))
    assert broken(then) == ["sales/proposal/amount-known"]


def test_a_criterion_on_an_unmapped_fact_is_dormant_and_binds_nothing():
    pipeline = wide(MET | {"stage": "proposal"}, moves=moves(1, "2026-11-01 discovery", "2026-11-05 proposal"),
                    dormant=frozenset({"pain_identified"}))  # fmt: skip
    v = judge(pipeline, policies(processes=(SALES,)), PreviousVerdict(), Context(first_runs=SINCE))
    assert (v.dormant, PAIN in rule_counts(v)) == ((PAIN,), False)


def test_a_breach_costs_points_and_counts_in_coverage_like_a_policy():
    v = judged("2026-11-01 discovery", "2026-11-05 proposal", facts={"pain_identified": False})
    assert views.scores(v)["score"].item() == 90
    assert views.ledger(report_on(v), 1) == [("start", 100), (PAIN, -10)]


def test_the_deals_row_lists_criteria_by_path_and_missing_ones_by_title():
    facts = {"pain_identified": False, "budget_confirmed": "unknown", "proposal_acknowledged": False}
    v = judged("2026-11-01 discovery", "2026-11-05 proposal", facts=facts)
    detail = orjson.loads(views.deals(v)["detail"].item())
    assert detail["gate"] == {"status": "breached", "breached": [PAIN], "waiting": [ANSWER], "unknown": [BUDGET]}
    assert detail["missing"] == ["Answered"]
    assert detail["stage"] == "proposal"


def test_the_evidence_names_the_move_and_says_when_values_were_first_seen():
    history = ("2026-11-01 discovery", "2026-11-05 proposal")
    missed = {"pain_identified": False}
    first = judged(*history, facts=missed, on="2026-11-07")
    again = judged(*history, facts=missed, on="2026-11-19", previous=views.previous(first))
    texts = {orjson.loads(views.findings(v)["flag"].item())["evidence"]["text"] for v in (first, again)}
    moved = "Missing at Proposal (CRM): pain identified. Moved there on 5 Nov 2026 without it."
    assert texts == {f"{moved} Judged on the values first seen on 7 Nov 2026. Moved by a person."}
    assert views.findings(again)["since"].item() == day("2026-11-05")


@pytest.mark.parametrize(
    ("actor", "name", "text"),
    [
        ("user", "Rita Rep", "Moved by Rita Rep."),
        ("integration", "Data Loader", "Moved by an integration (Data Loader)."),
        ("integration", None, "Moved by an integration."),
        ("automation", None, "Moved by an automation."),
        ("unknown", None, "Who moved it is not known."),
    ],
)
def test_a_breach_says_who_moved_the_deal_and_how(actor, name, text):
    v = judged("2026-11-01 discovery", "2026-11-05 proposal", facts={"pain_identified": False})
    moved = v.wide.moves.with_columns(actor=pl.lit(actor), actor_name=pl.lit(name, pl.String))
    (flag,) = views.findings(replace(v, wide=replace(v.wide, moves=moved)))["flag"]
    evidence = orjson.loads(flag)["evidence"]
    assert evidence["moved_by"] == {"how": actor, "name": name}
    assert evidence["text"].endswith(text)


def test_a_criterion_that_is_only_observed_is_a_finding_and_no_gate_on_the_record():
    watched = process(discovery=((), (criterion("pain-known", yes("pain_identified"), mode="observe"),)))
    v = judged("2026-11-01 discovery", "2026-11-05 proposal", facts={"pain_identified": False}, sales=watched)
    assert (broken(v), gate(v), views.scores(v)["score"].item()) == ([PAIN], "clear", None)
    v = judged("2026-11-01 discovery", facts={"pain_identified": False}, sales=watched)
    assert (gate(v), orjson.loads(views.deals(v)["detail"].item())["missing"]) == ("clear", [])


def test_a_criterion_that_is_off_is_not_judged():
    silent = process(discovery=((), (criterion("pain-known", yes("pain_identified"), mode="off"),)))
    v = judged("2026-11-01 discovery", "2026-11-05 proposal", facts={"pain_identified": False}, sales=silent)
    assert (broken(v), rule_counts(v)) == ([], {})


@pytest.mark.parametrize(("text", "changes"), [
    ("days_since(last_activity) <= 14", True), ("days_in_stage < 30", True), ("touches_30d < 3", True),
    ("next_activity is not blank", True), ("amount_home > 1000", True), ("amount > 1000", False),
    ("has_champion", False),
])  # fmt: skip
def test_a_criterion_is_also_asked_at_midnight_where_the_date_alone_can_change_its_answer(text, changes):
    assert by_date(parse_condition(text, FACTS)) is changes
