"""Findings: one for each deal and rule that is broken or cannot be judged, with its evidence. Built for those only."""

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
from policies.reporting.exemption_reasons import excused, modes
from policies.reporting.explanation import Because, Grounds
from policies.reporting.finding import Found, split
from policies.reporting.since import limit_of
from policies.reporting.unknown_findings import unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from model.facts import Fact
    from policies.files.policy import Mode
    from policies.judging.rules import Rule
    from policies.judging.verdict import Verdict
    from policies.reporting.exemption_reasons import Excused
    from policies.reporting.since import Row


class Standing(NamedTuple):
    """How a broken rule stands on a deal: on the record, or why not, and in which mode."""

    shown: bool
    excuse: Excused | None
    mode: Mode


class Move(NamedTuple):
    """The move that bound a criterion."""

    on: date
    to_name: str | None


def find(verdict: Verdict) -> Iterator[Found]:
    """Every finding, by rule, then by deal in the frame's order."""
    before = _remembered(verdict)
    moves = {
        (criterion, key): Move(on, to)
        for key, criterion, on, to in verdict.bound.select("key", "criterion", "moved_on", "to_name").iter_rows()
    }
    for rule in verdict.rules:
        yield from _broken(verdict, rule, before.get(rule.id, {}), moves)
    yield from unknown(verdict)


def _remembered(verdict: Verdict) -> dict[str, dict[int, tuple[date | None, date]]]:
    """Policy to key to (since, first seen) of flags that the last verdict left, held and withdrawn ones included."""
    rows = verdict.memory.broken.select("policy", "key", "since", "first_seen")
    found: dict[str, dict[int, tuple[date | None, date]]] = defaultdict(dict)
    for policy, key, since, first_seen in rows.iter_rows():
        found[policy][key] = (since, first_seen)
    return found


def _broken(
    verdict: Verdict, rule: Rule, before: Mapping[int, tuple[date | None, date]], moves: Mapping[tuple[str, int], Move]
) -> Iterator[Found]:
    is_broken = verdict.frame[rule.broken].fill_null(value=False)
    if not is_broken.any():
        return
    grounds = Grounds(rule.condition, sense=rule.place is None, wide=verdict.wide)
    rows = grounds.rows(verdict.wide.frame.filter(is_broken))
    tell = cache(_Teller(rule, grounds, tuple(rows.columns[1:])).tell)
    on_record = verdict.frame["is_open"].filter(is_broken) & rule.scored
    kept = _kept_in_the_dark(verdict, rule, is_broken)
    excuses, cases = excused(verdict, rule, rows["key"]), modes(verdict, rule, rows["key"])
    for (key, *values), flagged in zip(rows.iter_rows(), on_record, strict=True):
        excuse = excuses.get(key)
        shown = flagged and excuse is None
        if key in kept and excuse is None and kept[key].shown is shown:
            yield kept[key]
            continue
        facts, move = tuple(map(_fixed, values)), moves.get((rule.id, key))
        how = Standing(shown, excuse, cases.get(key, rule.mode))
        since, first_seen, said, text = tell(facts, before.get(key), move, how)
        yield Found(key, rule, "broken", since, first_seen, None, shown, said, text, excuse and excuse.why)


_NOBODY: Final = pl.Series("key", [], dtype=pl.Int64)


def _kept_in_the_dark(verdict: Verdict, rule: Rule, is_broken: pl.Series) -> dict[int, Found]:
    """Flags that stand though a fact can no longer be read, or because the brake keeps them: in the record's words."""
    masked = sorted(rule.facts & verdict.wide.masked)
    kept = verdict.kept.get(rule.id, _NOBODY)
    if verdict.memory.findings.is_empty() or not (masked or kept.len()):
        return {}
    blind = pl.any_horizontal(~pl.col(fact + KNOWN) for fact in masked) if masked else pl.lit(value=False)
    dark = verdict.wide.frame.filter(is_broken & (blind | pl.col("key").is_in(kept.implode())))["key"]
    was = verdict.memory.broken.filter((pl.col("policy") == rule.id) & pl.col("key").is_in(dark.implode()))
    return {row["key"]: found for row in was.iter_rows(named=True) if (found := _as_it_stood(rule, row))}


def _as_it_stood(rule: Rule, row: Mapping[str, Any]) -> Found | None:
    """A flag with the evidence it had, and what its rule says now; None where it was withdrawn."""
    flag, _ = split(orjson.loads(row["flag"]), row["status"])
    if flag is None:
        return None
    said = flag | {name: getattr(rule, name) for name in ("title", "severity", "points", "fix")}
    said["topic"] = rule.topic or None
    text = orjson.dumps(said).decode()
    return Found(row["key"], rule, "broken", row["since"], row["first_seen"], None, row["shown"], said, text)


class _Teller(NamedTuple):
    """Tells what a broken rule says of deals with certain values in `columns`; the same for all of them."""

    rule: Rule
    grounds: Grounds
    columns: tuple[str, ...]

    def tell(
        self, values: tuple[Any, ...], before: tuple[date | None, date] | None, move: Move | None, how: Standing
    ) -> tuple[date, date, Mapping[str, Any], str]:
        """(Since, first seen, flag object, its JSON)."""
        row = dict(zip(self.columns, values, strict=True))
        since_then, first_seen = before or (None, row["as_of_date"])
        because = self.grounds.because(row)
        text = sentences.because_text(because, row)
        since = because.since
        if move:
            since, text = move.on, messages.moved_without(move.to_name, move.on, text, first_seen)
        elif since is None:
            since = since_then or first_seen
            text = messages.first_seen(text, since)
        said = _flag(self.rule, since, _evidence(because, row, text, SUBJECTS[self.rule.subject].facts), how)
        return since, first_seen, said, orjson.dumps(said).decode()


def _fixed(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _flag(rule: Rule, since: date, evidence: dict[str, Any], how: Standing) -> dict[str, Any]:
    """The flag object of docs/contract.md; with an excuse if it has one, and a subject other than opportunity."""
    mode = "observe" if how.excuse and how.excuse.why == "observed" else how.mode
    about = {} if SUBJECTS[rule.subject].on_record else {"subject": rule.subject}
    flag = {
        "policy": rule.id, "title": rule.title, "mode": mode, "severity": rule.severity, "points": rule.points,
        "topic": rule.topic or None, "since": since, "evidence": evidence, "fix": rule.fix, "shown": how.shown, **about,
    }  # fmt: skip
    return {**flag, "excuse": how.excuse.to_json()} if how.excuse else flag


def _evidence(because: Because, row: Row, text: str, facts: Mapping[str, Fact]) -> dict[str, Any]:
    """The evidence object: the comparison that decided the day, else the first telling one."""
    telling = [r for r in because.reasons if not r.steady and r.measure] or [r for r in because.reasons if r.measure]
    deciding = next((r for r in telling if r.since and r.since == because.since), next(iter(telling), None))
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
