"""All KPIs by id, and the lookup by name."""

from __future__ import annotations

from difflib import get_close_matches
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from kpis.families import (
    activities,
    ageing,
    attainment,
    close_dates,
    closing,
    coverage,
    leads,
    movements,
    pipeline,
    spending,
    stage_velocity,
    stages,
    velocity,
    win_rates,
)
from model.errors import SettingsProblem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kpis.dictionary import Kpi

FAMILIES: Final = (
    pipeline, ageing, coverage, attainment, closing, win_rates, stages, velocity, stage_velocity, movements,
    close_dates, activities, spending, leads,
)  # fmt: skip
SHIPPED: Final[Mapping[str, Kpi]] = {kpi.id: kpi for family in FAMILIES for kpi in family.KPIS}


def find(word: str, kpis: Mapping[str, Kpi] = SHIPPED) -> Kpi:
    """The KPI of this id or title; any other word raises SettingsProblem with the ids it could mean."""
    if word in kpis:
        return kpis[word]
    plain = _plain(word)
    if len(titled := [kpi for kpi in kpis.values() if plain in {_plain(kpi.title), _plain(kpi.id)}]) == 1:
        return titled[0]
    meant = [kpi.id for kpi in kpis.values() if plain and (plain in kpi.also or plain in kpi.id.replace("_", " "))]
    if len(meant) > 1:
        raise SettingsProblem(f"{word!r} is no KPI's id; it could mean: {', '.join(meant)}. Say which.")
    near = meant or get_close_matches(word, kpis, n=3, cutoff=0.6)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(kpis)}."
    raise SettingsProblem(f"There is no KPI {word!r}. {hint}")


def _plain(word: str) -> str:
    return " ".join(word.lower().replace("-", " ").replace("_", " ").split())


def revision(kpis: Mapping[str, Kpi]) -> str:
    """Twelve digits that change with any definition in the dictionary."""
    lines = (f"{kpi.id}\n{kpi.formula}\n{kpi.numerator}\n{kpi.denominator}\n{kpi.window}" for kpi in kpis.values())
    return sha256("\n".join(lines).encode()).hexdigest()[:12]
