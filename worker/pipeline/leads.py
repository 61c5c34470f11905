"""Leads: every lead against the policies that name leads as their subject, and the verdict kept. None is written to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from model.errors import PolicyProblem
from model.helpers.gc_paused import uncollected
from model.previous_verdict import PreviousVerdict
from model.records import LEAD
from model.widening.widen_leads import widen_leads
from policies.files import about
from policies.judging.context import Context
from policies.judging.judge import judge
from policies.reporting.finding import findings_frame
from policies.reporting.findings import find
from policies.reporting.report import rule_counts
from worker import side_files
from worker.pipeline.slices import late_feeds, setting_of, touch_rule, with_people

if TYPE_CHECKING:
    from model.judging_options import Setting
    from model.snapshot import LeadSnapshot
    from model.sync import Description
    from model.wide import Wide
    from policies.files import PolicySet
    from policies.judging.verdict import Verdict
    from worker.pipeline.report import Report
    from worker.pipeline.session import Session


def wanted(policies: PolicySet) -> bool:
    """Whether a policy that is not off is about leads."""
    return bool(about(policies, "lead"))


def wanted_in_force(session: Session, description: Description) -> bool:
    """Whether the policies in force ask for leads; not where there are none that can be read."""
    if not session.leads_are_named():
        return False
    try:
        return wanted(session.policies_in_force(description))
    except PolicyProblem:
        return False


@dataclass(frozen=True)
class JudgedLeads:
    """The verdict on a connection's leads."""

    verdict: Verdict
    findings: pl.DataFrame

    def fill(self, report: Report) -> None:
        """The counts of leads in the run's JSON."""
        frame, findings = self.verdict.wide.frame, self.findings
        broken, was = _broken(findings), _broken(self.verdict.previous.findings)
        report.leads = {
            "leads": frame.height,
            "open": int(frame["is_open"].sum() or 0),
            "findings": broken.height,
            "new": broken.join(was, on=["key", "policy"], how="anti").height,
            "cleared": was.join(broken, on=["key", "policy"], how="anti").height,
            "unknown": findings.filter(pl.col("status") == "unknown").height,
            "dormant": len(self.verdict.dormant),
        }

    def counts(self) -> list[dict[str, Any]]:
        """Per policy: passed, broken, unknown (and for want of which facts) and not applicable."""
        return [{"policy": rule, **count._asdict()} for rule, count in rule_counts(self.verdict).items()]


def _broken(findings: pl.DataFrame) -> pl.DataFrame:
    return findings.filter(pl.col("status") == "broken").select("key", "policy")


def judge_leads(session: Session, policies: PolicySet, description: Description) -> JudgedLeads | None:
    """Judge and keep the verdict; None where no policy names leads, and then there is none."""
    store, name = session.store, session.name
    if not wanted(policies):
        store.leads.forget(name, session.lease)
        return None
    with uncollected():
        verdict = lead_verdict(session, policies, description)
        findings = findings_frame(tuple(find(verdict)))
        store.leads.keep(name, findings, session.lease)
    return JudgedLeads(verdict, findings)


def lead_verdict(session: Session, policies: PolicySet, description: Description) -> Verdict:
    """The verdict on what the store holds of leads; not kept."""
    previous = PreviousVerdict(session.store.leads.previous(session.name))
    context = Context(session.connection.hold_unknown_days)
    return judge(widened_leads(session, description), policies, previous, context)


def widened_leads(session: Session, description: Description) -> Wide:
    """The connection's leads as of the session's instant, under its own ways."""
    touch = touch_rule(session, description)
    snapshot = _overlaid(session, session.store.leads.snapshot(session.name, session.as_of, touch=touch))
    setting = lead_setting(session, description)
    late = replace(setting, feeds_late=late_feeds(session, snapshot.feeds))
    hidden = (
        session.connection.lead_fields.keys() & description.lead_mapped - description.lead_types.keys() - LEAD.keys()
    )
    return widen_leads(snapshot, late, session.connection.leads.closed, hidden)


def lead_setting(session: Session, description: Description) -> Setting:
    """A connection's ways with leads."""
    fields = session.connection.lead_fields
    return replace(
        setting_of(session, description),
        mapped=frozenset(description.lead_types),
        types=description.lead_types,
        columns=frozenset(c for c in LEAD if ("owner" if c == "owner_id" else c) in description.lead_mapped),
        when_blank={fact: f.when_blank for fact, f in fields.items() if not isinstance(f, str)},
    )


def _overlaid(session: Session, snapshot: LeadSnapshot) -> LeadSnapshot:
    """The snapshot with the people file laid over what the CRM says."""
    people = session.connection.people
    if not people:
        return snapshot
    return replace(
        snapshot, owners=with_people(snapshot.owners, side_files.people(session.services.settings.path(people)))
    )
