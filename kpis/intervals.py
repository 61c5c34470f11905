"""95 % intervals: of a share by count, of a share by value, and of a median.

The intervals of medians and of shares by value come in two steps: `…_parts` are aggregates over rows, and the function
of the same name makes the interval of them.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import sqrt
from typing import TYPE_CHECKING, Any, Final

import polars as pl

if TYPE_CHECKING:
    from kpis.answers import Interval, Number, Parts

CONFIDENCE: Final = 0.95
Z: Final = 1.959963984540054
"""scipy.stats.norm.ppf(0.975)"""
WILSON: Final = "Wilson's score interval"
BY_VALUE: Final = "bootstrap of 1,000 draws with a fixed seed; over 200 deals the ratio's linearised variance"
ORDER: Final = "order statistics; none for fewer than six"
DRAWS: Final = 1000
DRAWN_UP_TO: Final = 200
SEED: Final = 20261129


def wilson(hits: int, of: int) -> tuple[float, float] | None:
    """Wilson's score interval of hits ÷ of (Wilson 1927); None if `of` is 0."""
    if not of:
        return None
    share, weight = hits / of, Z * Z / of
    middle = (share + weight / 2) / (1 + weight)
    half = Z / (1 + weight) * sqrt(share * (1 - share) / of + weight / (4 * of))
    return (0.0 if hits == 0 else middle - half), (1.0 if hits == of else middle + half)


def share_of(hits: int, of: int) -> dict[str, float] | None:
    """A share with its interval; None if `of` is 0."""
    found = wilson(hits, of)
    return found and {"value": hits / of, "low": found[0], "high": found[1]}


def median_parts(values: pl.Expr) -> dict[str, pl.Expr]:
    """What `median_of` and `median_interval` need of the values that are not null; they are sorted once for both.

    The interval is of the order statistics that hold the median with at least 95 % (Conover 1999, 3.2). Their rank from
    either end is ⌊(n + 1 − 1.96 √n) ÷ 2⌋: the binomial's 2.5 % point by the normal approximation with continuity, which
    is never above the exact one.
    """
    n = values.count().cast(pl.Int64)
    rank = ((n + 1 - Z * n.sqrt()) / 2).floor().cast(pl.Int64)
    held = pl.when(rank > 0).then(rank)
    places = ((n - 1) // 2).append(n // 2).append(held - 1).append(n - held)
    return {"ranks": values.drop_nulls().sort().gather(places, null_on_oob=True).implode()}


def median_of(of: Parts) -> Number | None:
    """The mean of the middle two of `median_parts`, exact for decimals; None without values."""
    low, high = of["ranks"][:2]
    if high is None:
        return None
    return (low + high) / 2 if isinstance(low, float) else Fraction(low + high) / 2


def median_interval(of: Parts) -> Interval:
    """The interval of `median_parts`; None for fewer than six values."""
    low, high = of["ranks"][2:]
    return None if low is None else (low, high)


def share_parts(part: pl.Expr, whole: pl.Expr) -> dict[str, pl.Expr]:
    """What `share_interval` needs of Σ part ÷ Σ whole; rows without `whole` are left out."""
    of = whole.cast(pl.Float64)
    share = pl.when(of.is_not_null()).then(part.fill_null(0).cast(pl.Float64))
    moments = {"pp": (share * share).sum(), "pw": (share * of).sum(), "ww": (of * of).sum()}
    drawn = {f"drawn_{name}": one.drop_nulls().head(DRAWN_UP_TO).implode() for name, one in (("p", share), ("w", of))}
    return {"p": share.sum(), "w": of.sum(), "deals": of.is_not_null().sum(), **moments, **drawn}


def share_interval(of: Parts) -> Interval:
    """The interval of a share by value; None for fewer than two deals or without money.

    Up to 200 deals the percentile bootstrap (Efron 1979), for more the ratio's linearised variance (Cochran 1977,
    6.5), to which the bootstrap comes down by then.
    """
    n, total = of["deals"], of["w"]
    if n < 2 or not total > 0:  # noqa: PLR2004 - one deal has no spread
        return None
    if n <= DRAWN_UP_TO:
        return _bootstrap(tuple(of["drawn_p"]), tuple(of["drawn_w"]))
    share = of["p"] / total
    spread = max(of["pp"] - 2 * share * of["pw"] + share**2 * of["ww"], 0.0)
    half = Z * sqrt(spread * n / (n - 1)) / total
    return max(0.0, share - half), min(1.0, share + half)


@lru_cache(maxsize=1024)
def _bootstrap(part: tuple[float, ...], whole: tuple[float, ...]) -> tuple[float, float]:
    import numpy as np

    order = np.lexsort((part, whole))  # so that the interval does not hang on the order of the deals
    drawn = order[_draws(len(whole))]
    parts, wholes = np.asarray(part)[drawn].sum(axis=1), np.asarray(whole)[drawn].sum(axis=1)
    low, high = np.quantile(parts[wholes > 0] / wholes[wholes > 0], [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)


@lru_cache(maxsize=64)
def _draws(n: int) -> Any:
    """Places of the deals of each draw: 1,000 rows of `n`, the same for each sample of this size."""
    import numpy as np

    return np.random.default_rng([SEED, n]).integers(0, n, size=(DRAWS, n))
