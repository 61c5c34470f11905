"""Mapped facts: the JSON that a connector keeps for each record, read into typed columns."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

import polars as pl

from model.facts import FACTS, KNOWN, Fact, FactType
from model.snapshot import MONEY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from model.judging_options import Setting

DTYPES: Final[dict[FactType, pl.DataType | type[pl.DataType]]] = {
    "text": pl.String,
    "choice": pl.String,
    "yes/no": pl.Boolean,
    "number": pl.Float64,
    "money": MONEY,
    "date": pl.Date,
    "list": pl.List(pl.String),
}
"""Column type of a mapped fact."""


def combined(name: str, facts: Mapping[str, Fact] = FACTS) -> bool:
    """Whether the fact's own expression asks for the mapped value beside other sources."""
    fact = facts.get(name)
    return fact is not None and fact.expression is not None and f"mapped_{name}" in fact.expression.meta.root_names()


def with_mapped(frame: pl.DataFrame, standard: Mapping[str, Fact], setting: Setting, unread: Unread) -> pl.DataFrame:
    """`frame` with a column and a mask for each mapped fact; one that is combined with other sources is `mapped_NAME`.

    `standard`: the subject's own facts. A combined yes/no is false where blank or not mapped, and null where unknown.
    """
    found: list[pl.Series] = []
    for name, value, known in _typed_facts(frame["facts"], standard, setting, unread):
        column = f"mapped_{name}" if combined(name, standard) else name
        yes_no = combined(name, standard) and value.dtype == pl.Boolean
        given = value.fill_null(value=False).set(~known, None) if yes_no else value
        found += [given.alias(column), known.alias(column + KNOWN)]
    absent = (fact for name, fact in standard.items() if combined(name, standard) and name not in setting.mapped)
    return frame.with_columns(*found, *map(_unmapped, absent))


def _typed_facts(
    facts: pl.Series, standard: Mapping[str, Fact], setting: Setting, unread: Unread
) -> Iterator[tuple[str, pl.Series, pl.Series]]:
    """Name, typed values and mask of each mapped fact; the JSON objects of the records are `facts`."""
    texts = _texts(facts, sorted(setting.mapped)) if setting.mapped else pl.DataFrame()
    for name in sorted(setting.mapped):
        dtype = DTYPES[setting.type_of(name, standard)]
        value = texts.select(_typed(pl.col(name), dtype))[name]
        known = (value.is_not_null() | texts[name].is_null()) & unread.readable(name)
        if name in setting.when_blank:
            value = value.to_frame().select(pl.col(name).fill_null(pl.lit(setting.when_blank[name], dtype=dtype)))[name]
        yield name, value, known


def _unmapped(fact: Fact) -> pl.Expr:
    """The column of a combined fact that no field is mapped for: blank, and false for a yes/no."""
    dtype = DTYPES[fact.type]
    return pl.lit(False if dtype == pl.Boolean else None, dtype).alias(f"mapped_{fact.name}")


class Unread:
    """Which deals lack which names: each distinct list of unread names is looked at once."""

    def __init__(self, unread: pl.Series) -> None:
        lists = unread.unique()
        self._lists = [frozenset(text.split(";")) for text in lists]
        self._list = unread.cast(pl.Enum(lists)).to_physical() if lists.len() > 1 else None
        self._same = {good: pl.Series([good]).new_from_index(0, unread.len()) for good in (True, False)}

    def readable(self, *names: str) -> pl.Series:
        """False for deals where one of `names` could not be read."""
        good = [found.isdisjoint(names) for found in self._lists]
        if self._list is None or all(good):
            return self._same[all(good)]
        return pl.Series(good).gather(self._list)


def _texts(facts: pl.Series, names: list[str]) -> pl.DataFrame:
    """Each named value as text, a row a deal; objects that repeat are read once (ndjson is 5 times json_decode)."""
    objects = facts.fill_null("{}").replace("", "{}").alias("facts")
    distinct = objects.unique(maintain_order=True)
    text = distinct.str.join("\n").item() if distinct.len() else "{}"
    read = pl.read_ndjson(io.BytesIO(text.encode()), schema=dict.fromkeys(names, pl.String))
    if distinct.len() == objects.len():
        return read.head(objects.len())  # of no deals the one line is nobody's
    rows = pl.DataFrame({"facts": objects}).join(
        read.with_columns(distinct.alias("facts")), on="facts", how="left", maintain_order="left",
    )  # fmt: skip
    return rows.select(names)


def _typed(text: pl.Expr, dtype: pl.DataType | type[pl.DataType]) -> pl.Expr:
    """The text as its type; null where it is none of it."""
    if dtype == pl.String:
        return text
    if dtype == pl.Boolean:
        return text.replace_strict({"true": True, "false": False}, default=None, return_dtype=pl.Boolean)
    if isinstance(dtype, pl.List):
        return text.str.json_decode(dtype)
    if dtype == pl.Date:
        return text.str.to_date("%Y-%m-%d", strict=False)
    return text.cast(dtype, strict=False)
