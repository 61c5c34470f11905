"""What must hold once the faults are over and everything is current."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from model.sync import OUR_FIELDS
from sandbox.salesforce import SYNC
from tests.bad_days.supervisor import until
from worker.wiring import now

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bad_days.estate import Estate, Office


def differences(estate: Estate) -> list[str]:
    """A line for each thing that is not as it must be. The product is stopped by it."""
    found = [f"a process ended by itself: {line}" for line in estate.supervisor.unasked]
    quiet(estate)
    found += left_open(estate)
    found += unread(estate)
    for office in estate.offices:
        found += foreign_writes(office)
        found += closed_deals(office)
    return [*found, *against_a_fresh_run(estate)]


def quiet(estate: Estate) -> None:
    """Stop beats, wait for the runs under way, stop workers."""
    stop, jobs = estate.supervisor, estate.store.jobs
    stop.stop(*stop.named("beat"))
    until(lambda: not any(job.process for job in jobs.all().values()), 120, "the jobs under way")
    stop.stop(*stop.named("worker"))


def left_open(estate: Estate) -> Iterator[str]:
    """Rows of runs, leases, jobs and batches that nobody has ended."""
    store = estate.store
    for office in estate.offices:
        name = office.name
        for run in store.runs.latest(name, 100_000):
            if run["state"] is None:
                yield f"{name}: run {run['id']} stays open"
        if store.runs.held(name):
            yield f"{name}: the lease stays"
        for job in store.jobs.of(name):
            if job.set_aside:
                yield f"{name}: {job.name} stays set aside"
        if flying := len(store.pushes.in_flight(name)):
            yield f"{name}: {flying} batches stay in flight"


def unread(estate: Estate) -> Iterator[str]:
    """Runs that did not come through and of which no line of the log says so."""
    named = {line["run"] for _, line in estate.logs() if line["level"] != "info" and "run" in line}
    for office in estate.offices:
        for run in estate.store.runs.latest(office.name, 100_000):
            if run["state"] != "done" and run["id"] not in named:
                yield f"{office.name}: no line of the log names run {run['id']}, which ended as {run['state']}"


def foreign_writes(office: Office) -> Iterator[str]:
    """What we have written but our own fields of deals."""
    deal = {"salesforce": "Opportunity", "hubspot": "deals"}[office.driver.kind]
    ours = set(office.driver.connector().settings.writes.values())
    for write in sent_by_us(office):
        entity, kind = (write.entity, write.kind) if hasattr(write, "entity") else (write.kind, write.what)
        if entity != deal or kind != "update" or not write.values.keys() <= ours | {"attributes", "Id"}:
            yield f"{office.name}: we wrote {entity} {kind} {sorted(write.values)}"


def sent_by_us(office: Office) -> list[Any]:
    """Every write of our user, as the CRM has logged it."""
    driver: Any = office.driver
    if driver.kind == "salesforce":
        return [write for write in driver.org.writes if write.user == SYNC]
    return [write for write in driver.portal.writes if write.by == driver.portal.tokens.sync.app]


def closed_deals(office: Office) -> Iterator[str]:
    """A deal that is closed shows nothing of ours but the score at its close."""
    for deal in office.driver.theirs():
        if office.driver.entered(deal)["stage"] not in {office.driver.won, office.driver.lost}:
            continue
        left = {name: value for name, value in office.driver.record(deal).items() if value and name in OUR_FIELDS}
        if left.keys() - {"score"}:
            yield f"{office.name}: the closed deal {deal} shows {left}"


def against_a_fresh_run(estate: Estate) -> Iterator[str]:
    """Where a full run over a fresh store, which knows only what the CRM has now, would write something else."""
    config = estate.folder / "fresh.toml"
    text = estate.config.read_text().replace(
        f'store = {{url = "{estate.database_url}"}}', 'store = {url = "sqlite:///fresh.db"}'
    )
    config.write_text(text)
    for office in estate.offices:
        office.driver.faults.clear()
        before, at = office.on_record(), now()
        done = estate.command("run", office.name, "--full", config=config)
        if done.returncode:
            yield f"{office.name}: the fresh run ended with {done.returncode}: {done.stderr or done.stdout}"
        for deal, want in office.on_record().items():
            have = before.get(deal, {})
            off = {name: (have.get(name), want[name]) for name in want if have.get(name) != want[name]}
            if off:
                yield f"{office.name}: {deal} at {at:%H:%M:%S} has, and should have, {off}"
