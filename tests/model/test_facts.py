"""Every fact of the contract: a small snapshot in, its value out."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import polars as pl
import pytest

from model.facts import FACTS, Fact
from model.process import Process, Stage
from model.subjects import OPPORTUNITIES
from tests.model.build import OWNER, SETTING, at, day, fact, history, snapshot, task_due, wide

BORN = ("2026-10-01T12:00", "Discovery")
TOUCH = {"key": 1, "last_touch": at("2026-11-10"), "touches_30d": 2, "newest_seen": day("2026-11-10")}
BUYERS = [{"key": 1, "contact_count": 2, "roles": ["Economic Buyer", "CHAMPION"]}]


def changed(when, before, after, field="close_date"):
    """A field change from JSON texts."""
    return {"key": 1, "at": at(when), "field": field, "before": before, "after": after}


PUSHED = [
    changed("2026-10-05", '"2026-10-20"', '"2026-10-31"'),
    changed("2026-10-06", '"2026-10-31"', '"2026-11-01"'),
    changed("2026-10-07", '"2026-11-30"', '"2026-11-02"'),
]
EURO = {"currency": "EUR", "on": None, "multiply": Decimal("1.1"), "divide": Decimal(1)}
BAND = (Process("main", (Stage("discovery", {"salesforce": ("Discovery",)}, (7, 30)),)),)


def deal(changes=(BORN,), owner=None, **fields):
    frames = {name: fields.pop(name) for name in ("activity", "roles", "field_changes", "rates") if name in fields}
    owners = (OWNER | (owner or {}), {"id": "u2", "name": "Bo", "is_active": True})
    return snapshot([fields], history(1, *changes), owners, **frames)


def mapped(name, text, **more):
    """A deal with a JSON text in its mapped field, and the setting that maps it."""
    return deal(facts=f'{{"{name}":{text}}}', **more), replace(SETTING, mapped=frozenset({name}))


PLAIN = {
    "id": (deal(), "006A"),
    "name": (deal(), "Acme"),
    "pipeline": (deal(pipeline="New business"), "New business"),
    "record_type": (deal(record_type="Enterprise"), "Enterprise"),
    "deal_type": (deal(deal_type="Renewal"), "Renewal"),
    "region": (deal(), "NA"),
    "team": (deal(), "East"),
    "source": (deal(source="Web"), "Web"),
    "owner": (deal(), "Ada"),
    "owner_is_active": (deal(owner={"is_active": False}), False),
    "owner_since": (deal(owner_changed=at("2026-10-05")), day("2026-10-05")),
    "stage": (deal(), "discovery"),
    "stage_name": (deal(), "Discovery"),
    "stage_order": (deal((BORN, ("2026-10-05", "Proposal")), stage_name="Proposal"), 2),
    "created_in_stage": (deal((BORN, ("2026-10-05", "Proposal")), stage_name="Proposal"), "discovery"),
    "stage_since": (deal((BORN, ("2026-10-05", "Proposal")), stage_name="Proposal"), day("2026-10-05")),
    "days_in_stage": (deal(), 45),
    "days_in_visit": (deal(), 45),
    "stage_median_days": (deal(), 30.0),
    "is_open": (deal(), True),
    "is_won": (deal(is_closed=True, is_won=True), True),
    "is_lost": (deal(is_closed=True), True),
    "reopened_on": (deal((BORN, ("2026-10-05", "Closed Lost"), ("2026-10-09", "Discovery"))), day("2026-10-09")),
    "closed_on": (deal((BORN, ("2026-10-05", "Closed Won")), stage_name="Closed Won", is_closed=True, is_won=True),
                  day("2026-10-05")),
    "created": (deal(), day("2026-10-01")),
    "amount": (deal(amount=Decimal("12.34")), Decimal("12.34")),
    "currency": (deal(currency="EUR"), "EUR"),
    "amount_home": (deal(currency="EUR", amount=Decimal("12.34"), rates=[EURO]), Decimal("13.574")),
    "close_date": (deal(close_date=day("2026-12-01")), day("2026-12-01")),
    "pushes": (deal(field_changes=PUSHED), 2),
    "pushes_over_month_end": (deal(field_changes=PUSHED), 1),
    "last_activity": (deal(activity=[TOUCH]), day("2026-11-10")),
    "touched": (deal(activity=[TOUCH]), True),
    "touches_30d": (deal(activity=[TOUCH]), 2),
    "next_activity": (deal(activity=[TOUCH | {"next_meeting": at("2026-11-20"), **task_due("2026-11-18")}]),
                      day("2026-11-18")),
    "last_edit": (deal(last_edit=at("2026-11-12T05:00")), day("2026-11-12")),
    "next_step": (deal(next_step="Send offer"), "Send offer"),
    "has_next_step": (deal(next_step="Send offer"), True),
    "next_step_copied": (deal(next_step="Send offer"), False),
    "next_step_due": (deal(activity=[TOUCH | {"next_meeting": at("2026-11-20")}]), day("2026-11-20")),
    "next_step_owner": (deal(activity=[TOUCH | task_due("2026-11-20", owner="u2")]),
                        "Bo"),
    "contact_count": (deal(roles=BUYERS), 2),
    "contact_roles": (deal(roles=BUYERS), ["Economic Buyer", "CHAMPION"]),
    "has_economic_buyer": (deal(roles=BUYERS), True),
    "has_champion": (deal(roles=BUYERS), True),
    "probability": (deal(probability=0.4), 0.4),
    "forecast_category": (deal(forecast_category="commit"), "commit"),
}  # fmt: skip
BY_MAPPING = {
    "segment": ('"mid-market"', "mid-market"),
    "is_test": ("true", True),
    "campaign": ('"Spring fair"', "Spring fair"),
    "loss_reason": ('"No decision"', "No decision"),
    "discount_percent": ("12.5", 12.5),
    "outstanding_issue": ('"Legal"', "Legal"),
    "reported_last_activity": ('"2026-11-02"', day("2026-11-02")),
} | {name: ("false", False) for name, f in FACTS.items() if f.needs == ("mapping",) and f.type == "yes/no"}
TEAMS = pl.DataFrame({"team": ["East"], "share": [1.0]})


@pytest.mark.parametrize("name", FACTS)
def test_each_fact_has_its_value(name):
    if name in PLAIN:
        shot, value = PLAIN[name]
        processes = BAND if name == "stage_median_days" else wide.__defaults__[1]
        assert fact(name, shot, coverage=TEAMS, processes=processes) == value
    else:
        text, value = BY_MAPPING[name]
        shot, setting = mapped(name, text)
        assert fact(name, shot, setting=setting, coverage=TEAMS) == value


@pytest.mark.parametrize("name", [name for name in FACTS if name not in BY_MAPPING and name != "id"])
def test_a_fact_with_an_unreadable_column_or_feed_is_unknown(name):
    needs = FACTS[name].needs
    columns = ";".join(need for need in needs)
    late = replace(
        SETTING, feeds_late=frozenset(needs) & {"activities", "stage_history", "date_history", "contact_roles"}
    )
    shot = deal(unread=f";{columns};", activity=[] if "activities" in needs else [TOUCH])
    assert fact(name, shot, setting=late, coverage=TEAMS) == "unknown"


def test_facts_without_a_source_are_dormant():
    bare = replace(deal(), feeds={})
    dormant = wide(bare, setting=replace(SETTING, columns=frozenset({"id", "stage_name", "is_closed"}))).dormant
    assert set(BY_MAPPING) <= dormant
    assert {"days_in_stage", "pushes", "last_activity", "contact_count", "amount", "next_step"} <= dormant
    assert dormant.isdisjoint({"id", "stage", "is_open"})


@pytest.mark.parametrize(("name", "text", "value"), [
    ("amount", '"99.50"', Decimal("99.5")),
    ("team", '"Key accounts"', "Key accounts"),
    ("last_activity", '"2026-11-02"', day("2026-11-02")),
    ("contact_count", "3", 3),
    ("touches_30d", "7", 7),
    ("amount_home", '"5"', Decimal(5)),
    ("days_in_stage", "4", 4),
    ("contact_roles", '["Champion","Other"]', ["Champion", "Other"]),
    ("region", '"EMEA"', "EMEA"),
    ("next_step_due", '"2026-11-30"', day("2026-11-30")),
    ("next_step_owner", '"Cy"', "Cy"),
    ("has_champion", "true", True),
    ("segment", "null", None),
    ("segment", '"a \\"b\\" ü"', 'a "b" ü'),
    ("is_test", '"maybe"', "unknown"),
    ("discount_percent", '"plenty"', "unknown"),
])  # fmt: skip
def test_a_mapped_field_stands_in_for_the_standard_one(name, text, value):
    shot, setting = mapped(name, text)
    assert fact(name, shot, setting=setting, coverage=TEAMS) == value


def test_a_mapped_amount_is_the_one_that_is_converted():
    shot, setting = mapped("amount", '"10"', currency="EUR", rates=[EURO])
    assert fact("amount_home", shot, setting=setting) == Decimal(11)


def test_a_mapped_fact_with_a_name_of_its_own_has_a_column_and_a_mask():
    shot, setting = mapped("kickoff", '"2026-11-03"')
    setting = replace(setting, types={"kickoff": "date"})
    assert fact("kickoff", shot, setting=setting) == day("2026-11-03")
    assert fact("kickoff", deal(unread=";kickoff;"), setting=setting) == "unknown"


def test_when_blank_says_what_a_blank_means_but_not_what_an_unread_one_is():
    setting = replace(SETTING, mapped=frozenset({"terms_agreed"}), when_blank={"terms_agreed": False})
    assert fact("terms_agreed", deal(), setting=setting) is False
    assert fact("terms_agreed", deal(unread=";terms_agreed;"), setting=setting) == "unknown"


def test_a_mapped_field_that_was_not_read_hides_what_other_sources_say():
    for name in ("region", "next_step_due", "next_step_owner", "has_champion"):
        shot = deal(unread=f";{name};", activity=[TOUCH | {"next_meeting": at("2026-11-20")}])
        setting = replace(SETTING, mapped=frozenset({name}))
        assert fact(name, shot, setting=setting, coverage=TEAMS) == "unknown", name


def test_a_role_is_enough_where_the_mapped_field_could_not_be_read():
    setting = replace(SETTING, mapped=frozenset({"has_champion"}))
    assert fact("has_champion", deal(roles=BUYERS, unread=";has_champion;"), setting=setting) is True


def test_an_owner_nobody_knows_is_unknown():
    assert fact("owner", deal(owner_id="u7")) == "unknown"
    assert fact("next_step_owner", deal(owner_id="u7", activity=[TOUCH]), coverage=TEAMS) == "unknown"


def test_columns_have_the_types_of_the_contract():
    schema = wide().frame.schema
    types = {"text": pl.String, "choice": pl.String, "yes/no": pl.Boolean, "date": pl.Date,
             "money": pl.Decimal(38, 6), "list": pl.List(pl.String)}  # fmt: skip
    for name, one in FACTS.items():
        assert schema[name] == types[one.type] if one.type != "number" else schema[name] in {pl.Int64, pl.Float64}, name
    assert not any(wide().frame[name].null_count() for name in schema if name.endswith("__known"))


def test_a_deal_that_nobody_calls_open_or_closed_is_unknown():
    assert {fact(name, deal(is_closed=None)) for name in ("is_open", "is_won", "is_lost")} == {"unknown"}


LOWERED = Fact(
    "times_lowered", "number", "times", "Times the amount was lowered", ("amount_history",),
    (pl.col("after") < pl.col("before")).sum(), history="amount", whole=True,
)  # fmt: skip
AMOUNTS = [changed("2026-10-05", '"900"', '"500"', "amount"), changed("2026-10-06", '"500"', '"800.5"', "amount")]


@pytest.mark.parametrize(("changes", "unread", "times"), [
    (AMOUNTS, "", 1), ((), "", 0), (PUSHED, "", 0), (AMOUNTS, ";amount_history;", "unknown"),
])  # fmt: skip
def test_a_fact_over_the_history_of_any_field_is_one_entry(changes, unread, times):
    subject = replace(OPPORTUNITIES, facts={**FACTS, "times_lowered": LOWERED})
    shot = replace(deal(field_changes=changes, unread=unread), subject=subject)
    assert fact("times_lowered", shot) == times


def test_a_fact_over_the_date_must_say_on_which_days_it_changes():
    age = (pl.col("as_of_date") - pl.col("created")).dt.total_days()
    assert Fact("age_days", "number", "days", "Age", ("created",), age, changes="every day").changes == "every day"
    with pytest.raises(ValueError, match="age_days counts from as_of_date"):
        Fact("age_days", "number", "days", "Age", ("created",), age)
