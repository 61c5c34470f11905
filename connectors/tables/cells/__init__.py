"""Cells of reports: blanks, numbers, amounts with their currencies, dates."""

from connectors.tables.cells.amounts import Amount, decimal_mark, parse_amount
from connectors.tables.cells.bad_value import BadValue
from connectors.tables.cells.blanks import is_blank
from connectors.tables.cells.currencies import currency_in, currency_of, is_code
from connectors.tables.cells.dates import is_serial, order_of, parse_date, parse_instant
from connectors.tables.cells.numbers import parse_number, parse_yes, probability, whole_or_real

__all__ = [
    "Amount", "BadValue", "currency_in", "currency_of", "decimal_mark", "is_blank", "is_code", "is_serial", "order_of",
    "parse_amount", "parse_date", "parse_instant", "parse_number", "parse_yes", "probability", "whole_or_real",
]  # fmt: skip
