"""What `init` can suggest from an org: fields for facts by label and fill rate, stages by record type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connectors.salesforce.client import convert as to
from connectors.salesforce.client.faults import Refused
from connectors.salesforce.pull import org_tables
from connectors.salesforce.pull.opportunities import ENTITY
from connectors.shared.setup import field_guess
from connectors.shared.setup.field_guess import Candidate
from model.sync import Draft, DraftField, DraftProcess

if TYPE_CHECKING:
    from connectors.salesforce.client.client import Client
    from connectors.salesforce.client.schema import Schema

_SAMPLE: Final = 2000


def draft(client: Client, schema: Schema) -> Draft:
    """DraftFields for this org; raises AccessRefused, RetryLater, BudgetSpent."""
    return Draft(_suggestions(client, schema), _processes(client, schema))


def _suggestions(client: Client, schema: Schema) -> tuple[DraftField, ...]:
    entity = schema.entity(ENTITY)
    custom = [f for f in entity.fields.values() if f.path.endswith("__c")] if entity else []
    own = [Candidate(f.path, f.label, to.fact_type(f.type)) for f in custom if not f.path.startswith("Sluicegate_")]
    fits = field_guess.fitting(own)
    return field_guess.best(fits, _filled(client, sorted({path for _, path in fits})[: field_guess.MANY]))


def _filled(client: Client, paths: list[str]) -> dict[str, float]:
    """Share of the newest deals in which each field holds something."""
    if not paths:
        return {}
    rows = client.rows(f"SELECT {', '.join(paths)} FROM {ENTITY} ORDER BY CreatedDate DESC LIMIT {_SAMPLE}")
    return {path: sum(row[path] not in (None, False, "") for row in rows) / max(1, len(rows)) for path in paths}


def _processes(client: Client, schema: Schema) -> tuple[DraftProcess, ...]:
    """A process per record type, its stages in the org's order; stages that mean lost have no place in one."""
    records = sorted(org_tables.stages(client, schema), key=lambda stage: stage["sort"] or 0)
    kept = [r for r in records if r["is_active"] is not False and (r["is_won"] or not r["is_closed"])]
    every = tuple(r["name"] for r in sorted(kept, key=lambda stage: bool(stage["is_won"])))
    kinds = org_tables.record_types(client, schema)
    if not kinds:
        return (DraftProcess("pipeline", "Pipeline", "", every),)
    return tuple(
        DraftProcess(developer_name, label, f"record_type = '{developer_name}'", _allowed(client, kind, every))
        for kind, (label, developer_name) in kinds.items()
    )


def _allowed(client: Client, record_type: str, every: tuple[str, ...]) -> tuple[str, ...]:
    """The stages of a record type's sales process; all of them where the org's UI API cannot be asked."""
    try:
        reply = client.rest(f"ui-api/object-info/{ENTITY}/picklist-values/{record_type}/StageName")
    except Refused:
        return every
    names = {str(value["value"]) for value in (reply or {}).get("values", ())}
    return tuple(stage for stage in every if stage in names) or every
