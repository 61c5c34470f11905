"""Deals: which properties are asked for, and rows as records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from connectors.hubspot.client import convert as to
from connectors.hubspot.push import our_fields
from connectors.shared.pull import mapping
from connectors.shared.pull.mapping import MAPPABLE, Mapped, column_paths, columns_of, facts_of
from connectors.shared.pull.plausible import NONSENSE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from connectors.hubspot.client.convert import Converter
    from connectors.hubspot.client.schema import CrmField, Schema
    from connectors.hubspot.pull.pipelines import Pipelines
    from connectors.hubspot.settings import HubspotSettings
    from model.records import Record

Row: TypeAlias = "dict[str, Any]"

COLUMNS: Final[dict[str, tuple[str, Converter]]] = {
    "name": ("dealname", to.text),
    "deal_type": ("dealtype", to.text),
    "source": ("hs_analytics_source", to.text),
    "amount": ("amount", to.amount),
    "close_date": ("closedate", to.day),
    "probability": ("hs_deal_stage_probability", to.share),
    "forecast_category": ("hs_manual_forecast_category", to.categories),
    "next_step": ("hs_next_step", to.text),
    "owner_id": ("hubspot_owner_id", to.text),
    "created": ("createdate", to.instant),
    "modified": ("hs_lastmodifieddate", to.instant),
    "activity_hint": ("notes_last_contacted", to.date_of),
}
"""Column of OPPORTUNITY → standard property and its converter; settings.fields may name another for some."""

OPTIONAL: Final = ("source", "deal_type", "forecast_category")
"""Not every portal has them: then they are not offered, but not unread either."""
STAGE: Final = ("pipeline", "dealstage", "hs_is_closed", "hs_is_closed_won")
MERGED: Final = "hs_merged_object_ids"
COMPANY: Final = "hs_primary_associated_company"
CURRENCY: Final = ("deal_currency_code", "hs_exchange_rate")
_PLACE: Final = (
    ("stage_name", "dealstage", to.text), ("pipeline", "pipeline", to.text), ("is_closed", "hs_is_closed", to.yes_no),
    ("is_won", "hs_is_closed_won", to.yes_no),
)  # fmt: skip
_MORE: Final = (("account_id", COMPANY, to.text), ("currency", "deal_currency_code", to.text))
_WORDS: Final = ("name", "next_step")


def columns(schema: Schema, settings: HubspotSettings, zone: ZoneInfo) -> list[Mapped[CrmField]]:
    """Every column of OPPORTUNITY that one property gives; `zone`: the portal's, in which close dates are read."""
    found: list[Mapped[CrmField]] = []
    for name, path in column_paths(COLUMNS, settings).items():
        field, how = schema.field(path), COLUMNS[name][1]
        if name == "close_date":
            how = to.date_of if field and field.type == "date" else to.local_day(zone)
        elif field and field.labels and how is to.text and name not in ("owner_id", *_WORDS):
            how = to.choice(field.labels)
        found.append(Mapped(name, path, field, how))
    return found


def mapped_facts(schema: Schema, settings: HubspotSettings) -> list[Mapped[CrmField]]:
    """The facts that the settings map, but for those that are columns."""
    facts = {name: how for name, how in settings.fields.items() if name not in MAPPABLE}
    return mapping.mapped_facts(facts, schema.field, settings.zone)


class Maker:
    """Turns rows of the API into records; everything that does not depend on the row is worked out once."""

    def __init__(
        self, schema: Schema, settings: HubspotSettings, pipelines: Pipelines, zone: ZoneInfo, currency: str | None
    ) -> None:
        read, facts = columns(schema, settings, zone), mapped_facts(schema, settings)
        own = our_fields.readable(schema, settings)
        self._pipelines, self._currency = pipelines, currency
        self._plain = [(m.name, m.path, m.convert) for m in read if m.field]
        self._facts = [m for m in facts if m.field]
        self._own = [(name, field.path, our_fields.converter(field)) for name, field in own.items()]
        self._unread = [m.name for m in (*read, *facts) if not m.field and m.name not in OPTIONAL]
        asked = [path for _, path, _ in (*self._plain, *self._own)] + [m.path for m in self._facts]
        self.properties = schema.having((*asked, *STAGE, *CURRENCY, MERGED, COMPANY))

    def record(self, row: Row) -> Record:
        """A row as a record of OPPORTUNITY; a property that the row leaves out is not read."""
        given = row["properties"]
        record: Record = {"id": row["id"], "record_type": None, "merged_into": None, "gone": None}
        unread = record["unread"] = self._unread.copy()
        try:
            record |= {name: convert(given[path]) for name, path, convert in self._plain}
        except NONSENSE:
            record |= columns_of(self._plain, given.__getitem__, unread)
        if record.get("created") is None:
            record |= columns_of([("created", "createdAt", to.instant)], row.get, unread)
        record |= columns_of(_MORE, given.get, unread)
        if record.get("account_id") is None:
            record.pop("account_id", None)
        if record.get("currency", "") is None:
            record["currency"] = self._currency
        self._place(given, record)
        record["facts"] = facts_of(self._facts, given.__getitem__, unread)
        record["ours"] = columns_of(self._own, lambda path: given.get(path) or None, [])
        return record

    def _place(self, given: Mapping[str, str | None], record: Record) -> None:
        """Pipeline, stage, and whether it is won or lost, by the deal or else by its stage."""
        record |= columns_of(_PLACE, given.get, record["unread"])
        known = self._pipelines.stages.get(record.get("stage_name") or "") or {}
        pipeline = record.get("pipeline")
        record["pipeline"] = self._pipelines.labels.get(pipeline or "", pipeline) or known.get("pipeline")
        for name in ("is_closed", "is_won", "probability"):
            odd = name in record["unread"] and name not in self._unread
            if record.get(name) is None and not odd:
                record[name] = known.get(name)


def merged_away(row: Row) -> list[Record]:
    """The deals that went up in this one: gone, whatever else was known of them."""
    others = str(row["properties"].get(MERGED) or "").split(";")
    return [
        {"id": one.strip(), "gone": "merged", "merged_into": row["id"]}
        for one in others if one.strip() and one.strip() != row["id"]
    ]  # fmt: skip
