"""Deals moved back and forward again: read right before, probability and category as they were before the move."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from connectors.salesforce.client import convert as to
from connectors.salesforce.client.faults import Refused
from connectors.salesforce.client.windows import chunks, id_list
from connectors.salesforce.pull import org_tables
from connectors.salesforce.push.our_fields import ENTITY
from connectors.salesforce.push.push import meant, result_of
from connectors.shared.push.moves import FOUND, GONE, MOVED, CrmMoves
from model.actions import Receipt
from model.errors import RetryLater

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connectors.salesforce.client.client import Client
    from connectors.salesforce.client.schema import Schema
    from connectors.shared.push.moves import Wanted
    from model.actions import Move

_STAGE, _CHANCE, _CATEGORY = "StageName", "Probability", "ForecastCategoryName"
_FIELDS: Final = (_STAGE, _CHANCE, _CATEGORY)
_READ: Final = ("Id", *_FIELDS, "IsClosed", "IsDeleted")
_HISTORY: Final = "OpportunityHistory"
_SNAPSHOT: Final = (
    "Id", "OpportunityId", "StageName", "Probability", "ForecastCategory", "CreatedDate", "CreatedById",
)  # fmt: skip
_STAGES: Final = ("ApiName", "MasterLabel", "DefaultProbability", "ForecastCategoryName")
_NAMES: Final = {"BestCase": "Best Case", "Forecast": "Commit", "MostLikely": "Most Likely"}
"""Categories as the history calls them, where deals call them otherwise."""
_SAME_SECOND: Final = timedelta(seconds=1)
SHUT: Final = "it is closed"
LOST: Final = "its history does not tell where it came from"


class Moves(CrmMoves):
    """Moves of one org's opportunities."""

    def __init__(self, client: Client, schema: Schema) -> None:
        self._client, self._schema = client, schema

    @property
    def offered(self) -> bool:
        """Whether our user may move a deal, sees its history, and is known: then our moves bind nothing."""
        entity, history = self._schema.entity(ENTITY), self._schema.entity(_HISTORY)
        if entity is None or history is None or self._client.user_id is None:
            return False
        if len(history.having(_SNAPSHOT)) < len(_SNAPSHOT):
            return False
        return all(name in entity.fields and entity.fields[name].writable for name in _FIELDS)

    def move(self, acts: Sequence[Move]) -> dict[str, Receipt]:
        """By key; a deal that has left the stage, or was closed, is left alone."""
        rows, past = self._now([one.deal for one in acts]), self._past([one.deal for one in acts])
        stages = self._stages()
        settled: dict[str, Receipt] = {}
        wanted: Wanted = {}
        for one in acts:
            row, before = rows.get(one.deal), _before(past.get(one.deal, []), one)
            if receipt := self._no_move(one, row, past.get(one.deal, [])):
                settled[one.key] = receipt
            elif before is None or row is None:
                settled[one.key] = Receipt(one.key, "skipped", LOST)
            else:
                wanted[one.key] = one.deal, _restored(before, one, stages.get(one.to_stage, {}))
        after = {one.key: stages.get(one.to_stage, {}) | {_STAGE: one.to_stage} for one in acts}
        return settled | self._sent(wanted, rows, after)

    def _stands(self, row: Any, values: Mapping[str, Any]) -> bool:
        return all(_plain(row[name]) == _plain(value) for name, value in values.items())

    def _no_move(self, one: Move, row: Mapping[str, Any] | None, past: Sequence[Mapping[str, Any]]) -> Receipt | None:
        """Why nothing is to be done; None where the deal stands as it did when that was planned."""
        if row is None:
            return Receipt(one.key, "gone", GONE)
        entry = _entry(past)
        if row[_STAGE] == one.to_stage and entry.get("CreatedById") == self._client.user_id:
            left: Mapping[str, Any] = next((r for r in reversed(past) if r[_STAGE] == one.from_stage), {})
            return Receipt(one.key, "written", FOUND, before=_values(left), after=_values(row))
        if row["IsClosed"]:
            return Receipt(one.key, "skipped", SHUT)
        entered = to.instant(entry.get("CreatedDate"))
        fresh = entered is not None and abs(entered - one.at) < _SAME_SECOND
        return None if row[_STAGE] == one.from_stage and fresh else Receipt(one.key, "skipped", MOVED)

    def _now(self, deals: Sequence[str]) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for some in chunks(list(deals)):
            query = f"SELECT {', '.join(_READ)} FROM {ENTITY} WHERE Id IN ({id_list(some)})"
            for page in self._client.pages(query, exact=False):
                found |= {row["Id"]: row for row in self._client.with_ids(page, "opportunity", "Id")}
        return {key: row for key, row in found.items() if not row["IsDeleted"]}

    def _past(self, deals: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
        """Snapshots by deal, oldest first, in the words of the deal's own fields."""
        found: dict[str, list[dict[str, Any]]] = {}
        for some in chunks(list(deals)):
            query = f"SELECT {', '.join(_SNAPSHOT)} FROM {_HISTORY} WHERE OpportunityId IN ({id_list(some)})"
            rows = [row for page in self._client.pages(query, exact=False) for row in page]
            for row in sorted(rows, key=lambda one: (one["CreatedDate"], one["Id"])):
                category = row["ForecastCategory"]
                named = {**row, _CATEGORY: _NAMES.get(category, category)}
                found.setdefault(str(row["OpportunityId"]), []).append(named)
        return found

    def _stages(self) -> dict[str, dict[str, Any]]:
        """What each stage sets by itself."""
        rows = org_tables.table(self._client, self._schema, "OpportunityStage", _STAGES)
        return {
            str(row.get("ApiName") or row["MasterLabel"]): {
                _CHANCE: row.get("DefaultProbability"), _CATEGORY: row.get("ForecastCategoryName"),
            }
            for row in rows
        }  # fmt: skip

    def _sent(
        self, wanted: Wanted, rows: Mapping[str, Any], after: Mapping[str, Mapping[str, Any]]
    ) -> dict[str, Receipt]:
        if not wanted:
            return {}
        records = [{"attributes": {"type": ENTITY}, "id": deal, **body} for deal, body in wanted.values()]
        body = {"allOrNone": False, "records": records}
        try:
            replies = self._client.rest("composite/sobjects", "PATCH", body, repeatable=False)
        except Refused as error:
            return {key: Receipt(key, "refused", f"{error.message} ({error.code})") for key in wanted}
        if not isinstance(replies, list) or len(replies) != len(wanted):
            raise RetryLater("Salesforce did not answer for every deal: they are read before they are sent again.")
        results = zip(wanted.items(), map(result_of, replies), strict=True)
        return {
            key: _receipt(key, result, rows[deal], {**after[key], **written})
            for (key, (deal, written)), result in results
        }


def _entry(past: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The snapshot by which the deal came into its last stage."""
    last = len(past) - 1
    while last > 0 and past[last - 1][_STAGE] == past[last][_STAGE]:
        last -= 1
    return past[last] if past else {}


def _before(past: Sequence[dict[str, Any]], one: Move) -> dict[str, Any] | None:
    """The last snapshot before the move."""
    earlier = [row for row in past if (then := to.instant(row["CreatedDate"])) and then < one.at]
    return earlier[-1] if earlier and earlier[-1][_STAGE] == one.to_stage else None


def _restored(before: Mapping[str, Any], one: Move, stage: Mapping[str, Any]) -> dict[str, Any]:
    """The stage, and of probability and category what the stage would not set by itself."""
    own = {name: before[name] for name in (_CHANCE, _CATEGORY) if before.get(name) is not None}
    return {_STAGE: one.to_stage} | {name: value for name, value in own.items() if value != stage.get(name)}


def _values(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _plain(row[name]) for name in _FIELDS if name in row}


def _plain(value: Any) -> Any:
    """Numbers alike, whichever way they came."""
    return value if value is None or isinstance(value, str) else float(value)


def _receipt(
    key: str, result: tuple[str, str, list[str]], stood: Mapping[str, Any], after: Mapping[str, Any]
) -> Receipt:
    code, message, _ = result
    if not code:
        return Receipt(key, "written", before=_values(stood), after=_values(after))
    return Receipt(key, *meant(code, message))
