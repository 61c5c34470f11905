"""Money: exact amounts with a currency, converted by dated rates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from model.snapshot import MONEY

if TYPE_CHECKING:
    from decimal import Decimal

PRODUCT: Final = pl.Decimal(38, 12)
"""The sum of both scales: there Polars multiplies exactly."""


@dataclass(frozen=True)
class Money:
    """An amount in one currency."""

    amount: Decimal
    currency: str

    def __add__(self, other: Money) -> Money:
        """The sum; raises ValueError for unlike currencies."""
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not add up; convert one by a dated rate.")
        return Money(self.amount + other.amount, self.currency)


def with_home(frame: pl.DataFrame, rates: pl.DataFrame, home: str, day_read: pl.Series | None = None) -> pl.DataFrame:
    """`frame` with amount_home (home = amount × multiply ÷ divide), rate_known, and `_rate_on`: the rate's own day.

    A blank currency is the home one.

    The rate is the newest one on the day of close, or of as_of where the close lies ahead; one without a day is the
    currency's oldest. `day_read`: false where the close date could not be read, so that the rate is unknown. Needs
    amount, currency, close_date, `_today`.
    """
    frame = frame.with_columns(pl.col("currency").fill_null(home))
    if (frame["currency"] == home).all():
        same = {"amount_home": pl.col("amount").cast(MONEY), "rate_known": pl.lit(value=True)}
        return frame.with_columns(**same, _rate_on=pl.lit(None, pl.Date))
    days = frame.select("currency", on=pl.min_horizontal("close_date", "_today"))
    wanted = days.filter(pl.col("currency") != home).unique().sort("on")
    dated = rates.with_columns(_rate_on="on", on=pl.col("on").fill_null(pl.date(1, 1, 1))).sort("on")
    found = wanted.join_asof(dated, on="on", by="currency", strategy="backward", check_sortedness=False)
    rated = days.join(found, on=["currency", "on"], how="left", maintain_order="left")
    day_known = pl.lit(value=True) if day_read is None else pl.lit(day_read)
    at_home = pl.col("currency") == home
    product = pl.col("amount").cast(PRODUCT) * pl.col("multiply").cast(PRODUCT)
    return frame.hstack(rated.select("multiply", "divide", "_rate_on")).with_columns(
        amount_home=pl.when(at_home).then("amount").otherwise((product / pl.col("divide").cast(PRODUCT)).cast(MONEY)),
        rate_known=at_home | (pl.col("divide").is_not_null() & day_known) | pl.col("amount").is_null(),
    ).drop("multiply", "divide")  # fmt: skip
