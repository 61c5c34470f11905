"""Which field of the CRM gives which column or fact, and the facts of one row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar
from zoneinfo import ZoneInfo

from connectors.shared.pull.convert import same
from connectors.shared.pull.plausible import NONSENSE
from model.facts import FACTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from connectors.shared.pull.convert import Converter
    from connectors.shared.settings import CrmSettings, MappedField
    from model.facts import Fact, FactType

MAPPABLE: Final = (
    "name", "deal_type", "source", "amount", "close_date", "probability", "forecast_category", "next_step",
)  # fmt: skip
"""Columns of OPPORTUNITY for which settings may name another field than the CRM's standard one."""
BY_OTHERS: Final = frozenset({"stage_median_days"})
"""Facts that need nothing of the CRM."""


class CrmField(Protocol):
    """One field of the CRM, as far as facts go."""

    @property
    def gives(self) -> FactType:
        """The type of fact that its values give."""

    def as_fact(self, wanted: str, zone: ZoneInfo) -> Converter:
        """How its values become a fact of type `wanted`; instants are days in `zone`."""


FieldT = TypeVar("FieldT", bound=CrmField)


@dataclass(frozen=True)
class Mapped(Generic[FieldT]):
    """Where one fact or column is read; `field` None where it cannot be."""

    name: str
    path: str
    field: FieldT | None
    convert: Converter
    when_blank: Any = None


def column_paths(columns: Mapping[str, tuple[str, Converter]], settings: CrmSettings) -> dict[str, str]:
    """Column → path in the CRM, after the settings' own."""
    own = {name: settings.fields[name].field for name in MAPPABLE if name in settings.fields}
    return {name: own.get(name, field) for name, (field, _) in columns.items()}


def type_of(fact: str, field: CrmField | None, facts: Mapping[str, Fact] = FACTS) -> FactType:
    """The fact's own type, else what the field gives; text where there is none."""
    if fact in facts:
        return facts[fact].type
    return field.gives if field else "text"


def mapped_facts(
    fields: Mapping[str, MappedField],
    find: Callable[[str], FieldT | None],
    zone: str | None,
    facts: Mapping[str, Fact] = FACTS,
) -> list[Mapped[FieldT]]:
    """The facts that settings map to a field; `find` gives the field of a path, None where it cannot be read."""
    found = []
    for name, how in fields.items():
        field = find(how.field)
        convert = field.as_fact(type_of(name, field, facts), ZoneInfo(zone or "UTC")) if field else same
        found.append(Mapped(name, how.field, field, convert, how.when_blank))
    return found


def columns_of(
    mapped: Iterable[tuple[str, str, Converter]], value_of: Callable[[str], Any], unread: list[str]
) -> dict[str, Any]:
    """Columns of a row (name, path, converter); one that it lacks or that makes no sense is added to `unread`."""
    found = {}
    for name, path, convert in mapped:
        try:
            found[name] = convert(value_of(path))
        except NONSENSE:
            unread.append(name)
    return found


def facts_of(mapped: Iterable[Mapped[Any]], value_of: Callable[[str], Any], unread: list[str]) -> dict[str, Any]:
    """The mapped facts of a row; those that the row lacks or that make no sense are added to `unread`."""
    facts = {}
    for one in mapped:
        try:
            found = one.convert(value_of(one.path))
        except NONSENSE:
            unread.append(one.name)
            continue
        facts[one.name] = one.when_blank if found is None else found
    return facts


def standard_facts(have: Iterable[str], but: Iterable[str], mapped: Iterable[str]) -> frozenset[str]:
    """Facts that a connection gives: those of which it has all that they need, less `but`, and the mapped ones."""
    seen = frozenset(have)
    standard = {fact.name for fact in FACTS.values() if fact.needs and seen.issuperset(fact.needs)}
    return frozenset((standard - set(but)) | BY_OTHERS | set(mapped))
