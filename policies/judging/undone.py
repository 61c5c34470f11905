"""Records that wait as an undo left them: no flag goes onto them until a person lets it through."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Undone:
    """`reasons`: by deal that waits, who undid what, and what lets it through. `shown`: by policy, those of these deals
    with its flag on the record.
    """

    reasons: Mapping[int, str] = field(default_factory=dict)
    shown: Mapping[str, frozenset[int]] = field(default_factory=dict)

    def holds_off(self, policy: str) -> pl.Expr | None:
        """The deals that carry no flag of the policy because they wait; None if there are none."""
        keys = self.reasons.keys() - self.shown.get(policy, frozenset())
        return pl.col("key").is_in(pl.Series(sorted(keys), dtype=pl.Int64).implode()) if keys else None
