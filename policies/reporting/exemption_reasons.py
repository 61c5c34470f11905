"""Exemptions in words: why a deal carries no flag of a rule, until when, and who decided it."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

import polars as pl

from policies.judging.exemptions import mode_by_deal, waives
from policies.judging.pauses import MOST_DAYS, MOST_IN_STAGE
from policies.reporting.words import day

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from policies.files import Mode, Waiver
    from policies.judging.exemptions import Exemption
    from policies.judging.pauses import InvalidPause
    from policies.judging.rules import Rule
    from policies.judging.verdict import Verdict
    from policies.language import Condition


class ExemptionReason(NamedTuple):
    """An exemption and its last day; `text` is a sentence without its full stop."""

    why: Exemption
    until: date | None
    text: str

    def to_json(self) -> dict[str, Any]:
        """As the flag object carries it under `excuse`."""
        return self._asdict()


FIXED_TEXTS: Final[Mapping[str, str]] = {
    "off": "This rule is switched off here",
    "observed": "This rule is not switched on here yet",
    "new owner": "Its owner took it over a few days ago, and has some business days to get in touch first",
    "held": "The brake holds this flag: the rule would flag too many deals at once, and RevOps looks at it first",
}
NOT_PAUSABLE: Final = "The pause does not count: no policy here can be paused."


def exemption_reasons(verdict: Verdict, rule: Rule, keys: pl.Series) -> dict[int, ExemptionReason]:
    """The exemptions of a rule on some deals, by key."""
    if rule.exemption not in verdict.frame.columns:
        return {}
    rows = verdict.frame.select("key", "as_of_date", why=rule.exemption, team=_team(verdict)).filter(
        pl.col("key").is_in(keys.implode()) & pl.col("why").is_not_null()
    )
    waivers = _waivers(verdict, rule, rows.filter(pl.col("why") == "waived")["key"])
    first_seen = _first_seen(verdict, rule)
    found: dict[int, ExemptionReason] = {}
    for key, today, why, team in rows.iter_rows():
        match why:
            case "waived":
                found[key] = _waived(waivers[key])
            case "paused":
                found[key] = _paused(verdict.pauses.in_force[key])
            case "grace":
                found[key] = _in_grace(rule, first_seen.get(key) or today)
            case "undone":
                found[key] = ExemptionReason(why, None, verdict.undone.reasons[key])
            case "observed":
                found[key] = ExemptionReason(why, None, _not_yet(rule, team))
            case _:
                found[key] = ExemptionReason(why, None, FIXED_TEXTS[why])
    return found


def _team(verdict: Verdict) -> pl.Series:
    """Each deal's team, in the frame's order; blank where no record has one."""
    frame = verdict.wide.frame
    nobody = pl.Series("team", [None], pl.String).new_from_index(0, frame.height)
    return frame["team"] if "team" in frame.columns else nobody


def _not_yet(rule: Rule, team: str | None) -> str:
    """Why a rule is only observed on a deal; a rollout by team names the deal's team."""
    where = cast("Condition | None", rule.rollout.where) if rule.rollout else None
    if team and where and "team" in where.facts:
        return f"This rule is not switched on for team {team} yet"
    return FIXED_TEXTS["observed"]


def _waived(waiver: Waiver) -> ExemptionReason:
    reason = waiver.reason.rstrip(".")
    text = f"Waived until {day(waiver.until)} by {waiver.approved_by}: {reason}"
    return ExemptionReason("waived", waiver.until, text)


def _paused(pause: Mapping[str, Any]) -> ExemptionReason:
    text = f"Paused until {day(pause['until'])}: {pause['reason'].rstrip('.')}"
    return ExemptionReason("paused", pause["until"], text)


def _in_grace(rule: Rule, first_seen: date) -> ExemptionReason:
    until = first_seen + timedelta(days=rule.grace_days - 1)
    return ExemptionReason("grace", until, f"Left until {day(until)} to be mended before it is flagged")


def _first_seen(verdict: Verdict, rule: Rule) -> dict[int, date]:
    """The day on which each deal was first found broken, for a rule with days of grace."""
    if not rule.grace_days:
        return {}
    seen = verdict.previous.broken.filter(pl.col("policy") == rule.id)
    return dict(seen.select("key", "first_seen").iter_rows())


def modes(verdict: Verdict, rule: Rule, keys: pl.Series) -> dict[int, Mode]:
    """The mode of a rule by deal, where the rule has cases."""
    if not rule.modes:
        return {}
    here = verdict.wide.frame.filter(pl.col("key").is_in(keys.implode()))
    return dict(here.select("key", mode_by_deal(rule, verdict.wide).alias("mode")).iter_rows())


def _waivers(verdict: Verdict, rule: Rule, keys: pl.Series) -> dict[int, Waiver]:
    """By deal, the waiver of the rule that ends last."""
    if keys.is_empty():
        return {}
    here = verdict.wide.frame.filter(pl.col("key").is_in(keys.implode()))
    found: dict[int, Waiver] = {}
    mine = (waiver for waiver in verdict.waivers if waiver.policy == rule.id)
    for waiver in sorted(mine, key=lambda one: one.until, reverse=True):
        found = dict.fromkeys(here.filter(waives(waiver, verdict.wide))["key"], waiver) | found
    return found


def exemption_sentences(verdict: Verdict) -> Mapping[int, list[str]]:
    """Sentences for the record, by key: pauses, invalid pauses with their reason, and waived flags."""
    sentences: dict[int, list[str]] = defaultdict(list)
    for key, pause in verdict.pauses.in_force.items():
        sentences[key].append(f"Paused until {day(pause['until'])}." if pausable(verdict) else NOT_PAUSABLE)
    for key, invalid in verdict.pauses.invalid.items():
        sentences[key].append(f"{_invalid(invalid)}.")
    for key, sentence in _waiver_sentences(verdict):
        sentences[key].append(sentence)
    return sentences


def _invalid(pause: InvalidPause) -> str:
    """Why a pause on the record is not in force, without the full stop."""
    ended = day(pause.ended) if pause.ended else ""
    texts = {
        "no reason": "The pause does not count: it has no reason",
        "too many": f"The pause does not count: the deal was paused {MOST_IN_STAGE} times in this stage",
        "ended early": f"The pause ended on {ended}, when the deal moved or changed hands",
        "too long": f"The pause ended on {ended}: {MOST_DAYS.days} days are the most",
    }
    return texts[pause.why]


def _waiver_sentences(verdict: Verdict) -> Iterator[tuple[int, str]]:
    """Each waived flag with the end of its waiver; also where it is unknown whether the rule is broken."""
    named = {waiver.policy for waiver in verdict.waivers}
    for rule in (rule for rule in verdict.rules if rule.id in named and rule.exemption in verdict.frame.columns):
        flagged = pl.col(rule.broken).fill_null(value=True) & (pl.col(rule.exemption) == "waived")
        for key, waiver in _waivers(verdict, rule, verdict.frame.filter(flagged)["key"]).items():
            yield key, f"{rule.title}: waived until {day(waiver.until)}."


def pausable(verdict: Verdict) -> bool:
    """Whether a pause changes anything here."""
    return any(rule.pausable and rule.scored for rule in verdict.rules)
