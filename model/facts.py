"""The facts that policies may name. A new fact is one entry here and one row in tests/model/test_facts.py.

`expression` and `known` are evaluated over the joined frame as soon as it has the columns they name: the deal's own
columns (instants as local dates), other facts, and what the steps of `widen` add (model/widening/widen.py lists them).
Without an expression the fact is the joined frame's column of its name. A mapped field stands in for both, unless the
expression itself asks for `mapped_NAME`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import polars as pl

FactType: TypeAlias = Literal["text", "choice", "yes/no", "number", "money", "date", "list"]


@dataclass(frozen=True)
class Fact:
    """One thing a policy may ask about a record.

    `needs` are columns of the record, names of feeds, or "mapping" where only a mapped field can say; a fact is
    dormant where the connection lacks one of them, and unknown where one could not be read or is late, or where
    `known` is not true. `partly`: what could be read may be enough, so `known` alone says. `clock`: the column with the
    local time from which a fact counts hours; null where a field is mapped. `history`: the column whose changes the
    fact is about; `expression` then reduces a deal's changes (`at`, `before`, `after`) to one value, and `needs` names
    the history (`amount_history`), which is unknown where it does not reach back to the deal's creation. `whole`: a
    number without fractions. `changes`: what can change the value besides a record: nothing, the date (a plan falls
    due, a rate is dated later), or each local day, by which it grows by one.
    """

    name: str
    type: FactType
    unit: str
    meaning: str
    needs: tuple[str, ...] = ()
    expression: pl.Expr | None = None
    choices: tuple[str, ...] = ()
    known: pl.Expr | None = None
    partly: bool = False
    clock: str = ""
    history: str = ""
    whole: bool = False
    changes: Literal["with a record", "on a date", "every day"] = "with a record"

    def __post_init__(self) -> None:
        """Raise ValueError for a fact over today's date that does not say on which days it changes."""
        dated = self.expression is not None and "as_of_date" in self.expression.meta.root_names()
        if dated and self.changes == "with a record":
            raise ValueError(f'{self.name} counts from as_of_date: give it changes="on a date" or "every day".')


STARTED: Final = pl.coalesce("reopened_on", "created")
SEEN: Final = pl.col("activity_readable") & pl.col("team_logs")
STATUS_KNOWN: Final = pl.col("is_closed").is_not_null() & pl.col("is_won").is_not_null()
TOUCHED_OR_STARTED: Final = pl.col("touch_on").is_not_null() | STARTED.is_not_null()
OWNED: Final = pl.col("owner_readable")
NOBODY: Final = pl.col("owner_id").is_null()
STEPPED: Final = pl.col("mapped_next_step_owner").is_not_null() | (
    pl.col("plans_readable") & pl.col("task_owner_readable") & (pl.col("task_owner").is_not_null() | OWNED)
)
STAGE: Final = pl.col("stage_readable")
HISTORY: Final = STAGE & pl.col("history_reaches_now")
COPIED: Final = pl.col("text_shared") | pl.col("text_carried")
PLAN: Final = pl.col("text_fresh") | pl.col("planned")
LATER: Final = pl.col("after") > pl.col("before")
OVER_MONTH_END: Final = pl.col("before").dt.month_end() < pl.col("after")
BUYER: Final = pl.col("mapped_has_economic_buyer") | pl.col("buyer_role")
CHAMPION: Final = pl.col("mapped_has_champion") | pl.col("champion_role")
MAPPED: Final = ("mapping",)


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
    "kickoff_done": "The kick-off with the buyer has taken place",
    "success_owner_confirmed": "Customer success has named who looks after the buyer",
    "first_value_dated": "The first value milestone has a date",
}
"""Yes/no facts that exist by mapping only."""

FACTS: Final[dict[str, Fact]] = {
    fact.name: fact
    for fact in (
        Fact("id", "text", "", "The CRM's id of the deal", ("id",)),
        Fact("name", "text", "", "The deal's name", ("name",)),
        Fact("pipeline", "text", "", "The CRM's label of the pipeline", ("pipeline",)),
        Fact("record_type", "choice", "", "The record type's developer name", ("record_type",)),
        Fact("deal_type", "choice", "", "New business, renewal and the like", ("deal_type",)),
        Fact("segment", "text", "", "The buyer's segment, by mapping", MAPPED),
        Fact("region", "text", "", "The deal's region; by mapping, else its owner's", ("owner_id",),
             pl.coalesce("mapped_region", "owner_region"), known=pl.col("mapped_region").is_not_null() | OWNED,
             partly=True),
        Fact("team", "text", "", "The owner's team", ("owner_id",), known=OWNED),
        Fact("source", "text", "", "Where the deal came from", ("source",)),
        Fact("owner", "text", "", "The owner's name", ("owner_id",),
             known=OWNED & (pl.col("owner").is_not_null() | NOBODY)),
        Fact("owner_is_active", "yes/no", "", "The owner can still log in", ("owner_id",),
             known=OWNED & (pl.col("owner_is_active").is_not_null() | NOBODY)),
        Fact("owner_since", "date", "", "The day the owner took the deal over", ("owner_id",),
             known=pl.col("owner_since").is_not_null()),
        Fact("is_test", "yes/no", "", "A test record, by mapping", MAPPED),
        Fact("campaign", "choice", "", "The campaign that brought the deal, by mapping", MAPPED),
        Fact("loss_reason", "choice", "", "Why the deal was lost, by mapping", MAPPED),
        Fact("stage", "choice", "", "The stage's id in the process that binds the deal; blank where lost",
             ("stage_name",), known=STAGE),
        Fact("stage_name", "text", "", "The stage as the CRM calls it", ("stage_name",)),
        Fact("stage_order", "number", "", "The stage's place in its process, from 1", ("stage_name",), known=STAGE,
             whole=True),
        Fact("created_in_stage", "choice", "", "The stage the deal was created in", ("stage_history",),
             known=pl.col("creation_readable")),
        Fact("stage_since", "date", "", "Entry of this visit to the stage", ("stage_history",),
             known=HISTORY & pl.col("visit_readable")),
        Fact("days_in_stage", "number", "days", "All visits of this spell to the stage", ("stage_history",),
             known=HISTORY & pl.col("spell_readable"), whole=True, changes="every day"),
        Fact("days_in_visit", "number", "days", "This visit to the stage", ("stage_history",),
             known=HISTORY & pl.col("visit_readable"), whole=True, changes="every day"),
        Fact("stage_median_days", "number", "days", "The stage's median by the calibration, else its band's upper end",
             ("stage_name",), known=STAGE),
        Fact("is_open", "yes/no", "", "Neither won nor lost", ("is_closed",), ~pl.col("is_closed"), known=STATUS_KNOWN),
        Fact("is_won", "yes/no", "", "Closed and won", ("is_won",), known=STATUS_KNOWN),
        Fact("is_lost", "yes/no", "", "Closed and lost", ("is_closed", "is_won"),
             pl.col("is_closed") & ~pl.col("is_won"), known=STATUS_KNOWN),
        Fact("reopened_on", "date", "", "The day a closed deal was last opened again", ("stage_history",),
             known=pl.col("history_reaches_now")),
        Fact("closed_on", "date", "", "The last move into the closed stage", ("stage_history",),
             known=pl.col("history_reaches_now")),
        Fact("created", "date", "", "The day the deal was created", ("created",)),
        Fact("amount", "money", "own currency", "The deal's amount in its own currency", ("amount",)),
        Fact("currency", "text", "", "The deal's currency", ("currency",)),
        Fact("amount_home", "money", "home currency",
             "The amount by the rate of the close date, today at the latest; unknown without one",
             ("amount", "currency"), known=pl.col("rate_known"), changes="on a date"),
        Fact("discount_percent", "number", "percent", "Discount, 0 to 100, by mapping", MAPPED),
        Fact("close_date", "date", "", "The day the deal is expected to close", ("close_date",)),
        Fact("pushes", "number", "moves", "Moves of the close date by a day or more to later", ("date_history",),
             LATER.sum(), history="close_date", whole=True),
        Fact("pushes_over_month_end", "number", "moves", "Those over a month's end", ("date_history",),
             (LATER & OVER_MONTH_END).sum(), history="close_date", whole=True),
        Fact("last_activity", "date", "", "The newest touch; never touched: creation or re-opening", ("activities",),
             pl.max_horizontal("touch_on", STARTED), known=SEEN & TOUCHED_OR_STARTED),
        Fact("touched", "yes/no", "", "Touched at least once since creation or re-opening", ("activities",),
             (pl.col("touch_on") >= STARTED).fill_null(pl.col("touch_on").is_not_null()), known=SEEN),
        Fact("touches_30d", "number", "touches", "Touches of the last 30 days", ("activities",),
             pl.col("touches_30d").fill_null(0), known=SEEN, whole=True, changes="on a date"),
        Fact("reported_last_activity", "date", "", "The date in an exported report's own column; no touch", MAPPED),
        Fact("next_activity", "date", "", "The earliest future meeting, or task due today or later", ("activities",),
             pl.min_horizontal("meeting_on", "task_on"), known=pl.col("plans_readable") & pl.col("team_logs"),
             changes="on a date"),
        Fact("last_edit", "date", "", "The last edit of the record", ("last_edit",)),
        Fact("next_step", "text", "", "The next step as written", ("next_step",), changes="on a date"),
        Fact("has_next_step", "yes/no", "", "A fresh text, open task or future meeting", ("next_step",),
             PLAN, known=PLAN.is_not_null(), partly=True, changes="on a date"),
        Fact("next_step_copied", "yes/no", "", "The text is on another open deal of the owner, or older than the stage",
             ("next_step",), COPIED, known=COPIED.is_not_null()),
        Fact("next_step_due", "date", "", "Mapped, else the earliest open task or future meeting", ("activities",),
             pl.coalesce("mapped_due_ahead", "plan_on", "mapped_next_step_due"),
             known=pl.col("mapped_due_ahead").is_not_null() | pl.col("plans_readable"), partly=True,
             changes="on a date"),
        Fact("next_step_owner", "text", "",
             "Mapped, else the task's, else the deal's owner, unless known to have left", ("activities",),
             pl.coalesce("mapped_next_step_owner", "task_owner", "active_owner"), known=STEPPED, partly=True,
             changes="on a date"),
        Fact("contact_count", "number", "contacts", "Contacts on the deal", ("contact_roles",),
             pl.col("contact_count").fill_null(0), whole=True),
        Fact("contact_roles", "list", "", "Their roles", ("contact_roles",)),
        Fact("has_economic_buyer", "yes/no", "", "A role or a mapped field says so", ("contact_roles",),
             BUYER, known=BUYER.is_not_null(), partly=True),
        Fact("has_champion", "yes/no", "", "A role or a mapped field says so", ("contact_roles",),
             CHAMPION, known=CHAMPION.is_not_null(), partly=True),
        Fact("probability", "number", "0 to 1", "The CRM's probability", ("probability",)),
        Fact(
            "forecast_category", "choice", "", "The CRM's forecast category", ("forecast_category",),
            choices=("omitted", "pipeline", "best_case", "commit", "closed"),
        ),
        Fact("outstanding_issue", "text", "", "The one issue still open, by mapping", MAPPED),
        *(Fact(name, "yes/no", "", meaning + ", by mapping", MAPPED) for name, meaning in QUALIFICATION.items()),
    )
}  # fmt: skip
"""Fact by name, in the order of the reference page."""

DAILY: Final = frozenset(name for name, fact in FACTS.items() if fact.changes == "every day")
"""Facts that grow by one with each local day."""
BY_DATE: Final = frozenset(name for name, fact in FACTS.items() if fact.changes != "with a record")
"""Facts that may change at a local midnight without a record."""
FOLLOWED: Final = frozenset(fact.history for fact in FACTS.values() if fact.history)
"""Columns of a deal whose history a fact is about."""
KNOWN: Final = "__known"
"""Suffix of a fact's mask column in the wide frame: false where the fact could not be read."""
