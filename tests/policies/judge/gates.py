"""A small process with gates, and the verdict on a deal that moved through it."""

from datetime import date

from model.previous_verdict import PreviousVerdict
from policies.judging.context import Context
from policies.judging.judge import judge
from tests.policies.judge import views
from tests.policies.judge.build import criterion, day, moves, policies, process, wide, yes

SALES = process(
    discovery=((), (criterion("pain-known", yes("pain_identified")),)),
    proposal=(
        (criterion("budget-known", yes("budget_confirmed")),), (criterion("answered", yes("proposal_acknowledged")),),
    ),
    won=((criterion("signed", yes("contract_sent")),), ()),
)  # fmt: skip
MET = {"pain_identified": True, "budget_confirmed": True, "proposal_acknowledged": True, "contract_sent": True}
PAIN, BUDGET, ANSWER, SIGNED = (
    "sales/discovery/pain-known", "sales/proposal/budget-known", "sales/proposal/answered", "sales/won/signed",
)  # fmt: skip
SINCE = {path: date(2026, 1, 1) for path in (PAIN, BUDGET, ANSWER, SIGNED)}


def judged(*history, facts=None, previous=None, sales=SALES, first_runs=SINCE, on="2026-11-20", **deal):
    """The verdict on one deal that moved as `history` says and has every fact met but those of `facts`."""
    stage = [step.split()[1] for step in history][-1]
    place = {"stage": None if stage == "lost" else stage, "is_open": stage not in {"won", "lost"}}
    facts = MET | place | (facts or {}) | deal
    unknown = [name for name, value in facts.items() if value == "unknown"]
    values = {name: None if name in unknown else value for name, value in facts.items()} | {"unknown": unknown}
    pipeline = wide(values, moves=moves(1, *history), on=day(on))
    return judge(pipeline, policies(processes=(sales,)), previous or PreviousVerdict(), Context(first_runs=first_runs))


def gate(v):
    return views.gates(v)["gate"].item()


def broken(v):
    return sorted(views.findings(v).filter(status="broken")["policy"])


def breaches(v):
    return v.breaches().select("criterion", "met_on", "ended").rows()
