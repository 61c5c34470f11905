"""How a formula of Salesforce reads each fact: field, type, and what makes it blank.

Sources: help pages of ISBLANK, ISPICKVAL, TEXT, PRIORVALUE; github.com/salesforce/formula-engine for what TRIM, "=",
AND and OR make of blanks. A percent field is a share in a formula and a percentage in the API.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connectors.salesforce.setup.formula import Reading, quoted
from connectors.salesforce.setup.formula_text import any_of, fn, negated
from connectors.shared.setup.native_rules import beyond
from model.facts import FACTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from model.facts import FactType
    from model.sync import Description, Source

TEXTS: Final = frozenset({"string", "email", "phone", "url"})
PICKED: Final = frozenset({"picklist", "combobox"})
NUMBERS: Final = frozenset({"double", "int", "long", "currency"})
SHORT_AREA: Final = 255
"""Most characters of a text area that formulas take; longer ones are long text areas."""
SHARES: Final = frozenset({"probability"})
"""Facts that are a share, as a percent field is one in a formula."""
NO: Final = ("no", "n", "false", "0", "none")
"""Texts that connectors.shared.pull.convert.ticked takes for no."""
RECORD_TYPE: Final = {"pipeline": "RecordType.Name", "record_type": "RecordType.DeveloperName"}
BETWEEN: Final = {
    "owner": "{name} is told by the owner, not by a field of the deal",
    "forecast_category": "{name} is put into our own categories first",
    "is_won": "{name} follows from the stage, and whether a rule sees it before or after the move is not documented",
    "id": "{name} has 15 characters in a formula and 18 in the API",
}


def readings(description: Description, facts: Iterable[str]) -> dict[str, Reading | str]:
    """Fact → how a formula reads it, or why it cannot."""
    return {name: _reading(name, description) for name in facts}


def _reading(name: str, description: Description) -> Reading | str:
    if name in RECORD_TYPE and name in description.mapped and name not in description.types:
        return _text(RECORD_TYPE[name])
    if name in BETWEEN and name not in description.types:
        return BETWEEN[name].format(name=name)
    if why := beyond(name, description):
        return why
    source = description.sources[name]
    kind = description.types.get(name) or FACTS[name].type
    return _typed(name, kind, source)


def _typed(name: str, kind: FactType, source: Source) -> Reading | str:
    """By the fact's type and the field's."""
    field = source.field
    if source.when_blank is not None and source.type != "boolean":
        return f"{name} has a when_blank, which a formula would not know"
    reading = _yes_no(source) if kind == "yes/no" else _value(name, kind, source)
    if reading:
        return reading
    if kind == "date" and source.type == "datetime":
        return f"{field} is a date and time, and a formula takes its day in another time zone than {name} does"
    if source.type == "textarea":
        return f"{field} is a long text area, which formulas do not take"
    return f"{field} is a {source.type} field, which a formula does not read as {name} ({kind})"


def _yes_no(source: Source) -> Reading | None:
    field = source.field
    if source.type == "boolean":
        return _of_parent(field) if "." in field else Reading(field)
    text = _words(source)
    return text and Reading(negated(any_of(*(f"{text.value} = {quoted(no)}" for no in NO))), text.blank)


def _value(name: str, kind: FactType, source: Source) -> Reading | None:
    field = source.field
    match kind:
        case "text" | "choice":
            return _words(source)
        case "number" | "money" if source.type in NUMBERS:
            return Reading(field, fn("ISBLANK", field))
        case "number" if source.type == "percent":
            return Reading(field if name in SHARES else f"({field} * 100)", fn("ISBLANK", field))
        case "date" if source.type == "date":
            return Reading(field, fn("ISBLANK", field))
        case _:
            return None


def _words(source: Source) -> Reading | None:
    if source.type in TEXTS or (source.type == "textarea" and 0 < source.length <= SHORT_AREA):
        return _text(source.field)
    return _text(f"TEXT({source.field})") if source.type in PICKED else None


def _text(value: str) -> Reading:
    plain = f"TRIM({value})"
    return Reading(f"LOWER({plain})", fn("ISBLANK", plain), plain)


def _of_parent(field: str) -> Reading:
    """A checkbox of a parent: blank where the deal has no such parent."""
    *parents, _ = field.split(".")
    key = [*parents[:-1], _key(parents[-1])]
    return Reading(field, fn("ISBLANK", ".".join(key)))


def _key(relation: str) -> str:
    """The lookup field behind a relationship's name."""
    return f"{relation.removesuffix('__r')}__c" if relation.endswith("__r") else f"{relation}Id"
