"""Conditions by which settings and questions narrow the deals, checked against what the CRM and its deals know."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from model.errors import SettingsProblem
from model.subjects import OPPORTUNITIES
from policies.files import deal_facts
from policies.language import parse_condition

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from model.facts import Fact
    from model.process import Process
    from model.sync import Description
    from model.wide import Wide
    from policies.language import Condition


def facts_of(description: Description, processes: Sequence[Process] = ()) -> Mapping[str, Fact]:
    """The facts that conditions may name on a connection, with the values that the CRM and the processes give them."""
    stages = dict.fromkeys(stage for process in processes for stage in process.stage_ids())
    return deal_facts(description.of(OPPORTUNITIES.table), tuple(stages))


def parsed(texts: Mapping[str, str], facts: Mapping[str, Fact]) -> list[Condition]:
    """The conditions, by the place of each, whatever values they name. Raises SettingsProblem with what is wrong."""
    return _parsed(texts, {name: replace(fact, choices=()) for name, fact in facts.items()})


def check_values(texts: Mapping[str, str], facts: Mapping[str, Fact], deals: Iterable[Wide]) -> None:
    """Raise SettingsProblem for a value that neither the CRM lists nor any deal has, with a likely one.

    `deals` are read only where the CRM does not list a value.
    """
    try:
        _parsed(texts, facts)
    except SettingsProblem:
        held = _held(facts, deals)
        every = {n: replace(f, choices=tuple(dict.fromkeys((*f.choices, *held.get(n, ()))))) for n, f in facts.items()}
        _parsed(texts, every)


def _held(facts: Mapping[str, Fact], deals: Iterable[Wide]) -> dict[str, tuple[str, ...]]:
    """The values that deals have, by fact with choices: a CRM keeps a value on old deals after it is switched off."""
    found: dict[str, dict[str, None]] = {}
    for wide in deals:
        for name, fact in facts.items():
            if fact.choices and wide.schema.get(name) == pl.String:
                values = wide.frame[name].drop_nulls().unique(maintain_order=True)
                found.setdefault(name, {}).update(dict.fromkeys(values))
    return {name: tuple(values) for name, values in found.items()}


def _parsed(texts: Mapping[str, str], facts: Mapping[str, Fact]) -> list[Condition]:
    found = [parse_condition(text, facts, where=(place, 1, 1)) for place, text in texts.items() if text]
    if mistakes := [str(mistake) for one in found if isinstance(one, list) for mistake in one]:
        raise SettingsProblem("\n".join(mistakes))
    return [one for one in found if not isinstance(one, list)]
