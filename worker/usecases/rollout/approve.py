"""`policies approve`: let one revision of a policy change up to a given number of deals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from model.errors import SettingsProblem
from model.helpers.words import did_you_mean
from policies.judging.brake import revision_of
from policies.judging.rules import rules_of
from store import MANY_ACTIONS, UNDONE, VANISHED, Approval
from worker.pipeline.session import Session, described

if TYPE_CHECKING:
    from worker.wiring import Services

NOTHING: Final = (
    "There is no policy or criterion '{id}'{hint}; "
    f"'{VANISHED}' lets a reconciliation through, '{MANY_ACTIONS}' many actions, '{UNDONE}' what was undone."
)


def approve(services: Services, name: str, policy: str, *, up_to: int, by: str) -> dict[str, Any]:
    """Keep an approval for the revision in force. Raises SettingsProblem if there is no such policy."""
    services.connection(name)
    if up_to < 1 or not by.strip():
        raise SettingsProblem("An approval says for how many deals (--up-to, from 1) and who gives it (--by NAME).")
    session = Session(services, name, services.clock())
    given = Approval(policy, _revision(session, policy), up_to, by.strip(), session.as_of)
    services.store.approvals.approve(name, given)
    return shown(given)


def _revision(session: Session, policy: str) -> str:
    if policy == VANISHED:
        return ""
    policies = session.policies(described(session))
    if policy in {MANY_ACTIONS, UNDONE}:
        return policies.digest
    rules = {rule.id: rule for rule in rules_of(policies)}
    if policy not in rules:
        raise SettingsProblem(NOTHING.format(id=policy, hint=did_you_mean(policy, rules)))
    return revision_of(rules[policy], session.store.connections.current_calibration(session.name, session.as_of))


def approvals(services: Services, name: str) -> list[dict[str, Any]]:
    """Every approval given on a connection, oldest first."""
    services.connection(name)
    return [shown(approval) for approval in services.store.approvals.all(name)]


def shown(approval: Approval) -> dict[str, Any]:
    """As JSON values."""
    used = None if approval.good or not approval.used else approval.used.isoformat()
    return {**vars(approval), "at": approval.at.isoformat(), "used": used}
