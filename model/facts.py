"""The facts that policies may name. A new fact is one entry here and one row in tests/model/test_facts.py.

`expression` is evaluated by `widen` over the joined frame (model/widen.py lists the columns it offers); None for
facts that come by mapping only or that a step of `widen` makes as a whole (stage, spells, calendars).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    import polars as pl

FactType: TypeAlias = Literal["text", "choice", "yes/no", "number", "money", "date", "list"]


@dataclass(frozen=True)
class Fact:
    """One thing a policy may ask about a deal; `needs` are columns of OPPORTUNITY or names of feeds."""

    name: str
    type: FactType
    unit: str
    meaning: str
    needs: tuple[str, ...] = ()
    expression: pl.Expr | None = None
    choices: tuple[str, ...] = ()


QUALIFICATION: Final = {
    "budget_confirmed": "The buyer has confirmed a budget",
    "authority_confirmed": "The person who can decide is known and involved",
    "need_confirmed": "The buyer has confirmed the need",
    "timeline_confirmed": "The buyer has confirmed when",
    "metrics_identified": "The figures the buyer wants to move are known",
    "decision_criteria_known": "What the buyer decides by is known",
    "decision_process_known": "How the buyer decides is known",
    "paper_process_known": "How the buyer signs is known",
    "pain_identified": "The buyer's pain is known",
    "terms_agreed": "Commercial terms are agreed",
    "contract_sent": "The contract is out for signature",
    "proposal_acknowledged": "The buyer has answered the proposal",
    "pricing_requested": "The buyer has asked for prices or a proposal",
}
"""Yes/no facts that exist by mapping only."""

FACTS: Final[dict[str, Fact]] = {
    fact.name: fact
    for fact in (
        Fact("id", "text", "", "The CRM's id of the deal", ("id",)),
        Fact("name", "text", "", "The deal's name", ("name",)),
        Fact("pipeline", "text", "", "The CRM's label of the pipeline", ("pipeline",)),
        Fact("record_type", "text", "", "The record type's developer name", ("record_type",)),
        Fact("deal_type", "text", "", "New business, renewal and the like", ("deal_type",)),
        Fact("segment", "text", "", "The buyer's segment"),
        Fact("region", "text", "", "The deal's region; by mapping, else its owner's", ("owner_id",)),
        Fact("team", "text", "", "The owner's team", ("owner_id",)),
        Fact("source", "text", "", "Where the deal came from", ("source",)),
        Fact("owner", "text", "", "The owner's name", ("owner_id",)),
        Fact("owner_is_active", "yes/no", "", "The owner can still log in", ("owner_id",)),
        Fact("owner_since", "date", "", "The day the owner took the deal over", ("owner_id",)),
        Fact("is_test", "yes/no", "", "A test record, by mapping"),
        Fact("stage", "choice", "", "The stage's id in the process that binds the deal", ("stage_name",)),
        Fact("stage_name", "text", "", "The stage as the CRM calls it", ("stage_name",)),
        Fact("stage_order", "number", "", "The stage's place in its process, from 1", ("stage_name",)),
        Fact("created_in_stage", "choice", "", "The stage the deal was created in", ("stage_history",)),
        Fact("stage_since", "date", "", "Entry of this visit to the stage", ("stage_history",)),
        Fact("days_in_stage", "number", "days", "All visits of this spell to the stage", ("stage_history",)),
        Fact("days_in_visit", "number", "days", "This visit to the stage", ("stage_history",)),
        Fact("stage_median_days", "number", "days", "The stage's median, from the calibration"),
        Fact("is_open", "yes/no", "", "Neither won nor lost", ("is_closed",)),
        Fact("is_won", "yes/no", "", "Closed and won", ("is_won",)),
        Fact("is_lost", "yes/no", "", "Closed and lost", ("is_closed", "is_won")),
        Fact("reopened_on", "date", "", "The day a closed deal was last opened again", ("stage_history",)),
        Fact("closed_on", "date", "", "The last move into the closed stage", ("stage_history",)),
        Fact("created", "date", "", "The day the deal was created", ("created",)),
        Fact("amount", "money", "own currency", "The deal's amount in its own currency", ("amount",)),
        Fact("currency", "text", "", "The deal's currency", ("currency",)),
        Fact("amount_home", "money", "home currency", "The amount by dated rate; unknown without one", ("amount",)),
        Fact("discount_percent", "number", "percent", "Discount, 0 to 100, by mapping"),
        Fact("close_date", "date", "", "The day the deal is expected to close", ("close_date",)),
        Fact("pushes", "number", "moves", "Moves of the close date by a day or more to later", ("date_history",)),
        Fact("pushes_over_month_end", "number", "moves", "Those over a month's end", ("date_history",)),
        Fact("last_activity", "date", "", "The newest touch; never touched: creation or re-opening", ("activities",)),
        Fact("touched", "yes/no", "", "Touched at least once since creation or re-opening", ("activities",)),
        Fact("touches_30d", "number", "touches", "Touches of the last 30 days", ("activities",)),
        Fact("next_activity", "date", "", "The earliest future meeting, or task due today or later", ("activities",)),
        Fact("last_edit", "date", "", "The last edit of the record", ("last_edit",)),
        Fact("next_step", "text", "", "The next step as written", ("next_step",)),
        Fact("has_next_step", "yes/no", "", "A fresh text, open task or future meeting", ("next_step", "activities")),
        Fact("next_step_due", "date", "", "Mapped, else the earliest open task or future meeting", ("activities",)),
        Fact("next_step_owner", "text", "", "Mapped, else the task's, else the deal's active owner", ("activities",)),
        Fact("contact_count", "number", "contacts", "Contacts on the deal", ("contact_roles",)),
        Fact("contact_roles", "list", "", "Their roles", ("contact_roles",)),
        Fact("has_economic_buyer", "yes/no", "", "A role or a mapped field says so", ("contact_roles",)),
        Fact("has_champion", "yes/no", "", "A role or a mapped field says so", ("contact_roles",)),
        Fact("probability", "number", "0 to 1", "The CRM's probability", ("probability",)),
        Fact(
            "forecast_category", "choice", "", "The CRM's forecast category", ("forecast_category",),
            choices=("omitted", "pipeline", "best_case", "commit", "closed"),
        ),
        Fact("outstanding_issue", "text", "", "The one issue still open, by mapping"),
        *(Fact(name, "yes/no", "", meaning + ", by mapping") for name, meaning in QUALIFICATION.items()),
    )
}  # fmt: skip
"""Fact by name, in the order of the reference page."""

KNOWN: Final = "__known"
"""Suffix of a fact's mask column in the wide frame: false where the fact could not be read."""
