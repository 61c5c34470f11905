"""A replay of 100,000 deals over 365 days with 30 policies, all open nearly all year; three days judged one by one."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import polars as pl

from model.previous_verdict import PreviousVerdict
from policies.judging.context import Context
from policies.judging.judge import judge
from store import Store
from tests.benches import seed
from tests.benches.measure import Row, seconds, took
from worker.pipeline.past import Past
from worker.pipeline.session import Session, described, read_once
from worker.pipeline.slices import shots, widened
from worker.settings import Settings, connection_settings
from worker.usecases.replay import replay
from worker.wiring import Services

if TYPE_CHECKING:
    from collections.abc import Iterator

LAST = date(2026, 11, 14)
FIRST = LAST - timedelta(days=364)
SAMPLED = (30, 182, 350)
MOST_SECONDS, MOST_MB = 60, 1024
FLAGS = (
    *(f"days_since(last_activity) >= {n}" for n in (7, 14, 21, 30)), "not touched and days_since(created) > 14",
    "touches_30d = 0", "touches_30d > 3", "next_activity is blank", "business_days_since(last_activity) > 10",
    *(f"days_since(close_date) > {n}" for n in (0, 14, 30)), "days_until(close_date) < 7 and not has_next_step",
    "days_until(close_date) > 120", "pushes >= 1", "pushes_over_month_end >= 1 and amount > 20000",
    *(f"days_in_stage > {n}" for n in (30, 60, 90)), "days_in_visit > 45", "days_in_stage > 1.5 * stage_median_days",
    "amount is blank", "amount < 1000", "not has_next_step", "next_step is blank", "days_until(next_step_due) < 0",
    "contact_count < 2", "not has_economic_buyer", "not has_champion and amount > 50000", "not owner_is_active",
)  # fmt: skip
PROCESS = "".join(
    f"      - {{id: stage-{n}, names: {{salesforce: ['{name}']}}, expected_days: [10, 40]}}\n"
    for n, name in enumerate(seed.STAGES[:-1])
)
PACK = (
    "version: 1\nprocesses:\n  - id: main\n    stages:\n" + PROCESS
    + "      - {id: won, names: {salesforce: [Closed Won]}}\npolicies:\n" + "".join(
        f'  - {{id: p{n}, title: P{n}, applies_to: is_open, flag_if: "{flag}", severity: warning, points: 5, fix: f,\n'
        f"     owner: o}}\n" for n, flag in enumerate(FLAGS)
    )
).encode()  # fmt: skip


def run(share: float, *, times: int, folder: str) -> list[Row]:
    """The whole command's work, from the store to the table, once."""
    deals = int(100_000 * share)
    with closing(Store.open(f"sqlite:///{Path(folder) / f'past-{deals}.db'}")) as store:
        seed.fill(store, deals)
        _seen_all_along(store)
        services = _services(store, Path(folder))
        with took() as found:
            answer = replay(services, seed.NAME, {"p.yaml": PACK}, FIRST, LAST)
        rows = [seconds(_what(answer, deals), found, MOST_SECONDS, memory=MOST_MB)]
        with took() as alone:
            _same_days(services)
        per_day = alone.wall / len(SAMPLED)
        rows.append(Row("  the same flags on three days judged one by one; 365 such days", f"{per_day * 365:,.0f} s"))
    return rows


def _what(answer: dict[str, object], deals: int) -> str:
    found = answer["policies"]
    judged = len(found) if isinstance(found, list) else 0
    return f"replay of {deals:,} deals, 365 days ({answer['deal_days']:,} deal-days), {judged} policies"


def _seen_all_along(store: Store) -> None:
    """The deals were seen from their first hour on; each had another amount and another next step once."""
    with store.database.writing() as sql:
        sql.run("UPDATE opportunity SET first_seen = created, first_edit = created")
        for n, (field, before) in enumerate({"next_step": "null", "amount": '"800.5"'}.items()):
            at = seed.ago("key", 400, 31 + n)
            sql.run(
                "INSERT INTO field_change (connection, key, changed_at, id, field, before, after, seen_at, origin)"
                f" SELECT 1, key, {at}, 'm{field}' || key, '{field}', '{before}', 'null', {seed.NOW}, 'mirror'"
                " FROM opportunity"
            )


def _services(store: Store, folder: Path) -> Services:
    settings = Settings(
        home=folder,
        connections={seed.NAME: connection_settings({"kind": "salesforce", "timezone": "America/New_York"})},
    )

    def connect(_name: str) -> NoReturn:
        raise AssertionError("a replay asks no CRM")

    return Services(
        settings=settings, clock=lambda: seed.AS_OF + timedelta(hours=6), sleep=lambda _: None, store=store,
        connect=connect, policy_texts=dict,
    )  # fmt: skip


def _same_days(services: Services) -> None:
    """Judge sampled days from a snapshot each; the replay of those days alone must flag the same deals."""
    session = Session(services, seed.NAME, services.clock())
    description = described(session)
    policies = read_once({"p.yaml": PACK}, description)
    past = Past(session, description, policies, FIRST, LAST)
    for day in SAMPLED:
        that = replace(session, as_of=past.instants[day])
        parts = [widened(that, shot, policies, description, past.periods[0].calibration).in_scope
                 for shot in shots(that, description, policies)]  # fmt: skip
        flagged = dict(_flagged_alone(parts, past))
        on = FIRST + timedelta(days=day)
        single = Past(session, description, policies, on, on)
        assert flagged == _flagged_together(single), f"another day {on}"


def _flagged_alone(parts: list, past: Past) -> Iterator[tuple[str, int]]:
    for wide in parts:
        verdict = judge(wide, past.policies, PreviousVerdict(), Context(first_runs=past.first_runs))
        opened = verdict.frame.filter("is_open")
        yield from ((rule.id, int(opened[rule.broken].sum() or 0)) for rule in verdict.rules)


def _flagged_together(past: Past) -> dict[str, int]:
    counts: dict[str, int] = {}
    for part in past.judged():
        for rule, frame in part.intervals.items():
            counts[rule] = counts.get(rule, 0) + frame.filter(pl.col("state") == 2).height
    return counts
