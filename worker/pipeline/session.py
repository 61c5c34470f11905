"""A session: the connection, its description, the policies in force and the instant, shared by a run's steps."""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from connectors.registry import KINDS
from model.errors import BudgetSpent, PolicyProblem, RetryLater, SettingsProblem, SluicegateError
from worker.log import log
from worker.pipeline.report import Report

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from connectors.protocol import Connector
    from connectors.shared.connection import ConnectionSettings
    from model.facts import FactType
    from model.sync import Description
    from policies.files import PolicySet
    from store import Lease, Store
    from worker.wiring import Services

NAMES_LEADS = re.compile(rb"subject[\"']?\s*:\s*[\"']?lead\b")
T = TypeVar("T")
Pair: TypeAlias = tuple[tuple[tuple[str, T], ...], tuple[tuple[str, T], ...]]
"""Values by fact, for deals and for leads."""
LEASE_SECONDS = 60
HEARTBEAT_SECONDS = 15


@dataclass(frozen=True)
class Session:
    """One piece of work on one connection, as of one instant."""

    services: Services
    name: str
    as_of: datetime
    lease: Lease | None = None

    @property
    def store(self) -> Store:
        """The memory."""
        return self.services.store

    @property
    def connection(self) -> ConnectionSettings:
        """The connection's settings."""
        return self.services.connection(self.name)

    @property
    def connector(self) -> Connector:
        """The CRM's connector."""
        return self.services.connect(self.name)

    def describe(self) -> Description:
        """Ask the CRM for its description and keep it. Includes leads only if a policy file names them."""
        leads = self.leads_are_named()
        description = self.connector.describe(leads=True) if leads else self.connector.describe()
        self.store.connections.keep_description(self.name, description)
        return description

    def leads_are_named(self) -> bool:
        """Whether a policy file may name leads as a subject. Only reading the policies tells for sure."""
        try:
            texts = self.services.policy_texts().values()
        except SettingsProblem:
            return False
        return any(map(NAMES_LEADS.search, texts))

    def description(self) -> Description:
        """The stored description. Asks the CRM if there is none."""
        return self.store.connections.description(self.name) or self.describe()

    def policies(self, description: Description) -> PolicySet:
        """The policies in force, checked against this CRM's values. Raises PolicyProblem."""
        texts = self.services.policy_texts()
        found = read_once(texts, description)
        files = {file: text.decode("utf-8") for file, text in texts.items()}
        self.store.policy_sets.keep(found.digest, files, self.services.clock())
        return found

    def policies_in_force(self, description: Description) -> PolicySet:
        """The policies, or the last valid ones if the files have mistakes or are missing. For unattended runs."""
        try:
            return self.policies(description)
        except (PolicyProblem, SettingsProblem) as e:
            last = self.store.policy_sets.latest()
            if last is None:
                raise
            log().error("policy files are wrong; the last good ones stay in force", problems=str(e))
            texts = {file: text.encode() for file, text in last.items()}
            return read_once(
                texts, replace(description, choices={})
            )  # they were valid once; the CRM's values may have changed


def read_once(texts: Mapping[str, bytes], description: Description) -> PolicySet:
    """The policies in these files, cached per process for the same files and CRM. Raises PolicyProblem."""
    choices, lead_choices = tuple(description.choices.items()), tuple(description.lead_choices.items())
    types, lead_types = tuple(description.types.items()), tuple(description.lead_types.items())
    return _read(tuple(texts.items()), (choices, lead_choices), (types, lead_types))


@lru_cache(maxsize=8)
def _read(texts: tuple[tuple[str, bytes], ...], choices: Pair[tuple[str, ...]], types: Pair[FactType]) -> PolicySet:
    from policies.files import read_policies

    of_deals, of_leads = (dict(one) for one in choices)
    deal_types, lead_types = (dict(one) for one in types)
    return read_policies(
        dict(texts), choices=of_deals, types=deal_types, lead_choices=of_leads, lead_types=lead_types, kinds=KINDS
    )


def described(session: Session) -> Description:
    """The description that the store holds. Raises SettingsProblem where the CRM was never asked."""
    found = session.store.connections.description(session.name)
    if found is None:
        raise SettingsProblem(f"'{session.name}' has no deals yet; `sluicegate pull {session.name}` reads them.")
    return found


@contextmanager
def leased(services: Services, name: str, as_of: datetime) -> Iterator[Session]:
    """A session with the connection's lease, renewed while the block runs. Raises ConnectionBusy."""
    store = services.store
    lease = store.runs.lease(name, "a run", services.clock(), LEASE_SECONDS)
    ended = threading.Event()

    def heartbeat() -> None:
        while not ended.wait(HEARTBEAT_SECONDS):
            store.runs.renew(lease, services.clock(), LEASE_SECONDS)

    thread = threading.Thread(target=heartbeat, name="lease", daemon=True)
    thread.start()
    try:
        yield Session(services, name, as_of.astimezone(UTC), lease)
    finally:
        ended.set()
        thread.join()
        store.runs.release(lease)


@contextmanager
def counted(session: Session, report: Report) -> Iterator[None]:
    """Count the block's calls to the CRM in the report and in the day's budget."""
    before = session.connector.calls
    try:
        yield
    finally:
        report.calls = session.connector.calls - before
        session.store.connections.note_calls(session.name, session.services.clock().date(), report.calls)


@contextmanager
def running(session: Session, kind: str) -> Iterator[tuple[int, Report]]:
    """A run's row in the store and its report. A resumable stop is in the report's `stopped`."""
    store = session.store
    calibration = store.connections.current_calibration(session.name, session.as_of).revision
    run_id = store.runs.start(session.name, session.as_of, "", calibration, kind, session.lease)
    report, outcome = Report(run_id=str(run_id), as_of=session.as_of.isoformat()), "fault"
    try:
        yield run_id, report
        outcome = "done"
    except (RetryLater, BudgetSpent) as e:
        outcome = report.stopped = str(e)
    except SluicegateError as e:
        outcome = str(e)
        raise
    finally:
        store.runs.end(run_id, outcome, report.to_json())
