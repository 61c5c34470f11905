"""What KPI values depend on besides the CRM's records: files, settings, calibration and definitions, as digests."""

from __future__ import annotations

from hashlib import blake2b
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from worker.pipeline.context import waivers_of

if TYPE_CHECKING:
    from kpis.dictionary import Kpi
    from policies.files import PolicySet
    from worker.pipeline.measuring.own_kpis import OwnKpis
    from worker.pipeline.session import Session

FILES: Final = ("targets", "benchmarks", "spend", "rates", "people")
"""Settings of a connection that name a file of RevOps."""
READ_BY: Final = frozenset({"fields", "lead_fields"})
"""Settings by which the CRM is read, so that they take effect with the next run."""
SETTINGS: Final = READ_BY | {
    "timezone", "calendar", "fiscal_year_starts", "currency", "linked_to", "scope", "kpi_scope", "integration_users",
    "activity", "leads",
}  # fmt: skip
"""Settings of a connection that KPI values depend on."""
OF_KPIS: Final = frozenset({"enough", "count_imported"})
TEXTS: Final = (
    "id", "title", "formula", "numerator", "denominator", "window", "unit", "leads", "category", "owner",
)  # fmt: skip


def measured_with(session: Session, policies: PolicySet, own: OwnKpis) -> dict[str, str]:
    """Each thing that values depend on, as people call it → a digest that changes with it."""
    from kpis.catalogue import SHIPPED, revision
    from policies.files import revision as meaning

    calibration = session.store.connections.current_calibration(session.name, session.as_of)
    found = {
        "the policies": policies.digest,
        "the waivers": meaning(waivers_of(session, policies)),
        "the calibration": sorted(calibration.medians.items()),
        "the evidence at stage entry": _untrusted(session),
        "the shipped KPIs": [revision(SHIPPED), resources.files("kpis").joinpath("benchmarks.csv").read_bytes()],
        **_own(own),
        **_settings(session),
        **_side_files(session),
    }
    return {name: blake2b(repr(value).encode(), digest_size=6).hexdigest() for name, value in found.items()}


def _untrusted(session: Session) -> list[list[Any]]:
    evidence = session.store.kpis.entry_evidence(session.name)
    stages = evidence["stages"] if evidence else []
    return [[one["process"], one["stage"], one["why"]] for one in stages if not one["trusted"]]


def _own(own: OwnKpis) -> dict[str, list[Any]]:
    """The definitions in force by the name of their file."""
    kpis, found = own.kpis(), dict[str, list[Any]]()
    for one in own.definitions:
        found.setdefault(Path(one.file).name, []).append(_text(kpis[one.name]))
    return found


def _text(kpi: Kpi) -> list[str]:
    return [getattr(kpi, name) for name in TEXTS]


def _settings(session: Session) -> dict[str, Any]:
    """The settings that were set, of the connection and of KPIs."""
    given = session.connection.model_dump(mode="json", include=set(SETTINGS), exclude_defaults=True)
    of_kpis = session.services.settings.kpis.model_dump(include=set(OF_KPIS), exclude_defaults=True)
    return {**given, **{f"kpis.{name}": value for name, value in of_kpis.items()}}


def _side_files(session: Session) -> dict[str, list[bytes]]:
    """The files that the connection names. One that cannot be read counts as empty; measuring says what is wrong."""
    found: dict[str, list[bytes]] = {}
    for path in filter(None, (getattr(session.connection, name) for name in FILES)):
        whole = session.services.settings.path(path)
        found.setdefault(path.name, []).append(whole.read_bytes() if whole.is_file() else b"")
    return found
