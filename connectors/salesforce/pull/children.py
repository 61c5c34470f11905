"""What hangs on some deals as it stands now: tasks, events, contact roles, histories.

A deal that is undeleted, or that our user may see again, brings its children back without a new stamp on them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.salesforce.client.faults import Refused
from connectors.salesforce.client.windows import chunks, id_list
from connectors.salesforce.pull import activities, history, opportunities, org_tables, people
from connectors.salesforce.pull.streams import Planned
from model.sync import Page

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from connectors.salesforce.client.client import Client
    from connectors.salesforce.client.schema import Schema
    from connectors.salesforce.pull.streams import Stream
    from connectors.salesforce.settings import SalesforceSettings


def children(client: Client, schema: Schema, settings: SalesforceSettings, ids: Sequence[str]) -> Iterator[Page]:
    """Pages that hold everything on these deals; what they do not list has left the deals."""
    made = {"task": activities.task_stream, "event": activities.event_stream}
    logged = [(made[source](schema, settings), "WhatId") for source in settings.activity.sources]
    roles = [(people.role_stream(schema), "OpportunityId")]
    tracked = history.tracked(schema, settings, org_tables.record_types(client, schema))
    snapshots = history.Snapshots(client, schema, settings)
    for some in chunks(list(ids)):
        for streams in (roles, logged):
            yield from _whole(client, schema, streams, some)
        if settings.activity.roll_up == "contacts":
            yield from _of_accounts(client, schema, [stream for stream, _ in logged], some)
        try:
            yield from snapshots.page_of(some)
            yield from _whole(client, schema, [(tracked, "OpportunityId")], some)
        except Refused:
            continue  # the feed is late then, and `check` gives the reason


def _whole(client: Client, schema: Schema, streams: list[tuple[Stream, str]], deals: list[str]) -> Iterator[Page]:
    """All rows of one table on these deals. Where one of its objects cannot be read, nothing is taken for gone."""
    found = [_found(client, Planned(stream, schema), f"{parent} IN ({id_list(deals)})") for stream, parent in streams]
    pages = [page for some in found for page in some or ()]
    if not pages and (None in found or not found):
        return
    table, deleted = streams[0][0].table, streams[0][0].deleted
    records = [record for page in pages for record in page.records[table]]
    whole = {table: frozenset(deals)} if deleted and None not in found else {}
    yield Page({table: records}, aside=tuple(one for page in pages for one in page.aside), whole=whole)


def _found(client: Client, planned: Planned, where: str) -> list[Page] | None:
    """The rows of one object for which a condition holds; None where it cannot be read."""
    try:
        return list(planned.found(client, where)) if planned.plan else None
    except Refused:
        return None


def _of_accounts(client: Client, schema: Schema, streams: list[Stream], deals: list[str]) -> Iterator[Page]:
    """What is logged on the deals' accounts, where that counts for the deals: a merge of accounts moves it there."""
    where = f"AccountId IN (SELECT AccountId FROM {opportunities.ENTITY} WHERE Id IN ({id_list(deals)}))"
    for planned in (Planned(stream, schema) for stream in streams):
        if planned.plan and "AccountId" in planned.plan.select:
            try:
                yield from planned.found(client, where)
            except Refused:
                continue
