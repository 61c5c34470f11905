"""Precision by rule: why each flag ended, and the share of flags that people acted on.

A flag that ended is *acted on* if a person made the last change of what its rule measures, the new value is not
filler, and the flag did not come back within COMES_BACK. Closing the deal counts as well. It is *not acted on* if the
policy or its limits moved, a machine or nobody changed the fact, the flag was exempted, the deal left, or the flag came
back. It counts as neither if the actor is unknown. A flag that ended within COMES_BACK is *too early* to count, because
only the ones that came back would be known.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from kpis.intervals import share_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

COMES_BACK: Final = timedelta(days=14)
DEMOTED_UNDER: Final = 0.3
ENOUGH_ENDED: Final = 10
"""A rule with fewer flags that are acted on or not acted on is not proposed for demotion."""
MACHINES: Final = ("integration:", "automation:")
ACTED: Final = ("changed by a person", "deal closed")
EARLY: Final = "too early to say"
UNCLEAR: Final = "nobody knows who"
BACK: Final = "came back"
STANDS: Final = "stands"
HOW_ENDED: Final = {
    "gone": "deal gone or out of scope", "unknown": "could no longer be judged", "excused": "excused or observed",
}  # fmt: skip
FILLER: Final = frozenset({"tbd", "tba", "na", "none", "unknown", "x", "nothing", "todo"})


def ended(stood: pl.DataFrame, lived: pl.DataFrame, runs: pl.DataFrame) -> pl.DataFrame:
    """A row for each unbroken time that a flag was shown, from FLAG_SPANS, DEAL_SPANS and RUNS (model/flag_history.py).

    key, policy, severity, last (the last run that judged while it stood), ended (run, null: stands), last_at,
    ended_at, back_at (when the next one of this deal and rule began), how: passed, closed, gone, unknown, excused,
    null while it stands.
    """
    flags = _unbroken(stood.filter("shown")).with_columns(back=pl.col("began").shift(-1).over("key", "policy"))
    at = runs.select("run", "as_of")
    before = runs.filter("judged").select(last="run").sort("last")
    flags = flags.sort("ended").join_asof(
        before, left_on="ended", right_on="last", strategy="backward", allow_exact_matches=False, coalesce=False
    )
    for run, instant in (("last", "last_at"), ("ended", "ended_at"), ("back", "back_at")):
        flags = flags.join(at.rename({"run": run, "as_of": instant}), on=run, how="left")
    return _how(flags, stood, lived).drop("back").sort("key", "policy", "began")


def _unbroken(shown: pl.DataFrame) -> pl.DataFrame:
    """Adjacent rows of one deal and rule as one row, with the last severity."""
    place = ["key", "policy"]
    starts = (pl.col("began") != pl.col("ended").shift(1).over(place)).fill_null(value=True)
    return (
        shown.sort(*place, "began").with_columns(flag=starts.cum_sum()).group_by(*place, "flag", maintain_order=True)
        .agg(pl.col("severity").drop_nulls().last(), pl.col("began").first(), pl.col("ended").last()).drop("flag")
    )  # fmt: skip


def _how(flags: pl.DataFrame, stood: pl.DataFrame, lived: pl.DataFrame) -> pl.DataFrame:
    """Add `how`: the state of the deal and the rule in the run that ended the flag."""
    then = lived.join(flags.select("key", "ended").drop_nulls().unique(), on="key", suffix="_flag").filter(
        (pl.col("began") <= pl.col("ended_flag"))
        & (pl.col("ended").is_null() | (pl.col("ended") > pl.col("ended_flag")))
    )
    deals = then.select("key", "is_open", ended="ended_flag")
    words = stood.select("key", "policy", "status", ended="began")
    return (
        flags.join(deals, on=["key", "ended"], how="left").join(words, on=["key", "policy", "ended"], how="left")
        .with_columns(
            how=pl.when(pl.col("ended").is_null()).then(None)
            .when(pl.col("is_open").is_null()).then(pl.lit("gone"))
            .when(~pl.col("is_open")).then(pl.lit("closed"))
            .when(pl.col("status") == "unknown").then(pl.lit("unknown"))
            .when(pl.col("status") == "broken").then(pl.lit("excused"))
            .otherwise(pl.lit("passed"))
        ).drop("is_open", "status")
    )  # fmt: skip


def classed(  # noqa: PLR0917 - a flag, the rules then, the acts, and who is a machine
    flags: pl.DataFrame,
    rules: pl.DataFrame,
    acts: pl.DataFrame,
    machines: Collection[str],
    now: datetime,
    lag: timedelta,
) -> pl.DataFrame:
    """`flags` of `ended` with `why` each one ended: a constant of this module.

    `rules`: policy, last, ended (runs), fields (list of what it measures; null: unknown), moved (the rule or its
    limits changed between the two runs). `acts`: ACTS with `says` (false: filler, or a copied text). `machines`:
    actors that are not people. `lag`: how late a feed may be, and so how long before the last verdict an act counts.
    """
    flags = flags.with_row_index("flag").join(rules, on=["policy", "last", "ended"], how="left", nulls_equal=True)
    done = _last_acts(flags, acts, machines, lag)
    flags = flags.join(done, on="flag", how="left", maintain_order="left")
    why = (
        pl.when(pl.col("ended").is_null()).then(pl.lit(STANDS))
        .when(pl.col("ended_at") > now - COMES_BACK).then(pl.lit(EARLY))
        .when((pl.col("back_at") - pl.col("ended_at")) < COMES_BACK).then(pl.lit(BACK))
        .when(pl.col("how").is_in(list(HOW_ENDED))).then(pl.col("how").replace(HOW_ENDED))
        .when((pl.col("how") == "closed") & (pl.col("who") != "machine").fill_null(value=True))
        .then(pl.lit("deal closed"))
        .when((pl.col("how") == "passed") & pl.col("moved")).then(pl.lit("the policy or its limit moved"))
        .when((pl.col("who") == "unknown") | pl.col("fields").is_null()).then(pl.lit(UNCLEAR))
        .when(pl.col("who") == "machine").then(pl.lit("changed by an integration or automation"))
        .when(pl.col("who").is_null()).then(pl.lit("nobody changed what it measures"))
        .when(~pl.col("says")).then(pl.lit("filler or a copied text"))
        .otherwise(pl.lit("changed by a person"))
    )  # fmt: skip
    return flags.with_columns(why=why).select("key", "policy", "severity", "ended_at", "why")


def _last_acts(flags: pl.DataFrame, acts: pl.DataFrame, machines: Collection[str], lag: timedelta) -> pl.DataFrame:
    """flag, who (person, machine, unknown) and `says` of the last act before each flag ended; a closing is a move."""
    closed = pl.when(pl.col("how") == "closed").then(pl.lit(["stage_name", "is_closed"])).otherwise("fields")
    looked = flags.drop_nulls("ended").select("flag", "key", "last_at", "ended_at", field=closed).explode("field")
    candidates = looked.join(acts, on=["key", "field"]).filter(
        (pl.col("at") <= pl.col("ended_at")) & (pl.col("at") >= pl.col("last_at") - lag)
    )
    actor = pl.col("actor")
    machine = actor.is_in(list(machines)) | pl.any_horizontal(actor.str.starts_with(word) for word in MACHINES)
    who = pl.when(actor.is_null()).then(pl.lit("unknown")).when(machine).then(pl.lit("machine"))
    last = candidates.with_columns(who=who.otherwise(pl.lit("person"))).sort("flag", "at", maintain_order=True)
    return last.group_by("flag", maintain_order=True).agg(pl.col("who", "says").last())


def with_says(acts: pl.DataFrame, texts: Collection[str], copied: pl.Series) -> pl.DataFrame:
    """`acts` with `says`: false if a field of `texts` got filler or a copied text.

    `copied`: deals with a next step that stands on several open deals of one owner
    (model/widening/copied_next_steps.py).
    """
    same = (pl.col("field") == "next_step") & pl.col("key").is_in(copied.implode())
    text = pl.col("value").str.to_lowercase().str.replace_all(r"[^\p{L}\p{N}]", "")
    junk = (text == "") | text.is_in(list(FILLER)) | same
    written = pl.col("field").is_in(list(texts)) & pl.col("value").is_not_null() & (pl.col("value") != "null")
    return acts.with_columns(says=~(written & junk))


def figures(flags: pl.DataFrame, by: str, since: datetime, now: datetime) -> list[dict[str, Any]]:
    """`counted` of each group of flags that stand or ended between the two instants; `by`: policy or severity."""
    selected = flags.filter(pl.col("ended_at").is_null() | pl.col("ended_at").is_between(since, now, closed="right"))
    groups = selected.sort(by, nulls_last=True).group_by(by, maintain_order=True)
    return [{by: group[0], **counted(rows["why"])} for group, rows in groups]


def counted(why: pl.Series) -> dict[str, Any]:
    """Counts of one group. `precision`: acted on ÷ (acted on + not acted on) with Wilson's 95 % interval."""
    counts: dict[str, int] = dict(why.value_counts().sort(why.name).iter_rows())
    acted = sum(counts.get(word, 0) for word in ACTED)
    apart = {word: counts.get(word, 0) for word in (STANDS, EARLY, UNCLEAR)}
    not_acted = len(why) - acted - sum(apart.values())
    return {
        "shown": len(why), "ended": len(why) - apart[STANDS], "acted_on": acted, "not_acted_on": not_acted,
        "came_back": counts.get(BACK, 0), "unclear": apart[UNCLEAR], "too_early": apart[EARLY],
        "standing": apart[STANDS], "precision": share_of(acted, acted + not_acted),
        "why": {word: n for word, n in counts.items() if word != STANDS},
    }  # fmt: skip


def to_demote(rows: Iterable[dict[str, Any]]) -> list[str]:
    """Rules under DEMOTED_UNDER, of those with at least ENOUGH_ENDED flags that are acted on or not acted on."""
    return [
        row["policy"] for row in rows
        if row["precision"] and row["precision"]["value"] < DEMOTED_UNDER
        and row["acted_on"] + row["not_acted_on"] >= ENOUGH_ENDED
    ]  # fmt: skip
