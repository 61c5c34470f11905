"""Pushing 10,000 changed deals to HubSpot: staged, sent in batches of 100, settled with receipts."""

from __future__ import annotations

from pathlib import Path

from model.sync import Patch
from tests.benches.measure import Row, peak_mb, took
from tests.benches.portal import NAME, served
from worker.pipeline.pushing.send import send
from worker.pipeline.running import leased, running


def run(share: float, *, times: int, folder: str) -> list[Row]:
    """Each of our fields is new on each of the deals."""
    deals = int(10_000 * share)
    with served(int(deals * 1.1)) as server:
        services = server.services(Path(folder))
        connector = services.connect(NAME)
        connector.provision(None)
        with leased(services, NAME, services.clock()) as session, running(session, "bench") as (run_id, report):
            session.describe()
            for page in connector.pull({}):
                services.store.mirror.keep_page(NAME, page, services.clock(), services.clock())
            ids = sorted(services.store.mirror.ids(NAME))[:deals]
            fields = {"score": 55, "flag_count": 1, "worst_severity": "critical", "top_flag": "No amount",
                      "reasons": "No amount (warning). It is blank. Fix: Enter an amount.\n" * 3}  # fmt: skip
            before = connector.calls
            with took() as found:
                send(session, [[Patch(id_, fields) for id_ in ids]], run_id, report)
            calls = connector.calls - before
        services.store.close()
    written = report.outcomes["written"]
    most = -(-deals // 100)
    return [
        Row(f"push of {deals:,} changed deals", f"{calls} calls", f"<= {most} calls", calls <= most),
        Row("written", f"{written:,}", f"{deals:,}", written == deals),
        Row("seconds", f"{found.wall:.2f} s", cpu=found.cpu, peak_mb=peak_mb()),
    ]
