"""`policies precision`: flags that people acted on, by rule, and rules to demote."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from kpis.rules.precision import COMES_BACK, DEMOTED_UNDER, ENOUGH_ENDED, classed, ended, figures, to_demote, with_says
from model.errors import PolicyProblem
from model.widening.copied_next_steps import copied
from policies.judging.rules import rules_of
from policies.trying.measured_fields import meaning_of, measured
from worker.pipeline.session import Session, described, read_once
from worker.pipeline.slices import integration_ids

if TYPE_CHECKING:
    from datetime import datetime

    from model.sync import Description
    from policies.files import PolicySet
    from policies.judging.rules import Rule
    from worker.wiring import Services

RULES: Final = pl.Schema({
    "policy": pl.String(), "last": pl.Int64(), "ended": pl.Int64(), "fields": pl.List(pl.String()),
    "moved": pl.Boolean(),
})  # fmt: skip
LIMITS: Final = "stage_median_days"
"""The fact that a new calibration moves."""


def precision(services: Services, name: str, weeks: int) -> dict[str, Any]:
    """Flags shown, ended and acted on by rule and severity, and rules that people mostly ignore. Writes nothing.

    Covers the `weeks` before the last 14 days, because a flag can come back that long. Raises SettingsProblem.
    """
    services.connection(name)
    session = Session(services, name, services.clock())
    since = session.as_of - COMES_BACK - timedelta(weeks=weeks)
    sets = PolicySetsByRun(session, described(session), session.store.flag_history.runs(name))
    flags = _classed(session, sets, since)
    rules = figures(flags, "policy", since, session.as_of)
    current = sets.rules(sets.newest)
    for row in rules:
        rule = current.get(row["policy"])
        row |= {"title": rule.title if rule else None, "mode": rule.mode if rule else None}
    return {
        "connection": name, "as_of": session.as_of.isoformat(), "weeks": weeks, "from": since.isoformat(),
        "until": (session.as_of - COMES_BACK).isoformat(), "rules": rules,
        "severities": figures(flags, "severity", since, session.as_of),
        "demote": to_demote(rules), "demoted_under": DEMOTED_UNDER, "enough": ENOUGH_ENDED,
    }  # fmt: skip


def _classed(session: Session, sets: PolicySetsByRun, since: datetime) -> pl.DataFrame:
    store, name, connection = session.store, session.name, session.connection
    flags = ended(*store.flag_history.flags(name, since), sets.runs)
    flags = flags.filter(pl.col("ended").is_null() | (pl.col("ended_at") > since))
    lag = timedelta(hours=connection.activity.stale_after_hours)
    first: datetime = min(flags["last_at"].drop_nulls(), default=session.as_of)
    acts = store.flag_history.acts(name, first - lag, roll_up=connection.activity.roll_up == "contacts")
    texts = {fact for fact, kind in sets.description.types.items() if kind == "text"} | {"next_step"}
    acts = with_says(acts, texts, copied(store.flag_history.next_steps(name)))
    machines = integration_ids(session) | sets.description.own_users
    return classed(flags, sets.of(flags), acts, machines, session.as_of, lag)


@dataclass(frozen=True)
class PolicySetsByRun:
    """The policies that runs judged by."""

    session: Session
    description: Description
    runs: pl.DataFrame
    read: dict[str, tuple[PolicySet, dict[str, Rule]] | None] = field(default_factory=dict)

    @property
    def newest(self) -> str:
        """The digest of the last run that judged."""
        return str((self.runs.filter("judged")["digest"].to_list() or [""])[-1])

    def of(self, flags: pl.DataFrame) -> pl.DataFrame:
        """For each rule and the two runs about the end of its flags: what it measured, and whether it moved (RULES)."""
        ends = flags.select("policy", "last", "ended").drop_nulls().unique(maintain_order=True)
        by_run = {run: (digest, calibration) for run, _, digest, calibration, _ in self.runs.iter_rows()}
        rows = [(*row, *self._about(row[0], by_run[row[1]], by_run[row[2]])) for row in ends.iter_rows()]
        return pl.DataFrame(rows, schema=RULES, orient="row")

    def _about(self, id_: str, then: tuple[str, str], after: tuple[str, str]) -> tuple[list[str] | None, bool]:
        rule = self.rules(then[0]).get(id_)
        if rule is None:
            return None, False
        moved = then[1] != after[1] and LIMITS in rule.facts
        return sorted(measured(rule)), moved or self._meaning(id_, then[0]) != self._meaning(id_, after[0])

    def _meaning(self, id_: str, digest: str) -> str | None:
        book, rule = self._book(digest), self.rules(digest).get(id_)
        return meaning_of(rule, book[0]) if book and rule else None

    def rules(self, digest: str) -> dict[str, Rule]:
        """The rules of a digest by id; none where its text was not kept, or can no longer be read."""
        book = self._book(digest)
        return book[1] if book else {}

    def _book(self, digest: str) -> tuple[PolicySet, dict[str, Rule]] | None:
        if digest not in self.read:
            files = self.session.store.policy_sets.files(digest) or {}
            texts = {name: text.encode() for name, text in files.items()}
            try:
                found = read_once(texts, self.description) if texts else None
            except PolicyProblem:
                found = None
            self.read[digest] = (found, {rule.id: rule for rule in rules_of(found)}) if found else None
        return self.read[digest]
