"""Small pipelines for these tests: deals as dicts of facts, conditions as trees, moves as short words."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from model.facts import FACTS
from model.process import Criterion, Process, Stage
from model.snapshot import INSTANT
from model.wide import Wide
from policies.files import Policy, PolicySet
from policies.language import Call, Chain, Compare, Condition, Const, FactRef, IsBlank, Not, Stands

TODAY = date(2026, 11, 20)
KINDS = {"yes/no": pl.Boolean, "number": pl.Int64, "money": pl.Decimal(38, 6), "date": pl.Date,
         "list": pl.List(pl.String)}  # fmt: skip
MOVES = {
    "key": pl.Int64, "at": INSTANT, "on": pl.Date, "process": pl.String, "from_stage": pl.String,
    "to_stage": pl.String, "to_name": pl.String, "from_order": pl.Int64, "to_order": pl.Int64, "kind": pl.String,
    "actor": pl.String, "ours": pl.Boolean, "actor_name": pl.String,
}  # fmt: skip
DEAL = {"process": "sales", "stage": "discovery", "is_open": True, "is_won": False, "is_lost": False}


def fact(name: str) -> FactRef:
    return FactRef(name, FACTS[name].type)


def condition(tree: Any) -> Condition:
    return Condition("", tree)


def yes(name: str) -> Condition:
    return condition(Stands(fact(name)))


def no(name: str) -> Condition:
    return condition(Not(Stands(fact(name))))


def blank(name: str) -> Condition:
    return condition(IsBlank(fact(name), negated=False))


def compare(name: str, operator: Any, limit: float | str | date, function: Any = None) -> Condition:
    term = Call(function, fact(name)) if function else fact(name)
    value = Decimal(str(limit)) if isinstance(limit, int | float) else limit
    return condition(Compare(operator, term, Const(value, str(limit))))


def since(name: str, days: int, operator: str = ">=") -> Condition:
    return compare(name, operator, days, "days_since")


def both(*conditions: Condition) -> Condition:
    return condition(Chain("and", tuple(c.tree for c in conditions)))


def either(*conditions: Condition) -> Condition:
    return condition(Chain("or", tuple(c.tree for c in conditions)))


def policy(id_: str = "no-activity", flag_if: Condition | None = None, **more: Any) -> Policy:
    values = {
        "title": id_.replace("-", " ").capitalize(), "severity": "warning", "points": 15,
        "owner": "revops@acme.example", "fix": f"Fix {id_}",
    } | more  # fmt: skip
    return Policy(id=id_, flag_if=flag_if or since("last_activity", 14), **values)


def criterion(id_: str, require: Condition, **more: Any) -> Criterion:
    return Criterion(id=id_, title=id_.replace("-", " ").capitalize(), require=require, fix=f"Do {id_}", **more)


def policies(*some: Policy, processes: tuple[Process, ...] = ()) -> PolicySet:
    return PolicySet(some, processes, "digest")


def process(id_: str = "sales", **gates: tuple[tuple[Criterion, ...], tuple[Criterion, ...]]) -> Process:
    """A process discovery → proposal → negotiation → won; `gates` gives a stage's (entry, exit) criteria."""
    ids = ("discovery", "proposal", "negotiation", "won")
    return Process(id_, tuple(Stage(s, {}, None, *gates.get(s, ((), ()))) for s in ids))


ORDER = {"discovery": 1, "proposal": 2, "negotiation": 3, "won": 4, "lost": None}


def moves(key: int, *steps: str, process: str = "sales") -> list[dict[str, Any]]:
    """Moves from words such as "2026-11-03 proposal" (a trailing `ours` marks our own move); the first is creation."""
    rows: list[dict[str, Any]] = []
    was, before = None, None
    for step in steps:
        day, stage, *marks = step.split()
        on, order = date.fromisoformat(day), ORDER[stage]
        rows.append({
            "key": key, "at": datetime(on.year, on.month, on.day, 12, tzinfo=UTC), "on": on, "process": process,
            "from_stage": was, "to_stage": None if stage == "lost" else stage,
            "to_name": f"{stage.capitalize()} (CRM)", "from_order": before,
            "to_order": order, "kind": _kind(rows, before, order), "actor": "user", "ours": "ours" in marks,
        })  # fmt: skip
        was, before = rows[-1]["to_stage"], order
    return rows


def _kind(rows: list[dict[str, Any]], before: int | None, order: int | None) -> str:
    if not rows:
        return "created"
    if order is None:
        return "lost"
    if order == ORDER["won"]:
        return "won"
    if before is None or before == ORDER["won"]:
        return "reopened"
    return "forward" if order > before else "backward"


def wide(*deals: dict[str, Any], moves: list[dict[str, Any]] | None = None, on: date = TODAY, **more: Any) -> Wide:
    """Deals as facts by name, keys counted from 1; `unknown` names the facts that cannot be read."""
    rows = [DEAL | {"key": n} | deal for n, deal in enumerate(deals, start=1)]
    names = sorted({name for row in rows for name in row} - {"key", "unknown", "process"})
    masked = sorted({name for row in rows for name in row.get("unknown", ())})
    schema = {"key": pl.Int64, "as_of_date": pl.Date, "process": pl.String}
    schema |= {n: KINDS.get(FACTS[n].type, pl.String) if n in FACTS else pl.String for n in {*names, *masked}}
    schema |= {f"{name}__known": pl.Boolean for name in masked}
    values = [
        {**row, "as_of_date": on, **{f"{n}__known": n not in row.get("unknown", ()) for n in masked}} for row in rows
    ]
    frame = pl.DataFrame([{name: value.get(name) for name in schema} for value in values], schema=schema)
    at = datetime(on.year, on.month, on.day, 18, tzinfo=UTC)
    return Wide(frame, at, pl.DataFrame(moves or [], schema=MOVES), **more)


def day(text: str) -> date:
    return date.fromisoformat(text)


def later(on: date, days: int) -> date:
    return on + timedelta(days=days)
