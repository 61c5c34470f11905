"""Which records wait as an undo left them, for which policies, and the approvals that let them go on."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple
from zoneinfo import ZoneInfo

from model.helpers.words import many
from policies.judging.brake import revision_of
from policies.judging.rules import rules_of
from policies.judging.undone import Undone
from policies.reporting.words import day
from store import UNDONE

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from policies.files import PolicySet
    from store import Approval, Restored
    from worker.pipeline.session import Session

APPROVE: Final = "`sluicegate policies approve {policy} --connection {name} --up-to {n} --by NAME`"
WAIT: Final = "{n} would change and stay as an undo left them{why}. To let them through: {how}."
NAMED: Final = 5
"""So many policies are named in a sentence; the others are counted."""


@dataclass(frozen=True)
class Undo:
    """An undo run: which run it undid, when, and who asked for it.

    `revisions`: those of the policies by which the undone run wrote, and those in force at the undo.
    """

    id: int
    run: str
    at: datetime
    by: str
    on: str
    revisions: Mapping[str, list[str]] = field(hash=False)

    @property
    def text(self) -> str:
        """Who undid what, for a sentence."""
        return f"Undone {f'by {self.by}' if self.by else 'by hand'} on {self.on} (run {self.id} undid run {self.run})"

    def holds(self, policy: str, revision: str | None) -> bool:
        """Whether the policy at this revision waits after the undo; None: there is no such policy any more."""
        known = self.revisions.get(policy)
        return revision is not None and (not known or revision in known)


class Wait(NamedTuple):
    """A record, the policies that it waits for, and the newest undo that left it so."""

    record: Restored
    policies: frozenset[str]
    undo: Undo


@dataclass(frozen=True)
class Waiting:
    """The records that wait. `used`: the approvals that let others of them go on."""

    name: str
    waits: tuple[Wait, ...] = ()
    used: tuple[Approval, ...] = ()

    @cached_property
    def counts(self) -> Counter[str]:
        """By policy, how many records wait for it; under UNDONE all of them."""
        counts = Counter(policy for wait in self.waits for policy in wait.policies)
        counts[UNDONE] = len(self.waits)
        return counts

    @cached_property
    def undone(self) -> Undone:
        """As the judge takes it."""
        shown: dict[str, set[int]] = defaultdict(set)
        for wait in self.waits:
            for policy in wait.record.shown:
                shown[policy].add(wait.record.key)
        texts = {(wait.undo, wait.policies): self._reason(wait) for wait in self.waits}
        reasons = {wait.record.key: texts[wait.undo, wait.policies] for wait in self.waits}
        return Undone(reasons, {policy: frozenset(keys) for policy, keys in shown.items()})

    def _reason(self, wait: Wait) -> str:
        return f"{wait.undo.text}; {self.how(wait.policies)} lets it through"

    def why(self, policy: str) -> str:
        """Who undid flags of this policy, and what lets them through."""
        newest = max((wait.undo for wait in self.waits if policy in wait.policies), key=lambda undo: undo.id)
        return f"{newest.text}; {self.how({policy})} lets it through"

    def how(self, policies: Collection[str]) -> str:
        """The command that lets the records go on that wait for these policies."""
        policy = next(iter(policies)) if len(policies) == 1 else UNDONE
        return APPROVE.format(policy=policy, name=self.name, n=self.counts[policy])

    @property
    def policies(self) -> frozenset[str]:
        """Everything that a record waits for."""
        return frozenset().union(*(wait.policies for wait in self.waits))

    def sentence(self, changes: int) -> str:
        """The sentence of a run that left so many records as they are."""
        named = sorted(self.policies - {UNDONE})
        more = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
        why = f" ({', '.join(named[:NAMED])}{more})" if named else ""
        return WAIT.format(n=many(changes, "record"), why=why, how=self.how(self.policies))


def waiting(session: Session, policies: PolicySet) -> Waiting:
    """The connection's records that wait under these policies.

    A record waits until each policy of which a flag was taken off or put back is approved after the undo, has another
    revision, or is gone; a record without such a flag waits for UNDONE, an approval of which frees every record.
    """
    records = session.store.pushes.restored(session.name)
    if not records:
        return Waiting(session.name)
    now = revisions_of(session, policies, session.as_of)
    undos = undos_of(session)
    waits = [wait for record in records if (wait := _wait(record, undos, now))]
    given = [one for one in session.store.approvals.all(session.name) if now.get(one.policy) == one.revision]
    frees = [one for one in given if 0 < len(_covered(one, waits)) <= one.up_to]
    left = [rest for wait in waits if (rest := _rest(wait, frees)).policies]
    return Waiting(session.name, tuple(left), tuple(one for one in frees if one.good))


def revisions_of(session: Session, policies: PolicySet, as_of: datetime) -> dict[str, str]:
    """The revision of each policy and criterion, with the calibration of an instant; under UNDONE the set's digest."""
    calibration = session.store.connections.current_calibration(session.name, as_of)
    return {UNDONE: policies.digest} | {rule.id: revision_of(rule, calibration) for rule in rules_of(policies)}


def undos_of(session: Session) -> dict[int, Undo]:
    """Every undo run of the connection, by its number."""
    zone, found = ZoneInfo(session.connection.timezone), {}
    for row in session.store.runs.undos(session.name):
        if asked := (row["counts"] or {}).get("undo"):
            on = day(row["as_of"].astimezone(zone).date())
            found[row["id"]] = Undo(row["id"], asked["run"], row["as_of"], asked["by"], on, asked["revisions"])
    return found


def _wait(record: Restored, undos: Mapping[int, Undo], now: Mapping[str, str]) -> Wait | None:
    """What a record waits for, approvals aside; None if for nothing."""
    held: set[str] = set()
    known = [(undos[run], changed or {UNDONE}) for run, changed in record.undos if run in undos]
    for undo, changed in known:
        held |= {policy for policy in changed if undo.holds(policy, now.get(policy))}
    return Wait(record, frozenset(held), known[-1][0]) if held else None


def _covered(approval: Approval, waits: Collection[Wait]) -> list[Wait]:
    """The records that an approval is about."""
    return [wait for wait in waits if wait.undo.at < approval.at and approval.policy in {UNDONE, *wait.policies}]


def _rest(wait: Wait, frees: Collection[Approval]) -> Wait:
    """A record with what it still waits for."""
    free = {one.policy for one in frees if wait.undo.at < one.at}
    return wait._replace(policies=frozenset() if UNDONE in free else wait.policies - free)
