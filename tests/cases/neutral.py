"""One company, several CRMs, one policy file: the neutral event file is played into each and judged.

    python -m tests.cases.neutral [DEALS] [SEED]

Prints where the CRMs differ from each other, or from the verdicts that were written by hand, and exits 1 if they do.

Runs are made on several days, with the clock of the CRM moved in between, so that gates and held unknowns have a past.
"""

from __future__ import annotations

import csv
import io
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from typer import echo

from connectors.shared.connection import ActivitySettings, FieldSettings
from sandbox import hubspot as local_hubspot
from sandbox import salesforce as local_salesforce
from sandbox.hubspot import config as hubspot_config
from sandbox.salesforce import config as salesforce_config
from tests.neutral import hubspot as hubspot_seed
from tests.neutral import random_lives, read_stories
from tests.neutral import salesforce as salesforce_seed
from tests.neutral.events import in_order
from tests.neutral.world import INTEGRATION, MANAGER, OWNERS, RATES, ZONE
from worker.connector_factory import open_connector
from worker.pipeline.run import run
from worker.settings import PolicySettings, read_settings
from worker.usecases.answers import deals
from worker.wiring import wire

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.neutral import Event, Story
    from worker.pipeline.report import Report
    from worker.wiring import Services

HERE: Final = Path(__file__).parent
POLICIES: Final = Path(__file__).with_suffix(".yaml")
NAME: Final = "local"
RUNS: Final = tuple(
    datetime.fromisoformat(text).replace(tzinfo=UTC)
    for text in ("2026-10-05 16:00", "2026-10-26 16:00", "2026-11-10 17:00", "2026-11-16 17:00")
)
"""When the connection is kept current: noon in New York on four days; verdicts by hand are those of the last."""
CURRENCIES: Final = ("USD", *sorted({currency for currency, _, _ in RATES}))
OPENED: Final = datetime(2026, 2, 2, 14, tzinfo=UTC)
"""The company set its CRM up."""


def event_file(deals: int, seed: int = 1) -> list[Event]:
    """The neutral event file: the stories, and random lives to make up so many deals."""
    listed = [event for story in stories() for event in story.events]
    return in_order([*listed, *random_lives(deals - len(stories()), seed)])


def stories() -> list[Story]:
    """All stories, file by file."""
    return [story for file in sorted((HERE / "stories").glob("*.yaml")) for story in read_stories(file.read_text())]


@dataclass
class Judged:
    """What one CRM's runs came to: the deals in the JSON of docs/contract.md, by key, after each run; KPIs; reports.

    `records` are our fields of each deal, read back from the CRM after the last run.
    """

    deals: list[dict[str, dict[str, Any]]] = field(default_factory=list)
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    kpis: list[dict[str, Any]] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)


def judged(services: Services, player: Any, events: Iterable[Event]) -> Judged:
    """Play the events into a CRM and run at each of RUNS."""
    found, left = Judged(), in_order(events)
    for at in RUNS:
        now = [event for event in left if event.at <= at]
        left = left[len(now) :]
        player.play(now)
        player.stop(at)
        found.reports.append(run(services, NAME, full=at == RUNS[-1]))
        by_id = {deal["id"]: deal for deal in deals(services, NAME)}
        found.deals.append({key: by_id[id_] for key, id_ in player.deals.items() if id_ in by_id})
    found.kpis = services.store.kpis.values(NAME)
    page = services.connect(NAME).read(list(player.deals.values()))
    own = {record["id"]: record["ours"] for record in page.records["opportunity"] if not record.get("gone")}
    found.records = {key: own[id_] for key, id_ in player.deals.items() if id_ in own}
    return found


@contextmanager
def salesforce(scratch: Path) -> Iterator[tuple[Services, Any]]:
    """A local Salesforce of this company, and services over it with the org's clock."""
    org = local_salesforce.new_org()
    org.clock.set(OPENED)
    player = salesforce_seed.prepare(org)
    with local_salesforce.serve(org) as running:
        toml = salesforce_config.config(running)
        yield from opened(connected(toml, salesforce_seed.FACTS, org.clock.now, scratch), player)


@contextmanager
def hubspot(scratch: Path) -> Iterator[tuple[Services, Any]]:
    """A local HubSpot of this company, and services over it with the portal's clock."""
    unhurried = local_hubspot.Settings(currencies=CURRENCIES, window=0, searches=0)
    portal = local_hubspot.new_portal(unhurried)
    portal.clock.set(OPENED)
    player = hubspot_seed.prepare(portal)
    with local_hubspot.serve(portal) as running:
        toml = hubspot_config.config(running, NAME)
        yield from opened(connected(toml, hubspot_seed.FACTS, portal.clock.now, scratch), player)


def opened(services: Services, player: Any) -> Iterator[tuple[Services, Any]]:
    """Our fields made, and the store closed at the end."""
    services.connect(NAME).provision(None)
    try:
        yield services, player
    finally:
        services.store.close()


def connected(toml: str, facts: dict[str, Any], clock: Any, scratch: Path) -> Services:
    """Services for a connection from the text `toml`, with this company's fields, people, rates and policies."""
    file = scratch / "sluicegate.toml"
    file.write_text(toml, encoding="utf-8")
    (scratch / "people.csv").write_text(people(), encoding="utf-8")
    (scratch / "rates.csv").write_text(rows(("currency", "date", "rate"), RATES), encoding="utf-8")
    settings = read_settings(file)
    mapped = {fact: how if isinstance(how, str) else FieldSettings(**how) for fact, how in facts.items()}
    connection = settings.connection(NAME).model_copy(update={
        "fields": mapped, "people": Path("people.csv"), "rates": Path("rates.csv"), "timezone": ZONE, "calendar": "US",
        "integration_users": (INTEGRATION.login,), "activity": ActivitySettings(roll_up="contacts"),
    })  # fmt: skip
    named = {"connections": {NAME: connection}, "policies": PolicySettings(paths=(POLICIES,))}
    settings = settings.model_copy(update=named)
    connector = open_connector(settings, NAME, connection, clock=clock, sleep=lambda _seconds: None)
    return replace(wire(settings), clock=clock, connect=lambda _name: connector)


def people() -> str:
    """The people file: the team and zone of each person."""
    staff = [(owner.name, MANAGER.name, owner.team or "", owner.zone) for owner in OWNERS]
    return rows(("owner", "manager", "team", "zone"), staff)


def rows(header: tuple[str, ...], lines: Iterable[tuple[str, ...]]) -> str:
    """A CSV text."""
    text = io.StringIO()
    csv.writer(text).writerows([header, *lines])
    return text.getvalue()


def main(deals: int, seed: int) -> int:
    """0 where both CRMs say what was written by hand, and the same of every deal; else 1."""
    from tests.cases.neutral_differences import differences
    from tests.cases.neutral_verdicts import wrong_by_hand

    found, values = {}, []
    for name, local in {"salesforce": salesforce, "hubspot": hubspot}.items():
        with tempfile.TemporaryDirectory(prefix=f"{name}-") as scratch, local(Path(scratch)) as (services, player):
            found[name] = judged(services, player, event_file(deals, seed))
        calls = [report.calls for report in found[name].reports]
        echo(f"{name}: {len(found[name].deals[-1])} deals, {len(found[name].kpis)} KPI values, calls by run {calls}")
        values += [f"{name}: {line}" for line in wrong_by_hand(stories(), found[name].deals)]
    values += differences(found["salesforce"], found["hubspot"])
    for line in values:
        echo(line)
    echo(f"{len(values)} differences." if values else "No difference, and all as written by hand.")
    return 1 if values else 0


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    sys.exit(main(*[*given, *(2_000, 1)[len(given) :]]))
