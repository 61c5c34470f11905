"""A run of a million deals of which one in a hundred changed, and one in which nothing did, beside judging them all."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from model.sync import Page
from tests.benches import seed
from tests.benches.measure import Row, Took, peak_mb, took
from tests.benches.read_bench import on_postgres, seeded
from tests.benches.replay_bench import PACK
from worker.pipeline.due.remember import remember
from worker.pipeline.judging.judge import Extent, judge
from worker.pipeline.report import Report
from worker.pipeline.session import Session, described, read_once
from worker.settings import Settings, connection_settings
from worker.wiring import Services

if TYPE_CHECKING:
    from datetime import datetime

    from store import Store

EVERY, SOME = Extent(remembered=True), Extent(partly=True, remembered=True)
AT_MOST = 0.1
"""Judging one deal in a hundred takes at most this share of judging all."""
ONE_IN, PAGE = 100, 2000


def run(share: float, *, times: int, folder: str) -> list[Row]:
    """On both databases: all deals twice, then one in a hundred, then none."""
    deals, rows = int(1_000_000 * share), []
    for name, opened in (("SQLite", seeded(folder, deals)), ("PostgreSQL", on_postgres(deals))):
        with opened as store:
            services = _services(store, Path(folder))
            judged(services, 0, EVERY)
            every, _ = judged(services, 10, EVERY)
            _edit(store, deals, seed.AS_OF + timedelta(minutes=11))
            some, changed = judged(services, 20, SOME)
            quiet, due = judged(services, 60, SOME)
        what = f"{name}: judging {deals:,} deals again, nothing changed"
        rows.append(Row(what, f"{every.wall:.2f} s", cpu=every.cpu, peak_mb=peak_mb()))
        rows.append(_row(f"{name}: judging the {changed:,} that changed or are due", some, every))
        rows.append(_row(f"{name}: judging the {due:,} that are due 40 minutes later", quiet, every))
    return rows


def _row(what: str, found: Took, every: Took) -> Row:
    ratio = found.wall / every.wall
    return Row(what, f"{found.wall:.2f} s = {ratio:.3f}", f"< {AT_MOST:g}", ratio < AT_MOST, found.cpu, peak_mb())


def judged(services: Services, minutes: int, extent: Extent) -> tuple[Took, int]:
    """Judge and keep the verdict some minutes after seeding; what it took, and how many deals were judged."""
    store, at = services.store, seed.AS_OF + timedelta(minutes=minutes)
    session = Session(services, seed.NAME, at)
    description = described(session)
    policies = read_once({"p.yaml": PACK}, description)
    run_id = store.runs.start(seed.NAME, at, policies.digest, "", "incremental", None, at=at)
    report = Report(run_id=str(run_id))
    with took() as found:
        verdict = judge(session, policies, description, run_id, extent, binding=True)
        verdict.fill(report)
        remember(session, report, verdict.inputs, verdict.changes)
    return found, report.judged


def _edit(store: Store, deals: int, at: datetime) -> None:
    """Somebody edits one deal in a hundred; pages bring them."""
    ids = [f"006{100_000_000_000_000 + n}" for n in range(1, deals + 1, ONE_IN)]
    for start in range(0, len(ids), PAGE):
        records = [{"id": id_, "next_step": "Send the offer", "last_edit": at, "modified": at, "unread": []}
                   for id_ in ids[start : start + PAGE]]  # fmt: skip
        store.mirror.keep_page(seed.NAME, Page({"opportunity": records}, cursor=None, present={}), at, at)


def _services(store: Store, folder: Path) -> Services:
    connection = connection_settings({"kind": "salesforce", "timezone": "UTC", "brake": False})
    settings = Settings(home=folder, connections={seed.NAME: connection})

    def connect(_name: str) -> NoReturn:
        raise AssertionError("judging asks no CRM")

    return Services(
        settings=settings, clock=lambda: seed.AS_OF, sleep=lambda _: None, store=store, connect=connect,
        policy_texts=dict,
    )  # fmt: skip
