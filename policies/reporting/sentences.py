"""Comparisons in words: what is so, since when, and the limit; never a counter of days, which changes by itself."""

from __future__ import annotations

from math import ceil, floor
from typing import TYPE_CHECKING, Any, Final

from model.facts import FACTS
from model.helpers.words import many
from model.subjects import SUBJECTS
from policies.language import DAY_COUNTS, Not, denied, in_english
from policies.reporting.day_sentences import dated, in_stage, stayed, waited
from policies.reporting.since import AGEING, limit_of
from policies.reporting.words import day, label, limit_text, low, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from policies.language import Measure, Truth
    from policies.reporting.explanation import Because, Reason
    from policies.reporting.since import Row

CLOCKS: Final = {one.name: one.clock for subject in SUBJECTS.values() for one in subject.facts.values() if one.clock}
BOUNDS: Final = {">": "over {}", ">=": "at least {}", "<": "under {}", "<=": "at most {}"}
TIMES: Final = {
    "pushes": "Close date pushed {}",
    "pushes_over_month_end": "Close date pushed over a month's end {}",
}
"""Facts that count how often something happened."""
FLAGGED: Final = {
    ">=": "; flagged from {} on", ">": "; flagged above {}", "<": "; flagged below {}", "<=": "; flagged up to {}",
}  # fmt: skip
TOUCHES: Final = {"<": "Fewer than", "<=": "At most", "=": "Exactly", ">": "More than", ">=": "At least"}
YES_NO: Final = {
    ("has_next_step", False): "No next step written in this stage, no open task, no meeting ahead",
    ("has_next_step", True): "There is a next step",
    ("owner_is_active", False): "Its owner has left and can no longer log in",
    ("has_economic_buyer", False): "No contact has the role of economic buyer",
    ("has_champion", False): "No contact has the role of champion",
    ("has_economic_buyer", True): "There is an economic buyer",
    ("has_champion", True): "There is a champion",
    ("touched", False): "Never touched since it was created or re-opened",
    ("next_step_copied", True): "The next step is also on another open deal of the owner, or older than the stage",
}
"""Sentences for yes/no facts that Sluicegate works out itself."""
LACKING: Final = {
    "has_next_step": "a next step", "has_economic_buyer": "an economic buyer", "has_champion": "a champion",
    "touched": "a touch",
}  # fmt: skip
"""What is missing where a yes/no fact is false."""
ENDS: Final = ("' is not ticked", "' is ticked")


def because_text(because: Because, row: Row, labels: Mapping[str, str]) -> str:
    """A sentence for each reason; steady reasons only where there are no others, and nothing twice."""
    reasons = [r for r in because.reasons if not r.steady] or list(because.reasons)
    texts = list(dict.fromkeys(sentence(r, row, labels) for r in reasons))
    kept = [text for text in texts if not any(other.startswith(f"{text},") for other in texts)]
    return " ".join(f"{text}." for text in _together(kept))


def _together(texts: Sequence[str]) -> Iterator[str]:
    """Fields that are ticked in one sentence, and those that are not in another."""
    shared = {end: [text.removesuffix(end) for text in texts if text.endswith(end)] for end in ENDS}
    done: set[str] = set()
    for text in texts:
        end = next((end for end, names in shared.items() if text.endswith(end) and len(names) > 1), "")
        if not end:
            yield text
        elif end not in done:
            done.add(end)
            *most, last = (f"{name}'" for name in shared[end])
            yield f"{', '.join(most)} and {last}{end[1:].replace(' is ', ' are ')}"


def lacking(because: Because, row: Row, labels: Mapping[str, str], tree: Truth) -> str | None:
    """What an unmet criterion lacks, as nouns: `amount and a champion`; None where nouns do not say it."""
    nouns = [_noun(r.measure, row, labels) for r in because.reasons]
    if not nouns or not all(nouns):
        return None
    *most, last = dict.fromkeys(noun for noun in nouns if noun)
    joint = "or" if getattr(tree, "word", "and") == "or" else "and"
    return f"{', '.join(most)} {joint} {last}" if most else last


def _noun(measure: Measure | None, row: Row, labels: Mapping[str, str]) -> str | None:
    if measure is None:
        return None
    fact, value = measure.fact, row.get(measure.fact)
    if isinstance(measure.limit, bool):
        return None if value else label(fact, labels) if fact in labels else LACKING.get(fact) or low(label(fact))
    if value is None:
        return low(label(fact, labels))
    if fact == "contact_count" and measure.operator in {"<", "<="}:
        return f"{many(_needed(measure, row), 'contact')} (now {int(value)})"
    return None


def sentence(reason: Reason, row: Row, labels: Mapping[str, str]) -> str:
    """One comparison that holds, without the full stop."""
    measure = reason.measure
    if measure is None:
        node = reason.leaf.node if row.get(reason.leaf.column) is not False else Not(reason.leaf.node)
        text = in_english(node)
        return f"{text[0].upper()}{text[1:]}"
    name, value = _field(measure.fact, labels), row.get(measure.fact)
    if isinstance(measure.limit, bool):
        return _yes_no(measure.fact, bool(value), row, labels)
    if value is None:
        return f"{name} is blank"
    if measure.function in DAY_COUNTS and measure.limit is not None:
        return dated(measure, value, reason.since, row, name)
    if measure.fact in AGEING | CLOCKS.keys() | {"stage", "stage_order"}:
        return _timed(measure, reason.since, row)
    return _compared(measure, value, row, name)


def _field(fact: str, labels: Mapping[str, str]) -> str:
    """A fact's name; in quotes where it is a field that the policy file declares and not a word of this text."""
    known = fact in FACTS or any(fact in subject.facts for subject in SUBJECTS.values())
    return label(fact, labels) if known or fact in labels else f"'{label(fact)}'"


def _timed(measure: Measure, since: date | None, row: Row) -> str:
    """A comparison of the stage, of the days in it, or of the hours that a lead waits."""
    if measure.fact in AGEING:
        return stayed(measure, since, row)
    if measure.fact in CLOCKS:
        return waited(measure, row.get(CLOCKS[measure.fact]), since, row)
    entered = row.get("stage_since")
    return f"{in_stage(row)} since {day(entered)}" if entered else in_stage(row)


def _yes_no(fact: str, value: bool, row: Row, labels: Mapping[str, str]) -> str:
    due = row.get("next_step_due")
    if fact == "has_next_step" and not value and due and due < row["as_of_date"]:
        return f"The next step was due on {day(due)}"
    if fact not in labels and (fact, value) in YES_NO:
        return YES_NO[fact, value]
    if fact in labels or fact not in FACTS or "mapping" in FACTS[fact].needs:
        name = label(fact, labels) if fact in labels else f"'{label(fact)}'"
        return f"{name} is {'ticked' if value else 'not ticked'}"
    return label(fact) if value else denied(fact).capitalize()


def _compared(measure: Measure, value: Any, row: Row, name: str) -> str:
    limit, operator = limit_of(measure, row), measure.operator
    if measure.fact == "touches_30d" and operator in TOUCHES:
        return f"{TOUCHES[operator]} {limit_text(limit)} touches in the last 30 days"
    if measure.function == "length" and operator in BOUNDS:
        return f"{name} {shown(value)} is {BOUNDS[operator].format(limit_text(limit))} characters long"
    if measure.fact == "contact_count" and not isinstance(limit, tuple):
        return _contacts(measure, value, row)
    if measure.fact in TIMES:
        return _times(operator, limit, TIMES[measure.fact].format(many(int(value), "time")))
    if operator in BOUNDS:
        joint = " is " if name.endswith("'") else " "
        return f"{name}{joint}{shown(value)}{FLAGGED[operator].format(limit_text(limit))}"
    return _alike(operator, value, limit, name)


def _contacts(measure: Measure, value: int, row: Row) -> str:
    count = f"{many(int(value), 'contact') if value else 'No contact'} on the deal"
    limit, operator = limit_of(measure, row), measure.operator
    if operator in {"<", "<="}:
        needed = _needed(measure, row)
        return f"{count}; at least {needed} {'is' if needed == 1 else 'are'} needed"
    if operator == ">":
        return f"{count}; at most {limit_text(limit)} {'is' if limit == 1 else 'are'} expected"
    return f"{count}, {BOUNDS[operator].format(limit_text(limit))}" if operator in BOUNDS else count


def _needed(measure: Measure, row: Row) -> int:
    """The smallest count that is not under the limit."""
    limit = limit_of(measure, row)
    return int(ceil(limit) if measure.operator == "<" else floor(limit) + 1)


def _times(operator: str, limit: Any, times: str) -> str:
    if operator in FLAGGED:
        return f"{times}{FLAGGED[operator].format(limit_text(limit))}"
    return f"{times}, between {limit[0]} and {limit[1]}" if operator == "between" else times


def _alike(operator: str, value: Any, limit: Any, name: str) -> str:
    """A comparison of equality, of membership, or with both ends of a range."""
    choices = " or ".join(map(shown, limit)) if isinstance(limit, tuple) else shown(limit)
    match operator:
        case "between" | "not between":
            return f"{name} {shown(value)}, {operator} {shown(limit[0])} and {shown(limit[1])}"
        case "is blank":  # a filler, which counts as blank
            return f"{name} says only {shown(value)}"
        case "contains":
            return f"{name} {shown(value)} contains {choices}"
        case "does not contain":
            return f"{name} {shown(value)} without {choices}"
        case "=" | "in" | "is not blank":
            return f"{name} is {shown(value)}"
        case _:
            return f"{name} is {shown(value)}, not {choices}"
