"""`demo`: judge invented orgs in a local Salesforce and a local HubSpot by the same policies."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib.util import find_spec
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import typer

from connectors.shared.files import replace_file
from model.errors import SettingsProblem
from worker.cli.common import table, tell, to_json
from worker.cli.kpis import show_kpis
from worker.cli.screen.rendering import verdict_lines
from worker.pipeline.run import run
from worker.settings import read_settings
from worker.usecases import answers
from worker.usecases.kpis import kpis
from worker.wiring import now, wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from worker.pipeline.report import Report
    from worker.wiring import Services


@dataclass(frozen=True)
class Local:
    """A CRM on this machine: its connection, and a read of our fields by the vendor's client library."""

    name: str
    title: str
    config: str
    visit: Callable[[], Visit]


@dataclass(frozen=True)
class Visit:
    """One flagged deal as the vendor's library shows it; `remark`: what the visitor may do, or who wrote it."""

    title: str
    record: dict[str, Any]
    remark: str


@dataclass(frozen=True)
class Shown:
    """The results of one CRM."""

    crm: Local
    report: Report
    again: Report
    flagged: list[dict[str, Any]]
    kpis: list[dict[str, Any]]
    visit: Visit

    def to_json(self) -> dict[str, Any]:
        """The results as JSON values."""
        runs = {"run": self.report.to_json(), "second_run": self.again.to_json()}
        seen = {"title": self.visit.title, "record": self.visit.record, "said": self.visit.remark}
        return {**runs, "flagged": self.flagged, "kpis": self.kpis, "read_back": seen}


TIDY = 0.68
"""The share of open deals in which nothing is planted, so that about a third carry a flag."""
SERVER_LIBRARIES = ("lark", "starlette", "trustme", "uvicorn")


def demo(folder: Path, deals: int, *, whole: bool = False, as_json: bool = False) -> None:
    """Run the demo and show what a rep, RevOps and an operator would see. Raises SettingsProblem."""
    if not all(map(find_spec, SERVER_LIBRARIES)):
        raise SettingsProblem("The demo needs the packages in requirements-demo.lock: ./dev demo installs and runs it.")
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("sluicegate.db*"):
        old.unlink()
    with ExitStack() as running:
        say("Starting a local Salesforce and a local HubSpot, and seeding them …")
        crms = [running.enter_context(start(deals)) for start in (local_salesforce, local_hubspot)]
        services = wire(read_settings(write_config(folder, crms)))
        shown = [governed(services, crm) for crm in crms]
        services.store.close()
    if as_json:
        typer.echo(to_json({one.crm.name: one.to_json() for one in shown}))
        return
    for one in shown if whole else ():
        show(one)
    for line in summary(shown, folder):
        tell(line)


def say(text: str) -> None:
    """A line of progress."""
    typer.echo(text, err=True)


@contextmanager
def local_salesforce(deals: int) -> Iterator[Local]:
    """Serve a seeded org over TLS. simple-salesforce reads it back as a rep with only the Reader permission set."""
    from sandbox.salesforce import new_org, seed, serve
    from sandbox.salesforce.config import config
    from sandbox.salesforce.visit import visit_as_rep

    org = new_org()
    seed(org, deals=deals, seed=7, as_of=now() - timedelta(minutes=30), tidy=TIDY)
    org.clock.run()
    with serve(org) as running:

        def visit() -> Visit:
            seen = visit_as_rep(running)
            title = f"{seen['user']}, a rep with the Reader set alone, reads by simple-salesforce:"
            may = f"May edit {', '.join(seen['may_edit'])}; refused on {', '.join(seen['refused'])}."
            return Visit(title, seen["record"], may)

        yield Local("salesforce", "Salesforce", config(running, "salesforce"), visit)


@contextmanager
def local_hubspot(deals: int) -> Iterator[Local]:
    """Serve a seeded portal. hubspot-api-client reads it back."""
    from sandbox.hubspot import new_portal, serve
    from sandbox.hubspot.config import config
    from sandbox.hubspot.seeds import seed
    from sandbox.hubspot.visit import visit as visit_portal

    portal = new_portal()
    seed(portal, deals=deals, seed=7, as_of=now() - timedelta(minutes=30), tidy=TIDY)
    portal.clock.run()
    with serve(portal) as running:

        def visit() -> Visit:
            portal.clock.forward(timedelta(seconds=portal.settings.index_lag + 1))  # searches see a change late
            seen = visit_portal(running)
            wrote = seen["written_by"]
            remark = f"Deal of {seen['owner']}; the flag count was written by {wrote['type']} {wrote['app']}: our app."
            return Visit("Our properties, read by hubspot-api-client:", seen["record"], remark)

        yield Local("hubspot", "HubSpot", config(running, "hubspot"), visit)


def write_config(folder: Path, crms: list[Local]) -> Path:
    """Write the demo's config file, readable by its owner only."""
    path = folder / "sluicegate.toml"
    replace_file(path, "\n".join(crm.config for crm in crms).encode(), 0o600)
    return path


def governed(services: Services, crm: Local) -> Shown:
    """Provision the CRM, run twice, and read the record back."""
    say(f"{crm.title}: provisioning our fields, as an admin would once …")
    for remark in services.connect(crm.name).provision(None):
        say(f"  {remark.text}")
    say(f"{crm.title}: pulling, judging, measuring, writing back …")
    report, again = run(services, crm.name), run(services, crm.name)
    flagged = answers.deals(services, crm.name, flagged=True)
    return Shown(crm, report, again, flagged, kpis(services, crm.name), crm.visit())


def show(one: Shown) -> None:
    """Print flagged deals, KPIs, and the record as the vendor's library shows it."""
    worst = sorted((deal for deal in one.flagged if deal["score"] is not None), key=lambda deal: deal["score"])[:5]
    title = f"{one.crm.title}: {len(one.flagged)} of {one.report.open_deals} open deals carry a flag; the worst:"
    rows = [(deal["name"], deal["stage"], deal["score"], _reasons(deal)) for deal in worst]
    table(title, ("deal", "stage", "score", "reasons"), rows)
    show_kpis(one.kpis)
    table(f"{one.crm.title}: {one.visit.title}", ("field", "value"), list(one.visit.record.items()))
    typer.echo(one.visit.remark)
    typer.echo(
        f"First run: {one.report.outcomes['written']} records written, {one.report.calls} calls. "
        f"Second run, nothing changed: {one.again.outcomes['written']} written."
    )


NEXT = """\
Try next (the store and the config lie in {folder}/; the local CRMs are gone):
  {command} --config {folder}/sluicegate.toml deals salesforce --flagged
  {command} --config {folder}/sluicegate.toml explain salesforce {deal}
  {command} --config {folder}/sluicegate.toml kpis salesforce --by team
  {command} check YOUR-EXPORT.csv"""
COMMAND = ".venv/bin/sluicegate"
LINES = 3
"""Reasons of the deal that are shown."""


def summary(shown: Sequence[Shown], folder: Path) -> Iterator[str]:
    """The last screen: one deal as its rep sees it, five numbers, the second run, and what to try."""
    deal = _example(shown[0].flagged)
    yield f"\n{deal['name']}, {deal['stage']}, owner {deal['owner']}: what the rep sees on the deal"
    yield f"  Score {deal['score']} of 100"
    for line in list(verdict_lines(deal))[:LINES]:
        yield from wrap(line, 96, initial_indent="  - ", subsequent_indent="    ")
    yield ""
    for one in shown:
        report, again = one.report, one.again
        yield (
            f"{one.crm.title}: {report.open_deals} open deals, {len(one.flagged)} with a flag, "
            f"{report.outcomes['written']} records written, {report.calls} calls."
        )
        yield f"  Second run: {again.outcomes['written']} writes."
    yield from NEXT.format(folder=folder, command=COMMAND, deal=deal["id"]).split("\n")


def _example(flagged: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A deal with about three neglects: enough to see, and few enough to read."""
    scored = [deal for deal in flagged if deal["score"] is not None]
    return min(scored or flagged, key=lambda deal: (abs(len(answers.neglects(deal["flags"])) - LINES), deal["id"]))


def _reasons(deal: dict[str, Any]) -> str:
    return "\n".join(f"{flag['title']}: {flag['evidence']['text']}" for flag in deal["flags"] if flag["shown"])
