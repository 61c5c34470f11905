"""Connection upkeep: check it, and clear our fields from its records."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from model.calibration import Calibration
from model.errors import AccessRefused, SettingsProblem
from model.helpers.words import did_you_mean, many
from model.sync import Remark
from policies.files import about, constants_of
from policies.judging.exemptions import holds
from policies.judging.rules import rules_of, unmapped
from policies.language import compared
from policies.reporting.plan import PlanRow, plan
from worker.pipeline.home_currency import currency_remark
from worker.pipeline.judging.other_subjects import named, part_of
from worker.pipeline.measuring import check_files, own_kpis, texts_of
from worker.pipeline.pull import pull
from worker.pipeline.pushing.plan_patches import on_record
from worker.pipeline.pushing.send import recover, send
from worker.pipeline.running import counted, leased, running
from worker.pipeline.session import Session
from worker.pipeline.slices import parts, scope_text
from worker.scopes import check_values, facts_of, parsed
from worker.usecases.check_names import strange_deals, strange_stages
from worker.usecases.check_policies import sound, stray_facts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from model.facts import Fact
    from model.sync import Description
    from model.wide import Wide
    from policies.files import PolicySet
    from policies.language import Condition
    from worker.pipeline.report import Report
    from worker.wiring import Services


def check(services: Services, name: str) -> list[Remark]:
    """The connector's remarks, then the consequences for policies and owners."""
    session = Session(services, name, services.clock())
    with counted(session):
        return _remarks(session)


def provision(services: Services, name: str, export: Path | None = None) -> list[Remark]:
    """Make our fields, permission sets and rules in the CRM, or write them below `export` for an admin."""
    session = Session(services, name, services.clock())
    with counted(session):
        return session.connector.provision(export)


def _remarks(session: Session) -> list[Remark]:
    remarks = list(session.connector.check(session.as_of, **session.asked(session.named_in_files())))
    if any(remark.level == "missing" and "log in" in remark.text for remark in remarks):
        return remarks
    try:
        description = session.describe()
    except AccessRefused:
        return remarks  # they name what our user cannot see
    if remark := currency_remark(session, description):
        remarks.append(remark)
        if remark.level == "missing":
            return remarks
    return [*remarks, *consequences(session, description)]


def consequences(session: Session, description: Description) -> Iterator[Remark]:
    """Mistakes in policy files, dormant rules, names missing in the CRM, owners who log almost nothing."""
    policies, mistakes = sound(session, description)
    yield from mistakes
    yield from of_kpis(session, description)
    if policies is None:
        return
    yield from stray_facts(session, policies, description)
    yield from of_others(session, policies, description)
    for part in parts(session, policies, description, Calibration()):
        for rule in rules_of(policies):
            if lacking := sorted(unmapped(rule.facts, part.wide)):
                what = f"{'Criterion' if rule.place else 'Policy'} {rule.id}"
                yield Remark("note", f"{what} is dormant: nothing is mapped for {', '.join(lacking)}.")
        for process in policies.processes:
            if process.applies_to and (lacking := sorted(unmapped(process.applies_to.facts, part.wide))):
                lack = f"Process {process.id} cannot tell which deals are its own"
                yield Remark("note", f"{lack}: nothing is mapped for {', '.join(lacking)}.")
        yield from of_scope(session, facts_of(description, policies.processes), part.wide)
        yield from strange_stages(policies, part, session.connection.kind)
        yield from strange_owners(session, policies)
        yield from strange_deals(session, policies)
        if "touches_30d" not in part.wide.dormant:
            yield from silent_owners(session, part.wide.frame)
        yield from rolled_out_to_nobody(policies, part.wide)
        return


def of_kpis(session: Session, description: Description) -> Iterator[Remark]:
    """Mistakes in the KPIs of files, in `kpi_scope`, and in the files that the connection names."""
    own = own_kpis(session, description)
    try:
        check_files(session, own.kpis())
        parsed(texts_of(session), facts_of(description))
    except SettingsProblem as problem:
        yield Remark("missing", f"No KPIs are measured: {problem}")
    yield from (Remark("missing", remark) for remark in own.remarks)


def of_scope(session: Session, facts: Mapping[str, Fact], wide: Wide) -> Iterator[Remark]:
    """Values in a scope that neither the CRM nor a deal has, and facts of `kpi_scope` that nothing is mapped for."""
    try:
        check_values(scope_text(session), facts, [wide])
    except SettingsProblem as problem:
        yield Remark("missing", f"No deal is judged: {problem}")
    try:
        conditions = parsed(texts_of(session), facts)
        check_values(texts_of(session), facts, [wide])
    except SettingsProblem as problem:
        yield Remark("missing", f"No KPIs are measured: {problem}")
        return
    for condition in conditions:
        if lacking := sorted(unmapped(condition.facts, wide)):
            text = f"Nothing is mapped for {', '.join(lacking)}, which kpi_scope names"
            yield Remark("warning", f"{text}. KPIs leave out every deal of which that leaves the scope unknown.")


def rolled_out_to_nobody(policies: PolicySet, wide: Wide) -> Iterator[Remark]:
    """Policies with a rollout to teams, owners or pipelines without open deals."""
    import polars as pl

    by_rollout: dict[str, list[str]] = {}
    for rule in rules_of(policies):
        where = cast("Condition | None", rule.rollout.where) if rule.rollout else None
        if where and not wide.frame.filter(pl.col("is_open") & holds(where, wide)).height:
            by_rollout.setdefault(where.text, []).append(rule.id)
    for text, ids in by_rollout.items():
        yield Remark("warning", f"{', '.join(ids)}: rolled out to nobody, for no open deal is of {text}.")


def strange_owners(session: Session, policies: PolicySet) -> Iterator[Remark]:
    """Owners named in a condition that the CRM does not have."""
    names = [owner["name"] for owner in session.store.mirror.records(session.name, "owner") if owner["name"]]
    known = {compared(name) for name in names}
    for const, (file, line, column) in constants_of(policies, "owner"):
        if names and const.value not in known:
            text = f"the CRM has no owner '{const.shown}'{did_you_mean(const.shown, names)}"
            yield Remark("warning", f"{file}:{line}:{column}: {text}")


def of_others(session: Session, policies: PolicySet, description: Description) -> Iterator[Remark]:
    """Dormant policies about other subjects."""
    for subject in named(policies):
        wide = part_of(session, policies, description, subject).wide
        for policy in about(policies, subject):
            if lacking := sorted(unmapped(policy.facts, wide)):
                text = f"nothing is mapped for {', '.join(lacking)} of {subject.many}"
                yield Remark("note", f"Policy {policy.id} is dormant: {text}.")


def silent_owners(session: Session, frame: object) -> Iterator[Remark]:
    """Owners of open deals with almost no logged activity."""
    import polars as pl

    assert isinstance(frame, pl.DataFrame)  # noqa: S101 - the wide frame
    floor = session.connection.activity.min_coverage
    touched = (pl.col("touches_30d").fill_null(0) > 0).mean()
    shares = frame.filter(pl.col("is_open")).group_by("owner").agg(touched.alias("share"), pl.len().alias("deals"))
    for owner, share, deals in shares.filter(pl.col("share") < floor).sort("owner", nulls_last=True).iter_rows():
        yield Remark(
            "note",
            f"{owner or 'Nobody'} logs almost nothing: {share:.0%} of {many(deals, 'open deal')} touched in 30 days.",
        )


def clear(services: Services, name: str) -> Report:
    """Pause the connection and clear our fields wherever we wrote them. A clear that was stopped leaves it paused."""
    services.connection(name)
    with (
        leased(services, name, services.clock(), paused_too=True) as session,
        running(session, "clear") as (run_id, report),
        counted(session, report),
    ):
        services.store.connections.pause(name, "our fields are being cleared", services.clock())
        _clear(session, run_id, report)
        services.store.connections.pause(name, "our fields were cleared", services.clock())
    return report


def _clear(session: Session, run_id: int, report: Report) -> None:
    recover(session, report)
    description = session.describe()
    pull(session)
    rows = [
        PlanRow(row.id, dict.fromkeys(description.writes), row.on_crm, closed=bool(row.is_closed))
        for row in on_record(session)
        if row.sent
    ]
    planned = plan(rows, description.writes, session.as_of)
    send(session, [planned.patches], run_id, report)
