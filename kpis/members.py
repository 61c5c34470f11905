"""The members of dimensions as numbers: rows are grouped by one number, whatever their dimensions are."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, Final

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NUMBERED: Final = "number:"
"""Starts the names of the columns of numbers."""
GROUP: Final = "group"
SMALL: Final = 2**32


class Members:
    """The members of some dimensions of rows, numbered in the order of their names; a blank has the last number."""

    def __init__(self) -> None:
        self.names: dict[str, pl.Series] = {}
        self.alike: dict[str, Any] = {}
        """Of dimensions in which all rows are alike: the member."""

    def numbers(self, rows: pl.DataFrame, dims: Iterable[str]) -> list[pl.Series]:
        """A column of numbers for each dimension of `rows`."""
        return [self._numbers(rows[dim]) for dim in dims]

    def _numbers(self, members: pl.Series) -> pl.Series:
        dim, names = members.name, members.unique().drop_nulls().sort()
        self.names[dim] = names.extend_constant(None, 1)
        if names.len() + (members.null_count() > 0) == 1:
            self.alike[dim] = self.names[dim][0]
        if members.dtype == pl.String:
            found = members.cast(pl.Enum(names)).to_physical().cast(pl.UInt32)
        else:
            found = members.rank("dense").cast(pl.UInt32) - 1
        return found.fill_null(names.len()).alias(NUMBERED + dim)

    def group(self, dims: Sequence[str]) -> pl.Expr:
        """The number of a row's group, in the order of the members."""
        whole = pl.lit(0, pl.UInt32 if prod(len(self.names[dim]) for dim in dims) < SMALL else pl.UInt64)
        for dim in dims:
            whole = whole * len(self.names[dim]) + pl.col(NUMBERED + dim)
        return whole.alias(GROUP)

    def of(self, groups: pl.Expr, dims: Sequence[str]) -> list[pl.Expr]:
        """The members that numbers of groups stand for, dimension by dimension."""
        found = []
        for dim in reversed(dims):
            found.append(pl.lit(self.names[dim]).gather(groups % len(self.names[dim])).alias(dim))
            groups //= len(self.names[dim])
        return found
