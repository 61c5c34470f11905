"""What reps see: the values that our fields on a deal should have."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import orjson

from model.sync import OUR_FIELDS, FieldRule, FieldValue
from policies.messages import whole
from policies.rules import RANK

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from policies.findings import Found
    from policies.rules import Rule
    from policies.verdict import Verdict

CLEAN: dict[str, FieldValue] = {
    "flag_count": 0, "worst_severity": "none", "top_flag": None, "flag_ids": None, "reasons": None,
    "next_act": None, "flagged_since": None,
}  # fmt: skip
"""Flag fields of a deal without a flag."""


def wanted(verdict: Verdict, rules: Mapping[str, FieldRule]) -> Iterator[tuple[int, dict[str, FieldValue]]]:
    """Key and wanted values of every open deal, for the fields that `rules` names."""
    for row in verdict.deals().join(verdict.frame.filter("is_open"), on="key", how="semi").iter_rows(named=True):
        flags = [f for f in verdict.found_by_deal.get(row["key"], ()) if f.shown]
        detail = orjson.loads(row["detail"]) if row["key"] in verdict.telling else {}
        fields: dict[str, FieldValue] = {
            "score": row["score"],
            "gate": row["gate"],
            "missing": whole(detail.get("missing", []), _length(rules, "missing"), "; "),
            "checked": whole(_parts(detail.get("checked")), _length(rules, "checked"), " "),
            **(_flag_fields(flags, rules) if flags else CLEAN),
        }
        yield row["key"], {name: value for name, value in fields.items() if name in rules}


def last_patch(rules: Mapping[str, FieldRule]) -> dict[str, FieldValue]:
    """Wanted values of a deal that closed: all empty but the score, which stays as at close."""
    return {name: None for name in OUR_FIELDS if name in rules and name != "score"}


def worst_first(flags: Sequence[Found]) -> list[tuple[Found, list[Found]]]:
    """The dearest flag of each topic with the rest of its topic, worst first."""
    topics: dict[str, list[Found]] = defaultdict(list)
    for flag in sorted(flags, key=lambda f: (-f.rule.points, -RANK[f.rule.severity])):
        topics[flag.rule.topic or flag.rule.id].append(flag)
    return sorted(
        ((g[0], g[1:]) for g in topics.values()), key=lambda g: (-RANK[g[0].rule.severity], -g[0].rule.points)
    )


def next_act(flags: Sequence[Found]) -> str:
    """The one act that would raise the score most; of equals the one for the worst flag."""
    ranked = [flag for head, rest in worst_first(flags) for flag in (head, *rest)]
    return max(dict.fromkeys(f.rule.fix for f in ranked), key=lambda fix: _gain(ranked, fix))


def checked(verdict: Verdict, key: int, row: Mapping[str, Any]) -> list[str]:
    """What could not be judged, and why: a sentence each."""
    parts = []
    if row["score_reason"]:
        parts.append(f"No score: {row['score_reason']}.")
    if any(rule.place for rule in verdict.rules):
        if row["process"] is None:
            parts.append("No process, or more than one, claims this deal.")
        elif row["stage"] is None:
            parts.append("Its stage is in no process.")
    reasons: dict[str, list[str]] = defaultdict(list)
    for found in verdict.found_by_deal.get(key, ()):
        if found.status == "unknown" and found.rule.scored and "why" in found.said:
            reasons[found.said["why"].removesuffix(".")].append(found.rule.title)
    return parts + [f"{why}: {', '.join(titles)}." for why, titles in reasons.items()]


def _flag_fields(flags: Sequence[Found], rules: Mapping[str, FieldRule]) -> dict[str, FieldValue]:
    heads = worst_first(flags)
    lines = [line for head, rest in heads for line in (_line(head), *(_line(f, "Also: ") for f in rest))]
    return {
        "flag_count": len(flags),
        "worst_severity": max((f.rule.severity for f in flags), key=RANK.__getitem__),
        "top_flag": heads[0][0].rule.title,
        "flag_ids": flag_ids([f.rule for f in flags], _length(rules, "flag_ids")),
        "reasons": whole(lines, _length(rules, "reasons"), "\n"),
        "next_act": next_act(flags),
        "flagged_since": min((f.since for f in flags if f.since), default=None),
    }


def flag_ids(rules: Sequence[Rule], length: int) -> str:
    """`;a;b;` in policy order; whole ids, `;+` at the end when cut."""
    for kept in range(len(rules), 0, -1):
        text = ";" + "".join(f"{rule.id};" for rule in rules[:kept]) + ("+" if kept < len(rules) else "")
        if not length or len(text) <= length:
            return text
    return ";+"


def _line(flag: Found, opening: str = "") -> str:
    """One reason: severity, title, evidence and the act that clears it."""
    rule = flag.rule
    return f"{opening}{rule.title} ({rule.severity}). {flag.said['evidence']['text']} Fix: {rule.fix.rstrip('.')}."


def _gain(flags: Sequence[Found], fix: str) -> int:
    return _cost(flags) - _cost([f for f in flags if f.rule.fix != fix])


def _cost(flags: Sequence[Found]) -> int:
    dearest: dict[str, int] = defaultdict(int)
    for flag in flags:
        topic = flag.rule.topic or flag.rule.id
        dearest[topic] = max(dearest[topic], flag.rule.points)
    return sum(dearest.values())


def _parts(value: Any) -> list[str]:
    return value if isinstance(value, list) else []


def _length(rules: Mapping[str, FieldRule], name: str) -> int:
    return rules[name].length if name in rules else 0
