"""How deals, explanations and runs look to people."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from model.helpers.words import many
from policies.reporting.finding import needs_attention
from policies.reporting.messages import NOT_JUDGED, with_title
from policies.reporting.words import day, low
from worker.cli.common import table, tell
from worker.cli.screen.columns import Column, show_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

TIMES = ("as_of", "started_at", "ended_at")


def show_digest(found: dict[str, Any]) -> None:
    """Each rep's lines of today."""
    columns = ("deal", f"amount ({found['currency']})", "flag", "sent", "why", "what to do")
    for rep in found["reps"]:
        rows = [[line["name"], money(line["amount"]), *_of_line(line)] for line in rep["lines"]]
        more = f", and {many(rep['left_out'], 'more deal')}" if rep["left_out"] else ""
        table(f"{rep['owner']}: {many(len(rows), 'deal')} for today{more}", columns, rows)
    if not found["reps"]:
        tell("No deal carries a flag.")


def _of_line(line: dict[str, Any]) -> tuple[str, ...]:
    """Flag, when it is sent, why and what to do; no reason where it says what the title says."""
    title, why = line["title"], line["text"]
    alone = f"{title.rstrip('.')}."
    return title, line["route"], "" if with_title(title, why) == alone else why, line["fix"]


def show_explanation(found: dict[str, Any]) -> None:
    """A deal's verdict in sentences."""
    show_verdict(found)
    if not found["activities"]:
        tell("No activity is known.")
        return
    activities = [(moment(a["when"]), a["kind"], a["counts"]) for a in found["activities"]]
    table("Activities", ("when", "kind", "counts"), activities)


def show_verdict(found: dict[str, Any]) -> None:
    """The deal, its ledger, flags, and what it lacks to move on."""
    deal = found["deal"]
    tell(f"{deal['name']} ({deal['id']}), {deal['stage']}, owner {deal['owner'] or 'nobody'}")
    if worth := ", ".join(_worth(deal)):
        tell(worth)
    lines = [(line["text"], line["points"]) for line in found["ledger"]]
    table("Score", ("line", "points"), [*lines, ("score", deal["score"])])
    for line in verdict_lines(deal):
        tell(f"- {line}")
    if "undone" in deal:
        tell(f"Its record waits: {low(deal['undone'])}")
    gate, checked = deal.get("gate") or {}, found.get("checked")
    if gate.get("status") == "unknown" and not gate["unknown"]:
        tell(f"The gate is unknown: {_unclaimed(checked, deal['stage'])}")
    if checked:
        tell(f"Checked: {' '.join(checked)}")
    if deal["missing"]:
        tell(f"Before it can move on: {'; '.join(deal['missing'])}.")
    if gate.get("status") == "ready":
        tell("Nothing is missing for the next stage.")


def _worth(deal: dict[str, Any]) -> Iterator[str]:
    """The deal's amount and close date."""
    if deal.get("amount"):
        yield f"{money(deal['amount'])} {deal['currency'] or ''}".rstrip()
    if deal.get("close_date"):
        yield f"closes {day(date.fromisoformat(deal['close_date']))}"


def verdict_lines(deal: dict[str, Any]) -> Iterator[str]:
    """A line for each neglect, for each flag that is not on the record, and for each rule that cannot be judged."""
    from worker.usecases.answers import neglects

    for _, flag, also in neglects(deal["flags"]):
        yield f"{_with_fix(flag)}{also}"
    for flag in (flag for flag in deal["flags"] if not needs_attention(flag)):
        yield f"{reason(flag)} {off_record(flag)}"
    for unknown in deal["unknown"]:
        why = unknown["why"]
        yield why if why.startswith(NOT_JUDGED) else f"{NOT_JUDGED}: {unknown['policy']}. {why}"


def reason(flag: dict[str, Any]) -> str:
    """What is so, since when, and the limit; the title only where the reason does not say it."""
    text = str(flag["evidence"]["text"])
    return text if "/" in flag["policy"] else with_title(flag["title"], text)


def _with_fix(flag: dict[str, Any]) -> str:
    """A reason, when it was first seen, and what to do."""
    seen = date.fromisoformat(str(flag["since"])[:10]) if flag.get("since_from") == "first_seen" else None
    first = f" First seen on {day(seen)}." if seen else ""
    return f"{reason(flag)}{first} To clear it: {flag['fix'].rstrip('.')}."


def _unclaimed(checked: list[str] | None, stage: str) -> str:
    """Why no process binds a deal. `checked`: the value of the record's field of that name, None if it was not kept."""
    from policies.reporting.deal_detail import UNCLAIMED

    if why := next((text for text in checked or () if text in UNCLAIMED.values()), ""):
        return f"{why[0].lower()}{why[1:]}"
    none = "no process claims the deal, or the one that does" if checked is None else "the process that claims the deal"
    return f"{none} names no stage '{stage}'."


def show_decision(found: dict[str, Any]) -> None:
    """A past verdict, with the policies of its flags as they were then."""
    from policies.files import entry_texts

    decision = found["decision"]
    by = decision["policy_digest"] or "an unknown digest"
    tell(f"As judged on {moment(decision['as_of'])} by run {decision['run_id']} under policies {by}:")
    show_verdict(found)
    if not decision["policies"]:
        tell("The text of these policies was not kept.")
    written = entry_texts(decision["policies"])
    for flag in found["deal"]["flags"]:
        if flag["policy"] in written:
            tell(f"\n{flag['policy']} at that time:\n{written[flag['policy']]}")


def off_record(flag: dict[str, Any]) -> str:
    """Why a flag is not on the record."""
    excuse = flag.get("excuse")
    if "subject" in flag:
        return f"Not shown: this rule is about a {flag['subject']}; its record carries no flag."
    return f"Not shown: {low(excuse['text'])}." if excuse else "Not shown: this rule is only observed."


RUN: Final = (
    Column("run", right=True), Column("connection", 8), Column("kind", drop=2), Column("started (UTC)"),
    Column("seconds", right=True, brief="secs"), Column("trigger", drop=3), Column("outcome", 18), Column("done", 36),
)  # fmt: skip


def show_runs(listed: list[dict[str, Any]]) -> None:
    """A line a run, the newest first."""
    if listed:
        show_lines(many(len(listed), "run"), RUN, map(_run, listed), complete="--json")
    else:
        tell("No run yet; `sluicegate run NAME` makes the first. A dry run is not kept.")


def _run(run: dict[str, Any]) -> tuple[str, ...]:
    """A row of `runs`."""
    began = moment(run["started_at"] or run["as_of"]).removesuffix(" UTC")
    took = "" if run["seconds"] is None else f"{run['seconds']:,.1f}"
    parts = (run["run_id"], run["connection"], run["kind"], began, took, run["trigger"] or "")
    return (*parts, _undone(run) or _end(run["outcome"], run["counts"]), _done(run["counts"]))


def _undone(run: dict[str, Any]) -> str:
    """By which run it was undone, in place of how it ended."""
    return f"undone by run {run['undone_by']['run']}" if "undone_by" in run else ""


def _end(outcome: str, counts: dict[str, Any]) -> str:
    """How a run ended, what waits for a person, and the trouble that began or ended with it."""
    held, trouble = counts.get("held"), counts.get("trouble") or {}
    parts = [f"{outcome}, {held} held" if held else outcome]
    parts += [f"undid run {counts['undo']['run']}"] if counts.get("undo") else []
    parts += [f"new trouble: {one}" for one in trouble.get("begun", ()) if not one.endswith(outcome)]
    parts += [f"no more: {one}" for one in trouble.get("ended", ())]
    return "; ".join(parts)


def _done(counts: dict[str, Any]) -> str:
    """What a run read, judged and wrote, in a few words."""
    outcomes, patches = counts.get("outcomes", {}), counts.get("patches")
    read = "pulled" if counts.get("pulled") else "deals"
    told = {read: counts.get(read)}
    told |= {} if patches == outcomes.get("written") else {"patches": patches}
    told |= {"written": outcomes.get("written"), "calls": counts.get("calls")}
    lasting = len((counts.get("trouble") or {}).get("lasting", ()))
    return ", ".join(f"{n:,} {what}" for what, n in (told | {"lasting troubles": lasting}).items() if n)


def show_run(found: dict[str, Any]) -> None:
    """A run and what it counted; of its parts only what is not nothing."""
    own = {key: moment(value) if key in TIMES else value for key, value in found.items() if key != "counts" and value}
    counted = {key: value for key, value in found["counts"].items() if value and key not in found}
    rows = [(what.replace("_", " "), _plain(value)) for what, value in (own | counted).items() if value != ""]
    table(f"Run {found['run_id']}", ("what", "value"), rows)


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return ", ".join(f"{key.replace('_', ' ')} {part}" for key, part in value.items() if part) or "none"
    if isinstance(value, list):
        return "\n".join(str(_plain(part)) for part in value)
    return value


def money(text: str | None) -> str:
    """An amount with its thousands parted, to the hundredth; nothing where it is not known."""
    return "" if text is None else f"{Decimal(text):,.2f}"


def moment(text: str) -> str:
    """An ISO instant to the minute; any other text, a day included, unchanged."""
    if len(text) <= len("2026-11-29"):
        return text
    try:
        return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M %Z}".strip()
    except ValueError:
        return text
