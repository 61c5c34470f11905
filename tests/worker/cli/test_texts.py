"""What people read in the terminal: amounts, days and ends of runs in words, not as the store keeps them."""

from worker.cli.rollout import _cells
from worker.cli.screen.rendering import show_digest, show_runs
from worker.cli.trying import _show_diff

RUN = {
    "run_id": "20", "connection": "acme", "kind": "incremental", "as_of": "2026-11-28T09:57:00.123456+00:00",
    "outcome": "done", "policy_digest": "61a22b4c4809", "started_at": "2026-11-28T09:57:00.123456+00:00",
    "seconds": 12.5, "trigger": "beat",
}  # fmt: skip
LINE = {
    "name": "Acme",
    "amount": "15000.000000",
    "title": "Silent",
    "route": "daily",
    "text": "No touch.",
    "fix": "Call",
}


def test_a_run_that_held_something_is_not_listed_as_simply_done(capsys):
    show_runs([RUN | {"counts": {"held": 28}}, RUN | {"run_id": "21", "counts": {"held": 0}}])
    held, quiet = [line for line in capsys.readouterr().out.splitlines() if "acme" in line]
    assert "done, 28 held" in held
    assert "held" not in quiet


def test_the_digest_says_amounts_in_the_currency_of_the_connection(capsys):
    rep = {"owner": "Ann Lee", "lines": [LINE, LINE | {"amount": None}], "left_out": 1}
    show_digest({"currency": "EUR", "reps": [rep]})
    text = capsys.readouterr().out
    assert "Ann Lee: 2 deals for today, and 1 more deal" in text
    assert "amount (EUR)" in text
    assert "15,000.00 " in text


def test_a_diff_says_that_it_is_no_list_of_what_will_stand_on_records(capsys):
    row = {"id": "1", "name": "Acme", "owner": "Ann", "policy": "silent", "title": "Silent"}
    counts = {"policy": "silent", "before": 0, "after": 1, "gained": 1, "lost": 0, "unknown": 0, "cannot_judge": 0}
    _show_diff({"policies": [counts], "gained": [row], "lost": [], "unknown": []})
    assert "only observed, and deals outside a rollout, are among these" in capsys.readouterr().out.replace("\n", " ")


def test_an_approval_is_shown_to_the_minute():
    row = {"policy": "silent", "at": "2026-11-28T09:55:06.681206+00:00", "used": None}
    assert _cells(row, ("policy", "at", "used")) == ["silent", "2026-11-28 09:55 UTC", None]
