"""Gate scenarios as wide frames: the first days of all of them, then the second ones, and so on.

Moves, visits and ages come from the code that `widen` uses.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Final

import polars as pl

from model.calendars.zones import Zones
from model.calibration import Calibration
from model.facts import FACTS, KNOWN
from model.judging_options import Setting
from model.snapshot import CRM_STAGES, INSTANT, OWNERS, STAGE_CHANGES
from model.stages import LOST, OPEN, WON, StageNames
from model.wide import Wide
from model.widening import stage_facts, stage_moves
from policies.trying.examples import COLUMNS, cell

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from model.facts import FactType
    from model.process import Process
    from policies.files import FactValue, GateScenario

KIND: Final = "tables"
UTC_ONLY: Final = Zones.of("UTC", ())
SETTING: Final = Setting(kind=KIND)


def days_of(process: Process, scenarios: Sequence[GateScenario], types: Mapping[str, FactType]) -> Iterator[Wide]:
    """A frame for each day of the longest scenario; `key` is the scenario's place.

    `types`: the facts that are asked for. The stages of `process` go by their ids.
    """
    steps = [(n, step) for n, scenario in enumerate(scenarios) for step in range(len(scenario.days))]
    stood, moves = _stood(process, [scenarios[n] for n, _ in steps], [step for _, step in steps])
    facts_by_step = [_facts_on(scenarios[n], step) for n, step in steps]
    given = {name: kind for name, kind in types.items() if name not in stood.columns}
    frame = stood.with_columns(
        *(pl.Series(name, [cell(facts.get(name)) for facts, _ in facts_by_step], dtype=COLUMNS[kind], strict=False)
          for name, kind in given.items()),
        *(pl.Series(name + KNOWN, [name not in unknown for _, unknown in facts_by_step]) for name in given),
        scenario=pl.Series([n for n, _ in steps], dtype=pl.Int64),
        step=pl.Series([step for _, step in steps], dtype=pl.Int64),
    )  # fmt: skip
    for rows in frame.partition_by("step", maintain_order=True):
        there = moves.join(rows.select("key", "scenario"), on="key", how="inner", maintain_order="left")
        today = rows.select(pl.col("as_of_date").max()).item()
        yield Wide(_by_scenario(rows), datetime.combine(today, time(18), UTC), _by_scenario(there))


def _by_scenario(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.drop("key").rename({"scenario": "key"})


def _facts_on(scenario: GateScenario, step: int) -> tuple[dict[str, FactValue], frozenset[str]]:
    """What is known of the facts on a day: the newest word on each."""
    facts: dict[str, FactValue] = {}
    unknown: frozenset[str] = frozenset()
    for day in scenario.days[: step + 1]:
        facts |= day.facts
        unknown = (unknown - day.facts.keys()) | day.unknown
    return facts, unknown


def _stood(
    process: Process, scenarios: Sequence[GateScenario], steps: Sequence[int]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The stage of each scenario on a day, in order, and all moves up to it; `key` is the place."""
    past = [scenario.days[: step + 1] for scenario, step in zip(scenarios, steps, strict=True)]
    rows = [(key, _noon(day.on), day.enter, None, None) for key, days in enumerate(past) for day in days if day.enter]
    changes = pl.DataFrame(rows, schema=STAGE_CHANGES, orient="row").with_columns(process=pl.lit(None, pl.Int64))
    deals = pl.DataFrame(
        {
            "key": range(len(past)),
            "stage_name": [[day.enter for day in days if day.enter][-1] for days in past],
            "_created_at": [_noon(days[0].on) for days in past],
            "_today": [days[-1].on for days in past],
        },
        schema={"key": pl.Int64, "stage_name": pl.String, "_created_at": INSTANT, "_today": pl.Date},
    ).with_columns(
        pipeline=pl.lit(None, pl.String), unread=pl.lit(""), _process=_zero(), _zone=_zero(),
        _closed=pl.lit(OPEN, pl.Int64),
    )  # fmt: skip
    names = StageNames.of([process], KIND, pl.DataFrame(schema=CRM_STAGES), deals, changes)
    deals = deals.with_columns(_code=names.code("_process"))
    ends = names.lookup("ends", deals["_code"], pl.Int64)
    events = stage_moves.events(changes, deals, names, UTC_ONLY)
    stood = stage_facts.with_standing(deals, events, names, Calibration()).with_columns(
        is_open=(ends == OPEN), is_won=(ends == WON), is_lost=(ends == LOST), created=pl.col("_created_at").dt.date()
    )
    facts = [name for name in stood.columns if name in FACTS and name != "pipeline"]
    moves = stage_moves.moves(events, names, SETTING, pl.DataFrame(schema=OWNERS))
    return stood.select("key", process=pl.lit(process.id), as_of_date="_today").hstack(stood.select(facts)), moves


def _zero() -> pl.Expr:
    return pl.lit(0, pl.Int64)


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)
