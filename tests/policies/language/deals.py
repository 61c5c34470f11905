"""Deals as dicts of fact -> value, BLANK or UNKNOWN, and what compiled conditions say of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import polars as pl

from model.facts import FACTS
from policies.files import Example
from policies.language import Condition, parse_condition
from policies.trying.examples import wide_of
from tests.policies.language.reference import BLANK, UNKNOWN

AS_OF = date(2026, 11, 16)
HOLIDAYS = (date(2026, 11, 11), date(2026, 11, 26))


def condition(text, **rules):
    parsed = parse_condition(text, FACTS, **rules)
    assert isinstance(parsed, Condition), [str(problem) for problem in parsed]
    return parsed


def problems(text, **rules):
    parsed = parse_condition(text, FACTS, **rules)
    assert isinstance(parsed, list), f"{text!r} was accepted"
    return parsed


def wide(deals, facts=None):
    names = facts or sorted({name for deal in deals for name in deal})
    examples = [
        Example(
            facts={name: cell(deal.get(name, UNKNOWN)) for name in names},
            as_of=AS_OF,
            unknown=frozenset(name for name in names if deal.get(name, UNKNOWN) is UNKNOWN),
        )
        for deal in deals
    ]
    made = wide_of(examples, {name: FACTS[name].type for name in names}, holidays=HOLIDAYS)
    whole = [name for name in names if name in {"pushes", "days_in_stage", "contact_count"}]
    return replace(made, frame=made.frame.with_columns(pl.col(whole).cast(pl.Int64)))


def cell(value):
    return None if value is BLANK or value is UNKNOWN else value


def answers(parsed, deals):
    """True, False or None of each deal, by the compiled form."""
    made = wide(deals)
    return made.frame.select(answer=parsed.polars(made)).to_series().to_list()


def answer(text, deal, **rules):
    return answers(condition(text, **rules), [deal or {"is_open": True}])[0]
