"""Which process binds a deal, what a stage name means, and money."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

import polars as pl
import pytest

from model.money import Money
from model.process import Process, Stage
from model.snapshot import CLAIM_CHANGES
from tests.model.build import CRM, PROCESS, at, day, fact, frame, history, snapshot, wide


@dataclass(frozen=True)
class Is:
    """A condition: a text fact has this value."""

    fact: str
    value: str
    facts = frozenset[str]()

    def polars(self, wide):
        known = pl.col(self.fact + "__known")
        return pl.when(known).then((pl.col(self.fact) == self.value).fill_null(value=False))

    def english(self):
        return f"{self.fact} is {self.value}"


def process(name, *names, where=None):
    return Process(name, tuple(Stage(stage.lower(), {"salesforce": (stage,)}) for stage in names), where)


NEW = process("new", "Discovery", "Won", where=Is("pipeline", "New"))
OLD = process("renewal", "Discovery", "Quote", "Won", where=Is("pipeline", "Renewal"))
BORN = ("2026-10-01T12:00", "Discovery")


def bound(*processes, **deal):
    return wide(snapshot([deal]), processes).frame.select("process", "_process_unknown").row(0)


def test_the_one_process_that_claims_a_deal_binds_it():
    assert bound(NEW, OLD, pipeline="Renewal") == ("renewal", None)


def test_a_process_without_a_claim_takes_the_deals_that_no_other_claims():
    rest = process("rest", "Discovery")
    assert bound(rest, NEW, OLD, pipeline="Renewal") == ("renewal", None)
    assert bound(rest, NEW, OLD, pipeline="Other") == ("rest", None)
    assert bound(rest, NEW, pipeline=None) == ("rest", None)


@pytest.mark.parametrize(("processes", "deal", "why"), [
    ((NEW, OLD), {"pipeline": "Other"}, "unclaimed"),
    ((NEW, process("also", "Discovery", where=Is("pipeline", "New"))), {"pipeline": "New"}, "doubly claimed"),
    ((process("all", "Discovery"), process("rest", "Discovery")), {"pipeline": "New"}, "doubly claimed"),
    ((NEW, process("rest", "Discovery")), {"pipeline": "New", "unread": ";pipeline;"}, "unknown"),
    ((NEW, OLD), {"pipeline": "New", "unread": ";pipeline;"}, "unknown"),
    ((), {}, "unclaimed"),
])  # fmt: skip
def test_a_deal_that_none_or_several_claim_has_unknown_stage_facts(processes, deal, why):
    assert bound(*processes, **deal) == (None, why)
    shot = snapshot([deal], history(1, BORN))
    assert {fact(n, shot, processes=processes) for n in ("stage", "stage_order", "days_in_stage")} == {"unknown"}
    assert fact("is_open", shot, processes=processes) is True


def test_a_stage_no_process_knows_is_unknown():
    assert fact("stage", snapshot([{"stage_name": "Mystery"}])) == "unknown"


def test_former_names_and_other_spellings_are_the_same_stage():
    stage = Stage("discovery", {"salesforce": ("Discovery", "Needs analysis")})
    shot = snapshot(
        [{"stage_name": " DISCOVERY"}], history(1, ("2026-10-01T12:00", "Needs Analysis"), ("2026-10-09", "Discovery"))
    )
    found = wide(shot, [Process("main", (stage,))])
    assert found.frame["stage"].to_list() == ["discovery"]
    assert found.moves["kind"].to_list() == ["created"]


def test_a_lost_deal_is_in_no_stage_of_its_process_and_that_is_known():
    assert fact("stage", snapshot([{"stage_name": "Closed Lost", "is_closed": True}])) is None


def test_a_closed_stage_nobody_lists_is_what_the_record_says():
    lost = snapshot(
        [{"stage_name": "Dead", "is_closed": True}], history(1, BORN, ("2026-10-05", "Dead")), crm_stages=[]
    )
    assert wide(lost).moves["kind"].to_list() == ["created", "lost"]
    assert fact("closed_on", lost) == day("2026-10-05")


def test_a_move_between_pipelines_is_a_move_between_processes():
    rows = history(1, BORN, ("2026-10-05", "Quote"))
    rows[0]["pipeline"], rows[1]["pipeline"] = "New", "Renewal"
    moves = wide(snapshot([{"pipeline": "Renewal", "stage_name": "Quote"}], rows), (NEW, OLD)).moves
    assert moves.select("process", "to_stage", "kind").rows() == [
        ("new", "discovery", "created"),
        ("renewal", "quote", "process"),
    ]


def test_a_move_belongs_to_the_process_that_claimed_the_deal_when_it_was_made():
    small = process("small", "Discovery", "Quote", "Won", where=Is("deal_type", "Small"))
    large = process("large", "Discovery", "Quote", "Won", where=Is("deal_type", "Large"))
    rows = history(1, BORN, ("2026-10-05", "Quote"), ("2026-10-09", "Discovery"), ("2026-10-12", "Quote"))
    changes = [
        {"key": 1, "at": at("2026-10-03"), "field": "deal_type", "before": "null"},
        {"key": 1, "at": at("2026-10-09"), "field": "deal_type", "before": '"Small"'},
    ]
    shot = snapshot([{"deal_type": "Large", "stage_name": "Quote"}, {"key": 2, "deal_type": "Large"}],
                    [*rows, *history(2, BORN)])  # fmt: skip
    found = replace(shot, claim_changes=frame(CLAIM_CHANGES, changes))
    assert wide(found, (small, large)).moves["process"].to_list() == [None, "small", "large", "large", "large"]
    assert wide(shot, (small, large)).moves["process"].to_list() == ["large"] * 5
    assert fact("days_in_stage", found, processes=(small, large)) == 4 + 34


def test_a_pipeline_that_the_stage_history_does_not_tell_is_that_of_its_time():
    rows = history(1, BORN, ("2026-10-05", "Quote"), ("2026-10-09", "Won"))
    changes = [{"key": 1, "at": at("2026-10-05"), "field": "pipeline", "before": '"New"'}]
    shot = snapshot([{"pipeline": "Renewal", "stage_name": "Won", "is_closed": True, "is_won": True}], rows)
    found = replace(shot, claim_changes=frame(CLAIM_CHANGES, changes))
    assert wide(found, (NEW, OLD)).moves.select("process", "kind").rows() == [
        ("new", "created"), ("renewal", "process"), ("renewal", "won"),
    ]  # fmt: skip
    assert fact("created_in_stage", found, processes=(NEW, OLD)) == "discovery"


def test_one_stage_name_may_end_deals_in_one_pipeline_only():
    crm = [{"pipeline": "New", "name": "Done", "label": "Done", "is_closed": True, "is_won": True},
           {"pipeline": "Renewal", "name": "Done", "label": "Done", "is_closed": False, "is_won": False}]  # fmt: skip
    rows = history(1, BORN, ("2026-10-05", "Done"))
    for pipeline, kind in (("New", "won"), ("Renewal", "unknown")):
        shot = snapshot([{"pipeline": pipeline, "stage_name": "Done"}], rows, crm_stages=crm)
        assert wide(shot, (NEW, OLD)).moves["kind"].to_list()[-1] == kind


def test_the_crms_label_is_the_stages_name():
    crm = [row | {"label": "1 - Discovery"} for row in CRM[:1]]
    assert fact("stage_name", snapshot(crm_stages=crm)) == "1 - Discovery"


RATES = [
    {"currency": "EUR", "on": None, "multiply": Decimal(2), "divide": Decimal(1)},
    {"currency": "EUR", "on": day("2026-06-01"), "multiply": Decimal(1), "divide": Decimal("0.8")},
    {"currency": "EUR", "on": day("2026-12-01"), "multiply": Decimal(9), "divide": Decimal(1)},
]


@pytest.mark.parametrize(("close", "home"), [
    ("2026-05-31", "200"),  # the rate without a day is the oldest
    ("2026-06-01", "125"),
    ("2026-12-24", "125"),  # ahead: the rate of as_of
    (None, "125"),
])  # fmt: skip
def test_money_is_converted_by_the_rate_of_its_day(close, home):
    shot = snapshot(
        [{"currency": "EUR", "amount": Decimal(100), "close_date": day(close) if close else None}], rates=RATES
    )
    assert fact("amount_home", shot) == Decimal(home)


def test_conversion_loses_no_digit():
    rate = [{"currency": "EUR", "on": None, "multiply": Decimal("1.123457"), "divide": Decimal(1)}]
    shot = snapshot([{"currency": "EUR", "amount": Decimal("123456789012.345678")}], rates=rate)
    exact = Decimal("123456789012.345678") * Decimal("1.123457")
    assert fact("amount_home", shot) == exact.quantize(Decimal("0.000001"))


def test_without_a_rate_the_home_amount_is_unknown_and_a_blank_one_is_blank():
    assert fact("amount_home", snapshot([{"currency": "CHF"}])) == "unknown"
    assert fact("amount_home", snapshot([{"currency": "CHF", "amount": None}])) is None


def test_unlike_currencies_do_not_add_up():
    assert Money(Decimal(1), "EUR") + Money(Decimal(2), "EUR") == Money(Decimal(3), "EUR")
    with pytest.raises(ValueError, match="EUR and USD do not add up"):
        Money(Decimal(1), "EUR") + Money(Decimal(2), "USD")


def test_the_fixed_band_holds_where_the_calibration_has_no_median():
    band = (Process("main", (Stage("discovery", {"salesforce": ("Discovery",)}, (7, 30)), *PROCESS.stages[1:])),)
    row = wide(snapshot(), band).frame.row(0, named=True)
    assert (row["stage_median_days"], row["_median_source"]) == (30.0, "band")
