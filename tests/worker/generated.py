"""A past generated from a seed: deals of every kind, awkward hours, five zones, and policies on changing facts."""

from __future__ import annotations

import random
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from model.calibration import Calibration, Median
from tests.worker.archive import DAY, FEEDS, NAME, NOW, STAGES, archive, call, changed, crm_stage, deal, moved, owner

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from tests.worker.archive import Archive

FIRST, LAST = date(2026, 10, 24), date(2026, 11, 7)
"""New York leaves daylight saving time between them, on 1 November; Berlin a week before."""
ZONES = (None, "Europe/Berlin", "America/Puerto_Rico", "Asia/Bangkok", "Pacific/Auckland")
TYPES = {"segment": "text", "discount_percent": "number", "next_step_due": "date"}
PROCESS = """version: 1
processes:
  - id: main
    applies_to: segment != 'small'
    stages:
      - {id: discovery, names: {salesforce: [Discovery]}, expected_days: [1, 5],
         exit: [{id: stepped, title: Step, require: has_next_step, fix: f},
                {id: fresh, title: Fresh, require: days_since(last_activity) < 5, fix: f, holds: while_in}]}
      - {id: proposal, names: {salesforce: [Proposal]}, expected_days: [1, 5],
         entry: [{id: amount, title: Amount, require: amount is not blank, fix: f}]}
      - {id: negotiation, names: {salesforce: [Negotiation]}}
      - {id: won, names: {salesforce: [Closed Won]}}
  - id: rest
    stages:
      - {id: first, names: {salesforce: [Discovery]},
         exit: [{id: called, title: Called, require: touched, fix: f}]}
      - {id: second, names: {salesforce: [Proposal, Negotiation]}}
      - {id: won, names: {salesforce: [Closed Won]}}
policies:
"""
FLAGS = {
    "quiet": "days_since(last_activity) >= 4",
    "business": "business_days_since(created) > 9",
    "late": "days_until(close_date) < 2",
    "aged": "days_in_stage > 1.5 * stage_median_days",
    "visit": "days_in_visit > 6",
    "stepless": "not has_next_step",
    "due": "days_until(next_step_due) <= 1",
    "planless": "next_activity is blank",
    "busy": "touches_30d > 2",
    "alone": "contact_count < 2 or not has_champion",
    "money": "currency = 'EUR' and amount_home > 1050",
    "pushed": "pushes >= 1 and pushes_over_month_end < 2",
    "handed": "days_since(owner_since) < 6",
    "deep": "segment = 'big' and discount_percent > 20",
    "back": "reopened_on is not blank",
    "edited": "last_edit > '2026-11-01'",
    "mine": "next_step_owner = 'Rep u1'",
    "spoken": "touched and amount >= 950",
    "copied": "next_step_copied",
    "twice": "next_step_copied and days_in_visit > 2",
}
PACK = (PROCESS + "\n".join(
    f'  - {{id: {id_}, title: t, applies_to: is_open, flag_if: "{flag}", severity: info, points: 1, fix: f, owner: o}}'
    for id_, flag in FLAGS.items()
)).encode()  # fmt: skip


@contextmanager
def drawn(folder: Path, seed: int, deals: int = 14, url: str = "") -> Iterator[Archive]:
    """A store with deals that a seed draws."""
    draw = random.Random(seed)  # noqa: S311 - the same past every time
    with archive(folder, url, currency="USD", scope="not (name contains 'x3')") as kept:
        kept.describe(**TYPES)
        owners = [owner(f"u{n}", zone=zone, team=("East", "West", None)[n % 3]) for n, zone in enumerate(ZONES)]
        rates = [rate(FIRST + n * 6 * DAY, f"0.9{n}") for n in range(4)]
        kept.keep(NOW, owner=owners, crm_stage=[crm_stage(name) for name in STAGES], rate=rates, feeds=FEEDS)
        medians = {("main", "discovery"): Median(3.0, 30), ("main", "proposal"): Median(9.5, 30)}
        kept.store.connections.propose_calibration(NAME, Calibration(FIRST + 9 * DAY, medians, 2))
        kept.store.connections.accept_calibration(NAME, FIRST + 9 * DAY)
        for n in range(deals):
            keep_one(kept, draw, f"x{n}")
        yield kept


def rate(on: date, divide: str) -> dict[str, Any]:
    return {"id": f"EUR{on}", "currency": "EUR", "on": on, "multiply": Decimal(1), "divide": Decimal(divide)}


def when(draw: random.Random, back: int = 34, ahead: int = 0) -> datetime:
    """An instant about the window, often at an awkward hour."""
    at = NOW - draw.randint(-ahead, back) * DAY
    return at.replace(hour=draw.choice([0, 3, 4, 5, 12, 15, 16, 17, 23]), minute=draw.choice([0, 0, 59]))


def keep_one(kept: Archive, draw: random.Random, id_: str) -> None:
    made = when(draw, 45)
    history = _history(draw, made)
    seen = made if draw.random() < 0.5 else when(draw, 25)
    found = _said(draw, history[-1][1] if history else "Discovery") | {"created": made}
    if draw.random() < 0.6:  # a change that we saw ourselves between two pulls, then the record as it stands now
        facts = found["facts"] | {"segment": "big"}
        before = {"amount": Decimal(900), "next_step": "Draft", "gone": None, "owner_id": "u0", "facts": facts}
        kept.keep(seen, opportunity=[deal(id_, **found | before | {"unread": []}, last_edit=seen, modified=seen)])
        seen = max(seen, when(draw, 20))
    kept.keep(seen, opportunity=[deal(id_, **found, last_edit=seen, modified=seen)])
    kept.keep(
        NOW, stage_change=[moved(id_, at, name) for at, name in history],
        field_change=[*_pushes(draw, id_), *_steps(draw, id_), *_amounts(draw, id_)],
        contact_role=[_role(draw, id_, n) for n in range(draw.randint(0, 3))],
        activity=[_activity(draw, id_, n) for n in range(draw.randint(0, 6))],
    )  # fmt: skip


def _history(draw: random.Random, made: datetime) -> list[tuple[datetime, str]]:
    """Moves since creation, of which the first may be missing."""
    moves = [(made, "Discovery"), *((when(draw), draw.choice(STAGES)) for _ in range(draw.randint(0, 4)))]
    known = sorted((at, stage) for at, stage in moves if at >= made)
    return known[1:] if draw.random() < 0.2 else known


def _said(draw: random.Random, stage: str) -> dict[str, Any]:
    facts = {
        "segment": draw.choice(["big", "small", None]), "discount_percent": draw.choice([None, "15", "25"]),
        "next_step_due": draw.choice([None, "2026-11-01", "2026-11-02", "2026-11-20"]),
    }  # fmt: skip
    return {
        "stage_name": stage, "is_closed": stage.startswith("Closed"), "is_won": stage == "Closed Won", "facts": facts,
        "owner_id": f"u{draw.randrange(5)}", "currency": draw.choice(["USD", "EUR"]),
        "amount": draw.choice([None, Decimal(1000)]), "next_step": draw.choice([None, "Call", "."]),
        "close_date": date(2026, 11, draw.randint(1, 28)),
        "activity_hint": draw.choice([None, None, date(2026, 11, 3)]),
        "unread": draw.choice([[], [], [], ["amount"], ["discount_percent"]]),
        "gone": draw.choice([None] * 9 + ["deleted"]),
    }  # fmt: skip


def _pushes(draw: random.Random, id_: str) -> list[dict[str, Any]]:
    to = lambda: draw.choice(["2026-11-05", "2026-10-20"])  # noqa: E731
    return [changed(id_, when(draw), "close_date", "2026-10-25", to()) for _ in range(draw.randint(0, 3))]


def _steps(draw: random.Random, id_: str) -> list[dict[str, Any]]:
    return [changed(id_, when(draw), "next_step", draw.choice([None, "Old"]), "x")] if draw.random() < 0.5 else []


def _amounts(draw: random.Random, id_: str) -> list[dict[str, Any]]:
    to = lambda: draw.choice(["500", "1500"])  # noqa: E731
    return [changed(id_, when(draw), "amount", "900", to()) for _ in range(draw.randint(0, 2))]


def _role(draw: random.Random, id_: str, n: int) -> dict[str, Any]:
    return {
        "id": f"{id_}r{n}", "opportunity_id": id_, "contact_id": f"c{n % 2}", "role": draw.choice([None, "Champion"]),
        "is_primary": False, "created": draw.choice([None, when(draw)]), "gone": None,
    }  # fmt: skip


def _activity(draw: random.Random, id_: str, n: int) -> dict[str, Any]:
    kind = draw.choice(["call", "mail", "meeting", "task", "task", "note"])
    state = draw.choice(["done", "done", "open", "cancelled"]) if kind in {"task", "meeting", "call"} else "done"
    at = None if state == "open" and kind == "task" else when(draw, ahead=4)
    due = when(draw, 30, 10).date() if kind == "task" and draw.random() < 0.8 else None
    return call(
        f"{id_}a{n}", id_, at, kind=kind, state=state, due=due, created=draw.choice([None, when(draw, 40)]),  # type: ignore[arg-type]
        bulk=draw.random() < 0.1, possible=draw.random() < 0.1, owner_id=f"u{draw.randrange(5)}",
        gone=draw.choice([None] * 8 + ["vanished", "deleted"]),
    )  # fmt: skip
