"""WHERE as a test on a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.records import ids
from sandbox.salesforce.soql.compare import comparison
from sandbox.salesforce.soql.parse import malformed
from sandbox.salesforce.soql.ranges import days
from sandbox.salesforce.soql.tree import Both, Call, Compare, Condition, Either, Not, Query, SemiJoin, Value

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from sandbox.salesforce.records.table import Row
    from sandbox.salesforce.schema.fields import Field
    from sandbox.salesforce.soql.resolve import Scope

Test: TypeAlias = "Callable[[Row], bool]"
_WANTED = {
    "boolean": {"boolean", "null"},
    "int": {"number", "null"},
    "double": {"number", "null"},
    "percent": {"number", "null"},
    "currency": {"number", "null", "money"},
    "date": {"date", "null", "range"},
    "datetime": {"datetime", "null", "range"},
}
_TEXTUAL = frozenset({"text", "null"})


class Filter:
    """Compiles conditions for one scope; `semi` runs the inner query of a semi-join and gives its values."""

    def __init__(self, scope: Scope, today: date, semi: Callable[[Query], set[Any]]) -> None:
        self._scope, self._today, self._semi = scope, today, semi

    def test(self, condition: Condition, *, top: bool = True) -> Test:
        """The condition as a function; semi-joins are allowed at the top level only."""
        match condition:
            case Both(parts):
                return _all([self.test(p, top=top) for p in parts])
            case Either(parts):
                return _any([self.test(p, top=False) for p in parts])
            case Not(part):
                inner = self.test(part, top=False)
                return lambda row: not inner(row)
            case SemiJoin():
                if not top:
                    raise malformed(
                        "Semi join sub-selects are only allowed at the top level WHERE expressions "
                        "and not in nested WHERE expressions"
                    )
                return self._joined(condition)
            case Compare():
                return self._compare(condition)

    def _joined(self, join: SemiJoin) -> Test:
        found = self._scope.resolve(join.path)
        values, read, wanted = self._semi(join.query), found.read, not join.negated
        return lambda row: (read(row) in values) is wanted

    def _compare(self, node: Compare) -> Test:
        if isinstance(node.path, Call):
            raise malformed(f"function {node.path.name} is not allowed in WHERE")
        found = self._scope.resolve(node.path)
        field = found.field
        if not field.filterable:
            raise ApiError("INVALID_FIELD", f"\nfield '{field.name}' can not be filtered in a query call")
        for value in node.values:
            self._fits(field, value)
        if any(v.kind == "range" for v in node.values):
            return self._ranged(found.read, field, node)
        return comparison(found.read, field, node.op, [self.stored(field, v) for v in node.values])

    def _fits(self, field: Field, value: Value) -> None:
        if value.kind in _WANTED.get(field.type, _TEXTUAL) or field.type == "anyType":
            return
        quoted = " and should not be enclosed in quotes" if value.kind == "text" else ""
        should = (
            f"of type {field.type}{quoted}"
            if field.type in _WANTED
            else "of type string and should be enclosed in quotes"
        )
        raise ApiError("INVALID_FIELD", f"\nvalue of filter criterion for field '{field.name}' must be {should}")

    def stored(self, field: Field, value: Value) -> Any:
        """A literal as the rows would hold it."""
        if field.type in {"id", "reference"} and value.value:
            long = ids.long(value.value)
            if long is None:
                raise ApiError("INVALID_QUERY_FILTER_OPERATOR", f"\ninvalid ID field: {value.value}")
            return long
        return value.value[1] if value.kind == "money" else value.value

    def _ranged(self, read: Callable[[Row], Any], field: Field, node: Compare) -> Test:
        start, end = (d.isoformat() for d in days(node.values[0].value, self._today))
        if field.type == "datetime":
            start, end = (f"{d}T00:00:00.000+0000" for d in (start, end))
        tests: dict[str, Callable[[str], bool]] = {
            "=": lambda v: start <= v < end,
            "!=": lambda v: not start <= v < end,
            "<": lambda v: v < start,
            "<=": lambda v: v < end,
            ">": lambda v: v >= end,
            ">=": lambda v: v >= start,
        }
        if node.op not in tests:
            raise malformed(f"unexpected token: '{node.values[0].text}'")
        test, missing = tests[node.op], node.op == "!="

        def run(row: Row) -> bool:
            value = read(row)
            return missing if value is None else test(value)

        return run


def _all(tests: list[Test]) -> Test:
    return lambda row: all(test(row) for test in tests)


def _any(tests: list[Test]) -> Test:
    return lambda row: any(test(row) for test in tests)
