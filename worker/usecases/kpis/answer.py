"""KPI values: those of the last run where nothing changed since, of a frozen night, or measured for a question."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from model.errors import PolicyProblem, SettingsProblem
from worker.pipeline.context import waivers_of
from worker.pipeline.judging.judge import judge
from worker.pipeline.measuring import USUAL, check_files, exempt, measured_with, own_kpis, values
from worker.pipeline.running import leased, running
from worker.pipeline.session import Session, described
from worker.pipeline.slices import parts
from worker.usecases.kpis.dictionary import find_with
from worker.usecases.kpis.remarks import of_policies, stuck, why_anew
from worker.usecases.steps import dry_run_session

if TYPE_CHECKING:
    from datetime import date, datetime

    from model.sync import Description
    from policies.files import PolicySet
    from worker.pipeline.measuring import KpiQuestion, OwnKpis
    from worker.wiring import Services


@dataclass(frozen=True)
class KpiAnswer:
    """Values as JSON rows, and sentences on what they were measured with."""

    rows: list[dict[str, Any]]
    remarks: tuple[str, ...] = ()

    def json(self) -> dict[str, Any]:
        """The answer as `kpis` in docs/contract.md."""
        return {"kpis": self.rows, "remarks": list(self.remarks)}


def kpis(
    services: Services, name: str, asked: KpiQuestion = USUAL, only: str = "", as_of: datetime | None = None
) -> list[dict[str, Any]]:
    """The values of `answer`."""
    return answer(services, name, asked, only, as_of).rows


def answer(
    services: Services, name: str, asked: KpiQuestion = USUAL, only: str = "", as_of: datetime | None = None
) -> KpiAnswer:
    """KPI values of the last run, or measured now where something changed since, for a question or as of an instant.

    Raises SettingsProblem for a question that cannot be read.
    """
    services.connection(name)
    session = Session(services, name, services.clock())
    own = own_kpis(session, description := described(session))
    kpi_id = find_with(own, only).id if only else ""
    usual = asked == USUAL and as_of is None
    found = of_today(session, own) if usual else KpiAnswer(measured(services, name, asked, as_of))
    rows = [row for row in found.rows if not kpi_id or row["id"] == kpi_id]
    return KpiAnswer(rows, (*found.remarks, *of_policies(session, description), *own.remarks))


def of_today(session: Session, own: OwnKpis) -> KpiAnswer:
    """The kept values, or new ones with a remark where what they were measured with has changed since."""
    services, name = session.services, session.name
    newest = services.store.kpis.newest(name)
    if newest is None:
        return KpiAnswer(measured(services, name, USUAL))
    try:
        now = measured_with(session, session.policies_in_force(described(session)), own)
        if now == newest.measured_with:
            return KpiAnswer(services.store.kpis.values(name, newest.run))
        return KpiAnswer(measured(services, name, USUAL), tuple(why_anew(name, newest, now)))
    except (PolicyProblem, SettingsProblem) as problem:
        kept = services.store.kpis.values(name, newest.run)
        return KpiAnswer(kept, (stuck(newest, problem),))


def measured(services: Services, name: str, asked: KpiQuestion, as_of: datetime | None = None) -> list[dict[str, Any]]:
    """Values straight from the store; from a temporary copy that is judged where a pause or waiver may matter.

    A past instant is answered from what was recorded by then.
    """
    session = Session(services, name, as_of or services.clock())
    description = described(session)
    check_files(session, own_kpis(session, description).kpis())
    policies = session.policies_in_force(description)
    if as_of is None and not _may_exempt(session, policies):
        calibration = services.store.connections.current_calibration(name, session.as_of)
        slices = partial(parts, session, policies, description, calibration)
        return values(session, slices, policies.processes, (), asked)
    with dry_run_session(services, name, session.as_of) as (copied, run_id):
        judged = judge(copied, policies, copied.description(), run_id, binding=False)
        return values(copied, judged.slices, policies.processes, exempt(judged), asked)


def _may_exempt(session: Session, policies: PolicySet) -> bool:
    """Whether a waiver or a pause could leave deals out."""
    return bool(waivers_of(session, policies)) or any(
        frame.height for frame in session.store.approvals.pauses(session.name)
    )


def measure_only(services: Services, name: str, as_of: datetime | None) -> KpiAnswer:
    """KPI values from the store. They are kept only for today."""
    session = Session(services, name, services.clock())
    own = own_kpis(session, description := described(session))
    rows = measured(services, name, USUAL, as_of) if as_of else _measured_and_kept(session, description, own)
    return KpiAnswer(rows, (*of_policies(session, description), *own.remarks))


def _measured_and_kept(session: Session, description: Description, own: OwnKpis) -> list[dict[str, Any]]:
    """Values of now. No run works in between, which would leave older values as the newest."""
    services, name = session.services, session.name
    with leased(services, name, services.clock(), paused_too=True) as held:
        rows = measured(services, name, USUAL)
        now = measured_with(session, session.policies_in_force(description), own)
        with running(held, "measure") as (run_id, _):
            held.store.kpis.keep(run_id, rows, held.lease, measured_with=now)
    return rows


def frozen(services: Services, name: str, night: date) -> list[dict[str, Any]]:
    """The values that were measured in the run of a frozen night. Raises SettingsProblem where none was kept."""
    services.connection(name)
    runs = {one["day"]: one["run"] for one in services.store.frozen.nights(name)}
    if runs.get(night) is not None:
        return services.store.kpis.values(name, runs[night])
    there = f"kept are {min(runs)} to {max(runs)}" if runs else "none is kept yet; the nightly run keeps them"
    raise SettingsProblem(f"No values of the night of {night} are kept ({there}).")
