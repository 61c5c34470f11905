"""Of what kind the parts of a body are, by their key: what is not is refused as JSON that does not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.hubspot.errors import invalid_input

if TYPE_CHECKING:
    from collections.abc import Callable


def _objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _values(value: Any) -> bool:
    """Names to read, or names with plain values to write."""
    if isinstance(value, dict):
        return not any(isinstance(each, (dict, list)) for each in value.values())
    return _texts(value)


def _sorts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, (str, dict)) for each in value)


def _number(value: Any) -> bool:
    return isinstance(value, int) or str(value).removeprefix("-").isdigit()


_KINDS: Final[dict[str, tuple[Callable[[Any], bool], str]]] = {
    **dict.fromkeys(
        ("inputs", "associations", "filterGroups", "filters", "options", "stages", "types"),
        (_objects, "a list of objects"),
    ),
    "properties": (_values, "names, or names with plain values"),
    "propertiesWithHistory": (_texts, "a list of names"),
    "sorts": (_sorts, "a list of sorts"),
    **dict.fromkeys(("displayOrder", "associationTypeId"), (_number, "a number")),
    "metadata": (lambda value: isinstance(value, dict), "an object"),
}


def check(body: dict[str, Any]) -> None:
    """Raise the 400 for the first part that is of another kind; what is null counts as left out."""
    for key, value in body.items():
        fits, wanted = _KINDS.get(key, (None, ""))
        if fits and value is not None and not fits(value):
            raise invalid_input(f"{key} must be {wanted}")
        if key != "properties":
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, dict):
                    check(each)
