"""What `init` can suggest from an org: fields for facts by label and fill rate, stages by record type."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from connectors.salesforce import convert as to
from connectors.salesforce import setup
from connectors.salesforce.faults import Refused
from connectors.salesforce.opportunities import ENTITY
from model.facts import FACTS, QUALIFICATION
from model.sync import Draft, DraftField, DraftProcess

if TYPE_CHECKING:
    from connectors.salesforce.client import Client
    from connectors.salesforce.schema import CrmField, Schema

_SAMPLE: Final = 2000
_MANY: Final = 80
_LEAST: Final = 0.5
_BY_MAPPING: Final = ("segment", "region", "is_test", "discount_percent", "outstanding_issue", *QUALIFICATION)
_MORE_WORDS: Final = {"next_step_due": ("next step date", "next step due"), "is_test": ("test record", "test")}
_IDLE: Final = {"is", "has", "the", "of", "confirmed", "identified", "known"}


def draft(client: Client, schema: Schema) -> Draft:
    """DraftFields for this org; raises AccessRefused, RetryLater, BudgetSpent."""
    return Draft(_suggestions(client, schema), _processes(client, schema))


def _suggestions(client: Client, schema: Schema) -> tuple[DraftField, ...]:
    entity = schema.entity(ENTITY)
    custom = [f for f in entity.fields.values() if f.path.endswith("__c")] if entity else []
    fitting = {
        (fact, field.path): field
        for field in custom
        if not field.path.startswith("Sluicegate_")
        for fact in (*_BY_MAPPING, *_MORE_WORDS)
        if _alike(fact, field)
    }
    filled = _filled(client, sorted({path for _, path in fitting})[:_MANY])
    best: dict[str, DraftField] = {}
    for (fact, path), field in fitting.items():
        found = DraftField(fact, path, field.label, filled.get(path, 0.0))
        if fact not in best or found.filled > best[fact].filled:
            best[fact] = found
    return tuple(best[fact] for fact in FACTS if fact in best)


def _alike(fact: str, field: CrmField) -> bool:
    """Every telling word of the fact stands in the label, and the field's type can hold it."""
    if FACTS[fact].type not in (to.fact_type(field.type), "text", "choice", "yes/no"):
        return False
    label = _words(field.label)
    names = [_words(fact), *(_words(words) for words in _MORE_WORDS.get(fact, ()))]
    return any(telling <= label for name in names if (telling := name - _IDLE))


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+", text.lower()))


def _filled(client: Client, paths: list[str]) -> dict[str, float]:
    """Share of the newest deals in which each field holds something."""
    if not paths:
        return {}
    rows = client.rows(f"SELECT {', '.join(paths)} FROM {ENTITY} ORDER BY CreatedDate DESC LIMIT {_SAMPLE}")
    return {path: sum(row[path] not in (None, False, "") for row in rows) / max(1, len(rows)) for path in paths}


def _processes(client: Client, schema: Schema) -> tuple[DraftProcess, ...]:
    """A process per record type, its stages in the org's order; stages that mean lost have no place in one."""
    records = sorted(setup.stages(client, schema), key=lambda stage: stage["sort"] or 0)
    kept = [r for r in records if r["is_active"] is not False and (r["is_won"] or not r["is_closed"])]
    every = tuple(r["name"] for r in sorted(kept, key=lambda stage: bool(stage["is_won"])))
    kinds = setup.record_types(client, schema)
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
