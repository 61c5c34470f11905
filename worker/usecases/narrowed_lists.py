"""Lists of deals and leads as a person asks for them: some of them, in an order."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from model.errors import SettingsProblem
from model.helpers.words import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

SORTS: Final = ("amount", "score", "close", "owner", "stage", "name")


def picked(found: list[dict[str, Any]], wanted: dict[str, str], policy: str) -> list[dict[str, Any]]:
    """Those with the wanted values, case aside. Raises SettingsProblem for a value that none of them has."""
    for key, value in wanted.items():
        if value:
            _known(value, {one for row in found for one in _called(row, key)}, key)
            found = [row for row in found if value.casefold() in {one.casefold() for one in _called(row, key)}]
    if policy:
        _known(policy, {flag["policy"] for row in found for flag in row["flags"]}, "policy")
        found = [row for row in found if any(flag["policy"].casefold() == policy.casefold() for flag in row["flags"])]
    return found


def _called(row: dict[str, Any], key: str) -> set[str]:
    """The value of a row; a stage goes by its id in the process and by the CRM's label."""
    return {row[name] for name in (key, f"{key}_name") if row.get(name)}


def _known(value: str, known: Collection[str], key: str) -> None:
    if value.casefold() not in {one.casefold() for one in known}:
        each = sorted({one.casefold(): one for one in sorted(known, reverse=True)}.values())
        listed = did_you_mean(value, known) or (f"; there are {', '.join(each[:10])}." if each else ".")
        raise SettingsProblem(f"Nothing in this list has the {key} '{value}'{listed}")


def in_order(found: list[dict[str, Any]], by: str, home: Mapping[str, Decimal]) -> list[dict[str, Any]]:
    """By a column; what has no value comes last. `home`: amounts in one currency, where the deals have several."""

    def value(deal: dict[str, Any]) -> Any:
        if by == "amount":
            worth = home.get(deal["id"]) if home else deal["amount"]
            return None if worth is None else -Decimal(worth)
        found = deal["close_date" if by == "close" else by]
        return found.casefold() if isinstance(found, str) else found

    known = [(value(deal), deal) for deal in found]
    ranked = sorted(((v, d) for v, d in known if v is not None), key=lambda pair: pair[0])
    return [*(deal for _, deal in ranked), *(deal for v, deal in known if v is None)]
