"""Findings: one for each deal and rule that is broken or cannot be judged, with its evidence."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson
import polars as pl

from model.facts import KNOWN
from model.subjects import SUBJECTS
from policies.reporting import messages, sentences
from policies.reporting.exemption_reasons import exemption_reasons, modes
from policies.reporting.explanation import Because, Grounds
from policies.reporting.finding import Finding, split
from policies.reporting.movers import Mover, bound_with_movers
from policies.reporting.since import limit_of
from policies.reporting.unknown_findings import unknown_findings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from model.facts import Fact
    from policies.files import Mode
    from policies.judging.rules import Rule
    from policies.judging.verdict import Verdict
    from policies.reporting.exemption_reasons import ExemptionReason
    from policies.reporting.since import Row


MOVED: Final = ("key", "criterion", "moved_on", "to_name", "actor", "actor_name")


class Status(NamedTuple):
    """The state of a broken rule on a deal: on the record, or why not, and in which mode."""

    shown: bool
    exemption: ExemptionReason | None
    mode: Mode


class Move(NamedTuple):
    """The move that bound a criterion."""

    on: date
    to_name: str | None
    mover: Mover


class Dates(NamedTuple):
    """When a flag of the previous verdict began, and when it was first seen."""

    since: date | None
    first_seen: date


def find(verdict: Verdict) -> Iterator[Finding]:
    """Every finding, by rule, then by deal in the frame's order; unknown ones last."""
    before = _previous_dates(verdict)
    moves = {
        (criterion, key): Move(on, to, Mover(how or "unknown", name))
        for key, criterion, on, to, how, name in bound_with_movers(verdict).select(MOVED).iter_rows()
    }
    for rule in verdict.rules:
        yield from _broken(verdict, rule, before.get(rule.id, {}), moves)
    yield from unknown_findings(verdict)


def _previous_dates(verdict: Verdict) -> dict[str, dict[int, Dates]]:
    """Policy to key to the dates of flags of the previous verdict, held and withdrawn ones included."""
    rows = verdict.previous.broken.select("policy", "key", "since", "first_seen")
    found: dict[str, dict[int, Dates]] = defaultdict(dict)
    for policy, key, since, first_seen in rows.iter_rows():
        found[policy][key] = Dates(since, first_seen)
    return found


def _broken(
    verdict: Verdict, rule: Rule, before: Mapping[int, Dates], moves: Mapping[tuple[str, int], Move]
) -> Iterator[Finding]:
    if not verdict.frame[rule.broken].any():
        return
    is_broken = verdict.frame[rule.broken].fill_null(value=False)
    grounds = Grounds(rule.condition, sense=rule.place is None, wide=verdict.wide)
    rows = grounds.rows(verdict.wide.frame.filter(is_broken))
    write = cache(_FlagWriter(rule, grounds, tuple(rows.columns[1:])).write)
    on_record = verdict.frame["is_open"].filter(is_broken) & rule.scored
    kept = _kept_flags(verdict, rule, is_broken)
    exemptions, cases = exemption_reasons(verdict, rule, rows["key"]), modes(verdict, rule, rows["key"])
    for (key, *values), flagged in zip(rows.iter_rows(), on_record, strict=True):
        exemption = exemptions.get(key)
        shown = flagged and exemption is None
        if key in kept and exemption is None and kept[key].shown is shown:
            yield kept[key]
            continue
        facts, move = tuple(map(_hashable, values)), moves.get((rule.id, key))
        status = Status(shown, exemption, cases.get(key, rule.mode))
        since, first_seen, flag = write(facts, before.get(key), move, status)
        yield Finding(key, rule, "broken", since, first_seen, None, shown, flag, exemption and exemption.why)


_NOBODY: Final = pl.Series("key", [], dtype=pl.Int64)


def _kept_flags(verdict: Verdict, rule: Rule, is_broken: pl.Series) -> dict[int, Finding]:
    """Flags that stay as stored: a fact of theirs can no longer be read, or the brake keeps them."""
    masked = sorted(rule.facts & verdict.wide.masked)
    held = verdict.held_flags.get(rule.id, _NOBODY)
    if verdict.previous.findings.is_empty() or not (masked or held.len()):
        return {}
    unread = pl.any_horizontal(~pl.col(fact + KNOWN) for fact in masked) if masked else pl.lit(value=False)
    keys = verdict.wide.frame.filter(is_broken & (unread | pl.col("key").is_in(held.implode())))["key"]
    if keys.is_empty():
        return {}
    was = verdict.previous.broken.filter((pl.col("policy") == rule.id) & pl.col("key").is_in(keys.implode()))
    return {row["key"]: finding for row in was.iter_rows(named=True) if (finding := _as_stored(rule, row))}


def _as_stored(rule: Rule, row: Mapping[str, Any]) -> Finding | None:
    """A flag with its stored evidence and its rule's current wording; None if it was withdrawn."""
    stored, _ = split(orjson.loads(row["flag"]), row["status"])
    if stored is None:
        return None
    flag = stored | {name: getattr(rule, name) for name in ("title", "severity", "points", "fix")}
    flag["topic"] = rule.topic or None
    return Finding(row["key"], rule, "broken", row["since"], row["first_seen"], None, row["shown"], flag)


class _FlagWriter(NamedTuple):
    """Writes the flag of a broken rule on deals with certain values in `columns`; equal deals share one flag."""

    rule: Rule
    grounds: Grounds
    columns: tuple[str, ...]

    def write(
        self, values: tuple[Any, ...], before: Dates | None, move: Move | None, status: Status
    ) -> tuple[date, date, Mapping[str, Any]]:
        """(Since, first seen, flag object)."""
        row = dict(zip(self.columns, values, strict=True))
        since_then, first_seen = before or (None, row["as_of_date"])
        because = self.grounds.because(row)
        text = sentences.because_text(because, row)
        since = because.since
        if move:
            since, text = move.on, messages.moved_without(move.to_name, move.on, text, first_seen)
            text = f"{text} {move.mover.text}"
        elif since is None:
            since = since_then or first_seen
            text = messages.first_seen(text, since)
        evidence = _evidence(because, row, text, SUBJECTS[self.rule.subject].facts)
        evidence |= {"moved_by": move.mover.to_json()} if move else {}
        return since, first_seen, _flag(self.rule, since, evidence, status)


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _flag(rule: Rule, since: date, evidence: dict[str, Any], status: Status) -> dict[str, Any]:
    """The flag object of docs/contract.md; with an exemption if it has one, and a subject other than opportunity."""
    exemption = status.exemption
    mode = "observe" if exemption and exemption.why == "observed" else status.mode
    about = {} if SUBJECTS[rule.subject].on_record else {"subject": rule.subject}
    flag = {
        "policy": rule.id, "title": rule.title, "mode": mode, "severity": rule.severity, "points": rule.points,
        "topic": rule.topic or None, "since": since, "evidence": evidence, "fix": rule.fix, "shown": status.shown,
        **about,
    }  # fmt: skip
    return {**flag, "excuse": exemption.to_json()} if exemption else flag


def _evidence(because: Because, row: Row, text: str, facts: Mapping[str, Fact]) -> dict[str, Any]:
    """The evidence object: the comparison that decided the day, else the first one that is not steady."""
    measured = [r for r in because.reasons if not r.steady and r.measure] or [r for r in because.reasons if r.measure]
    deciding = next((r for r in measured if r.since and r.since == because.since), next(iter(measured), None))
    if deciding is None or deciding.measure is None:
        return {"fact": None, "value": None, "limit": None, "source": None, "text": text}
    fact = deciding.measure.fact
    return {
        "fact": fact, "value": _plain(row.get(fact)), "limit": _plain(limit_of(deciding.measure, row)),
        "source": source(fact, row, facts), "text": text,
    }  # fmt: skip


def source(fact: str, row: Row, facts: Mapping[str, Fact]) -> str:
    """Where a fact's value comes from, in words; of the last activity also its kind."""
    if fact == "last_activity" and row.get("_last_touch_kind"):
        return f"activities: {row['_last_touch_kind']}"
    needs = facts[fact].needs if fact in facts else ("mapping",)
    return ", ".join("a mapped field" if need == "mapping" else need.replace("_", " ") for need in needs)


def _plain(value: Any) -> Any:
    """The value as JSON can carry it: whole numbers as such, others as decimal text."""
    if isinstance(value, tuple | list):
        return [_plain(v) for v in value]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else str(value.normalize())
    return value
