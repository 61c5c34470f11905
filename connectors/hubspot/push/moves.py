"""Deals moved back and forward again: read right before, probability and category as they were before the move."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from connectors.hubspot.client import answers, windows
from connectors.hubspot.client import convert as to
from connectors.hubspot.client.schema import DEALS
from connectors.hubspot.pull import pipelines
from connectors.hubspot.pull.actors import Actors
from connectors.hubspot.pull.history import versions_of
from connectors.hubspot.push.batches import Batches
from connectors.shared.push.moves import FOUND, GONE, MOVED, CrmMoves
from model.actions import Receipt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from connectors.hubspot.client.client import Client
    from connectors.hubspot.client.schema import Schema
    from connectors.shared.push.moves import Wanted
    from model.actions import Move

_STAGE, _CHANCE, _CATEGORY = "dealstage", "hs_deal_stage_probability", "hs_manual_forecast_category"
_FIELDS: Final = (_STAGE, _CHANCE, _CATEGORY)


class Moves(CrmMoves):
    """Moves of one portal's deals."""

    def __init__(self, client: Client, schema: Schema) -> None:
        self._client, self._schema = client, schema

    @property
    def offered(self) -> bool:
        """Whether our app may move a deal, and is known: then our moves bind nothing."""
        field = self._schema.field(_STAGE)
        return bool(field and field.writable and self._client.actor)

    def move(self, acts: Sequence[Move]) -> dict[str, Receipt]:
        """By key; a deal that has left the stage is left alone."""
        rows, stages = self._rows([one.deal for one in acts], history=True), pipelines.read(self._client).stages
        settled: dict[str, Receipt] = {}
        wanted: Wanted = {}
        for one in acts:
            row = rows.get(one.deal)
            if row is None:
                settled[one.key] = Receipt(one.key, "gone", GONE)
            elif receipt := self._no_move(one, row):
                settled[one.key] = receipt
            else:
                wanted[one.key] = one.deal, _restored(row, one, stages.get(one.to_stage, {}))
        after = {one.key: _set_by(one, stages.get(one.to_stage, {}), rows.get(one.deal)) for one in acts}
        return settled | self._sent(wanted, rows, after)

    def _now(self, deals: Sequence[str]) -> dict[str, Any]:
        return self._rows(deals, history=False)

    def _stands(self, row: Any, values: Mapping[str, Any]) -> bool:
        return all(_plain(name, row["properties"].get(name)) == _plain(name, was) for name, was in values.items())

    def _as_written(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {name: str(value) for name, value in values.items()}

    def _no_move(self, one: Move, row: Mapping[str, Any]) -> Receipt | None:
        """Why nothing is to be done; None where the deal stands as it did when that was planned."""
        versions = versions_of(row, _STAGE)
        stage, last = row["properties"].get(_STAGE), versions[-1] if versions else {}
        if stage == one.to_stage and last and Actors({}, self._client.actor).of(last) == self._client.actor:
            moved_at = to.instant(last["timestamp"]) or one.at
            before = {_STAGE: one.from_stage, **_stood_before(row, moved_at)}
            return Receipt(one.key, "written", FOUND, before=before, after=_values(row))
        same = stage == one.from_stage and bool(last) and to.instant(last["timestamp"]) == one.at
        return None if same else Receipt(one.key, "skipped", MOVED)

    def _rows(self, deals: Sequence[str], *, history: bool) -> dict[str, dict[str, Any]]:
        asked = windows.batch(
            self._client, DEALS, list(dict.fromkeys(deals)), list(_FIELDS), list(_FIELDS) if history else None
        )
        return {str(row["id"]): row for rows in asked for row in rows}

    def _sent(
        self, wanted: Wanted, rows: Mapping[str, Any], after: Mapping[str, Mapping[str, Any]]
    ) -> dict[str, Receipt]:
        if not wanted:
            return {}
        results = Batches(self._client).send(dict(wanted.values()))
        return {key: self._receipt(key, results[deal], rows[deal], {**after[key], **body})
                for key, (deal, body) in wanted.items()}  # fmt: skip

    @staticmethod
    def _receipt(key: str, result: answers.Result, row: Mapping[str, Any], after: Mapping[str, str]) -> Receipt:
        if not result.code:
            return Receipt(key, "written", before=_values(row), after=dict(after))
        return Receipt(key, *answers.outcome(result))


def _restored(row: Mapping[str, Any], one: Move, stage: Mapping[str, Any]) -> dict[str, str]:
    """The stage, the probability where the stage would set another, the category where it has changed since."""
    stood = _stood_before(row, one.at)
    body = {_STAGE: one.to_stage}
    if stood.get(_CHANCE) and to.share(stood[_CHANCE]) != stage.get("probability"):
        body[_CHANCE] = stood[_CHANCE]
    if stood.get(_CATEGORY, "") != (row["properties"].get(_CATEGORY) or ""):
        body[_CATEGORY] = stood.get(_CATEGORY, "")
    return body


def _stood_before(row: Mapping[str, Any], until: datetime) -> dict[str, str]:
    """Probability and category as they stood right before an instant."""
    found = {}
    for name in (_CHANCE, _CATEGORY):
        versions = versions_of(row, name)
        earlier = [one for one in versions if (then := to.instant(one["timestamp"])) and then < until]
        if earlier:
            found[name] = str(earlier[-1].get("value") or "")
    return found


def _set_by(one: Move, stage: Mapping[str, Any], row: Mapping[str, Any] | None) -> dict[str, str]:
    """What stands after a move to a stage: the stage, its own probability, the category as it was."""
    own = {_STAGE: one.to_stage, _CATEGORY: str((row or {"properties": {}})["properties"].get(_CATEGORY) or "")}
    chance = stage.get("probability")
    return own | ({_CHANCE: str(chance)} if chance is not None else {})


def _values(row: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(row["properties"].get(name) or "") for name in _FIELDS}


def _plain(name: str, value: Any) -> Any:
    return to.share(str(value)) if name == _CHANCE and value not in (None, "") else value or ""
