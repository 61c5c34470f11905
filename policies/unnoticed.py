"""Slips in a condition that none of its examples would notice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import polars as pl

from policies.examples import wide_of
from policies.language.near import near

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policies.language.condition import Condition
    from policies.policy import Examples, PolicySet


def unnoticed(policy_set: PolicySet) -> Mapping[str, tuple[str, ...]]:
    """By policy or criterion (`process/stage/criterion`): each slip in flag_if or require that no example notices.

    Entries without examples of states are left out. Frames are evaluated here, so never call it in a worker's parent.
    """
    asked = {one.id: (one.flag_if, one.examples) for one in policy_set.policies if not one.generated}
    for process in policy_set.processes:
        for stage in process.stages:
            for criterion in (*stage.entry, *stage.exit):
                name = f"{process.id}/{stage.id}/{criterion.id}"
                if examples := policy_set.criterion_examples.get(name):
                    asked[name] = (cast("Condition", criterion.require), examples)
    found = {name: _slips(*pair) for name, pair in asked.items()}
    return {name: slips for name, slips in found.items() if slips}


def _slips(condition: Condition, examples: Examples) -> tuple[str, ...]:
    rows = [*examples.flagged, *examples.clear]
    slips = list(near(condition.tree))
    if not rows or not slips:
        return ()
    wide = wide_of(rows, condition.types)
    columns = [replace(condition, tree=tree).polars(wide).alias(str(n)) for n, (tree, _) in enumerate(slips)]
    answers = wide.frame.select(condition.polars(wide).alias("said"), *columns)
    same = answers.select(pl.col(str(n)).eq_missing(pl.col("said")).all() for n in range(len(slips))).row(0)
    return tuple(slip for (_, slip), unseen in zip(slips, same, strict=True) if unseen)
