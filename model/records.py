"""The canonical records: what a connector hands over and a store keeps, whatever the CRM.

A record is a plain dict, one key per column below; a missing key means "not read". Types are those of
`COLUMNS`: text, yes/no (bool), whole (int), real (float), money (Decimal), date, instant (aware datetime, UTC),
json (a dict or list of JSON values). Blank text is None: connectors trim and turn "" into None.
"""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias

Record: TypeAlias = dict[str, Any]
ColumnType: TypeAlias = Literal["text", "yes/no", "whole", "real", "money", "date", "instant", "json"]

OPPORTUNITY: Final[dict[str, ColumnType]] = {
    "id": "text",  # the CRM's id
    "name": "text",
    "pipeline": "text",  # the CRM's label; None where the CRM has none
    "record_type": "text",
    "deal_type": "text",
    "source": "text",
    "stage_name": "text",  # the CRM's stage as it stands on the record
    "is_closed": "yes/no",
    "is_won": "yes/no",
    "amount": "money",
    "currency": "text",
    "close_date": "date",
    "probability": "real",  # 0 to 1
    "forecast_category": "text",  # omitted, pipeline, best_case, commit, closed
    "next_step": "text",
    "owner_id": "text",
    "account_id": "text",
    "activity_hint": "date",  # the CRM's own roll-up of the newest activity: a hint, never the measure
    "created": "instant",
    "last_edit": "instant",  # last edit by a person or client
    "modified": "instant",  # last change of any kind: what cursors follow
    "modified_by": "text",
    "facts": "json",  # mapped facts by name, in the fact's type (money and dates as text)
    "ours": "json",  # our fields as last read from the CRM, by our name (score, reasons, …, pause_until)
    "unread": "json",  # names of columns and mapped facts that could not be read this time
    "gone": "text",  # None, or deleted, merged, vanished (no longer readable, nobody says why)
    "merged_into": "text",
}

STAGE_CHANGE: Final[dict[str, ColumnType]] = {
    "id": "text",
    "opportunity_id": "text",
    "at": "instant",
    "stage_name": "text",  # the stage moved to; the first row of a deal is the stage it was created in
    "pipeline": "text",
    "actor_id": "text",  # an OWNER's id, or what acted: "integration:…", "automation:…", "user:…"
}

FIELD_CHANGE: Final[dict[str, ColumnType]] = {
    "id": "text",
    "opportunity_id": "text",
    "field": "text",  # a column of OPPORTUNITY or a mapped fact's name
    "before": "json",  # JSON value: text, number, bool or null; dates as YYYY-MM-DD, money as decimal text
    "after": "json",
    "changed_at": "instant",
    "seen_at": "instant",  # when we learned of it; filled by the store
    "actor_id": "text",
    "origin": "text",  # crm: from the CRM's own history; mirror: seen by us between two pulls
}

ACTIVITY: Final[dict[str, ColumnType]] = {
    "id": "text",
    "opportunity_id": "text",  # None: on a contact or account only
    "account_id": "text",
    "contact_id": "text",
    "kind": "text",  # call, mail, meeting, note, task
    "state": "text",  # done, open, cancelled
    "at": "instant",  # when it happened or will start; None for an open task
    "due": "date",  # the CRM's date for it: a task's due date, a meeting's day
    "created": "instant",
    "owner_id": "text",
    "created_by": "text",
    "bulk": "yes/no",  # bulk or sequence mail
    "possible": "yes/no",  # may belong to a sibling deal
    "modified": "instant",
    "gone": "text",
}

OWNER: Final[dict[str, ColumnType]] = {
    "id": "text",
    "name": "text",
    "username": "text",  # login or mail address: matched with integration_users and the people file
    "is_active": "yes/no",
    "manager_id": "text",
    "team": "text",
    "region": "text",
    "zone": "text",  # IANA name
    "start_date": "date",
}

ACCOUNT: Final[dict[str, ColumnType]] = {"id": "text", "name": "text", "gone": "text"}

CONTACT_ROLE: Final[dict[str, ColumnType]] = {
    "id": "text",
    "opportunity_id": "text",
    "contact_id": "text",
    "role": "text",
    "is_primary": "yes/no",
    "created": "instant",
    "gone": "text",
}

CRM_STAGE: Final[dict[str, ColumnType]] = {
    "id": "text",  # pipeline/name, or name where there are no pipelines
    "pipeline": "text",
    "name": "text",  # as it stands on records
    "label": "text",
    "is_active": "yes/no",
    "is_closed": "yes/no",
    "is_won": "yes/no",
    "probability": "real",
    "forecast_category": "text",
    "sort": "whole",
}

RATE: Final[dict[str, ColumnType]] = {
    "id": "text",  # currency and date
    "currency": "text",
    "on": "date",  # valid from this day; None: always
    "multiply": "money",  # home = amount × multiply ÷ divide
    "divide": "money",
}

LEAD: Final[dict[str, ColumnType]] = {
    "id": "text",
    "name": "text",  # the person's
    "company": "text",
    "source": "text",
    "status": "text",  # as people see it
    "owner_id": "text",  # None: nobody yet, or a queue
    "is_converted": "yes/no",
    "converted_on": "date",
    "created": "instant",  # when it became a lead
    "last_edit": "instant",
    "modified": "instant",
    "modified_by": "text",
    "facts": "json",  # mapped facts by name, as those of an opportunity
    "unread": "json",
    "gone": "text",  # None, or deleted, merged, vanished
    "merged_into": "text",
}

LEAD_ACTIVITY: Final[dict[str, ColumnType]] = {
    "id": "text",
    "lead_id": "text",
    "kind": "text",  # as an ACTIVITY's, like state and at
    "state": "text",
    "at": "instant",
    "created": "instant",
    "created_by": "text",
    "bulk": "yes/no",
    "modified": "instant",
    "gone": "text",
}

COLUMNS: Final[dict[str, dict[str, ColumnType]]] = {
    "opportunity": OPPORTUNITY,
    "stage_change": STAGE_CHANGE,
    "field_change": FIELD_CHANGE,
    "activity": ACTIVITY,
    "owner": OWNER,
    "account": ACCOUNT,
    "contact_role": CONTACT_ROLE,
    "crm_stage": CRM_STAGE,
    "rate": RATE,
    "lead": LEAD,
    "lead_activity": LEAD_ACTIVITY,
}
"""Table name to its columns; every table's key is (connection, id)."""
