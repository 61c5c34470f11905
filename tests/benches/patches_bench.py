"""50,000 open deals from the store to patches: read, widened, judged, kept, planned."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from store import Store
from tests.benches import seed
from tests.benches.measure import Row, Took, seconds, took
from worker.pipeline.pushing.plan_patches import planned as planned_patches
from worker.pipeline.running import leased, running
from worker.settings import Settings, connection_settings
from worker.usecases.steps import judged_now
from worker.wiring import Services, policy_texts

if TYPE_CHECKING:
    from worker.pipeline.report import Report
    from worker.pipeline.session import Session


def run(share: float, *, times: int, folder: str) -> list[Row]:
    """A first run, in which every deal gets a patch, and a second, in which none does as nothing was sent."""
    deals = int(50_000 * share)
    settings = Settings(
        home=Path(folder), connections={seed.NAME: connection_settings({"kind": "salesforce", "sandbox": True})}
    )
    store = Store.open(f"sqlite:///{Path(folder) / 'patches.db'}")
    seed.fill(store, deals, closed_percent=0)
    services = Services(
        settings=settings, clock=lambda: seed.AS_OF, sleep=lambda _: None, store=store, connect=lambda _: None,
        policy_texts=lambda: policy_texts(settings),
    )  # type: ignore[arg-type]  # fmt: skip
    rows = []
    for when in ("first run", "again"):
        with leased(services, seed.NAME, seed.AS_OF) as session, running(session, "bench") as (run_id, report):
            whole, planning, patches = planned(session, run_id, report)
        what = f"{when}: {report.open_deals:,} open deals, {report.findings:,} flags, {report.unknown:,} unknown"
        rows.append(seconds(f"{what} → {patches:,} patches", whole, 10))
        rows.append(Row("  of which planning", f"{planning.wall:.2f} s", cpu=planning.cpu))
    store.close()
    return rows


def planned(session: Session, run_id: int, report: Report) -> tuple[Took, Took, int]:
    """Time from store to patches, that of planning alone, and how many patches."""
    with took() as whole:
        judged = judged_now(session, run_id, binding=True)
        judged.fill(report)
        with took() as planning:
            patches = sum(map(len, planned_patches(session, judged, session.description().writes)))
    return whole, planning, patches
