"""Every KPI of a made-up org, measured by the program and by SQL that was written from docs/kpis.md alone.

    python -m tests.cases.kpis [DEALS] [SEED]

Plays 1,200 lives of deals into a local Salesforce, asks for each KPI by each dimension and window, and compares value,
numerator, denominator, n and interval. Prints every difference and exits 1 where there is one.
"""

from __future__ import annotations

import sys
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from typer import echo

from sandbox import salesforce as local_salesforce
from sandbox.salesforce import config as salesforce_config
from tests.cases import kpi_reference as reference
from tests.cases.kpi_audit import Audit, same
from tests.cases.kpi_facts import NOW, TODAY, database
from tests.cases.kpi_org import AS_OF, FIRST, RATES, lives
from tests.cases.kpi_queries import FACTS
from tests.cases.neutral import NAME, people, rows
from tests.neutral import salesforce as salesforce_seed
from tests.neutral.world import ZONE
from worker.connector_factory import open_connector
from worker.pipeline.measuring import KpiQuestion
from worker.pipeline.run import run
from worker.settings import PolicySettings, read_settings
from worker.usecases.kpis import kpis
from worker.wiring import wire

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.neutral.events import Event
    from worker.wiring import Services

POLICIES: Final = Path(__file__).with_suffix(".yaml")
FISCAL: Final = 2
WINDOWS: Final = (
    reference.Window("all", None, TODAY),
    reference.rolling(365, TODAY),
    reference.rolling(90, TODAY),
    reference.Window("quarter", date(2026, 10, 1), TODAY),
    reference.Window("fiscal_quarter", date(2026, 11, 1), TODAY),
    reference.Window("2026-Q3", date(2026, 7, 1), date(2026, 9, 30)),
    reference.Window("2026-01-15..2026-04-20", date(2026, 1, 15), date(2026, 4, 20)),
)
GROUPINGS: Final = (
    *reference.groupings(FACTS), ("segment", "stage"), ("team", "quarter"), ("owner", "segment"),
    ("loss_reason",),
)  # fmt: skip


@contextmanager
def org(events: Iterable[Event], scratch: Path) -> Iterator[Services]:
    """A local Salesforce in which these events happened, and services that have run over it."""
    org = local_salesforce.new_org()
    org.clock.set(FIRST)
    player = salesforce_seed.prepare(org)
    player.play(events)
    player.stop(AS_OF)
    with local_salesforce.serve(org) as running:
        services = connected(salesforce_config.config(running), org.clock.now, scratch)
        try:
            services.connect(NAME).provision(None)
            run(services, NAME, full=True)
            yield services
        finally:
            services.store.close()


def connected(toml: str, clock: Any, scratch: Path) -> Services:
    """Services with this org's people, rates, fiscal year and processes."""
    file = scratch / "sluicegate.toml"
    file.write_text(toml, encoding="utf-8")
    (scratch / "people.csv").write_text(people(), encoding="utf-8")
    (scratch / "rates.csv").write_text(rows(("currency", "date", "rate"), RATES), encoding="utf-8")
    settings = read_settings(file)
    fields = {fact: salesforce_seed.FACTS[fact] for fact in ("segment", "source", "loss_reason")}
    connection = settings.connection(NAME).model_copy(update={
        "fields": fields, "people": Path("people.csv"), "rates": Path("rates.csv"), "timezone": ZONE,
        "fiscal_year_starts": FISCAL,
    })  # fmt: skip
    named = {"connections": {NAME: connection}, "policies": PolicySettings(paths=(POLICIES,))}
    settings = settings.model_copy(update=named)
    connector = open_connector(settings, NAME, connection, clock=clock, sleep=lambda _seconds: None)
    return replace(wire(settings), clock=clock, connect=lambda _name: connector)


def unlike_lifelines(db: Any) -> int:
    """The number of stages of which lifelines has another Kaplan–Meier median than the reference; prints them."""
    from lifelines import KaplanMeierFitter

    wrong = 0
    for process, stage, visits in db.execute(
        "SELECT process, stage, list((days, left_by IS NOT NULL)) FROM visit GROUP BY ALL"
    ).fetchall():
        days, ended = zip(*visits, strict=True)
        theirs = float(KaplanMeierFitter().fit(days, ended).median_survival_time_)
        mine = reference.kaplan_meier(visits)
        if not same(mine, theirs if isfinite(theirs) else None):
            wrong += 1
            echo(f"✗ {process} {stage}: {mine}, lifelines {theirs}")
    return wrong


def audit(events: list[Event], windows: Iterable[reference.Window], scratch: Path) -> Audit:
    """The program's values of an org beside the reference's."""
    db, found = database(events), Audit(GROUPINGS)
    reference.prepare(db, FISCAL, str(NOW))
    with org(events, scratch) as services:
        for window in windows:
            found.window(kpis(services, NAME, KpiQuestion(GROUPINGS[1:], window.name)), db, window)
    return found


def main(deals: int, seed: int) -> int:
    """0 where every number agrees, else 1."""
    with tempfile.TemporaryDirectory(prefix="kpis-") as scratch:
        found = audit(lives(deals, seed), WINDOWS, Path(scratch))
    db = database(lives(deals, seed))
    reference.prepare(db, FISCAL, str(NOW))
    wrong = len(found.differences) + unlike_lifelines(db)
    found.show()
    echo(f"{wrong} differences." if wrong else "No difference.")
    return 1 if wrong else 0


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    sys.exit(main(*[*given, *(1_200, 1)[len(given) :]]))
