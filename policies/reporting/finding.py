"""A finding as a value, and as the objects of docs/contract.md."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
import polars as pl

from model.previous_verdict import FINDINGS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from policies.judging.exemptions import Exemption
    from policies.judging.rules import Rule


class Finding(NamedTuple):
    """One finding; `payload` is a flag or unknown object of docs/contract.md. A held flag has its unknown under `held`.
    `exemption`: why it is no flag on the record, where it would be one.

    Equal findings share one `payload`: never change it.
    """

    key: int
    rule: Rule
    status: str
    since: date | None
    first_seen: date
    unknown_since: datetime | None
    shown: bool
    payload: Mapping[str, Any]
    exemption: Exemption | None = None


def findings_frame(findings: Sequence[Finding]) -> pl.DataFrame:
    """Findings with the schema FINDINGS, as the store keeps them; a payload that findings share is serialised once."""
    payloads = {id(f.payload): f.payload for f in findings}
    texts = {name: orjson.dumps(payload).decode() for name, payload in payloads.items()}
    return pl.DataFrame(
        {
            "key": [f.key for f in findings], "policy": [f.rule.id for f in findings],
            "status": [f.status for f in findings],
            "since": [f.since for f in findings], "first_seen": [f.first_seen for f in findings],
            "unknown_since": [f.unknown_since for f in findings], "shown": [f.shown for f in findings],
            "flag": [texts[id(f.payload)] for f in findings],
        }, schema=FINDINGS,
    ).sort("key", "policy")  # fmt: skip


def split(payload: Mapping[str, Any], status: str) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """(Flag object, unknown object) of a stored finding: one of them, or both where an unknown holds a flag."""
    if status == "broken":
        return dict(payload), None
    if "held" in payload:
        return {k: v for k, v in payload.items() if k != "held"}, payload["held"]
    return None, dict(payload)


def needs_attention(flag: Mapping[str, Any]) -> bool:
    """Whether a stored flag is on the record, or about a won deal (flags of won deals are on no record)."""
    return bool(flag["shown"] or ("subject" in flag and flag["mode"] != "observe"))
