"""The record: the values that our fields on a deal should have, as reps see them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, TypeVar

import polars as pl

from model.sync import OUR_FIELDS, FieldRule, FieldValue
from policies.judging.rules import RANK
from policies.judging.score import Cost, cost
from policies.reporting.messages import whole, with_title
from policies.reporting.words import low

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from policies.files import Severity
    from policies.judging.rules import Rule
    from policies.reporting.finding import Finding
    from policies.reporting.report import VerdictReport

ALSO: Final = " Also: "
"""Starts the titles of flags of the same topic that do not have the most points."""
READY: Final = {"ready": ["Nothing is missing for the next stage"]}
"""What the field of missing criteria says by gate status, where none is missing."""
CLEAN: Final[dict[str, FieldValue]] = {
    "flag_count": 0, "worst_severity": "none", "top_flag": None, "flag_ids": None, "reasons": None,
    "next_act": None, "flagged_since": None,
}  # fmt: skip
"""Flag fields of a deal without a flag."""


def wanted(report: VerdictReport, rules: Mapping[str, FieldRule]) -> Iterator[tuple[int, dict[str, FieldValue]]]:
    """Key and wanted values of every open deal, for the fields in `rules`; all empty where every rule is observed."""
    frame = report.verdict.frame
    arranged: dict[tuple[str, ...], Arranged] = {}
    unreached = set(frame.filter(~pl.col("reached"))["key"])
    open_deals = report.deals.join(frame.filter("is_open"), on="key", how="semi")
    nothing = last_patch(rules) | ({"score": None} if "score" in rules else {})
    for key, score, gate in open_deals.select("key", "score", "gate").iter_rows():
        if key in unreached:
            yield key, nothing
            continue
        flags = [f for f in report.by_deal.get(key, ()) if f.shown]
        detail = report.details.get(key, {})
        fields: dict[str, FieldValue] = {
            "score": score,
            "gate": gate,
            "missing": whole(detail.get("missing") or READY.get(gate, []), _length(rules, "missing"), "; "),
            "checked": whole(detail.get("checked", []), _length(rules, "checked"), " "),
            **CLEAN,
        }
        if flags:
            ids = tuple(f.rule.id for f in flags)
            if ids not in arranged:
                arranged[ids] = arrange([f.rule for f in flags], _length(rules, "flag_ids"), _length(rules, "next_act"))
            fields |= arranged[ids].fields
            fields["reasons"] = whole(_lines(flags, arranged[ids]), _length(rules, "reasons"), "\n")
            fields["flagged_since"] = min((f.since for f in flags if f.since), default=None)
        yield key, {name: value for name, value in fields.items() if name in rules}


def last_patch(rules: Mapping[str, FieldRule]) -> dict[str, FieldValue]:
    """Wanted values of a deal that closed: all empty but the score, which stays as at close."""
    return {name: None for name in OUR_FIELDS if name in rules and name != "score"}


class Arranged(NamedTuple):
    """The text of a set of flags: (which flag, the end of its line) by topic, and the fields that follow from it."""

    lines: tuple[tuple[int, str], ...]
    fields: Mapping[str, FieldValue]


def arrange(flags: Sequence[Rule], ids: int, act: int) -> Arranged:
    """The same for every deal with these broken rules; `ids` and `act`: lengths of flag_ids and next_act."""
    heads = worst_first(flags)
    place = {rule.id: n for n, rule in enumerate(flags)}
    return Arranged(tuple((place[head.id], also(rest)) for head, rest in heads), {
        "flag_count": len(heads),
        "worst_severity": max((rule.severity for rule in flags), key=RANK.__getitem__),
        "top_flag": headline(heads[0][0]),
        "flag_ids": flag_ids(flags, ids),
        "next_act": next_act(flags, act),
    })  # fmt: skip


class Ranked(Cost, Protocol):
    """A broken rule, or the flag that a store kept of it."""

    @property
    def title(self) -> str:
        """The title of the rule."""

    @property
    def severity(self) -> Severity:
        """The severity of the rule."""


R = TypeVar("R", bound=Ranked)


def worst_first(flags: Sequence[R]) -> list[tuple[R, list[R]]]:
    """The flag with the most points of each topic with the rest of its topic, worst first."""
    topics: dict[str, list[R]] = defaultdict(list)
    for rule in sorted(flags, key=lambda r: (-r.points, -RANK[r.severity])):
        topics[rule.topic or rule.id].append(rule)
    groups = ((group[0], group[1:]) for group in topics.values())
    return sorted(groups, key=lambda group: (-RANK[group[0].severity], -group[0].points))


def headline(rule: Ranked) -> str:
    """The title of a flag. A criterion's title says what must be so, so its flag says that this is missing."""
    return f"Missing: {low(rule.title)}" if "/" in rule.id else rule.title


def also(rest: Sequence[Ranked]) -> str:
    """The other flags of a topic, to stand behind the dearest one; nothing where there is none."""
    return f"{ALSO}{'; '.join(map(headline, rest))}." if rest else ""


def next_act(flags: Sequence[Rule], length: int) -> str:
    """The act that would raise the score most; of equal ones, the act for the worst flag.

    If it does not clear the top flag, it names what it clears, as far as `length` (0: no limit) allows.
    """
    topics = worst_first(flags)
    ranked = [rule for head, rest in topics for rule in (head, *rest)]
    best = min(dict.fromkeys(rule.fix for rule in ranked), key=lambda fix: cost(left(topics, fix)))
    clears = ", ".join(headline(rule) for rule in ranked if rule.fix == best)
    text = best if ranked[0].fix == best else f"{best.rstrip('.')} (clears: {clears})"
    return text if not length or len(text) <= length else best


def left(topics: Sequence[tuple[Rule, Sequence[Rule]]], fix: str) -> list[Rule]:
    """Flags that an act leaves. An act that clears the top flag of a topic clears the rest of it."""
    return [rule for head, rest in topics if head.fix != fix for rule in (head, *rest) if rule.fix != fix]


def flag_ids(rules: Sequence[Rule], length: int) -> str:
    """`;a;b;` in policy order; whole ids, `;+` at the end when cut."""
    for kept in range(len(rules), 0, -1):
        text = ";" + "".join(f"{rule.id};" for rule in rules[:kept]) + ("+" if kept < len(rules) else "")
        if not length or len(text) <= length:
            return text
    return ";+"


def _lines(flags: Sequence[Finding], arranged: Arranged) -> list[str]:
    return [_line(flags[n]) + ending for n, ending in arranged.lines]


def _line(flag: Finding) -> str:
    """What is so, since when, the limit, and the act that clears it; a criterion's text says what its title says."""
    text = flag.payload["evidence"]["text"]
    reason = text if flag.rule.place else with_title(flag.rule.title, text)
    return f"{reason} Fix: {flag.rule.fix.rstrip('.')}."


def _length(rules: Mapping[str, FieldRule], name: str) -> int:
    return rules[name].length if name in rules else 0
