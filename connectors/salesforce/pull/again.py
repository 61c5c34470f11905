"""Records of any table but deals by their ids, for those that an earlier pass has set aside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connectors.salesforce.client.faults import Refused
from connectors.salesforce.client.windows import chunks, id_list
from connectors.salesforce.pull import activities, history, leads, org_tables, people
from connectors.salesforce.pull.streams import Planned
from connectors.shared.record_ids import full_id
from model.sync import Page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from connectors.salesforce.client.client import Client
    from connectors.salesforce.client.schema import Schema
    from connectors.salesforce.pull.streams import Stream
    from connectors.salesforce.settings import SalesforceSettings

_WHOLE: Final = frozenset({"crm_stage", "rate"})
"""Tables that every pass reads whole."""
_HISTORIES: Final = frozenset({"stage_change", "field_change"})
"""Tables whose rows come of snapshots."""
_LOGGED: Final = {"task": activities.task_stream, "event": activities.event_stream}


class Again:
    """Reading by id. Nothing is taken for gone where one of a table's objects cannot be read."""

    def __init__(self, client: Client, schema: Schema, settings: SalesforceSettings) -> None:
        self._client, self._schema, self._settings = client, schema, settings

    def pages(self, aside: Mapping[str, list[str]]) -> Iterator[Page]:
        """Pages of these records, given by table."""
        yield Page({}, asked={table: frozenset(aside[table]) for table in _WHOLE if table in aside})
        for table in aside.keys() - _WHOLE:
            plans = [Planned(stream, self._schema) for stream in self._streams(table)]
            if not all(planned.plan for planned in plans):
                continue
            try:
                for some in chunks(aside[table]):
                    yield from self._found(table, plans, some)
            except Refused:
                continue  # `check` gives the reason
            yield Page({}, asked={table: frozenset(aside[table])})

    def _found(self, table: str, plans: list[Planned], ids: list[str]) -> Iterator[Page]:
        known = [one for one in (key.partition(":")[0] for key in ids) if full_id(one)]
        for planned in plans if known else ():
            yield from planned.found(self._client, f"Id IN ({id_list(known)})")
        if table in _HISTORIES and known:
            yield from history.Snapshots(self._client, self._schema, self._settings).pages_with(known)

    def _streams(self, table: str) -> list[Stream]:
        """The streams that give a table's rows."""
        schema, settings = self._schema, self._settings
        ways: dict[str, Callable[[], list[Stream]]] = {
            "activity": lambda: [_LOGGED[source](schema, settings) for source in settings.activity.sources],
            "lead_activity": lambda: leads.activity_streams(schema, settings),
            "lead": lambda: [leads.stream(schema, settings)],
            "contact_role": lambda: [people.role_stream(schema)],
            "owner": lambda: [people.user_stream(schema)],
            "account": lambda: [people.account_stream(schema)],
            "field_change": lambda: [history.tracked(schema, settings, org_tables.record_types(self._client, schema))],
        }
        return ways[table]() if table in ways else []
