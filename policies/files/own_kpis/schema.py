"""The part of the JSON Schema that is about KPIs of users."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policies.files.own_kpis.entry import (
    AGGS,
    CATEGORIES,
    LEADS,
    MAX_DESCRIPTION,
    NAME,
    OF_DEALS,
    OF_RATIOS,
    TYPES,
    UNITS,
    WINDOWS,
)
from policies.files.read_process import MAX_TITLE
from policies.files.schema_parts import text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def kpi_schema(state: Mapping[str, Any], condition: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the keys of a KPI. `state`: the facts of a deal in an example; `condition`: a condition."""
    return {
        "name": {"type": "string", "pattern": f"^{NAME.pattern}$", "description": "Its id; never change it"},
        "label": text("What people call it", MAX_TITLE),
        "type": {"enum": list(TYPES), "description": "One aggregate, one divided by another, or made of other KPIs"},
        "description": text("What it is for", MAX_DESCRIPTION),
        "unit": {"enum": list(UNITS), "description": "How values are written; absent: by what is measured"},
        "owner": text("Who answers for the definition", 1000),
        "leads": {"enum": list(LEADS)},
        "category": {"enum": list(CATEGORIES)},
        "benchmark": text("What it may be compared with", MAX_DESCRIPTION),
        "connections": {
            "type": "array",
            "items": {"type": "string"},
            "minItems": 1,
            "description": "The connections that it is for; absent: all",
        },
        "filter": {**condition, "description": "Which deals it is about; absent: all"},
        "window": {"enum": list(WINDOWS), "description": "The day of a deal by which windows and months go"},
        "measure": _measure(AGGS, condition),
        "numerator": _measure(OF_RATIOS, condition),
        "denominator": _measure(OF_RATIOS, condition),
        "expr": text("Other KPIs by name, with + - * / and brackets", 1000),
        "metrics": {"type": "array", "items": {"type": "string"}, "description": "The KPIs that expr names"},
        "examples": {"type": "array", "items": _example(state), "description": "Deals, and the value of them"},
    }


def kinds_of_kpis() -> list[dict[str, Any]]:
    """What each type requires and refuses."""
    return [
        {
            "if": {"properties": {"type": {"const": kind}}, "required": ["type"]},
            "then": {
                "required": [*keys, *([] if kind == "derived" else ["window"])],
                "properties": dict.fromkeys(_refused(kind), False),
            },
        }
        for kind, keys in TYPES.items()
    ]


def _refused(kind: str) -> list[str]:
    others = [key for other, keys in TYPES.items() if other != kind for key in keys]
    return [*others, *(OF_DEALS if kind == "derived" else ("metrics",))]


def _measure(aggs: Sequence[str], condition: Mapping[str, Any]) -> dict[str, Any]:
    expr = text("The number of a deal: amount_home, days_to_close, amount_home * probability", 1000)
    return {
        "type": "object",
        "properties": {"agg": {"enum": list(aggs)}, "expr": expr, "filter": condition},
        "required": ["agg"],
        "additionalProperties": False,
    }


def _example(state: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "rows": {"type": "array", "items": state},
            "value": {"type": ["number", "null"], "description": "null: there is none"},
            "as_of": {"type": "string", "description": "The day it is measured on"},
        },
        "required": ["rows", "value"],
        "additionalProperties": False,
    }
