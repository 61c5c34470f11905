"""Leads: how many came in, how soon they were answered, and how many became deals."""

from datetime import date

import polars as pl

from kpis.populations.leads import LEADS
from kpis.window import Window
from model.snapshot import columns
from model.wide import Wide
from tests.kpis.fixtures import AS_OF, TODAY, deal, pipeline, value_of

Q3, JULY = Window("2026-Q3"), date(2026, 7, 10)
FACTS = columns({name: kind for name, kind in LEADS.items() if name not in {"key", "as_of"}})


def lead(**facts):
    return {**dict.fromkeys(FACTS), "created": JULY, "is_converted": False, "touched": False, **facts}


def answered(hours, **facts):
    return lead(touched=True, response_hours=float(hours), **facts)


def of(kpi, leads, **asked):
    frame = pl.DataFrame(leads, schema=FACTS).with_columns(
        key=pl.int_range(len(leads), dtype=pl.Int64), as_of_date=pl.lit(TODAY)
    )
    wide = None if not leads else Wide(frame, AS_OF, pl.DataFrame())
    return value_of(pipeline([deal()]), kpi, leads=wide, **{"window": Q3, **asked})


def test_leads_are_counted_by_the_day_they_came():
    assert of("leads_created", [lead(), lead(), lead(created=date(2026, 5, 1))]).value == 2
    sources = of("leads_created", [lead(source="Web"), lead(source="Web"), lead(source="Fair")], by="source")
    assert {source: value.value for source, value in sources.items()} == {"Web": 2, "Fair": 1}


def test_conversion_is_of_all_leads_created_and_says_of_which_it_is_unknown():
    value = of("lead_conversion_rate", [lead(is_converted=True), lead(), lead(), lead(is_converted=None)])
    assert (value.numerator, value.denominator) == (1, 3)
    assert value.why == "1 lead of which nobody knows whether they were converted left out"
    assert value.answer.interval is not None


def test_the_median_of_hours_is_of_the_leads_that_were_touched():
    value = of("lead_response_hours_median", [answered(1), answered(3), answered(40), lead(hours_waiting=99.0)])
    assert (value.value, value.n) == (3, 3)
    assert value.why == "1 lead without a known touch since creation left out"


def test_within_a_day_waits_until_a_lead_is_a_day_old():
    leads = [answered(24), answered(25), lead(hours_waiting=25.0), lead(hours_waiting=5.0), lead(), lead(touched=None)]
    value = of("lead_response_24h_rate", leads)
    assert (value.numerator, value.denominator) == (1, 4)
    assert value.why == "2 leads younger than 24 hours, or of unknown touches, left out"


def test_where_no_policy_names_leads_the_reason_is_given():
    for kpi in ("leads_created", "lead_conversion_rate", "lead_response_hours_median", "lead_response_24h_rate"):
        assert of(kpi, []).why == "no lead is known; leads are read where a policy names them"
