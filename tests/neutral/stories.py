"""Stories: lives of single deals written by hand in YAML, short because what goes without saying is filled in.

A story has an id, its owner, a `life` of [local time, what, values] (`what` may end in `by ACTOR`; else the rep did it)
and whatever its reader wants beside it. `tended` says what a good rep did without an own event: contacts (two on the
day of creation, one the economic buyer), call and step (on `TENDED`); all three by default. Times are those of the
owner's zone. Contacts and accounts belong to their story, but for those that begin with `shared`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from ruamel.yaml import YAML

from tests.neutral.events import DEAL, Event, in_order
from tests.neutral.world import OWNERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TENDED: Final = "2026-11-12 10:00"
ALL: Final = ("contacts", "call", "step")
GIVEN: Final = {
    "pipeline": "New business", "stage": "discovery", "amount": 20_000, "currency": "USD", "close": "2026-12-18",
}  # fmt: skip
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class Story:
    """One deal's life, and what the file says beside it."""

    id: str
    events: tuple[Event, ...]
    beside: Mapping[str, Any] = field(default_factory=dict)


def read_stories(text: str) -> list[Story]:
    """The stories of a file, in its order; raises ValueError naming the story that cannot be read."""
    found = []
    for result in YAML(typ="safe").load(text)["stories"]:
        try:
            found.append(_story(result))
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"story {result.get('id')}: {error}") from error
    return found


def _story(given: dict[str, Any]) -> Story:
    owner, key = given.get("owner", "rita"), given["id"]
    zone = ZoneInfo(next(one.zone for one in OWNERS if one.key == owner))
    rows = [_event(key, zone, step) for step in given["life"]]
    first = rows[0]
    rows[0] = Event(first.at, first.actor, key, first.what, _begun(first, owner, key))
    events = in_order([*rows, *_tended(key, zone, first.at, given.get("tended", ALL))])
    beside = {name: value for name, value in given.items() if name not in {"id", "life"}}
    return Story(key, tuple(events), beside)


def _event(key: str, zone: ZoneInfo, step: list[Any]) -> Event:
    at, did, *rest = step
    what, _, actor = did.partition(" by ")
    values = {name: _plain(name, value, key, zone) for name, value in (rest[0] if rest else {}).items()}
    return Event(_instant(at, zone), actor or "rep", key, what, values)


def _plain(name: str, value: Any, key: str, zone: ZoneInfo) -> Any:
    if name == "starts":
        return _instant(value, zone).isoformat()
    if name in {"contact", "account"} and not value.startswith("shared"):
        return f"{key} {value}"
    return value.isoformat() if isinstance(value, date) else value


def _instant(text: str, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def _begun(first: Event, owner: str, key: str) -> dict[str, Any]:
    """What a deal starts with: what the story leaves out is filled in."""
    values = dict(first.values)
    name = key.replace("-", " ").capitalize()
    if first.what == "cloned":
        return {"name": name, "owner": owner} | values
    facts = {"segment": "mid-market"} | values.pop("facts", {})
    values = {**GIVEN, "name": name, "owner": owner, "account": f"{key} account", **values}
    values["facts"] = {field: value for field, value in facts.items() if value is not None}
    return {field: values[field] for field in DEAL if values.get(field) is not None}


def _tended(key: str, zone: ZoneInfo, born: datetime, kept: tuple[str, ...]) -> Iterator[Event]:
    if "contacts" in kept:
        yield Event(born + _MINUTE, "rep", key, "contact", {"contact": f"{key} ada", "role": "Economic Buyer"})
        yield Event(born + _MINUTE, "rep", key, "contact", {"contact": f"{key} bob", "role": "Evaluator"})
    late = _instant(TENDED, zone)
    if "call" in kept:
        yield Event(late, "rep", key, "call")
    if "step" in kept:
        yield Event(late + _MINUTE, "rep", key, "next step", {"text": "Send the revised offer to Ada"})
