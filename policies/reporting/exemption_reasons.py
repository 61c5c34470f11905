"""Excuses told: why each excused deal carries no flag of a rule, until when, and on whose word."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import polars as pl

from policies.judging.exemptions import mode_on, waives
from policies.reporting.sentences import day

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from policies.files import Mode, Waiver
    from policies.judging.exemptions import Excuse
    from policies.judging.rules import Rule
    from policies.judging.verdict import Verdict


class Excused(NamedTuple):
    """An excuse and how long it holds; `text` is a sentence without its full stop."""

    why: Excuse
    until: date | None
    text: str

    def to_json(self) -> dict[str, Any]:
        """As the flag object carries it."""
        return self._asdict()


def excused(verdict: Verdict, rule: Rule, keys: pl.Series) -> dict[int, Excused]:
    """The excuses of a rule on some deals, by key."""
    if rule.excuse not in verdict.frame.columns:
        return {}
    rows = verdict.frame.select("key", why=rule.excuse).filter(
        pl.col("key").is_in(keys.implode()) & pl.col("why").is_not_null()
    )
    teller = _Teller(verdict, rule, rows.filter(pl.col("why") == "waived")["key"])
    return {key: teller.tell(key, why) for key, why in rows.iter_rows()}


def modes(verdict: Verdict, rule: Rule, keys: pl.Series) -> dict[int, Mode]:
    """The mode of a rule on the deals where its cases give it another one than its own."""
    if not rule.modes:
        return {}
    here = verdict.wide.frame.filter(pl.col("key").is_in(keys.implode()))
    return dict(here.select("key", mode_on(rule, verdict.wide).alias("mode")).iter_rows())


class _Teller:
    """Tells the excuses of one rule."""

    def __init__(self, verdict: Verdict, rule: Rule, waived: pl.Series) -> None:
        self.verdict, self.rule = verdict, rule
        self.waivers = _waivers(verdict, rule, waived) if waived.len() else {}
        seen = verdict.memory.broken.filter(pl.col("policy") == rule.id)
        self.first_seen: dict[int, date] = dict(seen.select("key", "first_seen").iter_rows()) if rule.grace_days else {}

    def tell(self, key: int, why: Excuse) -> Excused:
        """Why one deal is excused."""
        match why:
            case "waived":
                waiver = self.waivers[key]
                by = f"Waived until {day(waiver.until)} by {waiver.approved_by}: {waiver.reason.rstrip('.')}"
                return Excused(why, waiver.until, by)
            case "paused":
                pause = self.verdict.paused.in_force[key]
                said = f"Paused until {day(pause['until'])}: {pause['reason'].rstrip('.')}"
                return Excused(why, pause["until"], said)
            case "grace":
                return self._grace(key)
            case _:
                return Excused(why, None, SAID[why])

    def _grace(self, key: int) -> Excused:
        seen = self.first_seen.get(key) or self.today[key]
        until = seen + timedelta(days=self.rule.grace_days - 1)
        return Excused("grace", until, f"Left until {day(until)} to be mended before it is flagged")

    @property
    def today(self) -> Mapping[int, date]:
        """Each deal's own day."""
        return dict(self.verdict.frame.select("key", "as_of_date").iter_rows())


SAID: Final[Mapping[str, str]] = {
    "observed": "Only observed on this deal: its policy is not rolled out here",
    "new owner": "Its owner is new, and has some business days to get in touch first",
    "held": "Held back: its policy would flag too many deals at once; a person looks at it first",
}


NOT_PAUSABLE: Final = "The pause does not count: no policy here can be paused."


def _waivers(verdict: Verdict, rule: Rule, keys: pl.Series) -> dict[int, Waiver]:
    """Of the waivers of the rule that excuse each deal the one that ends last."""
    here = verdict.source.filter(pl.col("key").is_in(keys.implode()))
    found: dict[int, Waiver] = {}
    mine = (waiver for waiver in verdict.waivers if waiver.policy == rule.id)
    for waiver in sorted(mine, key=lambda one: one.until, reverse=True):
        found = dict.fromkeys(here.filter(waives(waiver, verdict.wide))["key"], waiver) | found
    return found


def on_record(verdict: Verdict) -> Mapping[int, list[str]]:
    """Sentences for the record, by key: pauses, why one does not count, and what is waived."""
    told: dict[int, list[str]] = defaultdict(list)
    for key, pause in verdict.paused.in_force.items():
        told[key].append(f"Paused until {day(pause['until'])}." if pausable(verdict) else NOT_PAUSABLE)
    for key, why in verdict.paused.refused.items():
        told[key].append(f"{why}.")
    for key, sentence in _waived(verdict):
        told[key].append(sentence)
    return told


def _waived(verdict: Verdict) -> Iterator[tuple[int, str]]:
    """Each waived flag with the end of its waiver; also where nobody can read whether it would be one."""
    named = {waiver.policy for waiver in verdict.waivers}
    for rule in (rule for rule in verdict.rules if rule.id in named and rule.excuse in verdict.frame.columns):
        flagged = pl.col(rule.broken).fill_null(value=True) & (pl.col(rule.excuse) == "waived")
        for key, waiver in _waivers(verdict, rule, verdict.frame.filter(flagged)["key"]).items():
            yield key, f"{rule.title}: waived until {day(waiver.until)}."


def deals(verdict: Verdict) -> frozenset[int]:
    """Deals with a pause in force or a waived flag."""
    waived = {found.key for found in verdict.found if found.excuse == "waived"} if verdict.waivers else set()
    return frozenset(verdict.paused.in_force if pausable(verdict) else ()) | waived


def pausable(verdict: Verdict) -> bool:
    """Whether a pause changes anything here."""
    return any(rule.pausable and rule.scored for rule in verdict.rules)
