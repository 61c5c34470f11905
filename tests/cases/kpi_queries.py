"""Every KPI as a query, written from docs/kpis.md alone: no part of `kpis/` is used.

`POPULATIONS` are the rows that a KPI counts, each with the day that its window and its periods go by. `KPIS` are one
query each: what is summed over the rows of a group.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

FACTS: Final = ("owner", "team", "segment", "pipeline", "process", "region", "source")
PERIODS: Final = ("month", "quarter", "year", "fiscal_quarter", "fiscal_year")
POPULATIONS: Final = {
    "open_deal": """SELECT *, close_date AS day, today - created AS age,
        today - (SELECT arg_max(day, seq) FROM move WHERE deal = key) AS stage_days FROM deal WHERE is_open""",
    "created_deal": "SELECT *, created AS day FROM deal WHERE NOT imported",
    "dated_deal": """SELECT *, created AS day, CASE WHEN is_open THEN NULL WHEN imported THEN close_date
        ELSE coalesce(closed_on, close_date) END AS closed_day FROM deal""",
    "closed_deal": """SELECT * REPLACE (closed_day AS day), CASE WHEN NOT imported THEN closed_day - created END AS days
        FROM dated_deal_rows WHERE NOT is_open""",
    "proposed_deal": """SELECT d.* EXCLUDE (day), coalesce((SELECT arg_min(day, seq) FROM move WHERE deal = d.key
            AND place >= if(d.process = 'sales', 3, 2)), if(is_won, closed_day, NULL)) AS day
        FROM dated_deal_rows AS d""",
    "worked_deal": "SELECT * FROM closed_deal_rows WHERE NOT imported",
    "rated_deal": """SELECT *, NULL::DATE AS day, NULL AS days FROM deal WHERE is_open
        UNION ALL BY NAME SELECT * FROM worked_deal_rows""",
    "visit": """
        SELECT deal.* EXCLUDE (stage), m.* EXCLUDE (deal, kind),
            epoch(coalesce(left_moved, TIMESTAMP '{now}') - moved) / 86400 AS days FROM (
            SELECT *, lead(moved) OVER w AS left_moved, lead(day) OVER w AS left_day, lead(kind) OVER w AS left_by,
                row_number() OVER (PARTITION BY deal, stage ORDER BY seq) = 1 AS first_entry,
                max(place) OVER (PARTITION BY deal ORDER BY seq ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)
                    AS furthest_later,
                list(place) OVER (PARTITION BY deal ORDER BY seq ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)
                    AS later_places
            FROM move WINDOW w AS (PARTITION BY deal ORDER BY seq)
        ) AS m JOIN deal ON deal.key = m.deal WHERE m.stage IS NOT NULL AND m.stage <> 'won'""",
    "first_entry": "SELECT * FROM visit_rows WHERE first_entry",
    "left_visit": "SELECT * REPLACE (left_day AS day) FROM visit_rows WHERE left_moved IS NOT NULL",
}
STANDING: Final = """(
    SELECT d.*, arg_min(before, seq) FILTER (edit.day BETWEEN DATE '{since}' AND DATE '{until}') AS first_date,
        arg_max(after, seq) FILTER (edit.day BETWEEN DATE '{since}' AND DATE '{until}') AS last_date,
        count(*) FILTER (edit.day BETWEEN DATE '{since}' AND DATE '{until}' AND after > before) AS pushes
    FROM dated_deal AS d LEFT JOIN edit ON edit.deal = key
    WHERE created <= DATE '{until}' AND (is_open OR closed_day > DATE '{until}') GROUP BY ALL)"""
"""Deals open at the window's end, with the close date before its first change and after its last one."""
DUE: Final = """(
    SELECT d.*, arg_min(before, seq) FILTER (edit.day >= DATE '{since}') AS date_then
    FROM dated_deal AS d LEFT JOIN edit ON edit.deal = key
    WHERE created < DATE '{since}' AND (is_open OR closed_day >= DATE '{since}') GROUP BY ALL)"""
"""Deals open when the window began, with the close date before the first change since."""
AGED: Final = """(
    SELECT open_deal.*, median FROM open_deal JOIN (
        SELECT process, stage, median(days) AS median FROM left_visit WHERE {window} GROUP BY ALL
    ) USING (process, stage))"""
"""Open deals with the median of their stage over the window."""
FORWARD: Final = "left_by IN ('forward', 'won')"
WON: Final = "count(*) FILTER (is_won)"


@dataclass(frozen=True)
class Asked:
    """A KPI in SQL: aggregates over the rows of a population. `value` empty: numerator ÷ denominator.

    `samples`: a list for what SQL alone does not give, an interval or a survival. `staged`: too where it is also given
    by stage, always where it is never given without. `bounded`: it has no value for `all`. `rows` and `only` may name
    {since} and {until}, `denominator` the {days} of the window.
    """

    rows: str
    numerator: str = "NULL"
    denominator: str = "NULL"
    n: str = "count(*)"
    value: str = ""
    only: str = "true"
    interval: str = ""
    samples: str = "NULL"
    windowed: str = "{window}"
    staged: str = ""
    periods: bool = True
    bounded: bool = False
    only_by: str = ""

    def takes(self, by: Sequence[str]) -> bool:
        """Whether it is given by these dimensions."""
        if self.only_by:
            return set(by) == {self.only_by}
        staged = {"": "stage" not in by, "too": True, "always": "stage" in by}[self.staged]
        return staged and (self.periods or not set(by) & set(PERIODS)) and "loss_reason" not in by


WEIGHTED: Final = "sum(amount * probability)"
MOVED: Final = "CASE WHEN count(*) FILTER ({0}) = 0 THEN 0 ELSE sum(amount) FILTER ({0}) END"
WON_AMOUNT: Final = "coalesce(sum(amount) FILTER (is_won), 0)"
WON_VALUE: Final = f"CASE WHEN {WON} = 0 THEN 0 ELSE sum(amount) FILTER (is_won) END"
BY_DAYS: Final = "list(days ORDER BY days)"
KPIS: Final[dict[str, Asked]] = {
    "pipeline_value": Asked(
        "open_deal", "sum(amount)", n="count(amount)", value="sum(amount)", windowed="true", staged="too"
    ),
    "pipeline_value_weighted": Asked(
        "open_deal", WEIGHTED, n="count(amount)", value=WEIGHTED, windowed="true", staged="too"
    ),
    "win_rate_closed": Asked("closed_deal", WON, "count(*)", interval="wilson"),
    "win_rate_closed_by_value": Asked(
        "closed_deal", WON_AMOUNT, "sum(amount)", n="count(amount)",
        interval="by value", samples="list((if(is_won, amount, 0), amount)) FILTER (amount IS NOT NULL)",
    ),
    "pipeline_coverage_break_even": Asked(
        "closed_deal", "sum(amount)", "sum(amount) FILTER (is_won)", n="count(amount)", interval="skip"
    ),
    "loss_reason_share": Asked(
        "closed_deal", "count(*)", "sum(count(*)) OVER ()", n="sum(count(*)) OVER ()", interval="wilson",
        only="is_lost", only_by="loss_reason",
    ),
    "average_won_value": Asked("closed_deal", "sum(amount)", "count(amount)", n="count(amount)", only="is_won"),
    "days_to_win_mean": Asked("worked_deal", "sum(days)", "count(days)", n="count(days)", only="is_won"),
    "days_to_win_median": Asked(
        "worked_deal", n="count(days)", value="median(days)", interval="median", samples=BY_DAYS, only="is_won"
    ),
    "stage_conversion_ever": Asked(
        "first_entry", "count(*) FILTER (furthest_later > place)", "count(*)", interval="wilson", staged="always"
    ),
    "stage_conversion_next": Asked(
        "first_entry", "count(*) FILTER (list_contains(later_places, place + 1))", "count(*)", interval="wilson",
        staged="always",
    ),
    "stage_conversion_resolved": Asked(
        "first_entry", "count(*) FILTER (furthest_later > place)", "count(*)", interval="wilson", staged="always",
        only="left_moved IS NOT NULL",
    ),
    "stage_conversion_first_move": Asked(
        "first_entry", f"count(*) FILTER ({FORWARD})", "count(*)", interval="wilson", staged="always"
    ),
    "stage_conversion_resolved_visits": Asked(
        "visit", f"count(*) FILTER ({FORWARD})", "count(*)", interval="wilson", staged="always",
        only="left_by IN ('forward', 'won', 'lost', 'backward')",
    ),
    "days_in_stage_median": Asked(
        "left_visit", value="median(days)", interval="median", samples=BY_DAYS, staged="too"
    ),
    "days_in_stage_median_km": Asked(
        "visit", value="NULL", interval="kaplan-meier", samples="list((days, left_by IS NOT NULL))", staged="too"
    ),
    "days_to_advance_half": Asked(
        "visit", value="NULL", interval="aalen-johansen", samples=f"list((days, left_by IS NOT NULL, {FORWARD}))",
        staged="always",
    ),
    "pipeline_velocity_open_per_day": Asked(
        "rated_deal",
        "count(*) FILTER (is_open) * (count(*) FILTER (is_won) / count(*) FILTER (NOT is_open))"
        " * (sum(amount) FILTER (is_won) / count(amount) FILTER (is_won))",
        "avg(days) FILTER (is_won)", n="count(*) FILTER (is_open)", windowed="is_open OR {window}", periods=False,
        bounded=True,
    ),
    "pipeline_velocity_closed_per_day": Asked(
        "worked_deal", WON_VALUE, "{days}", n="count(amount) FILTER (is_won)",
        periods=False, bounded=True,
    ),
    "created_deals": Asked("created_deal", "count(*)", value="count(*)"),
    "created_value": Asked("created_deal", "sum(amount)", value="sum(amount)"),
    "won_deals": Asked("closed_deal", "count(*)", value="count(*)", only="is_won"),
    "won_value": Asked("closed_deal", "sum(amount)", value="sum(amount)", only="is_won"),
    "lost_deals": Asked("closed_deal", "count(*)", value="count(*)", only="is_lost"),
    "lost_value": Asked("closed_deal", "sum(amount)", value="sum(amount)", only="is_lost"),
    "win_rate_created": Asked("created_deal", WON, "count(*)", interval="wilson"),
    "win_rate_created_by_value": Asked("created_deal", WON_AMOUNT, "sum(amount)", n="count(amount)", interval="skip"),
    "win_rate_proposal": Asked("proposed_deal", WON, "count(*)", interval="wilson", only="day IS NOT NULL"),
    "win_rate_proposal_by_value": Asked(
        "proposed_deal", WON_AMOUNT, "sum(amount)", n="count(amount)", interval="skip", only="day IS NOT NULL"
    ),
    "opportunity_to_close_rate": Asked(
        "created_deal", "count(*) FILTER (NOT is_open)", "count(*)", interval="wilson"
    ),
    "opportunity_to_close_rate_by_value": Asked(
        "created_deal", "coalesce(sum(amount) FILTER (NOT is_open), 0)", "sum(amount)", n="count(amount)",
        interval="skip",
    ),
    "days_in_funnel_per_won_deal": Asked(
        "worked_deal", "sum(days)", "count(days) FILTER (is_won)", n="count(days)"
    ),
    "open_deals": Asked("open_deal", "count(*)", value="count(*)", windowed="true", staged="too"),
    "average_open_value": Asked(
        "open_deal", "sum(amount)", "count(amount)", n="count(amount)", windowed="true", staged="too"
    ),
    "open_deals_aged_share": Asked(
        AGED, "count(*) FILTER (stage_days > 1.5 * median)", "count(*)", interval="wilson", windowed="true",
        staged="too",
    ),
    "stage_velocity_probability": Asked(
        "open_deal", "sum(amount * probability / stage_days)", value="sum(amount * probability / stage_days)",
        n="count(amount)", only="stage_days > 0", windowed="true", staged="too",
    ),
    "pulled_in_value": Asked(
        STANDING, MOVED.format("last_date < first_date"), value=MOVED.format("last_date < first_date"),
        windowed="true", periods=False,
    ),
    "pushed_out_value": Asked(
        STANDING, MOVED.format("last_date > first_date"), value=MOVED.format("last_date > first_date"),
        windowed="true", periods=False,
    ),
    "push_count": Asked(STANDING, "sum(pushes)", value="sum(pushes)", windowed="true", periods=False),
    "push_count_mean": Asked(STANDING, "sum(pushes)", "count(*)", windowed="true", periods=False),
    "slippage_rate": Asked(
        DUE, "count(*) FILTER (is_open OR closed_day > DATE '{until}')", "count(*)", interval="wilson", periods=False,
        windowed="coalesce(date_then, close_date) BETWEEN DATE '{since}' AND DATE '{until}'", bounded=True,
    ),
}  # fmt: skip
AGES: Final = {
    "0_to_30": "age BETWEEN 0 AND 30",
    "31_to_60": "age BETWEEN 31 AND 60",
    "61_to_90": "age BETWEEN 61 AND 90",
    "over_90": "age > 90",
}
for _name, _age in AGES.items():
    KPIS[f"open_deals_age_{_name}_share"] = Asked(
        "open_deal", f"count(*) FILTER ({_age})", "count(*)", interval="wilson", windowed="true", staged="too"
    )
    KPIS[f"open_deals_age_{_name}_share_by_value"] = Asked(
        "open_deal",
        f"coalesce(sum(amount) FILTER ({_age}), 0)",
        "sum(amount)",
        n="count(amount)",
        interval="skip",
        windowed="true",
        staged="too",
    )
