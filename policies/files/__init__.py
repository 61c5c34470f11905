"""Policy files: YAML to a `PolicySet`, its JSON Schema, and waivers written into a file.

Importing this package loads neither Polars nor the YAML reader; the functions that need them load them on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from policies.files.policy import (
    AT_MOST_SHARE,
    Example,
    Examples,
    FactValue,
    GateScenario,
    Mode,
    ModeCase,
    Policy,
    PolicySet,
    ScenarioDay,
    Severity,
    Waiver,
)
from policies.files.policy_set import constants_of, example_count, revision, untested

if TYPE_CHECKING:
    from policies.files.excerpts import entry_texts
    from policies.files.own_kpis.connections import Here
    from policies.files.own_kpis.reader import read_kpis, read_sound_kpis
    from policies.files.own_kpis.refused import RefusedKpi, refused_kpis
    from policies.files.read_examples import LOST
    from policies.files.reader import read_policies
    from policies.files.schema import json_schema
    from policies.files.subjects import about, is_judged, where_it_applies
    from policies.files.vocabulary import deal_facts
    from policies.files.waivers import NO_REASON, add_waiver, end_waivers

__all__ = [
    "AT_MOST_SHARE", "LOST", "NO_REASON", "Example", "Examples", "FactValue", "GateScenario", "Here",
    "Mode", "ModeCase", "Policy", "PolicySet", "RefusedKpi", "ScenarioDay", "Severity", "Waiver", "about", "add_waiver",
    "constants_of", "deal_facts", "end_waivers", "entry_texts", "example_count", "is_judged", "json_schema",
    "read_kpis", "read_policies", "read_sound_kpis", "refused_kpis", "revision", "untested", "where_it_applies",
]  # fmt: skip

LOADED_ON_USE: Final = {
    "entry_texts": "excerpts",
    "LOST": "read_examples",
    "Here": "own_kpis.connections",
    **dict.fromkeys(("read_kpis", "read_sound_kpis"), "own_kpis.reader"),
    **dict.fromkeys(("RefusedKpi", "refused_kpis"), "own_kpis.refused"),
    "read_policies": "reader",
    "json_schema": "schema",
    "deal_facts": "vocabulary",
    **dict.fromkeys(("about", "is_judged", "where_it_applies"), "subjects"),
    **dict.fromkeys(("NO_REASON", "add_waiver", "end_waivers"), "waivers"),
}
"""Name → the module that has it."""


def __getattr__(name: str) -> Any:
    if name not in LOADED_ON_USE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{LOADED_ON_USE[name]}"), name)
