"""The next step: a fresh text, an open task or a future meeting; overdue counts as none and hides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from model.facts import KNOWN
from model.stages import normalised

if TYPE_CHECKING:
    from model.judging_options import Setting
    from model.widening.mapped_facts import Unread


UNKNOWN: Final = pl.lit(None, pl.Boolean)
UNDATED: Final = {"tables": pl.lit(value=True)}
"""Whether a text of unknown age is fresh, by kind of connection; unknown for the kinds that are not here."""


def with_next_step(frame: pl.DataFrame, setting: Setting, unread: Unread, copied: pl.Series) -> pl.DataFrame:
    """`frame` with text_fresh, planned, text_shared, text_carried (true, false or null for unknown), plan_on,
    mapped_due_ahead, active_owner. `copied`: keys of model/widening/copied_next_steps.py.

    Needs the columns of place, activities and stages. A text is as old as `next_step_on`; a text of unknown age is
    fresh where the visit began at creation, and in an exported report, which dates no text; else it is unknown.
    """
    frame = frame.with_columns(_text_readable=unread.readable("next_step"))
    due, today = pl.col("mapped_next_step_due"), pl.col("_today")
    plan = pl.min_horizontal("meeting_on", "task_on")
    return frame.with_columns(
        text_fresh=_fresh(setting, overdue=_overdue(frame)),
        text_shared=pl.when("_text_readable").then(pl.col("key").is_in(copied.implode())),
        text_carried=_carried(setting),
        planned=_planned(),
        plan_on=plan,
        mapped_due_ahead=pl.when(due >= today).then(due),
        active_owner=pl.when(pl.col("owner_is_active").ne_missing(other=False)).then("owner"),
    ).drop("_text_readable")


def _overdue(frame: pl.DataFrame) -> pl.Expr:
    """Whether the mapped day is past; null where it could not be read."""
    past = (pl.col("mapped_next_step_due") < pl.col("_today")).fill_null(value=False)
    known = f"mapped_next_step_due{KNOWN}"
    return pl.when(known).then(past) if known in frame.columns else past


def _empty(setting: Setting) -> pl.Expr:
    text = pl.col("next_step").str.strip_chars()
    return text.is_null() | (text == "") | text.str.to_lowercase().is_in([normalised(word) for word in setting.filler])


def _carried(setting: Setting) -> pl.Expr:
    """Whether the text was there before this visit to the stage and has not been written since."""
    return (
        pl.when(~pl.col("_text_readable")).then(None)
        .when(_empty(setting) | pl.col("_at_creation").fill_null(value=False)).then(pl.lit(value=False))
        .otherwise(pl.col("next_step_on") < pl.col("_visit_on"))
    )  # fmt: skip


def _fresh(setting: Setting, overdue: pl.Expr) -> pl.Expr:
    empty = _empty(setting)
    return (
        pl.when(~pl.col("_text_readable")).then(None)
        .when(empty | overdue).then(pl.lit(value=False))
        .when(overdue.is_null()).then(None)
        .when(pl.col("_at_creation")).then(pl.lit(value=True))
        .otherwise(pl.coalesce(pl.col("next_step_on") >= pl.col("_visit_on"), UNDATED.get(setting.kind, UNKNOWN)))
    )  # fmt: skip


def _planned() -> pl.Expr:
    some = pl.col("meeting_on").is_not_null() | pl.col("task_on").is_not_null() | pl.col("_undated_task")
    return (
        pl.when(some.fill_null(value=False)).then(pl.lit(value=True))
        .when("plans_readable").then(pl.lit(value=False))
    )  # fmt: skip
