"""Deals as they were on each row: undoes later changes as `store.history.past` does, for all days at once."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import orjson
import polars as pl

from model.helpers.json_values import typed
from model.snapshot import DEALS
from store.codec import json
from store.history.grid import Events, Grid, Int, each
from store.history.past import with_unread
from store.history.queries import HISTORY, since_creation, with_history_gaps
from store.tracked_tables import TRACKED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from store.history.raw import Raw


STAGE: Final = ("stage_name", "is_closed", "is_won")


class Deals:
    """The records of some deals, and what changed in them."""

    def __init__(self, raw: Raw, grid: Grid) -> None:
        self.raw, self.grid = raw, grid
        self.moves = Events.of(raw.moves, "at", grid)
        is_fact = pl.col("field").is_in(TRACKED).not_()
        self.facts = Events.of(raw.changes.filter(is_fact), "at", grid)
        self.fields = {
            str(field): Events.of(rows, "at", grid)
            for (field,), rows in raw.changes.filter(~is_fact).group_by(["field"], maintain_order=True)
        }

    def points(self) -> Iterator[pl.DataFrame]:
        """POINTS of everything that changes a record."""
        deals = self.raw.deals
        yield self.moves.points
        yield self.facts.points
        yield from (events.points for events in self.fields.values())
        seen = pl.min_horizontal("first_seen", "first_edit")
        late = deals.filter(pl.col("first_edit").is_not_null()).select("key", seen=seen)
        yield each(late["key"], [self.grid.first(late["seen"])])

    def bounds(self) -> pl.DataFrame:
        """For each deal: key, its first day (`start`) and the first day after it was deleted (`end`)."""
        deals = self.raw.deals
        gone = self.grid.first(deals["gone_at"]).set(deals["gone_at"].is_null(), self.grid.size)
        start = self.grid.first(deals["created"].to_physical())
        return pl.DataFrame({"key": deals["key"], "start": start, "end": gone})

    def at(self, rows: pl.DataFrame) -> pl.DataFrame:
        """DEALS of rows (key, day), with the columns `day` and `place` (the deal's place among all)."""
        place = self.raw.deals["key"].search_sorted(rows["key"]).cast(Int)
        deals = self.raw.deals[place].with_columns(rows["day"], place=place)
        for field, events in self.fields.items():
            deals = deals.with_columns(self._before(field, events, deals))
        deals = deals.with_columns(self._facts(deals))
        deals = self._staged(deals)
        deals = self._unseen(deals)
        deals = deals.with_columns(self._changed(column, field, deals) for column, field in HISTORY.items())
        return with_history_gaps(deals, self.raw.reach)

    def _before(self, field: str, events: Events, deals: pl.DataFrame) -> pl.Series:
        """The field's value: that before the first later change, else the record's."""
        coming = events.next(deals)
        was = typed(events.frame["before"], DEALS[field]).gather(coming)
        return deals[field].zip_with(coming.is_null(), was).alias(field)

    def _facts(self, deals: pl.DataFrame) -> pl.Series:
        coming = self.facts.next(deals)
        return deals["facts"].zip_with(coming.is_null(), self.fact_states.gather(coming)).alias("facts")

    @cached_property
    def fact_states(self) -> pl.Series:
        """For each change of a mapped fact, the JSON of all facts before it."""
        frame, now = self.facts.frame, dict(self.raw.deals.select("key", "facts").iter_rows())
        found: list[str] = []
        last, state = None, dict[str, Any]()
        for key, field, before in frame.select("key", "field", "before").reverse().iter_rows():
            if key != last:
                last, state = key, orjson.loads(now.get(key) or "{}")
            state[field] = orjson.loads(before)
            found.append(json(state))
        return pl.Series("facts", found[::-1], dtype=pl.String)

    @cached_property
    def _ends(self) -> pl.DataFrame:
        """For each move: is_closed and is_won of the new stage, from the CRM's list of stages."""
        ends = self.raw.crm_stages.select("pipeline", "name", "is_closed", "is_won")
        by_name = ends.unique("name", keep="first", maintain_order=True).drop("pipeline")
        moves = self.moves.frame.select("pipeline", name="stage_name")
        return moves.join(ends, on=["pipeline", "name"], how="left", maintain_order="left").join(
            by_name, on="name", how="left", suffix="_any", maintain_order="left",
        ).select(
            is_closed=pl.coalesce("is_closed", "is_closed_any"), is_won=pl.coalesce("is_won", "is_won_any"),
        )  # fmt: skip

    def _staged(self, deals: pl.DataFrame) -> pl.DataFrame:
        """Set each row's stage from its last move. The record holds the outcome of the latest move."""
        then = self.moves.last(deals)
        records = self.raw.deals[deals["place"]]
        was = pl.DataFrame({
            "hit": self.moves.next(deals).is_not_null(),
            "was": self.moves.frame["stage_name"].gather(then), "was_in": self.moves.frame["pipeline"].gather(then),
            "was_closed": self._ends["is_closed"].gather(then), "was_won": self._ends["is_won"].gather(then),
            **{f"record_{name}": records[name] for name in (*STAGE, "pipeline")},
        })  # fmt: skip
        hit = pl.col("hit")
        here = (~hit & (pl.col("was") == pl.col("record_stage_name"))).fill_null(value=False)
        lost = pl.when(hit & pl.col("was").is_null()).then(pl.lit("stage_name;is_closed;is_won"))
        ends_unknown = pl.when(hit & pl.col("was_closed").is_null()).then(pl.lit("is_closed;is_won"))

        def staged(name: str, moved: str) -> pl.Expr:
            return pl.when(hit).then(moved).when(here).then(f"record_{name}").otherwise(name).alias(name)

        in_pipeline = pl.when(pl.col("was_in").is_null()).then("pipeline").otherwise(staged("pipeline", "was_in"))
        return deals.hstack(was).with_columns(
            staged("stage_name", "was"), in_pipeline.alias("pipeline"),
            staged("is_closed", "was_closed"), staged("is_won", "was_won"),
            with_unread(pl.coalesce(lost, ends_unknown)).alias("unread"),
        ).drop(was.columns)  # fmt: skip

    def _unseen(self, deals: pl.DataFrame) -> pl.DataFrame:
        """Rows before a deal was first seen and edited: only fields in the CRM's history are known."""
        at = self.grid.instants.gather(deals["day"])
        late = ((deals["first_seen"] > at) & (deals["first_edit"] > at)).fill_null(value=False)
        if not late.any():
            return deals
        always, recent = self.raw.reach.always, self.raw.reach.recent
        texts = deals["facts"].filter(late).unique()
        names = [
            ";".join(name for name in orjson.loads(text) if name not in always and name not in recent) or None
            for text in texts
        ]  # fmt: skip
        facts = deals["facts"].replace_strict(texts, pl.Series(names, dtype=pl.String), default=None)
        joined = deals.with_columns(
            late=late, fact_names=facts.cast(pl.String), has_history=self.moves.last(deals).is_not_null(), at=at
        )
        columns = ";".join(c for c in TRACKED if c not in always and c not in recent and c not in STAGE)
        stage = ";".join(c for c in STAGE if c not in always)
        missing = pl.concat_str(
            pl.lit(columns or None), pl.when(~pl.col("has_history")).then(pl.lit(stage or None)), "fact_names",
            *map(self._too_old, recent), separator=";", ignore_nulls=True,
        )  # fmt: skip
        unread = with_unread(pl.when(pl.col("late") & (missing != "")).then(missing))
        return joined.with_columns(unread.alias("unread")).drop("late", "fact_names", "has_history", "at")

    def _too_old(self, name: str) -> pl.Expr:
        """The name of a recent field where the row lies before its history."""
        reach = self.raw.reach
        since = pl.max_horizontal(pl.lit(reach.recent[name]), pl.col("first_seen") - reach.before_first_seen)
        return pl.when(pl.col("at") < since).then(pl.lit(name))

    def _changed(self, column: str, field: str, deals: pl.DataFrame) -> pl.Series:
        """When a field was last written, as far as history says: see store.history.snapshot._with_changes."""
        whole = since_creation(self.raw.reach, field)
        since = deals.select(since=pl.when(whole).then("created"))["since"]
        if field not in self.fields:
            return since.alias(column)
        events = self.fields[field]
        written = events.frame["at"].gather(events.last(deals))
        return written.zip_with(written.is_not_null(), since).alias(column)
