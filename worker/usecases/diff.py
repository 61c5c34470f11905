"""`policies diff`: the flags that deals would gain and lose. Writes nothing and calls no CRM."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from policies.trying.diff import concerned, difference
from worker.pipeline.context import context_of
from worker.pipeline.judging.other_subjects import named
from worker.pipeline.past import PastFacts, verdict_on
from worker.pipeline.session import Session, described, read_once
from worker.pipeline.slices import shot_of, shots, widened

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from model.sync import Description
    from policies.files import PolicySet
    from policies.judging.verdict import Verdict
    from worker.pipeline.slices import Shot
    from worker.wiring import Services

KINDS = ("gained", "lost", "unknown")


def diff(services: Services, name: str, old: Mapping[str, bytes], new: Mapping[str, bytes]) -> dict[str, Any]:
    """Flags that would come, go or become unknown under `new`, judged from the store.

    Both are policy files by name. Raises PolicyProblem, and SettingsProblem where the connection was never pulled.
    """
    services.connection(name)
    session = Session(services, name, services.clock())
    description = described(session)
    sets = {"old": read_once(old, description), "new": read_once(new, description)}
    found = Found()
    others = (shot_of(session, description, subject) for subject in named(*sets.values()))
    for shot in (*shots(session, description, *sets.values()), *others):
        found.add({which: _verdict(session, shot, description, policies) for which, policies in sets.items()})
    rows = sorted(found.rows, key=lambda row: row["id"])
    return {
        "connection": name,
        "as_of": session.as_of.isoformat(),
        "digests": {which: policies.digest for which, policies in sets.items()},
        **{kind: [_row_json(row) for row in rows if row["change"] == kind] for kind in KINDS},
        "policies": found.counts(),
        "dormant": found.dormant,
    }


def _verdict(session: Session, shot: Shot, description: Description, policies: PolicySet) -> Verdict:
    store, name = session.store, session.name
    calibration = store.connections.current_calibration(name, session.as_of)
    wide = widened(session, shot, policies, description, calibration).in_scope
    context = replace(context_of(session, policies), open_to_all=True)  # by the modes alone if no rollout is named
    return verdict_on(PastFacts(session, description, policies), wide, shot.keys, context)


def _rows(pair: Mapping[str, Verdict]) -> Iterator[dict[str, Any]]:
    """Each change with the deal's names. Title and mode come from the set that flags."""
    deals = pair["new"].wide.frame.select("key", "id", "name", "owner")
    rules = {which: {rule.id: rule for rule in verdict.rules} for which, verdict in pair.items()}
    for row in difference(pair["old"], pair["new"]).join(deals, on="key", maintain_order="left").iter_rows(named=True):
        rule = rules["old" if row["change"] == "lost" else "new"][row["policy"]]
        yield {**row, "title": rule.title, "mode": rule.mode}


def _row_json(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("id", "name", "owner", "policy", "title", "mode")}


@dataclass
class Found:
    """Results of the slices so far: changes, and per policy the flagged and unknown deals under each set."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    dormant: dict[str, list[str]] = field(default_factory=lambda: {"old": [], "new": []})
    tallies: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, pair: Mapping[str, Verdict]) -> None:
        """Add the two verdicts on one slice."""
        self.rows += _rows(pair)
        for which in ("new", "old"):
            verdict = pair[which]
            self.dormant[which] = list(dict.fromkeys((*self.dormant[which], *verdict.dormant)))
            for rule in verdict.rules:
                tally, answers = self.tallies.setdefault(rule.id, Counter()), concerned(verdict, rule)[rule.broken]
                tally[which] += int(answers.sum() or 0)
                tally[f"{which} unknown"] += answers.null_count()

    def counts(self) -> list[dict[str, Any]]:
        """For each policy in either set: deals flagged before and after, the changes, and the unknown deals."""
        changes = Counter((row["policy"], row["change"]) for row in self.rows)
        return [
            {"policy": id_, "before": tally["old"], "after": tally["new"],
             **{kind: changes[id_, kind] for kind in KINDS}, "cannot_judge": tally["new unknown"]}
            for id_, tally in self.tallies.items()
        ]  # fmt: skip
