"""KPI values: those of the last run, of a frozen night, or measured for a question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from model.errors import SettingsProblem
from worker.pipeline.context import waivers_of
from worker.pipeline.measuring import USUAL, exempt, own_kpis, values
from worker.pipeline.running import leased, running
from worker.pipeline.session import Session, described
from worker.pipeline.slices import parts
from worker.usecases.steps import dry_run_session, judged_now

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from kpis.dictionary import Kpi
    from policies.files import PolicySet
    from worker.pipeline.measuring import KpiQuestion
    from worker.wiring import Services


def kpis(
    services: Services, name: str, asked: KpiQuestion = USUAL, only: str = "", as_of: datetime | None = None
) -> list[dict[str, Any]]:
    """KPI values of the last run, or measured now for another question or as of another instant.

    Raises SettingsProblem for a question that cannot be read.
    """
    from kpis.catalogue import find

    services.connection(name)
    kpi_id = find(only, every_kpi(services, name)).id if only else ""
    usual = asked == USUAL and as_of is None
    rows = services.store.kpis.values(name) if usual else measured(services, name, asked, as_of)
    return [row for row in rows if not kpi_id or row["id"] == kpi_id]


def every_kpi(services: Services, name: str) -> Mapping[str, Kpi]:
    """The KPIs of a connection by id: the shipped ones, and those of its users where it was read once."""
    from kpis.catalogue import SHIPPED

    session = Session(services, name, services.clock())
    description = services.store.connections.description(name)
    return own_kpis(session, description).kpis() if description else SHIPPED


def measured(services: Services, name: str, asked: KpiQuestion, as_of: datetime | None = None) -> list[dict[str, Any]]:
    """Values straight from the store; from a temporary copy that is judged where a pause or waiver may matter.

    A past instant is answered from what was recorded by then.
    """
    session = Session(services, name, as_of or services.clock())
    description = described(session)
    policies = session.policies_in_force(description)
    if as_of is None and not _may_exempt(session, policies):
        calibration = services.store.connections.current_calibration(name, session.as_of)
        every = parts(session, policies, description, calibration)
        return values(session, every, policies.processes, (), asked)
    with dry_run_session(services, name, session.as_of) as (copied, run_id):
        judged = judged_now(copied, run_id, binding=False)
        every = (part.part for part in judged.parts)
        return values(copied, every, judged.policies.processes, exempt(judged), asked)


def _may_exempt(session: Session, policies: PolicySet) -> bool:
    """Whether a waiver or a pause could leave deals out."""
    return bool(waivers_of(session, policies)) or any(
        frame.height for frame in session.store.approvals.pauses(session.name)
    )


def measure_only(services: Services, name: str, as_of: datetime | None) -> list[dict[str, Any]]:
    """KPI values from the store. They are kept only for today."""
    rows = measured(services, name, USUAL, as_of)
    if as_of is None:
        with leased(services, name, services.clock()) as session, running(session, "measure") as (run_id, _):
            session.store.kpis.keep(run_id, rows, session.lease)
    return rows


def frozen(services: Services, name: str, night: date) -> list[dict[str, Any]]:
    """The values that were measured in the run of a frozen night. Raises SettingsProblem where none was kept."""
    services.connection(name)
    runs = {one["day"]: one["run"] for one in services.store.frozen.nights(name)}
    if runs.get(night) is not None:
        return services.store.kpis.values(name, runs[night])
    there = f"kept are {min(runs)} to {max(runs)}" if runs else "none is kept yet; the nightly run keeps them"
    raise SettingsProblem(f"No values of the night of {night} are kept ({there}).")


def dictionary(services: Services) -> list[dict[str, Any]]:
    """Every KPI with what it is for: the shipped ones, then those of users."""
    return [entry(kpi) for kpi in _all_kpis(services).values()]


def one_entry(services: Services, word: str) -> dict[str, Any]:
    """The dictionary entry of a KPI. Raises SettingsProblem with the ids that a word could mean."""
    from kpis.catalogue import find

    return entry(find(word, _all_kpis(services)))


def _all_kpis(services: Services) -> dict[str, Kpi]:
    """The KPIs of all connections by id."""
    from kpis.catalogue import SHIPPED

    found = dict(SHIPPED)
    for name in services.settings.connections:
        found |= every_kpi(services, name)
    return found


def entry(kpi: Kpi) -> dict[str, Any]:
    """A dictionary entry as JSON."""
    from kpis.reference_page import ROWS, dims_of

    rows = {row: getattr(kpi, row) for row in ROWS}
    return {"id": kpi.id, "title": kpi.title, **rows, "needs": list(kpi.needs), "by": dims_of(kpi)}
