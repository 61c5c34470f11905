"""Judges the Maven CRM files as a CSV report, in a local Salesforce and in a local HubSpot, and counts by SQL.

    python -m tests.cases.maven ../shared/data/maven-crm

Both CRMs must say the same, deal by deal. Prints a line for each policy with both figures and exits 1 on any
difference. No test: the data is not committed.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from typer import echo

import policies
from connectors.tables.connector import TablesConnector
from connectors.tables.settings import TablesSettings
from sandbox import hubspot as local_hubspot
from sandbox import salesforce as local_salesforce
from sandbox.hubspot import config as hubspot_config
from sandbox.salesforce import config as salesforce_config
from tests.cases import maven_kpis
from tests.cases.maven_counts import BOTH, CRM, DIRT, UNMAPPED, Files
from tests.cases.neutral import Judged
from tests.cases.neutral_differences import differences
from tests.seeds.maven import hubspot as maven_hubspot
from tests.seeds.maven import salesforce as maven_salesforce
from tests.seeds.maven.files import AS_OF
from worker.pipeline.run import run
from worker.settings import PolicySettings, read_settings
from worker.usecases.answers import deals
from worker.usecases.check_report import check_file
from worker.usecases.steps import judge_only
from worker.wiring import wire

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from tests.seeds.maven.files import Invention
    from worker.pipeline.report import Report
    from worker.wiring import Services

NAME: Final = "local"
PACK: Final = Path(policies.__file__).parent / "packs" / "starter.yaml"
OWN: Final = Path(__file__).with_suffix(".yaml")
KINDS: Final = ("passed", "broken", "unknown", "not_applicable")
FIELDS: Final = {"product": "Product__c", "region": "Owner.Division"}
DATES: Final = {"createdate": "CreatedDate", "closedate": "CloseDate"}
UNLIKE: Final = frozenset({"pipeline", "source"})
"""What only one of the CRMs tells here: an org without record types has no pipelines."""
FIRST: Final = 3


def main(folder: Path) -> int:
    """0 where every figure agrees, else 1."""
    with tempfile.TemporaryDirectory(prefix="maven-") as scratch:
        wrong = as_report(folder, Path(scratch))
        found = {"a report": report_kpis(folder, Path(scratch))}
        wrong += maven_kpis.against_sql(folder, found["a report"], history=False)
        wrong += as_crms(folder, Path(scratch), found)
        wrong += maven_kpis.among(found)
    wrong += dirt(folder)
    echo(f"\n{wrong} differences." if wrong else "\nNo difference.")
    return 1 if wrong else 0


def as_report(folder: Path, scratch: Path) -> int:
    """`check` on the CSV files; gives the number of differences."""
    files: dict[str, Path | None] = {
        "opportunities": folder / "sales_pipeline.csv",
        "owners": folder / "sales_teams.csv",
        "products": folder / "products.csv",
        "findings": scratch / "findings.csv",
    }
    checked = check_file(files, {}, policies=[PACK, OWN], currency="USD", zone="UTC", as_of=AS_OF)
    echo(f"\nAs a CSV report: {checked.deals} deals as of {checked.as_of}")
    counted = Files(folder).counts("deals", BOTH)
    return compared(checked.counts, counted) + listed(checked.dormant, (CRM.keys() - BOTH.keys()) | UNMAPPED)


def report_kpis(folder: Path, scratch: Path) -> dict[str, list[dict[str, Any]]]:
    """The KPIs of a connection to the CSV files, by window."""
    home = scratch / "report"
    home.mkdir()
    (home / "people.csv").write_text(people(folder, "manager,", "team,"), "utf-8")
    files = {"opportunities": "sales_pipeline.csv", "owners": "sales_teams.csv", "products": "products.csv"}
    named = "".join(f"{kind} = '{(folder / file).resolve()}'\n" for kind, file in files.items())
    toml = f"""[connections.{NAME}]
        kind = "tables"
        sandbox = true
        currency = "USD"
        timezone = "America/New_York"
        [connections.{NAME}.files]
        {named}findings = '{home / "findings.csv"}'
        """
    services = connected(toml, {}, lambda: AS_OF, home, people=Path("people.csv"))
    try:
        run(services, NAME, full=True)
        return maven_kpis.measured(services, NAME)
    finally:
        services.store.close()


def people(folder: Path, was: str, now: str) -> str:
    """A people file of the agents, with another header for their manager."""
    teams = (folder / "sales_teams.csv").read_text("utf-8").replace("sales_agent,", "owner,")
    return teams.replace(was, now, 1).replace("regional_office", "region")


def as_crms(folder: Path, scratch: Path, kpis: dict[str, dict[str, list[dict[str, Any]]]]) -> int:
    """A run over the files in each local CRM, both counted by SQL and compared; gives the number of differences.

    Adds each CRM's KPIs by window to `kpis`.
    """
    wrong, found = 0, []
    for name, local in CRMS.items():
        home = scratch / name
        home.mkdir()
        with local(folder, home) as (services, invented):
            services.connect(NAME).provision(None)
            report = run(services, NAME, full=True, as_of=AS_OF)
            judged = judge_only(services, NAME, AS_OF)
            by_name = {deal["name"]: {**deal, "pipeline": None} for deal in deals(services, NAME)}
            usual = [kpi for kpi in services.store.kpis.values(NAME) if UNLIKE.isdisjoint(kpi["dims"])]
            found.append(Judged([by_name], kpis=usual))
            kpis[name] = maven_kpis.measured(services, NAME)
        echo(f"\nIn a local {name}: {report.deals} deals as of {judged['as_of']}, {report.calls} calls")
        wrong += counted_by_sql(Files(folder, reported(invented)), judged, report)
        wrong += maven_kpis.against_sql(folder, kpis[name], history=True)
    unlike = differences(*found)
    for line in unlike:
        echo(f"✗ {line}")
    return wrong + len(unlike) + same("deals in both", len(found[0].deals[0]), len(found[1].deals[0]))


def counted_by_sql(counted: Files, judged: dict[str, Any], report: Report) -> int:
    """The number of figures that SQL counts otherwise."""
    wrong = compared(judged["policies"], counted.counts("crm_deals", CRM))
    wrong += listed(judged["dormant"], UNMAPPED)
    open_deals = counted.number("SELECT count(*) FROM crm_deals WHERE is_open")
    return wrong + same("open deals written", report.outcomes["written"], open_deals)


def reported(invented: list[Invention]) -> list[Invention]:
    """Prints what had to be invented, with dates under one name whatever the CRM calls them."""
    for (field, reason), count in Counter((i.field, i.reason) for i in invented).items():
        echo(f"  invented: {field} × {count}: {reason}")
    return [replace(one, field=DATES.get(one.field, one.field)) for one in invented]


@contextmanager
def salesforce(folder: Path, scratch: Path) -> Iterator[tuple[Services, list[Invention]]]:
    """The files in an org that is served, a sandbox connection to it, and what had to be invented."""
    org = local_salesforce.new_org()
    invented = maven_salesforce.seed_from_csv(org, folder)
    with local_salesforce.serve(org) as running:
        services = connected(salesforce_config.config(running), FIELDS, org.clock.now, scratch)
        try:
            yield services, invented
        finally:
            services.store.close()


@contextmanager
def hubspot(folder: Path, scratch: Path) -> Iterator[tuple[Services, list[Invention]]]:
    """The same in a portal; HubSpot's owners have no region, so a people file tells it."""
    portal = local_hubspot.new_portal(local_hubspot.Settings(window=0))
    invented = maven_hubspot.seed_from_csv(portal, folder)
    (scratch / "people.csv").write_text(people(folder, "", ""), "utf-8")
    with local_hubspot.serve(portal) as running:
        toml = hubspot_config.config(running, NAME)
        services = connected(toml, {"product": "product"}, portal.clock.now, scratch, people=Path("people.csv"))
        try:
            yield services, invented
        finally:
            services.store.close()


CRMS: Final = {"Salesforce": salesforce, "HubSpot": hubspot}


def connected(toml: str, fields: dict[str, str], clock: Any, scratch: Path, **more: Any) -> Services:
    """Real services with the CRM's clock."""
    file = scratch / "sluicegate.toml"
    file.write_text(toml, encoding="utf-8")
    settings = read_settings(file)
    connection = settings.connection(NAME).model_copy(update={"fields": fields, **more})
    named = {"connections": {NAME: connection}, "policies": PolicySettings(paths=(PACK, OWN))}
    return replace(wire(settings.model_copy(update=named)), clock=clock)


def dirt(folder: Path) -> int:
    """What is odd about rows, by kind with the first of them; gives the number of differences."""
    connector = TablesConnector(
        TablesSettings("maven", folder / "sales_pipeline.csv", products=folder / "products.csv", currency="USD")
    )
    notes = connector.notes()
    aside = [row for page in connector.pull({}) for row in page.aside]
    echo(f"\nDirt, row by row: {len(notes)} notes, {len(aside)} rows set aside")
    kinds = Counter(note.reason.split(": ", 1)[1] for note in notes)
    for kind, count in kinds.most_common():
        echo(f"  {count:5} × {kind}")
        for note in [note for note in notes if note.reason.endswith(kind)][:FIRST]:
            echo(f"          {note.id} {note.reason}")
    values = {
        "product is not in the product list": sum(n for kind, n in kinds.items() if "product list" in kind),
        "open deal without account": kinds["open deal without account"],
        "open deal without engage_date": kinds["open deal without engage_date"],
        "closed deal without a value": sum(n for kind, n in kinds.items() if kind.startswith("closed deal without")),
        "close_date before engage_date": sum(n for kind, n in kinds.items() if " before " in kind),
        "rows set aside": len(aside),
    }
    files = Files(folder)
    return sum(same(kind, values[kind], files.number(sql)) for kind, sql in DIRT.items())


def compared(judged: list[dict[str, Any]], counted: Mapping[str, dict[str, Any]]) -> int:
    """A line for each policy, judge before SQL; gives how many differ. One without a figure by SQL is only printed."""
    values = {row["policy"]: {kind: row[kind] for kind in (*KINDS, "missing")} for row in judged}
    echo(f"  {'policy':40} {'pass':>11} {'broken':>11} {'unknown':>11} {'n/a':>11}  unknown for want of")
    wrong = 0
    for policy in sorted(values.keys() | counted.keys()):
        one, other = values.get(policy), counted.get(policy)
        differs = other is not None and one != other
        wrong += differs
        cells = " ".join(f"{_figure(one, kind)}={_figure(other, kind)}".rjust(11) for kind in KINDS)
        missing = ", ".join(f"{fact} {n}" for fact, n in (one or {}).get("missing", {}).items())
        echo(f"{'✗' if differs else ' ' if other else '·'} {policy:40} {cells}  {missing}".rstrip())
        if differs:
            echo(f"    judge {one}\n    SQL   {other}")
    return wrong


def _figure(row: dict[str, Any] | None, kind: str) -> str:
    return "–" if row is None else str(row[kind])


def listed(dormant: Collection[str], expected: Collection[str]) -> int:
    """The policies and criteria that are dormant; gives how many are so wrongly."""
    echo(f"  dormant: {len(dormant)}={len(expected)}: {', '.join(sorted(dormant))}")
    counted = BOTH.keys() | CRM.keys() | UNMAPPED
    wrong = sorted((set(dormant) & counted) ^ set(expected))
    for name in wrong:
        echo(f"✗ {name} {'is dormant' if name in dormant else 'is not dormant'}")
    return len(wrong)


def same(what: str, reported: int, counted: int) -> int:
    """A line for two figures; 1 where they differ."""
    echo(f"{' ' if reported == counted else '✗'} {what}: {reported} reported, {counted} by SQL")
    return int(reported != counted)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
