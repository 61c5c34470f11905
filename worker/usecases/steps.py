"""The steps of a run as separate commands."""

from __future__ import annotations

import csv
import io
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from connectors.shared.files import replace_file
from model.errors import SettingsProblem
from model.helpers.spreadsheet_cells import inert
from worker.pipeline.judging.judge import judge
from worker.pipeline.judging.other_subjects import judge_others, named_in_force
from worker.pipeline.pull import Pulled, pull
from worker.pipeline.pushing.plan_patches import planned
from worker.pipeline.pushing.push import push
from worker.pipeline.pushing.send import recover
from worker.pipeline.report import Report
from worker.pipeline.running import counted, description_of, leased, running

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from model.sync import FieldValue, Patch
    from worker.pipeline.judging.judged import Judged
    from worker.pipeline.judging.other_subjects import JudgedOther
    from worker.pipeline.session import Session
    from worker.wiring import Services

SHOWN_RECORDS = 3
PREVIEW = ("id", "name", "owner", "field", "old", "new")


def pull_only(services: Services, name: str, *, full: bool = False) -> Pulled:
    """Read what changed into the store."""
    with leased(services, name, services.clock()) as session, counted(session):
        description = session.describe()
        return pull(session, full=full, others=named_in_force(session, description))


def judge_only(services: Services, name: str, as_of: datetime | None) -> dict[str, Any]:
    """Counts by policy. A day other than today is judged on a temporary copy of the store."""
    if as_of is not None:
        with services.store.dry_run(name, as_of) as copy:
            return _judged(services.over(copy), name, as_of, binding=False)
    return _judged(services, name, services.clock(), binding=True)


def _judged(services: Services, name: str, as_of: datetime, *, binding: bool) -> dict[str, Any]:
    with (
        leased(services, name, as_of, paused_too=True) as session,
        running(session, "judge") as (run_id, report),
    ):
        deals = judged_now(session, run_id, binding=binding)
        others = judge_others(session, deals.policies, session.description(), run_id)
        found: list[Judged | JudgedOther] = [deals, *others]
        for judged in found:
            judged.fill(report)
        return {
            "as_of": as_of.isoformat(),
            "policy_digest": deals.policies.digest,
            "dormant": [id_ for judged in found for id_ in judged.dormant],
            "policies": [row for judged in found for row in judged.counts()],
        }


def judged_now(session: Session, run_id: int, *, binding: bool) -> Judged:
    """The verdict on what the store holds."""
    description = description_of(session)
    return judge(session, session.policies(description), description, run_id, binding=binding)


@contextmanager
def dry_run_session(services: Services, name: str, day: datetime) -> Iterator[tuple[Session, int]]:
    """A session and its run on a temporary copy of the store."""
    with (
        services.store.dry_run(name, day) as copy,
        leased(services.over(copy), name, day, paused_too=True) as session,
        running(session, "dry run") as (run_id, _),
    ):
        yield session, run_id


def push_only(services: Services, name: str) -> Report:
    """Judge the store's deals and send the patches."""
    with leased(services, name, services.clock()) as session, running(session, "push") as (run_id, report):
        _push(session, run_id, report)
    return report


def _push(session: Session, run_id: int, report: Report) -> None:
    with counted(session, report):
        recover(session, report)
        description = session.describe()
        judged = judged_now(session, run_id, binding=True)
        report.policy_digest = judged.policies.digest
        push(session, judged, description, run_id, report, dry=False)


def preview_push(services: Services, name: str, path: Path) -> dict[str, Any]:
    """Write old and new field values per deal as CSV. Returns counts by policy and owner, and three sample records."""
    day = services.clock()
    check_target(path)
    with dry_run_session(services, name, day) as (session, run_id):
        found = judged_now(session, run_id, binding=False)
        if not found.parts:
            raise SettingsProblem(f"Nothing is known of '{name}' yet; `sluicegate pull {name}` reads its deals.")
        writes = session.description().writes
        patches = [patch for part in planned(session, found, writes, Report()) for patch in part]
        deals = {deal["id"]: deal for deal in session.store.verdicts.deals(name)}
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(PREVIEW)
    writer.writerows(preview_rows(patches, deals))
    replace_file(path, text.getvalue().encode())
    return {"patches": len(patches), **preview_counts(patches, deals)}


def check_target(path: Path) -> None:
    """Refuse to overwrite a file that is not a preview, or to write into a missing folder."""
    if not path.parent.is_dir():
        raise SettingsProblem(f"There is no folder {path.parent} to write the preview into.")
    if path.exists() and path.stat().st_size:
        with path.open(encoding="utf-8", errors="replace") as file:
            if file.readline().strip() != ",".join(PREVIEW):
                raise SettingsProblem(f"{path} is no preview of ours and is not overwritten; name another file.")


def preview_rows(patches: list[Patch], deals: Mapping[str, Any]) -> Iterator[tuple[FieldValue, ...]]:
    """One row per changed field."""
    for patch in patches:
        deal = deals[patch.id]
        for name, value in patch.fields.items():
            row = (patch.id, deal["name"], deal["owner"], name, patch.before.get(name), value)
            yield tuple(inert(cell) if isinstance(cell, str) else cell for cell in row)


def preview_counts(patches: list[Patch], deals: Mapping[str, Any]) -> dict[str, Any]:
    """Deals that would change, by flag and owner, and the first records."""
    by_policy: dict[str, int] = {}
    by_owner: dict[str, int] = {}
    for patch in patches:
        owner = deals[patch.id]["owner"] or "nobody"
        by_owner[owner] = by_owner.get(owner, 0) + 1
        for policy in filter(None, str(patch.fields.get("flag_ids") or "").strip("+").split(";")):
            by_policy[policy] = by_policy.get(policy, 0) + 1
    flagged = [patch for patch in patches if patch.fields.get("reasons")] or patches
    records = [{"name": deals[p.id]["name"], "fields": dict(p.fields)} for p in flagged[:SHOWN_RECORDS]]
    return {"by_policy": by_policy, "by_owner": by_owner, "records": records}
