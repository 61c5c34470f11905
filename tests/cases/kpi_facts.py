"""The facts of the audit's org, told from its events by docs/facts.md alone: its deals and their moves."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from tests.cases.kpi_org import AS_OF, RATES, STAGES
from tests.cases.kpi_reference import load
from tests.neutral.world import HOME, OWNERS, PIPELINES, ZONE

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    import duckdb

    from tests.neutral.events import Event

OWNER: Final = {owner.key: owner for owner in OWNERS}
PROCESS: Final = {"New business": "sales", "Renewal": "renewals"}
CHANCE: Final = {(p.name, stage.key): Decimal(stage.chance) / 100 for p in PIPELINES for stage in p.stages}
HOUR: Final = timedelta(hours=1)
TODAY: Final = AS_OF.astimezone(ZoneInfo(ZONE)).date()
MOVES: Final = {"created", "moved", "won", "lost", "reopened"}


def database(events: Iterable[Event]) -> duckdb.DuckDBPyConnection:
    """DuckDB with the tables `deal` and `move` of what is not deleted."""
    by_deal: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        by_deal[event.deal].append(event)
    lives = [life for life in by_deal.values() if life[-1].what != "binned"]
    moves, edits = ([row for life in lives for row in rows(life)] for rows in (_moves, _edits))
    return load(deals=[_deal(life) for life in lives], moves=moves, edits=edits)


def _naive(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None)


NOW: Final = _naive(AS_OF)


def _deal(life: list[Event]) -> dict[str, Any]:
    """The facts of a deal as it stands."""
    now: dict[str, Any] = {}
    for event in life:
        now |= {**event.values, "facts": {**now.get("facts", {}), **event.values.get("facts", {})}}
        now |= {"close": event.values["on"]} if event.what == "close date" else {}
        now |= {"stage": event.what} if event.what in {"won", "lost"} else {}
    stage, zone = now["stage"], ZoneInfo(OWNER[now["owner"]].zone)
    ended = [event.at for event in life if event.what in MOVES][-1] if stage in {"won", "lost"} else None
    close, closed_on = date.fromisoformat(now["close"]), ended and ended.astimezone(zone).date()
    return {
        "key": life[0].deal, "owner": OWNER[now["owner"]].name, "team": OWNER[now["owner"]].team,
        "segment": now["facts"].get("segment"), "source": now["facts"].get("source"), "region": None,
        "loss_reason": now["facts"].get("loss_reason"),
        "pipeline": now["pipeline"], "process": PROCESS[now["pipeline"]],
        "stage": None if stage == "lost" else STAGES[now["pipeline"]].get(stage, stage),
        "is_open": not ended, "is_won": stage == "won", "is_lost": stage == "lost",
        "amount": _home(now.get("amount"), now["currency"], close), "currency": now["currency"],
        "priced": now.get("amount") is not None,
        "probability": CHANCE[now["pipeline"], stage], "created": life[0].at.astimezone(zone).date(),
        "close_date": close, "closed_on": closed_on, "today": AS_OF.astimezone(zone).date(),
        "imported": bool(ended and ended - life[0].at <= HOUR and closed_on != close),
    }  # fmt: skip


def _home(amount: int | None, currency: str, close: date) -> Decimal | None:
    """By the newest rate on the close date, or on today's day where the close lies ahead."""
    if amount is None or currency == HOME:
        return None if amount is None else Decimal(amount)
    day = min(close, TODAY).isoformat()
    rates = [rate for its, since, rate in sorted(RATES) if its == currency and since <= day]
    return Decimal(amount) * Decimal(rates[-1]) if rates else None


def _moves(life: list[Event]) -> Iterable[dict[str, Any]]:
    """The moves of a deal, its creation first; a lost deal has no stage, and a place counts from 1."""
    pipeline = life[0].values["pipeline"]
    zone = ZoneInfo(OWNER[[event.values["owner"] for event in life if "owner" in event.values][-1]].zone)
    places = {key: place for place, key in enumerate([*STAGES[pipeline], "won"], 1)}
    before = ""
    for number, event in enumerate(event for event in life if event.what in MOVES):
        stage = event.values.get("stage", event.what)
        yield {
            "deal": event.deal, "seq": number, "moved": _naive(event.at), "day": event.at.astimezone(zone).date(),
            "stage": None if stage == "lost" else STAGES[pipeline].get(stage, stage), "place": places.get(stage),
            "kind": _kind(before, stage, places),
        }  # fmt: skip
        before = stage


def _kind(before: str, stage: str, places: dict[str, int]) -> str:
    if not before:
        return "created"
    if stage in {"won", "lost"}:
        return stage
    if before in {"won", "lost"}:
        return "reopened"
    return "forward" if places[stage] > places[before] else "backward"


def _edits(life: list[Event]) -> Iterable[dict[str, Any]]:
    """The changes of a deal's close date."""
    zone = ZoneInfo(OWNER[[event.values["owner"] for event in life if "owner" in event.values][-1]].zone)
    before = date.fromisoformat(life[0].values["close"])
    for number, event in enumerate(life[1:]):
        after = event.values.get("close") or event.values.get("on")
        if after and date.fromisoformat(after) != before:
            after = date.fromisoformat(after)
            day = event.at.astimezone(zone).date()
            yield {"deal": event.deal, "seq": number, "day": day, "before": before, "after": after}
            before = after
