"""How deals, explanations and runs look to people."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from model.helpers.words import many
from policies.reporting.finding import needs_attention
from worker.cli.common import table, tell

LINE = ("title", "route", "text", "fix")
TIMES = ("as_of", "started_at", "ended_at")


def show_deals(found: list[dict[str, Any]]) -> None:
    """A row a deal, its flags below each other, worst first."""
    rows = [
        (
            deal["id"], deal["name"], deal["stage"], deal["owner"],
            deal["score"] if deal["score"] is not None else deal["score_reason"],
            (deal["gate"] or {}).get("status"),
            flag_lines(deal["flags"]),
        )
        for deal in found
    ]  # fmt: skip
    table(many(len(rows), "deal"), ("id", "name", "stage", "owner", "score", "gate", "flags"), rows)


def show_digest(found: dict[str, Any]) -> None:
    """Each rep's lines of today."""
    columns = ("deal", f"amount ({found['currency']})", "flag", "when", "why", "what to do")
    for rep in found["reps"]:
        rows = [[line["name"], money(line["amount"]), *(line[c] for c in LINE)] for line in rep["lines"]]
        more = f", and {many(rep['left_out'], 'more deal')}" if rep["left_out"] else ""
        table(f"{rep['owner']}: {many(len(rows), 'deal')} for today{more}", columns, rows)
    if not found["reps"]:
        tell("No deal carries a flag.")


def show_leads(found: list[dict[str, Any]]) -> None:
    """A row a lead, its flags below each other."""
    rows = [
        (
            lead["id"], lead["name"], lead["company"], lead["status"], lead["owner"], flag_lines(lead["flags"]),
        )
        for lead in found
    ]  # fmt: skip
    table(many(len(rows), "lead"), ("id", "name", "company", "status", "owner", "flags"), rows)


def flag_lines(flags: list[dict[str, Any]]) -> str:
    """A line for each flag that people should look at."""
    return "\n".join(f"{flag['title']}: {flag['evidence']['text']}" for flag in flags if needs_attention(flag))


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
    lines = [(line["text"], line["points"]) for line in found["ledger"]]
    table("Score", ("line", "points"), [*lines, ("score", deal["score"])])
    for flag in deal["flags"]:
        tell(f"- {flag['title']}{off_record(flag)}: {flag['evidence']['text']} To clear it: {flag['fix']}.")
    for unknown in deal["unknown"]:
        tell(f"- {unknown['policy']} could not be judged: {unknown['why']}")
    gate, checked = deal.get("gate") or {}, found.get("checked")
    if gate.get("status") == "unknown" and not gate["unknown"]:
        tell(f"The gate is unknown: {_unclaimed(checked, deal['stage'])}")
    if checked:
        tell(f"Checked: {' '.join(checked)}")
    if deal["missing"]:
        tell(f"Before it can move on: {'; '.join(deal['missing'])}.")


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
    """In brackets why a flag is not on the record; nothing where it is."""
    if flag["shown"]:
        return ""
    if "subject" in flag:
        return f" (about a {flag['subject']}, so not on the record)"
    excuse = flag.get("excuse")
    return f" (not on the record: {excuse['text']})" if excuse else " (observed only, not on the record)"


def show_runs(listed: list[dict[str, Any]]) -> None:
    """A row a run, the newest first."""
    columns = ("run", "connection", "kind", "started", "seconds", "trigger", "outcome", "done")
    table("Runs", columns, [_run(run) for run in listed])


def _run(run: dict[str, Any]) -> tuple[object, ...]:
    """A row of `runs`."""
    began = moment(run["started_at"] or run["as_of"])
    parts = (run["run_id"], run["connection"], run["kind"], began, run["seconds"], run["trigger"])
    return (*parts, _end(run["outcome"], run["counts"]), _done(run["counts"]))


def _end(outcome: str, counts: dict[str, Any]) -> str:
    """How a run ended, what waits for a person, and the trouble that began or ended with it."""
    held, trouble = counts.get("held"), counts.get("trouble") or {}
    lines = [f"{outcome}, {held} held" if held else outcome]
    lines += [f"new trouble: {one}" for one in trouble.get("begun", ()) if not one.endswith(outcome)]
    lines += [f"no more: {one}" for one in trouble.get("ended", ())]
    return "\n".join(lines)


def _done(counts: dict[str, Any]) -> str:
    """What a run read, judged and wrote, in a few words."""
    told = {name: counts.get(name) for name in ("pulled", "deals", "patches")}
    told |= {"written": counts.get("outcomes", {}).get("written"), "calls": counts.get("calls")}
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
    """An ISO instant to the minute; any other text unchanged."""
    try:
        return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M %Z}".strip()
    except ValueError:
        return text
