"""Each fact of a lead, from a small lead; and which of them are unknown or dormant."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.calibration import Calibration
from model.facts import KNOWN
from model.judging_options import Setting
from model.snapshot import LEADS, OWNERS, Snapshot
from model.subjects import LEADS as LEAD
from model.widening.widen import widen

NOW = datetime(2026, 11, 3, 15, tzinfo=UTC)
HOUR = timedelta(hours=1)
MADE = NOW - 6 * HOUR
ALL = Setting(kind="salesforce", zone="UTC")
OWNER = {
    "id": "u1", "name": "Rita Rep", "is_active": True, "manager_id": None, "team": "East", "region": "EMEA",
    "zone": "America/New_York", "start_date": None,
}  # fmt: skip


def lead(**changes):
    return {
        "key": 1, "id": "L1", "name": "Ada", "company": "Acme", "source": "Web", "status": "New", "owner_id": "u1",
        "is_converted": False, "converted_on": None, "created": MADE, "last_edit": MADE, "facts": "{}", "unread": "",
        "first_touch": None, "last_touch": None,
    } | changes  # fmt: skip


def wide(*leads, setting=ALL, feeds=("leads", "lead_activities"), closed=("Unqualified",), hidden=(), at=NOW):
    frame = pl.DataFrame(list(leads), schema=LEADS)
    read = dict.fromkeys(feeds, at)
    shot = Snapshot(at, frame, pl.DataFrame([OWNER], schema=OWNERS), read, LEAD)
    hides = {"closed": frozenset(map(str.casefold, closed)), "hidden": frozenset(hidden)}
    return widen(shot, (), Calibration(), replace(setting, **hides))


def value(name, one, **how):
    """The fact's value; "unknown" where it is not known."""
    (row,) = wide(one, **how).frame.select(name, known=pl.col(name + KNOWN) if name != "id" else True).to_dicts()
    return row[name] if row["known"] else "unknown"


PLAIN = {
    "id": ({}, "L1"),
    "name": ({}, "Ada"),
    "company": ({}, "Acme"),
    "source": ({}, "Web"),
    "status": ({}, "New"),
    "owner": ({}, "Rita Rep"),
    "owner_is_active": ({}, True),
    "team": ({}, "East"),
    "region": ({}, "EMEA"),
    "created": ({"created": datetime(2026, 11, 3, 3, tzinfo=UTC)}, date(2026, 11, 2)),  # 22:00 in New York
    "last_edit": ({}, date(2026, 11, 3)),
    "is_open": ({}, True),
    "is_converted": ({"is_converted": True}, True),
    "converted_on": ({"converted_on": date(2026, 11, 2)}, date(2026, 11, 2)),
    "first_touch": ({"first_touch": MADE + HOUR}, date(2026, 11, 3)),
    "last_activity": ({"last_touch": MADE + HOUR}, date(2026, 11, 3)),
    "touched": ({"first_touch": MADE + HOUR}, True),
    "response_hours": ({"first_touch": MADE + HOUR / 2}, 0.5),
    "hours_waiting": ({}, 6.0),
}


@pytest.mark.parametrize("name", sorted(LEAD.facts.keys() - {"segment"}))
def test_each_fact_has_the_value_that_its_record_says(name):
    found, expected = PLAIN[name]
    assert value(name, lead(**found)) == expected


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, True), ({"status": " unqualified "}, False), ({"status": "Unqualified "}, False), ({"status": None}, True),
        ({"is_converted": True}, False), ({"is_converted": None}, "unknown"),
    ],
)  # fmt: skip
def test_a_lead_is_open_until_it_is_converted_or_given_up(wanted, expected):
    assert value("is_open", lead(**wanted)) == expected


@pytest.mark.parametrize(
    "expected",
    [{"first_touch": MADE}, {"is_converted": True}, {"status": "Unqualified"}],
    ids=["touched", "won", "lost"],
)
def test_who_was_answered_or_is_gone_does_not_wait(expected):
    assert value("hours_waiting", lead(**expected)) is None


def test_a_lead_that_nobody_owns_has_a_blank_owner_and_one_of_an_unread_owner_an_unknown_one():
    assert value("owner", lead(owner_id=None)) is None
    assert value("owner", lead(owner_id="u9")) == "unknown"


@pytest.mark.parametrize("name", ["first_touch", "last_activity", "touched", "response_hours", "hours_waiting"])
def test_what_asks_for_activities_is_unknown_where_they_are_late_and_dormant_where_they_never_came(name):
    late = Setting(kind="salesforce", zone="UTC", feeds_late=frozenset({"lead_activities"}))
    assert value(name, lead(first_touch=MADE), setting=late) == "unknown"
    assert name in wide(lead(), feeds=("leads",)).dormant
    assert value("status", lead(), setting=late) == "New"


def test_where_the_records_are_late_every_fact_is_unknown():
    late = Setting(kind="salesforce", zone="UTC", feeds_late=frozenset({"leads"}))
    assert {value(name, lead(), setting=late) for name in LEAD.facts if name not in {"id", "segment"}} == {"unknown"}


def test_what_could_not_be_read_is_unknown_in_all_that_asks_for_it():
    one = lead(unread=";status;created;")
    unknown = {name for name in LEAD.facts if value(name, one) == "unknown"}
    assert unknown == {"status", "created", "is_open", "response_hours", "hours_waiting", "segment"}


def test_mapped_facts_stand_beside_the_standard_ones_and_in_their_place():
    mapped = Setting(
        kind="hubspot", zone="UTC", mapped=frozenset({"score", "response_hours", "segment", "has_champion"}),
        types={"score": "number", "response_hours": "number", "segment": "text", "has_champion": "yes/no"},
    )  # fmt: skip
    one = lead(facts='{"score": 81, "response_hours": 2.5, "segment": "SMB", "has_champion": true}')
    found = {name: value(name, one, setting=mapped) for name in mapped.mapped}
    assert found == {"score": 81.0, "response_hours": 2.5, "segment": "SMB", "has_champion": True}
    assert wide(one, setting=mapped).frame["_response_clock"].to_list() == [None]
    assert value("score", lead(unread=";score;"), setting=mapped) == "unknown"


def test_a_mapped_field_that_is_hidden_is_unknown_not_dormant():
    found = wide(lead(), hidden={"score", "segment"})
    assert {"score", "segment"}.isdisjoint(found.dormant)
    assert found.frame.select("score__known", "segment__known").row(0) == (False, False)


def test_a_connection_that_lacks_a_column_has_no_such_fact():
    lean = Setting(kind="hubspot", zone="UTC", columns=frozenset(LEADS.names()) - {"source", "owner_id"})
    assert {"source", "owner", "team"} <= wide(lead(), setting=lean).dormant


@settings(deadline=None)
@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_hours_are_exact_whatever_the_second(answered, since):
    made = datetime(2020, 1, 1, tzinfo=UTC)
    one = lead(created=made, first_touch=made + timedelta(microseconds=answered))
    at = made + timedelta(microseconds=since)
    assert value("response_hours", one, at=at) == answered / 3_600_000_000
    assert value("hours_waiting", lead(created=made), at=at) == since / 3_600_000_000
