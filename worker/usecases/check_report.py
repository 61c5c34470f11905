"""`check FILE`: judge an exported report in a temporary store, and write the findings next to it."""

from __future__ import annotations

import re
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from model.errors import SettingsProblem
from policies.reporting.finding import needs_attention
from worker.pipeline.judging.judge import judge
from worker.pipeline.pull import pull
from worker.pipeline.pushing.push import push
from worker.pipeline.report import Report
from worker.pipeline.running import leased
from worker.settings import GivenSettings, PolicySettings, connection_settings, mistakes
from worker.usecases import answers
from worker.wiring import wire

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from connectors.shared.connection import ConnectionSettings
    from connectors.tables.connector import TablesConnector
    from model.records import Record
    from worker.wiring import Services

NAME = "file"
OPTION = re.compile(r"^'(?:files\.)?(\w+)'", re.MULTILINE)
"""A setting at the start of a message; this command has an option instead."""


@dataclass(frozen=True)
class Checked:
    """The result of a report."""

    as_of: str
    deals: int
    counts: list[dict[str, Any]]
    dormant: tuple[str, ...]
    aside: list[dict[str, str]]
    notes: list[dict[str, str]]
    remarks: list[str]
    findings: Path | None
    judged: list[dict[str, Any]]
    dearest: list[dict[str, Any]]

    def to_json(self) -> dict[str, Any]:
        """As JSON values. `deals` is as in docs/contract.md; `notes` lists oddities in rows that were kept.

        `findings_file` is null where nothing was written.
        """
        return {
            "as_of": self.as_of, "policies": self.counts, "dormant": list(self.dormant), "aside": self.aside,
            "notes": self.notes, "remarks": self.remarks, "deals": self.judged,
            "findings_file": str(self.findings) if self.findings else None,
        }  # fmt: skip


def check_file(
    files: Mapping[str, Path | None],
    fields: Mapping[str, str],
    *,
    words: Mapping[str, Any] | None = None,
    policies: Sequence[Path] | None,
    currency: str,
    zone: str,
    as_of: datetime | None,
) -> Checked:
    """Judge a report. Raises SettingsProblem or PolicyProblem."""
    settings_given = {"kind": "tables", "sandbox": True, "currency": currency, "timezone": zone, "fields": dict(fields)}
    paths = {name: path.resolve() for name, path in files.items() if path}
    try:
        connection = connection_settings({**settings_given, "files": {**paths, **(words or {})}})
    except ValidationError as e:
        raise SettingsProblem(OPTION.sub(r"--\1", mistakes(e))) from None
    with tempfile.TemporaryDirectory(prefix="sluicegate-") as folder:
        settings = GivenSettings(
            home=Path(folder),
            connections={NAME: connection},
            policies=PolicySettings(paths=tuple(path.resolve() for path in policies or ())),
        )
        services = wire(settings)
        try:
            return _checked(services, as_of or services.clock())
        finally:
            services.store.close()


def _checked(services: Services, as_of: datetime) -> Checked:
    report = Report()
    _reader(services).read_at(as_of)
    with leased(services, NAME, as_of) as session:
        description = session.describe()
        policies = session.policies(description)
        run_id = services.store.runs.start(NAME, as_of, policies.digest, "", "check", session.lease)
        pulled = pull(session, full=True)
        judged = judge(session, policies, description, run_id, binding=True)
        push(session, judged, description, run_id, report, dry=False)
        remarks, notes = _remarks_and_notes(_reader(services))
    judged.fill(report)
    found = answers.deals(services, NAME)
    written = _reader(services).settings.findings_path
    return Checked(
        as_of=as_of.isoformat(),
        deals=report.deals,
        counts=judged.counts(),
        dormant=judged.dormant,
        aside=[asdict(aside) for aside in pulled.aside],
        notes=notes,
        remarks=remarks,
        findings=written if written.exists() else None,
        judged=found,
        dearest=dearest(found, {deal["id"]: deal for deal in _reader(services).deals()}, services.connection(NAME)),
    )


def dearest(
    judged: Sequence[dict[str, Any]], records: Mapping[str, Record], connection: ConnectionSettings
) -> list[dict[str, Any]]:
    """Deals with a flag, each with its amount, currency and close date.

    Those of the highest amount at home come first, then those in other currencies, then those without an amount.
    """
    flagged = [deal for deal in judged if any(map(needs_attention, deal["flags"]))]
    given = {key: {name: records[key].get(name) for name in ("amount", "currency", "close_date")} for key in records}
    rows = [{**deal, **given.get(deal["id"], {})} for deal in flagged]
    return sorted(
        rows,
        key=lambda row: (
            row["amount"] is None, row["currency"] != connection.currency, -(row["amount"] or 0), row["id"]
        ),
    )  # fmt: skip


def _reader(services: Services) -> TablesConnector:
    from connectors.tables.connector import TablesConnector

    connector = services.connect(NAME)
    assert isinstance(connector, TablesConnector)  # noqa: S101 - made above
    return connector


def _remarks_and_notes(connector: TablesConnector) -> tuple[list[str], list[dict[str, str]]]:
    """Sentences on how the report was read, and oddities in rows that were kept, row by row."""
    return [remark.text for remark in connector.remarks()], [asdict(note) for note in connector.notes()]
