"""`policies diff|replay|tune`: try policies on deals before anybody sees a flag."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from worker.cli.common import Json, asked, say, table, tell
from worker.cli.policies import Connection, From, Paths, To, policies
from worker.cli.screen.rendering import moment

PolicyPath = Annotated[Path, typer.Argument(help="a policy file or folder")]
NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{1,6})?")
"""A number as conditions take it."""
FIGURES = (
    "judged", "flags", "deals", "later lost / slipped / won", "share lost (95 %)", "lift (95 %)", "days of warning",
    "flags a rep and week",
)  # fmt: skip
TITLES = {
    "gained": "Would gain a flag",
    "lost": "Would lose a flag",
    "unknown": "Could no longer be judged: the flag would stay for now",
}
ON_RECORD = (
    "Policies that are only observed, and deals outside a rollout, are among these. What would stand on records: "
    "switch the files over, then `sluicegate run NAME --dry-run` and `sluicegate push NAME --preview changes.csv`."
)
SHOWN = ("id", "name", "owner", "policy", "title")


def add_to(_app: typer.Typer) -> None:
    """The commands below belong to `policies`."""


@policies.command()
def diff(
    context: typer.Context, old: PolicyPath, new: PolicyPath, connection: Connection, as_json: Json = False
) -> None:
    """Show which deals would gain and lose flags under NEW, judged from the store. Writes nothing.

    Example: sluicegate policies diff policies/ drafts/ --connection acme
    """
    from worker.usecases.diff import diff as flow
    from worker.wiring import read_policy_files

    services = asked(context).services(quiet=as_json)
    answer = flow(services, connection, read_policy_files([old]), read_policy_files([new]))
    say(answer, as_json, lambda: _show_diff(answer))


@policies.command()
def replay(
    context: typer.Context, path: PolicyPath, connection: Connection, first: From = None, last: To = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Judge past days with what was known then, and show how the flagged deals ended.

    Example: sluicegate policies replay policies/ --connection acme --from 2025-11-01 --to 2026-10-31
    """
    from worker.usecases.replay import replay as flow
    from worker.wiring import read_policy_files

    services = asked(context).services(quiet=as_json)
    answer = flow(services, connection, read_policy_files([path]), _day(first), _day(last))
    say(answer, as_json, lambda: _show_replay(answer, "policy"))


@policies.command()
def tune(
    context: typer.Context, policy: Annotated[str, typer.Argument(help="the policy's id")], connection: Connection,
    over: Annotated[str, typer.Option("--over", metavar="N,N,…", help="limits to try")],
    path: Paths = None,
    first: From = None, last: To = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Replay one policy with each of these limits, so that evidence can choose the limit.

    Example: sluicegate policies tune no-activity --over 7,10,14,21,30 --connection acme
    """
    from worker.usecases.replay import tune as flow
    from worker.wiring import policy_texts, read_policy_files

    services = asked(context).services(quiet=as_json)
    texts = read_policy_files(path) if path else policy_texts(services.settings)
    answer = flow(services, connection, texts, policy, _limits(over), _day(first), _day(last))
    say(answer, as_json, lambda: _show_tuning(answer))


def _day(text: datetime | None) -> date | None:
    return None if text is None else text.date()


def _limits(text: str) -> list[Decimal]:
    from model.errors import SettingsProblem

    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts or not all(map(NUMBER.fullmatch, parts)) or len(set(map(Decimal, parts))) < len(parts):
        raise SettingsProblem(f"--over takes numbers, each once, such as 7,14,30 or 1.5,2; {text!r} is not that.")
    return [Decimal(part) for part in parts]


def _show_tuning(answer: dict[str, Any]) -> None:
    turns = answer["turns"]
    tell(f"{answer['policy']}: each limit stands for the {turns['number']} in `{turns['in']}`.")
    _show_replay(answer, "limit")


def _show_replay(answer: dict[str, Any], by: str) -> None:
    title = f"{answer['from']} to {answer['to']}: {answer['deal_days']:,} days of open deals"
    table(title, (by, *FIGURES), [(row[by], *_figures(row)) for row in answer["policies"]])
    dark = [(row["policy"], ", ".join(row["facts"]), *_since(row)) for row in answer["no_past"]]
    if dark:
        columns = ("policy", "facts without a past", "recorded since", "why else")
        table("Cannot be judged on any of these days", columns, dark)
    for row in answer.get("not_replayed", ()):
        tell(f"Not replayed: {row['policy']}, for {row['why']}.")
    if answer["dormant"]:
        tell(f"Dormant here, no field is mapped: {', '.join(answer['dormant'])}")


def _since(row: dict[str, Any]) -> tuple[str, str]:
    """Since when the facts are recorded, where it is for want of these; and what else keeps a policy dark."""
    return moment(row["recorded_since"] or "") if row["facts"] else "", row["why"] or ""


def _figures(row: dict[str, Any]) -> list[str]:
    share = "never applied" if row["judged_share"] is None else f"{row['judged_share']:.0%}"
    if row["judged_share"] is not None and not row["enough_history"]:
        share += ": not enough history"
    warning, weekly = row["median_warning_days"], row["flags_per_rep_week"]
    return [
        share, f"{row['flags']:,}", f"{row['deals_flagged']:,}",
        " / ".join(f"{row[name]:,}" for name in ("lost", "slipped", "won")),
        _interval(row["precision"]), _interval(row["lift"]),
        "" if warning is None else f"{warning:g}", "" if weekly is None else f"{weekly:.2f}",
    ]  # fmt: skip


def _interval(found: dict[str, float] | None) -> str:
    return "" if found is None else f"{found['value']:.2f} ({found['low']:.2f} to {found['high']:.2f})"


def _show_diff(answer: dict[str, Any]) -> None:
    counts = [tuple(row.values()) for row in answer["policies"] if any(list(row.values())[1:])]
    table("Flagged", ("policy", "before", "after", "gained", "lost", "held", "cannot be judged"), counts)
    for kind, title in TITLES.items():
        if rows := answer[kind]:
            table(title, SHOWN, [[row[name] for name in SHOWN] for row in rows])
    changed = any(answer[kind] for kind in TITLES)
    tell(ON_RECORD if changed else "Nothing would gain or lose a flag.")
