"""What a query says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

LiteralKind: TypeAlias = Literal["text", "number", "boolean", "null", "date", "datetime", "range", "money"]


@dataclass(frozen=True)
class Value:
    """A literal. `range` is a date literal such as TODAY or LAST_N_DAYS:14."""

    kind: LiteralKind
    value: Any
    text: str


@dataclass(frozen=True)
class Path:
    """`Account.Name` as ("Account", "Name")."""

    parts: tuple[str, ...]

    @property
    def text(self) -> str:
        """As written."""
        return ".".join(self.parts)


@dataclass(frozen=True)
class Call:
    """`COUNT(Id)`, `MAX(Amount)`, `convertCurrency(Amount)`, `FORMAT(x)`."""

    name: str
    path: Path | None
    alias: str | None = None


@dataclass(frozen=True)
class Compare:
    """One comparison; `values` has one entry but for IN, NOT IN, INCLUDES and EXCLUDES."""

    path: Path | Call
    op: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class SemiJoin:
    """`Id IN (SELECT OpportunityId FROM ...)`, or NOT IN."""

    path: Path
    query: Query
    negated: bool


@dataclass(frozen=True)
class Both:
    """All of them."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Either:
    """Any of them."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Not:
    """The opposite."""

    part: Condition


Condition: TypeAlias = "Compare | SemiJoin | Both | Either | Not"


@dataclass(frozen=True)
class Sort:
    """One ORDER BY term."""

    path: Path | Call
    descending: bool = False
    nulls_last: bool = False


@dataclass(frozen=True)
class Query:
    """A whole query."""

    items: tuple[Path | Call | Query, ...]
    entity: str
    alias: str | None = None
    where: Condition | None = None
    group: tuple[Path, ...] = ()
    order: tuple[Sort, ...] = ()
    limit: int | None = None
    offset: int = 0
