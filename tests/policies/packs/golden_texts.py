"""The texts of every shipped policy and gate in each state, as a rep reads them: one file a pack, in `texts/`.

`python -m tests.policies.packs.golden_texts` writes the files again.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from model.facts import KNOWN
from model.previous_verdict import PreviousVerdict
from model.subjects import SUBJECTS
from model.sync import OUR_FIELDS, FieldRule
from model.wide import Wide
from policies.files import PolicySet, Waiver, read_policies
from policies.judging.context import Context
from policies.judging.judge import judge
from policies.reporting.record import wanted
from policies.reporting.report import report_on
from policies.trying.examples import COLUMNS, cell
from tests.policies.judge import views
from tests.policies.judge.build import MOVES
from worker.packs import pack_texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from model.process import Criterion, Process, Stage
    from policies.files import Policy
    from policies.judging.verdict import Verdict

FOLDER = Path(__file__).parent / "texts"
RULES = {name: FieldRule("text") for name in OUR_FIELDS}
TODAY = date(2026, 11, 20)
UNMET = {"yes/no": False, "number": 0}
DEAL = {"id": "d1", "name": "Acme", "is_open": True, "is_won": False, "is_lost": False, "touched": True}
KINDS = {"id": "text", "name": "text", "is_open": "yes/no", "is_won": "yes/no", "is_lost": "yes/no",
         "touched": "yes/no", "stage": "choice", "stage_name": "text", "stage_since": "date"}  # fmt: skip


def golden(name: str, text: bytes) -> str:
    """The texts of one pack."""
    found = read_policies({name: text})
    lines = [f"# {name}: what a rep reads. Written by `python -m tests.policies.packs.golden_texts`."]
    for policy in found.policies:
        lines += ["", f"## {policy.id}", *_policy(found, policy)]
    for process in found.processes:
        for number, stage in enumerate(process.stages):
            if stage.entry or stage.exit:
                lines += ["", f"## {process.id}/{stage.id}", *_gate(found, process, number)]
    return "\n".join(lines) + "\n"


def _policy(found: PolicySet, policy: Policy) -> Iterator[str]:
    """Each flagged example, then the first one with its facts unknown, and under a waiver."""
    examples = [(one.facts, one.as_of) for one in policy.examples.flagged]
    applies = policy.applies_to if examples else None
    shown = replace(policy, mode="warn", modes=(), rollout=None, grace_days=0, applies_to=applies)
    rows = [Row(_lived(policy, facts, on), on) for facts, on in examples or _stayed(policy)]
    flagged = len(rows)
    if examples and SUBJECTS[policy.subject].on_record:
        rows += [rows[0]._replace(unknown=frozenset(policy.flag_if.facts))]
        rows += [rows[0]._replace(facts={**rows[0].facts, "id": "waived"})]
    kinds = dict(policy.flag_if.types) | (dict(policy.applies_to.types) if policy.applies_to else {})
    subject = SUBJECTS["lead" if policy.subject == "lead" else "opportunity"]
    last = max(row.on for row in rows)
    wide = Wide(_frame(kinds, rows, None), _noon(last), pl.DataFrame(schema=MOVES), subject=subject)
    until = last + timedelta(days=30)
    waiver = Waiver(policy.id, until, "Agreed with the buyer", "Joan", ("waived",))
    report = report_on(judge(wide, PolicySet((shown,), (), ""), PreviousVerdict(), Context(waivers=(waiver,))))
    fields = dict(wanted(report, RULES))
    flags = {one.key: one.payload for one in report.findings if one.status == "broken"}
    for key in range(1, flagged + 1):
        if flag := flags.get(key):
            reasons = fields.get(key, {}).get("reasons") or flag["evidence"]["text"]
            yield f"{flag['since_from']}: {reasons}"
    for key, word in zip(range(flagged + 1, len(rows) + 1), ("unknown", "waived"), strict=False):
        yield f"{word}: {fields[key]['checked']}"


class Row(NamedTuple):
    """A deal of a policy: its facts on a day, and which of them are unknown."""

    facts: Mapping[str, Any]
    on: date
    unknown: frozenset[str] = frozenset()


def _stayed(policy: Policy) -> Iterator[tuple[dict[str, Any], date]]:
    """A deal that a generated policy flags: a day longer in the stage than is expected."""
    for limit in re.findall(r"days_in_stage > (\d+)", policy.flag_if.text):
        yield {"stage": policy.id.removesuffix("-over-expected"), "days_in_stage": int(limit) + 1}, TODAY


def _lived(policy: Policy, facts: Mapping[str, Any], on: date) -> dict[str, Any]:
    """The example's facts, with those that a real deal would have beside them."""
    if SUBJECTS[policy.subject].only:
        facts = {SUBJECTS[policy.subject].only: True, "is_open": False, **facts}
    stage = facts.get("stage")
    days = facts.get("days_in_stage") or facts.get("days_in_visit") or 0
    label = str(stage).capitalize() if stage else "Discovery"
    entered = {"stage_name": label, "stage_since": on - timedelta(int(days))}
    return {**DEAL, "stage": stage, **entered, **facts}


def _gate(found: PolicySet, process: Process, number: int) -> Iterator[str]:
    """A stage's gate: what is missing, what a move without it says, and when all is met."""
    stage, names = process.stages[number], [one.id for one in process.stages]
    bare = [one if one is stage else replace(one, entry=(), exit=()) for one in process.stages]
    only = replace(process, applies_to=None, rollout=None, stages=tuple(bare))
    criteria = [*stage.entry, *stage.exit]
    kinds = {name: kind for one in criteria for name, kind in one.require.types.items()}
    met = {name: value for one in criteria for name, value in _met(found, process, stage, one).items()}
    unmet = {name: UNMET.get(kind) for name, kind in kinds.items()}
    after = number + 1 if stage.exit and number + 1 < len(names) else number
    rows = [(number, unmet), (number, met), (after, unmet)]
    first = _at(only, rows, kinds, after)
    fields = dict(wanted(report_on(first), RULES))
    for key, word in ((1, "missing"), (2, "met")):
        if shown := fields.get(key):
            yield f"{word}: gate {shown['gate']}; missing: {shown['missing'] or 'blank'}"
    if 3 in fields:
        yield from (f"moved without: {line}" for line in (fields[3]["reasons"] or "nothing").split("\n"))
        late = _at(only, [(number, unmet), (number, met), (after, met)], kinds, after, views.previous(first))
        shown = dict(wanted(report_on(late), RULES))[3]
        yield f"met late: gate {shown['gate']}; reasons: {shown['reasons'] or 'blank'}"


def _met(found: PolicySet, process: Process, stage: Stage, one: Criterion) -> dict[str, Any]:
    examples = found.criterion_examples.get(f"{process.id}/{stage.id}/{one.id}")
    rows = [day.facts for course in (examples.met if examples else ())[:1] for day in course.days]
    return {name: value for facts in rows for name, value in facts.items()}


def _at(
    process: Process, places: Sequence[tuple[int, Mapping[str, Any]]], kinds: Mapping[str, str], end: int,
    previous: PreviousVerdict | None = None,
) -> Verdict:  # fmt: skip
    names = [stage.id for stage in process.stages]
    rows = [
        Row({**DEAL, "stage": names[n], "stage_name": names[n].capitalize(), "stage_since": TODAY, **facts}, TODAY)
        for n, facts in places
    ]
    at = _noon(TODAY - timedelta(days=1))
    start = max(end - 1, 0)
    move = {
        "key": len(rows), "at": at, "on": at.date(), "process": process.id, "from_stage": names[start],
        "to_stage": names[end], "to_name": names[end].capitalize(), "from_order": start + 1, "to_order": end + 1,
        "kind": "won" if end == len(names) - 1 else "forward", "actor": "user", "ours": False,
    }  # fmt: skip
    wide = Wide(_frame(kinds, rows, process.id), _noon(TODAY), pl.DataFrame([move], schema=MOVES))
    every = (f"{process.id}/{stage.id}/{c.id}" for stage in process.stages for c in (*stage.entry, *stage.exit))
    context = Context(first_runs=dict.fromkeys(every, date(2026, 1, 1)))
    return judge(wide, PolicySet((), (process,), ""), previous or PreviousVerdict(), context)


def _noon(on: date) -> datetime:
    return datetime.combine(on, time(12), UTC)


def _frame(kinds: Mapping[str, str], rows: Sequence[Row], process: str | None) -> pl.DataFrame:
    data = {
        "key": pl.Series(range(1, len(rows) + 1), dtype=pl.Int64),
        "as_of_date": pl.Series([row.on for row in rows], dtype=pl.Date),
        "process": pl.Series([process] * len(rows), dtype=pl.String),
    }
    for name, kind in (KINDS | dict(kinds)).items():
        data[name] = pl.Series([cell(row.facts.get(name)) for row in rows], dtype=COLUMNS[kind], strict=False)
        data[name + KNOWN] = pl.Series([name not in row.unknown for row in rows], dtype=pl.Boolean)
    return pl.DataFrame(data)


def main() -> None:
    """Write every file again."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in pack_texts().items():
        (FOLDER / f"{Path(name).stem}.txt").write_text(golden(name, text), "utf-8")


if __name__ == "__main__":
    main()
