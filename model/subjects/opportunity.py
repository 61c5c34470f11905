"""Opportunities, which processes hold and flags are written to; those that were won; and accounts."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from model.facts import FACTS
from model.records import OPPORTUNITY
from model.subjects.subject import Subject

OPPORTUNITIES: Final = Subject(
    name="opportunity",
    table="opportunity",
    one="deal",
    many="deals",
    columns=OPPORTUNITY,
    facts=FACTS,
    feeds=frozenset({"activities", "stage_history", "date_history", "contact_roles"}),
    dates={
        "created": "created", "last_edit": "last_edit", "owner_since": "owner_changed",
        "next_step_on": "next_step_changed",
    },
    extra=(
        "_owner_id", "_account_id", "_created_at", "_process_unknown", "_activity_unknown", "_median_source",
        "_last_touch_id", "_last_touch_kind", "_rate_on",
    ),
    on_record=True,
)  # fmt: skip
WON_DEALS: Final = replace(
    OPPORTUNITIES, name="won deal", only="is_won", on_record=False,
    no_replay="a replay judges deals on the days they were open",
)  # fmt: skip
ACCOUNTS: Final = replace(OPPORTUNITIES, name="account", on_record=False, judged=False)
"""Nothing judges accounts: a policy about one is off, and names the facts of deals."""
