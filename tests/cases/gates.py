"""`python -m tests.cases.gates --deals 200`: gates judged at any pace against an oracle that walks day by day.

Drawn deals move, are touched (some calls are logged late), change hands between five zones and change fields. They are
judged every hour, every day, after three weeks and at once, and replayed; each time the gates must be the oracle's.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from model.calendars.replay_days import BROKEN
from model.sync import Description, FieldHistory
from store import DONE
from tests.worker.archive import FEEDS, GIVEN, NAME, Archive, archive, call, changed, crm_stage, deal, moved, owner
from worker.pipeline.judging.judge import judge
from worker.pipeline.past import Past
from worker.pipeline.session import Session, read_once

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

START: Final = datetime(2026, 10, 19, 16, tzinfo=UTC)
HOUR, DAY, TICK = timedelta(hours=1), timedelta(days=1), timedelta(microseconds=1)
HOME: Final = ZoneInfo("America/New_York")
ZONES: Final = ("America/New_York", "Europe/Berlin", "Asia/Tokyo", "America/Los_Angeles", "Asia/Kolkata")
STAGES: Final = ("Discovery", "Proposal", "Negotiation", "Closed Won")
BINDS_FROM: Final = date(2026, 10, 21)
PACK: Final = f"""version: 1
processes:
  - id: main
    lost_names: {{salesforce: [Closed Lost], hubspot: [Closed Lost]}}
    stages:
      - id: discovery
        names: {{salesforce: [Discovery], hubspot: [Discovery]}}
        exit:
          - {{id: called, title: t, require: days_since(last_activity) <= 2, fix: f, binds_from: {BINDS_FROM}}}
          - {{id: big, title: t, require: segment = 'big', fix: f, binds_from: {BINDS_FROM}}}
      - id: proposal
        names: {{salesforce: [Proposal], hubspot: [Proposal]}}
        entry:
          - {{id: amount, title: t, require: amount is not blank, fix: f, binds_from: {BINDS_FROM}}}
        exit:
          - {{id: pain, title: t, require: pain_identified, fix: f, binds_from: {BINDS_FROM}}}
      - {{id: negotiation, names: {{salesforce: [Negotiation], hubspot: [Negotiation]}}}}
      - id: won
        names: {{salesforce: [Closed Won], hubspot: [Closed Won]}}
        entry: [{{id: pushed, title: t, require: close_date >= '2026-12-15', fix: f, binds_from: {BINDS_FROM}}}]
""".encode()
GATES: Final = {"discovery/called": ("exit", 1), "discovery/big": ("exit", 1), "proposal/amount": ("entry", 2),
                "proposal/pain": ("exit", 2), "won/pushed": ("entry", 4)}  # fmt: skip
LOOKED_AT: Final = 30
"""Of more runs only the last is compared."""
UNRECORDED: Final = "proposal/pain"
"""Asks for a field without history, so that its day depends on when somebody looked; that it is met does not."""
HISTORY: Final = FieldHistory(always=frozenset({
    "amount", "segment", "close_date", "owner_id", "stage_name", "is_closed", "is_won", "pipeline", "currency",
}))  # fmt: skip


@dataclass(frozen=True)
class Life:
    """A drawn deal: each list is sorted by its instants, the first value of a field is that of creation."""

    id: str
    moves: list[tuple[datetime, str]]
    touches: list[tuple[datetime, datetime]]  # when it happened, when it was entered
    fields: dict[str, list[tuple[datetime, Any]]]
    pain: bool

    @property
    def born(self) -> datetime:
        return self.moves[0][0]

    def value(self, field: str, at: datetime) -> Any:
        return [value for when, value in self.fields[field] if when <= at or when == self.born][-1]

    def zone(self, at: datetime) -> ZoneInfo:
        return ZoneInfo(ZONES[int(self.value("owner_id", at)[1:])])

    def day(self, at: datetime) -> date:
        return at.astimezone(self.zone(at)).date()

    def holds(self, criterion: str, at: datetime, known: datetime) -> bool:
        """Whether the criterion is true at an instant, by what was known at another."""
        match criterion:
            case "discovery/called":
                touches = [when for when, entered in self.touches if when <= at and entered <= known]
                last = max(touches, default=self.born).astimezone(self.zone(at)).date()
                return (self.day(at) - last).days <= 2
            case "discovery/big":
                return self.value("segment", at) == "big"
            case "proposal/amount":
                return self.value("amount", at) is not None
            case "proposal/pain":
                return self.pain
            case _:
                return self.value("close_date", at) >= date(2026, 12, 15)


def oracle(life: Life, as_of: datetime) -> dict[tuple[str, datetime], tuple[date | None, str | None]]:
    """(criterion, move) → (met on, ended), by asking at every instant there is."""
    found: dict[tuple[str, datetime], tuple[date | None, str | None]] = {}
    for criterion, (side, order) in GATES.items():
        once = None
        for (_, stage), (at, to) in zip(life.moves, life.moves[1:], strict=False):
            start, end = STAGES.index(stage) + 1, STAGES.index(to) + 1
            through = start <= order < end if side == "exit" else start < order <= end
            if at > as_of or not through or life.day(at) < BINDS_FROM:
                continue
            back = next((when for when, to in life.moves if when > at and STAGES.index(to) + 1 <= order
                         and to != "Closed Won" and backward(life, when)), None)  # fmt: skip
            back = None if back is None or back > as_of else back
            met = min((life.day(known) for when, known in asked(life, at, back, as_of)
                       if life.holds(criterion, when, known)), default=None)  # fmt: skip
            met = min((max(life.day(at), day) for day in (met, once) if day), default=None)
            once = once or met
            late = met is not None and met > life.day(at)
            found[criterion, at] = (met, "met_late" if late else "taken_back" if back and not met else None)
    return found


def backward(life: Life, at: datetime) -> bool:
    places = [STAGES.index(stage) for when, stage in life.moves if when <= at]
    return places[-1] < places[-2]


def asked(life: Life, move: datetime, back: datetime | None, as_of: datetime) -> Iterator[tuple[datetime, datetime]]:
    """(instant, what was known when) of every question about a move."""
    end = back - TICK if back else as_of
    yield from ((move - TICK, move - TICK), (move, move))
    events = [at for at, _ in life.moves] + [at for pair in life.touches for at in pair]
    events += [at for changes in life.fields.values() for at, _ in changes]
    days = (move.date() + n * DAY for n in range(-1, (end.date() - move.date()).days + 2))
    midnights = [datetime.combine(day, time(), ZoneInfo(zone)) for day in days for zone in ZONES]
    yield from ((at, at) for at in (*events, *midnights, end) if move < at <= end)
    for when, entered in life.touches:
        if when <= move < entered <= end:
            yield from ((move - TICK, entered), (move, entered))


def drawn(chance: random.Random, number: int, days: int) -> Life:
    def when(first: int = 0) -> datetime:
        return START + timedelta(minutes=chance.randint(first * 1440, days * 1440))

    born = START - timedelta(hours=chance.randint(1, 400))
    stages = [(born, chance.choice(STAGES[:2]))]
    for at in sorted({when() for _ in range(chance.randint(0, 5))}):
        if stages[-1][1] != "Closed Won":
            others = [stage for stage in STAGES if stage != stages[-1][1]]
            stages.append((at, chance.choice(others)))
    times = [when(-10) for _ in range(chance.randint(0, 6))]
    touches = [(at, at + chance.choice((0, 0, 1, 3, 9)) * DAY) for at in times]

    def changes(values: Sequence[Any]) -> list[tuple[datetime, Any]]:
        found = [(born, chance.choice(values))]
        for at in sorted({when() for _ in range(chance.randint(0, 3))}):
            found += [(at, value)] if (value := chance.choice(values)) != found[-1][1] else []
        return found

    fields = {
        "amount": changes((None, Decimal(500), Decimal(900))), "segment": changes(("big", "small")),
        "close_date": changes((date(2026, 12, 1), date(2026, 12, 20))),
        "owner_id": changes([f"u{n}" for n in range(len(ZONES))]),
    }  # fmt: skip
    touches = sorted((max(at, born), max(entered, born)) for at, entered in touches)
    return Life(f"d{number}", stages, touches, fields, chance.random() < 0.5)


def keep(kept: Archive, life: Life, now: datetime) -> None:
    """What a pull at an instant brings of a deal."""
    if life.born > now:
        return
    moves = [(at, stage) for at, stage in life.moves if at <= now]
    edits = [at for changes in life.fields.values() for at, _ in changes if at <= now] + [at for at, _ in moves]
    fields = {name: life.value(name, now) for name in ("amount", "close_date", "owner_id")}
    stage = moves[-1][1]
    record = deal(
        life.id, created=life.born, stage_name=stage, is_closed=stage == "Closed Won", is_won=stage == "Closed Won",
        facts={"segment": life.value("segment", now), "pain_identified": life.pain}, last_edit=max(edits),
        modified=max(edits), **fields,
    )  # fmt: skip
    kept.keep(
        now, opportunity=[record], stage_change=[moved(life.id, at, to) for at, to in moves],
        field_change=[
            changed(life.id, at, name, text(before), text(after))
            for name, changes in life.fields.items()
            for (_, before), (at, after) in itertools.pairwise(changes) if at <= now
        ],
        activity=[
            call(f"{life.id}-{n}", life.id, at, created=entered) for n, (at, entered) in enumerate(life.touches)
            if entered <= now
        ],
    )  # fmt: skip


def text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else str(value) if isinstance(value, Decimal) else value


def judged(folder: Path, kind: str, lives: Sequence[Life], runs: Sequence[datetime]) -> Iterator[Archive]:
    """The store after each run, each of which pulls what there is by then and judges it."""
    with archive(folder, kind=kind, timezone=HOME.key, currency="USD") as kept:
        described = Description(
            mapped=GIVEN | {"segment", "pain_identified"}, writes={}, currency="USD",
            types={"segment": "text", "pain_identified": "yes/no"}, history=HISTORY,
        )  # fmt: skip
        kept.store.connections.keep_description(NAME, described)
        people = [owner(f"u{n}", zone=zone) for n, zone in enumerate(ZONES)]
        for now in runs:
            kept.keep(now, owner=people, crm_stage=[crm_stage(name) for name in (*STAGES, "Closed Lost")], feeds=FEEDS)
            for life in lives:
                keep(kept, life, now)
            session = Session(kept.services, NAME, now)
            policies = read_once({"p.yaml": PACK}, described)
            run = kept.store.runs.start(NAME, now, "", "", "judge", None)
            judge(session, policies, described, run, binding=True)
            kept.store.runs.end(run, DONE, {})
            yield kept


def kept_gates(kept: Archive) -> dict[tuple[str, str, datetime], tuple[date | None, str | None]]:
    """(deal, criterion, move) → (met on, ended) as the store holds them."""
    ids = {key: id_ for id_, key in kept.store.mirror.ids(NAME).items()}
    breaches = kept.store.verdicts.previous(NAME)[2]
    return {
        (ids[row["key"]], row["criterion"].removeprefix("main/"), row["moved_at"]): (row["met_on"], row["ended"])
        for row in breaches.iter_rows(named=True)
    }


def wanted(lives: Sequence[Life], as_of: datetime) -> dict[tuple[str, str, datetime], tuple[date | None, str | None]]:
    return {
        (life.id, criterion, at): ends for life in lives for (criterion, at), ends in oracle(life, as_of).items()
        if life.born <= as_of
    }  # fmt: skip


def differences(found: dict[Any, Any], expected: dict[Any, Any]) -> list[str]:
    """Lines on what differs; of a field without history only whether it was met is compared."""
    lines = []
    for place in sorted(found.keys() | expected.keys(), key=str):
        one, other = found.get(place, "no row"), expected.get(place, "no row")
        if place[1] == UNRECORDED:  # nobody can know it of a move that was taken back before the first run
            one, other = ("no row" if "no row" in (one, other) else ends[0] is not None for ends in (one, other))
        if one != other:
            lines.append(f"{place}: judged {one}, oracle {other}")
    return lines


def replayed(kept: Archive, first: date, last: date, now: datetime) -> set[tuple[str, str, date]]:
    """(deal, criterion, day) of gates that a replay finds missed at noon."""
    session = Session(kept.services, NAME, now)
    described = kept.store.connections.description(NAME)
    past = Past(session, described, read_once({"p.yaml": PACK}, described), first, last)
    ids, found = {key: id_ for id_, key in kept.store.mirror.ids(NAME).items()}, set()
    for part in past.judged():
        for rule, frame in part.intervals.items():
            for key, day, until, state in frame.iter_rows():
                if state == BROKEN:
                    found |= {(ids[key], rule.removeprefix("main/"), first + n * DAY) for n in range(day, until)}
    return found


def missed(lives: Sequence[Life], noon: datetime, on: date) -> set[tuple[str, str, date]]:
    """The same by the oracle: open deals with a bound criterion that is not met by noon."""
    found = set()
    for life in lives:
        past = [stage for at, stage in life.moves if at <= noon]
        if past and past[-1] != "Closed Won":
            gates = oracle(life, noon).items()
            found |= {(life.id, criterion, on) for (criterion, _), ends in gates if ends == (None, None)}
    return found


def paces(days: int) -> dict[str, list[datetime]]:
    """When runs look, by the name of the pace."""
    end = START + days * DAY
    return {
        "at once": [end], "after three weeks": [START, end], "daily": [START + n * DAY for n in range(days + 1)],
        "hourly": [START + n * HOUR for n in range(24 * min(days, 3) + 1)],
    }  # fmt: skip


def compared(lives: Sequence[Life], runs: Sequence[datetime], kind: str) -> Iterator[str]:
    """Every difference between the oracle and runs at these instants."""
    with tempfile.TemporaryDirectory() as folder:
        for now, kept in zip(runs, judged(Path(folder), kind, lives, runs), strict=True):
            if now == runs[-1] or len(runs) <= LOOKED_AT:
                found = differences(kept_gates(kept), wanted(lives, now))
                yield from (f"{kind}, {len(runs)} runs, {now:%d %b %H:%M}: {line}" for line in found)
            if now == runs[-1]:
                yield from replay_differences(kept, lives, now)


def replay_differences(kept: Archive, lives: Sequence[Life], end: datetime) -> Iterator[str]:
    """The same of a replay of every day up to yesterday."""
    days = [BINDS_FROM + n * DAY for n in range((end.date() - BINDS_FROM).days)]
    noons = {on: datetime.combine(on, time(12), HOME) for on in days}
    expected = {row for on, noon in noons.items() for row in missed(lives, noon, on)}
    got = replayed(kept, days[0], days[-1], end) if days else set()
    yield from (f"replay: {row}" for row in sorted(got ^ expected, key=str) if row[1] != UNRECORDED)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deals", type=int, default=200)
    parser.add_argument("--days", type=int, default=21)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    chance, count = random.Random(given.seed), 0  # noqa: S311 - the same deals every time
    lives = [drawn(chance, n, given.days) for n in range(given.deals)]
    for kind in ("salesforce", "hubspot"):
        for pace, runs in paces(given.days).items():
            lines = list(compared(lives, runs, kind))
            count += len(lines)
            print(f"{kind}, {pace}: {len(runs)} runs, {len(wanted(lives, runs[-1]))} gates, {len(lines)} differences")  # noqa: T201
            print("\n".join(lines[:20]))  # noqa: T201
    sys.exit(bool(count))


if __name__ == "__main__":
    main()
