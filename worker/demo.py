"""`demo`: a made-up org in a local Salesforce, governed for real: provisioned, pulled, judged, written, read back."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import typer

from worker.cli.common import table
from worker.cli.read import show_kpis
from worker.flows import answers
from worker.flows.run import run
from worker.settings import read_settings
from worker.wiring import now, wire

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sandbox.salesforce import Running
    from worker.flows.report import Report
    from worker.wiring import Services

NAME = "local"


def demo(folder: Path, deals: int, *, as_json: bool = False) -> None:
    """Run the demo and show what a rep, RevOps and an operator would see."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("sluicegate.db*"):
        old.unlink()
    say("Starting a local Salesforce and seeding an org …")
    with local_salesforce(deals) as running:
        services = wire(read_settings(write_config(folder, running)))
        say("Provisioning our fields, as an admin would once …")
        for remark in services.connect(NAME).provision(None):
            say(f"  {remark.text}")
        say("Pulling, judging, measuring, writing back …")
        report = run(services, NAME)
        again = run(services, NAME)
        records = read_as_rep(running)
        show(services, report, again, records, folder, as_json=as_json)
        services.store.close()


def say(text: str) -> None:
    """A line of progress."""
    typer.echo(text, err=True)


@contextmanager
def local_salesforce(deals: int) -> Iterator[Running]:
    """A seeded org, served over TLS on this machine."""
    from sandbox.salesforce import new_org, seed, serve

    org = new_org()
    seed(org, deals=deals, seed=7, as_of=now() - timedelta(minutes=30))
    org.clock.run()
    with serve(org) as running:
        yield running


def write_config(folder: Path, running: Running) -> Path:
    """The config file of the demo, for its owner's eyes."""
    from sandbox.salesforce.config import config

    path = folder / "sluicegate.toml"
    path.touch(mode=0o600)
    path.write_text(config(running))
    return path


def read_as_rep(running: Running) -> dict[str, Any]:
    """The org as a rep sees it who holds the Reader set alone: read by simple-salesforce, edits tried."""
    from sandbox.salesforce.visit import visit_as_rep

    return visit_as_rep(running)


def show(
    services: Services, report: Report, again: Report, seen: dict[str, Any], folder: Path, *, as_json: bool
) -> None:
    """What came of it: flagged deals, KPIs, the rep's view, and where to go on."""
    flagged = answers.deals(services, NAME, flagged=True)
    kpis = answers.kpis(services, NAME, window="all", only="")
    if as_json:
        answer = {"run": report.to_json(), "second_run": again.to_json(), "flagged": flagged, "kpis": kpis, "rep": seen}
        typer.echo(json.dumps(answer, default=str))
        return
    worst = sorted((deal for deal in flagged if deal["score"] is not None), key=lambda deal: deal["score"])[:12]
    title = f"{len(flagged)} of {report.open_deals} open deals carry a flag; the worst:"
    rows = [(deal["name"], deal["stage"], deal["score"], _reasons(deal)) for deal in worst]
    table(title, ("deal", "stage", "score", "reasons"), rows)
    show_kpis(kpis)
    record = seen["record"]
    table(f"What {seen['user']} (a rep with the Reader set alone) sees on {record.pop('Name')}:", ("field", "value"),
          list(record.items()))  # fmt: skip
    typer.echo(f"May edit {', '.join(seen['may_edit'])}; refused on {', '.join(seen['refused'])}.")
    typer.echo(
        f"First run: {report.outcomes['written']} records written, {report.calls} calls. "
        f"Second run, nothing changed: {again.outcomes['written']} written."
    )
    typer.echo(NEXT.format(folder=folder))


NEXT = """
The store and the config lie in {folder}/; the local Salesforce is gone now. To look closer:
  .venv/bin/sluicegate --config {folder}/sluicegate.toml deals local --flagged
  .venv/bin/sluicegate --config {folder}/sluicegate.toml runs
  .venv/bin/sluicegate policies show
  .venv/bin/sluicegate check YOUR-EXPORT.csv
  .venv/bin/sluicegate init my-governance        # then fill in your own org
"""


def _reasons(deal: dict[str, Any]) -> str:
    return "\n".join(f"{flag['title']}: {flag['evidence']['text']}" for flag in deal["flags"] if flag["shown"])
