"""The texts of every shipped policy and gate in each state, as a rep reads them: one file a pack, in `texts/`.

`python -m tests.policies.packs.golden_texts` writes the files again.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    from collections.abc import Iterator, Mapping

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
    shown = replace(policy, mode="warn", modes=(), rollout=None, grace_days=0)
    only = PolicySet((shown,), (), found.digest)
    rows = [(one.facts, one.as_of) for one in policy.examples.flagged] or list(_stayed(policy))
    only = only if policy.examples.flagged else PolicySet((replace(shown, applies_to=None),), (), found.digest)
    for given, on in rows:
        facts = _lived(policy, given, on)
        if flag := _flag(_judged(only, policy, facts, on)):
            yield f"{flag['since_from']}: {_reasons(only, policy, facts, on) or flag['evidence']['text']}"
    if policy.examples.flagged and SUBJECTS[policy.subject].on_record:
        first = policy.examples.flagged[0]
        yield from _dark(only, policy, _lived(policy, first.facts, first.as_of), first.as_of)


def _stayed(policy: Policy) -> Iterator[tuple[dict[str, Any], date]]:
    """A deal that a generated policy flags: a day longer in the stage than is expected."""
    for limit in re.findall(r"days_in_stage > (\d+)", policy.flag_if.text):
        yield {"stage": policy.id.removesuffix("-over-expected"), "days_in_stage": int(limit) + 1}, TODAY


def _dark(only: PolicySet, policy: Policy, facts: Mapping[str, Any], on: date) -> Iterator[str]:
    """What the record says where the facts are unknown, and where the flag is waived."""
    unknown = frozenset(policy.flag_if.facts)
    yield f"unknown: {_fields(_judged(only, policy, facts, on, unknown))['checked']}"
    waiver = Waiver(policy.id, on + timedelta(days=30), "Agreed with the buyer", "Joan", ("d1",), None, "", "w.yaml", 1)
    yield f"waived: {_fields(_judged(only, policy, facts, on, waivers=(waiver,)))['checked']}"


def _gate(found: PolicySet, process: Process, number: int) -> Iterator[str]:
    """A stage's gate: what is missing, what a move without it says, and when all is met."""
    stage = process.stages[number]
    only = PolicySet((), (replace(process, applies_to=None, rollout=None),), found.digest)
    criteria = [*stage.entry, *stage.exit]
    every = [(place, one) for place in process.stages for one in (*place.entry, *place.exit)]
    met = {name: value for place, one in every for name, value in _met(found, process, place, one).items()}
    kinds = {name: kind for _, one in every for name, kind in one.require.types.items()}
    asked = {name for one in criteria for name in one.require.facts}
    unmet = met | {name: UNMET.get(kinds[name]) for name in asked}
    for word, facts in (("missing", unmet), ("met", met)):
        shown = _fields(_at(only, process, number, number, kinds, facts))
        yield f"{word}: gate {shown['gate']}; missing: {shown['missing'] or 'blank'}"
    after = number + 1 if stage.exit and number + 1 < len(process.stages) else number
    verdict = _at(only, process, number, after, kinds, unmet)
    if after < len(process.stages) - 1:
        yield from (f"moved without: {line}" for line in (_fields(verdict)["reasons"] or "nothing").split("\n"))
        late = _at(only, process, number, after, kinds, met, views.previous(verdict))
        yield f"met late: gate {_fields(late)['gate']}; reasons: {_fields(late)['reasons'] or 'blank'}"


def _met(found: PolicySet, process: Process, stage: Stage, one: Criterion) -> dict[str, Any]:
    examples = found.criterion_examples.get(f"{process.id}/{stage.id}/{one.id}")
    rows = [day.facts for course in (examples.met if examples else ())[:1] for day in course.days]
    return {name: value for facts in rows for name, value in facts.items()}


def _at(  # noqa: PLR0917 - a deal that moved from one stage to another
    only: PolicySet, process: Process, start: int, end: int, kinds: Mapping[str, str], facts: Mapping[str, Any],
    previous: PreviousVerdict | None = None,
) -> Verdict:  # fmt: skip
    """A deal that was moved a day ago from the stage before `end`, or that stands in `start`."""
    names = [stage.id for stage in process.stages]
    row = {**DEAL, "stage": names[end], "stage_name": names[end].capitalize(), "stage_since": TODAY, **facts}
    at = datetime.combine(TODAY - timedelta(days=1), time(12), UTC)
    moved = max(end - 1, 0)
    move = {
        "key": 1, "at": at, "on": at.date(), "process": process.id, "from_stage": names[moved],
        "to_stage": names[end], "to_name": names[end].capitalize(), "from_order": moved + 1, "to_order": end + 1,
        "kind": "forward", "actor": "user", "ours": False,
    }  # fmt: skip
    moves = [move] if end > start or process.stages[start].entry else []
    frame = _frame(kinds, row, TODAY).with_columns(process=pl.lit(process.id))
    wide = Wide(frame, datetime.combine(TODAY, time(12), UTC), pl.DataFrame(moves, schema=MOVES))
    every = (f"{process.id}/{stage.id}/{c.id}" for stage in process.stages for c in (*stage.entry, *stage.exit))
    return judge(wide, only, previous or PreviousVerdict(), Context(first_runs=dict.fromkeys(every, date(2026, 1, 1))))


def _lived(policy: Policy, facts: Mapping[str, Any], on: date) -> dict[str, Any]:
    """The example's facts, with those that a real deal would have beside them."""
    if SUBJECTS[policy.subject].only:
        facts = {SUBJECTS[policy.subject].only: True, "is_open": False, **facts}
    stage = facts.get("stage")
    days = facts.get("days_in_stage") or facts.get("days_in_visit") or 0
    entered = {
        "stage_name": str(stage).capitalize() if stage else "Discovery",
        "stage_since": on - timedelta(int(days)),
    }
    return {**DEAL, "stage": stage, **entered, **facts}


def _judged(
    only: PolicySet, policy: Policy, facts: Mapping[str, Any], on: date, unknown: frozenset[str] = frozenset(),
    **context: Any,
) -> Verdict:  # fmt: skip
    kinds = dict(policy.flag_if.types) | (dict(policy.applies_to.types) if policy.applies_to else {})
    frame = _frame(kinds, facts, on, unknown).with_columns(process=pl.lit(None, pl.String))
    at = datetime.combine(on, time(12), UTC)
    subject = SUBJECTS["lead" if policy.subject == "lead" else "opportunity"]
    wide = Wide(frame, at, pl.DataFrame(schema=MOVES), subject=subject)
    return judge(wide, only, PreviousVerdict(), Context(open_to_all=True, **context))


def _frame(
    kinds: Mapping[str, str], facts: Mapping[str, Any], on: date, unknown: frozenset[str] = frozenset()
) -> pl.DataFrame:
    data = {"key": pl.Series([1], dtype=pl.Int64), "as_of_date": pl.Series([on], dtype=pl.Date)}
    for name, kind in (KINDS | dict(kinds)).items():
        data[name] = pl.Series([cell(facts.get(name))], dtype=COLUMNS[kind], strict=False)
        data[name + KNOWN] = pl.Series([name not in unknown], dtype=pl.Boolean)
    return pl.DataFrame(data)


def _flag(verdict: Verdict) -> dict[str, Any] | None:
    return next((dict(one.payload) for one in report_on(verdict).findings if one.status == "broken"), None)


def _reasons(only: PolicySet, policy: Policy, facts: Mapping[str, Any], on: date) -> str:
    return str(_fields(_judged(only, policy, facts, on)).get("reasons") or "")


def _fields(verdict: Verdict) -> dict[str, Any]:
    return next((fields for _, fields in wanted(report_on(verdict), RULES)), {})


def main() -> None:
    """Write every file again."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in pack_texts().items():
        (FOLDER / f"{Path(name).stem}.txt").write_text(golden(name, text), "utf-8")


if __name__ == "__main__":
    main()
