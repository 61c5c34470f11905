"""A finding as a value, and as the objects of docs/contract.md."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from policies.judging.exemptions import Excuse
    from policies.judging.rules import Rule


class Found(NamedTuple):
    """One finding; `said` is a flag or unknown object of docs/contract.md. A held flag has its unknown under `held`.
    `excuse`: why it is no flag on the record, where it would be one.

    Findings that say the same share one `said` and its JSON `text`: never change it.
    """

    key: int
    rule: Rule
    status: str
    since: date | None
    first_seen: date
    unknown_since: datetime | None
    shown: bool
    said: Mapping[str, Any]
    text: str
    excuse: Excuse | None = None


def split(said: Mapping[str, Any], status: str) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """(Flag object, unknown object) of a stored finding: one of them, or both where an unknown holds a flag."""
    if status == "broken":
        return dict(said), None
    if "held" in said:
        return {k: v for k, v in said.items() if k != "held"}, said["held"]
    return None, dict(said)


def counts(flag: Mapping[str, Any]) -> bool:
    """Whether people should look at a kept flag: on the record, or about a won deal, whose record carries none."""
    return bool(flag["shown"] or ("subject" in flag and flag["mode"] != "observe"))
