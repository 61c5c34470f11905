"""All KPIs by id, and the lookup by name."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from kpis import closing, pipeline, stages, velocity
from kpis.dictionary import REGISTRY
from model.errors import SettingsProblem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kpis.dictionary import Kpi

MODULES: Final = (pipeline, closing, stages, velocity)
"""Modules with KPIs as functions. Importing a module registers its KPIs."""
KPIS: Final[Mapping[str, Kpi]] = REGISTRY


def find(word: str) -> Kpi:
    """The KPI of this id; any other word raises SettingsProblem with the ids it could mean."""
    if word in KPIS:
        return KPIS[word]
    plain = word.strip().lower().replace("-", " ").replace("_", " ")
    meant = [
        entry.id for entry in KPIS.values() if plain and (plain in entry.also or plain in entry.id.replace("_", " "))
    ]
    if meant:
        raise SettingsProblem(f"{word!r} is no KPI's id; it could mean: {', '.join(meant)}. Say which.")
    near = get_close_matches(word, KPIS, n=3, cutoff=0.6)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(KPIS)}."
    raise SettingsProblem(f"There is no KPI {word!r}. {hint}")
