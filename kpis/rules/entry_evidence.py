"""Entry evidence by owner, and the stages where it differs too much between reps to trust their conversion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

FEWEST: Final = 5
"""Reps with fewer judged entries are listed but not compared."""
APART: Final = 0.3
"""Two reps differ only if their shares are at least this far apart, whatever the number of deals."""
LEVEL: Final = 0.05
EXPECTED: Final = 5
TABLES: Final = 9999
MARKED: Final = "stage_conversion_"


def by_owner(entered: pl.DataFrame) -> pl.DataFrame:
    """process, stage, criterion, owner_id, known, met, unknown from a row an entry and criterion (null: unknown)."""
    groups = entered.group_by("process", "stage", "criterion", "owner_id").agg(
        known=pl.col("met").count(), met=pl.col("met").sum(), unknown=pl.col("met").null_count()
    )
    counts = groups.with_columns(pl.col("known", "met", "unknown").cast(pl.Int64))
    return counts.sort("process", "stage", "criterion", "owner_id", nulls_last=True)


def p_value(known: Sequence[int], met: Sequence[int]) -> float:
    """The probability of shares this far apart if all reps work alike.

    Two reps: Fisher's exact test. More reps: Pearson's chi-squared test of homogeneity. If an expected count is under
    five (Cochran 1954), the test draws 9,999 random tables with the same sums (Patefield 1981) instead of using the
    asymptotic distribution. scipy does all three, with the same seed every time.
    """
    import numpy as np
    from scipy.stats import MonteCarloMethod, chi2_contingency, fisher_exact
    from scipy.stats.contingency import expected_freq

    table = np.array([met, [n - yes for n, yes in zip(known, met, strict=True)]])
    if (table.sum(axis=1) == 0).any():
        return 1.0
    if len(known) == 2:  # noqa: PLR2004 - a table of two by two
        return float(fisher_exact(table).pvalue)
    few = bool((expected_freq(table) < EXPECTED).any())
    method = MonteCarloMethod(n_resamples=TABLES, rng=np.random.default_rng(1)) if few else None
    return float(chi2_contingency(table, correction=False, method=method).pvalue)


def stages(counts: pl.DataFrame, names: Mapping[str, str], titles: Mapping[str, str]) -> list[dict[str, Any]]:
    """Each process and stage of `by_owner` with its criteria, shares by owner, and whether reps agree.

    `names` of owners by id, `titles` of criteria.

    {process, stage, trusted, why, criteria: [{criterion, title, known, met, unknown, share, p_value, apart, differs,
    owners: [{owner_id, owner, known, met, unknown, share}]}]}.
    A criterion differs if two reps with FEWEST entries are APART and p is at most LEVEL ÷ the criteria compared in
    that stage (Bonferroni); one such criterion makes the stage untrusted.
    """
    summaries = []
    for (process, stage), rows in counts.group_by("process", "stage", maintain_order=True):
        parts = rows.group_by("criterion", maintain_order=True)
        criteria = [_criterion(str(id_), titles[str(id_)], part, names) for (id_,), part in parts]
        compared = [one for one in criteria if one["p_value"] is not None]
        for one in compared:
            one["differs"] = one["apart"] and one["p_value"] <= LEVEL / len(compared)
        why = "; ".join(_why(one) for one in criteria if one["differs"])
        summaries.append(
            {"process": process, "stage": stage, "trusted": not why, "why": why or None, "criteria": criteria}
        )
    return summaries


def _criterion(id_: str, title: str, rows: pl.DataFrame, names: Mapping[str, str]) -> dict[str, Any]:
    sums = rows.select(pl.col("known", "met", "unknown").sum()).row(0, named=True)
    owners = [
        {"owner_id": owner, "owner": names.get(owner, owner), "known": known, "met": met, "unknown": unknown,
         "share": met / known if known else None}
        for owner, known, met, unknown in rows.select("owner_id", "known", "met", "unknown").iter_rows()
    ]  # fmt: skip
    reps = _compared(owners)
    shares = [one["share"] for one in reps]
    several = len(reps) > 1
    return {
        "criterion": id_, "title": title, **sums, "share": sums["met"] / sums["known"] if sums["known"] else None,
        "p_value": p_value([one["known"] for one in reps], [one["met"] for one in reps]) if several else None,
        "apart": several and max(shares) - min(shares) >= APART - 1e-9, "differs": False, "owners": owners,
    }  # fmt: skip


def _compared(owners: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in owners if one["owner_id"] is not None and one["known"] >= FEWEST]


def _why(criterion: Mapping[str, Any]) -> str:
    """The two reps with the largest difference."""
    reps = sorted(_compared(criterion["owners"]), key=lambda one: float(one["share"]), reverse=True)
    sides = [f"{one['met']} of {one['known']} deals of {one['owner']}" for one in (reps[0], reps[-1])]
    return f"'{criterion['title']}' held at entry on {sides[0]}, and on {sides[1]}"


def mark_untrusted(rows: Iterable[dict[str, Any]], summaries: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """KPI rows of docs/contract.md; a conversion of a stage has `trusted: false` and a reason if its reps differ.

    A stage is one of its process: a stage of the same name in another process is another one.
    """
    why = {(one["process"], one["stage"]): one["why"] for one in summaries if not one["trusted"]}
    return [
        row | {"trusted": False, "why": "; ".join(filter(None, (row.get("why"), f"UNTRUSTED: {why[place]}")))}
        if row["id"].startswith(MARKED) and (place := _place(row["dims"])) in why
        else row
        for row in rows
    ]


def _place(dims: Mapping[str, Any]) -> tuple[Any, Any]:
    return dims.get("process"), dims.get("stage")
