"""What `init` can suggest from a portal: properties for facts by label and fill rate, a process for each pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connectors.hubspot.client.convert import fact_type
from connectors.hubspot.client.faults import Refused
from connectors.hubspot.pull import pipelines
from connectors.hubspot.setup import fields
from connectors.hubspot.setup.sample import newest
from connectors.shared.setup import field_guess
from connectors.shared.setup.drafts import by_pipeline
from connectors.shared.setup.field_guess import Candidate
from model.sync import Draft

if TYPE_CHECKING:
    from connectors.hubspot.client.client import Client
    from connectors.hubspot.client.schema import Schema
    from model.sync import DraftField, DraftProcess

_SAMPLE: Final = 1000
_LAST_MADE: Final = {"sorts": [{"propertyName": "createdate", "direction": "DESCENDING"}]}
_EMPTY: Final = (None, "", "false")


def draft(client: Client, schema: Schema) -> Draft:
    """What this portal suggests; raises AccessRefused, RetryLater, BudgetSpent."""
    return Draft(_suggestions(client, schema), _processes(client))


def _suggestions(client: Client, schema: Schema) -> tuple[DraftField, ...]:
    custom = [field for field in (schema.fields() or {}).values() if field.custom and not field.calculated]
    own = [
        Candidate(f.path, f.label, fact_type(f.type, f.field_type))
        for f in custom
        if not f.path.startswith(f"{fields.GROUP}_")
    ]
    fits = field_guess.fitting(own)
    return field_guess.best(fits, _filled(client, sorted({path for _, path in fits})[: field_guess.MANY]))


def _filled(client: Client, names: list[str]) -> dict[str, float]:
    """Share of the newest deals in which each property holds something."""
    rows, _ = newest(client, _LAST_MADE, names, _SAMPLE) if names else ([], 0)
    return {name: sum(row.get(name) not in _EMPTY for row in rows) / max(1, len(rows)) for name in names}


def _processes(client: Client) -> tuple[DraftProcess, ...]:
    """A process per pipeline, its stages in the portal's order; stages that mean lost have no place in one."""
    try:
        found = pipelines.read(client)
    except Refused:
        return ()
    return by_pipeline(found.stages.values(), found.labels.values())
