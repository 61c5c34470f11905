"""`history`: the stages that deals entered and left, and the changes of followed fields, with times and actors."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from model.errors import SettingsProblem
from worker.usecases.answers import names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from model.records import Record
    from worker.wiring import Services


def history(services: Services, name: str, deal_id: str = "") -> dict[str, Any]:
    """`stages` (deal, stage, entered, entered_by, left, left_by) and `fields` (deal, field, before, after, at, by,
    origin), oldest first. Raises SettingsProblem if there is no such deal.
    """
    services.connection(name)
    mirror, is_meant = services.store.mirror, names(services, name, deal_id)
    id_ = next((one for one in mirror.ids(name, gone=True) if is_meant(one)), None) if deal_id else None
    if deal_id and id_ is None:
        raise SettingsProblem(f"'{name}' has no deal {deal_id}; `sluicegate deals {name}` lists them.")
    people = {owner["id"]: owner["name"] or owner["id"] for owner in mirror.records(name, "owner")}
    labels = {stage["name"]: stage["label"] or stage["name"] for stage in mirror.records(name, "crm_stage")}
    moves = mirror.changes(name, "stage_change", id_)
    by_deal = groupby(moves, itemgetter("opportunity_id"))
    stages = [row for _, of_one in by_deal for row in _visits(list(of_one), people)]
    fields = [_change(row, people) for row in mirror.changes(name, "field_change", id_)]
    return {"stages": [{**row, "stage": labels.get(row["stage"], row["stage"])} for row in stages], "fields": fields}


def _visits(moves: Sequence[Record], people: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """One row a visit; the last one has not ended."""
    for move, after in zip(moves, [*moves[1:], None], strict=True):
        yield {
            "deal": move["opportunity_id"], "stage": move["stage_name"],
            "entered": move["at"].isoformat(), "entered_by": _actor(move["actor_id"], people),
            "left": after["at"].isoformat() if after else None,
            "left_by": _actor(after["actor_id"], people) if after else None,
        }  # fmt: skip


def _change(row: Record, people: Mapping[str, str]) -> dict[str, Any]:
    return {
        "deal": row["opportunity_id"], "field": row["field"], "before": row["before"], "after": row["after"],
        "at": row["changed_at"].isoformat(), "by": _actor(row["actor_id"], people), "origin": row["origin"],
    }  # fmt: skip


def _actor(id_: str | None, people: Mapping[str, str]) -> str:
    """Who acted: a person's name, or what the CRM says of an integration or automation."""
    return "not known" if id_ is None else people.get(id_, id_)
