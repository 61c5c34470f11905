"""`runs ID --changes`: each field that a run sent, and the proof that it sent no other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from model.helpers.words import many
from model.sync import OUR_FIELDS
from worker.usecases.answers import one_run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from model.records import Record
    from worker.wiring import Services


DELETED: Final = "The run wrote {n}; its receipts were deleted by age (retention.receipts_days)."


def changes(services: Services, run_id: str) -> dict[str, Any]:
    """`changes`: {deal, field, before, after, policies, outcome, reason, at} of each field sent; `fields`: what may be
    written, by Sluicegate's name and the CRM's; `others`: fields sent that are none of these; `deleted`: records that
    the run wrote, where their receipts were deleted by age. Raises SettingsProblem.
    """
    run = one_run(services, run_id)
    name = run["connection"]
    allowed = names_of(services, name)
    rows = [row for patch in services.store.pushes.of_run(int(run_id)) for row in fields_of(patch, allowed)]
    others = sorted({row["field"] for row in rows} - set(allowed.values()))
    wrote = 0 if rows else ((run["counts"] or {}).get("outcomes") or {}).get("written", 0)
    return {
        "run_id": run_id, "connection": name, "fields": allowed, "changes": rows, "others": others, "deleted": wrote,
    }  # fmt: skip


def names_of(services: Services, name: str) -> dict[str, str]:
    """The fields that may be written, by Sluicegate's name and the CRM's."""
    known = services.settings.connections.get(name)
    return dict((known and known.writes) or dict(zip(OUR_FIELDS, OUR_FIELDS, strict=True)))


def proof(found: Mapping[str, Any]) -> str:
    """The sentence that says that nothing else was sent, or that the receipts are gone."""
    if found["deleted"]:
        return DELETED.format(n=many(found["deleted"], "record"))
    sent, allowed = {row["field"] for row in found["changes"]}, found["fields"]
    if found["others"]:
        return f"Also sent: {', '.join(found['others'])}, which are not among the fields that Sluicegate writes."
    return f"{len(sent)} of the {len(allowed)} fields that Sluicegate writes were sent, and no other field."


def fields_of(patch: Record, allowed: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """A row for each field of a patch, with its name in the CRM."""
    before, after = patch["before"], patch["after"]
    policies = _because(before.get("flag_ids"), after.get("flag_ids"))
    for field, value in after.items():
        yield {
            "deal": patch["deal"], "field": allowed.get(field, field), "before": before.get(field), "after": value,
            "policies": policies, "outcome": patch["outcome"] or "not sent yet", "reason": patch["reason"] or "",
            "at": patch["at"].isoformat() if patch["at"] else None,
        }  # fmt: skip


def _because(before: str | None, after: str | None) -> str:
    """The policies with flags that came (+) and went (-); blank where the patch changes no flag."""
    was, now = ([one for one in (text or "").split(";") if one and one != "+"] for text in (before, after))
    return " ".join([*(f"+{one}" for one in now if one not in was), *(f"-{one}" for one in was if one not in now)])
