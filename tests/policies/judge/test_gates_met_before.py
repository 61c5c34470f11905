"""What later runs keep of gates: met late, taken back, lost. A criterion once met stays met."""

from tests.policies.judge import views
from tests.policies.judge.gates import PAIN, breaches, broken, gate, judged


def test_a_breach_met_late_is_off_the_record_and_remembered_with_its_days():
    history = ("2026-11-01 discovery", "2026-11-05 proposal")
    first = judged(*history, facts={"pain_identified": False}, on="2026-11-06")
    then = judged(*history, previous=views.previous(first), on="2026-11-09")
    row = then.breaches().filter(criterion=PAIN).row(0, named=True)
    assert (broken(then), gate(then), row["ended"]) == ([], "ready", "met_late")
    assert (row["met_on"] - row["moved_at"].date()).days == 4


def test_once_met_it_stays_met_though_the_fact_goes_away():
    history = ("2026-11-01 discovery", "2026-11-05 proposal")
    first = judged(*history, on="2026-11-06")
    then = judged(*history, facts={"pain_identified": False}, previous=views.previous(first), on="2026-11-09")
    assert (broken(then), breaches(then)) == ([], breaches(first))


def test_once_met_it_stays_met_after_going_back_and_forward_again():
    history = ("2026-11-01 discovery", "2026-11-05 proposal")
    first = judged(*history, on="2026-11-06")
    again = (*history, "2026-11-10 discovery", "2026-11-12 proposal")
    then = judged(*again, facts={"pain_identified": False}, previous=views.previous(first))
    assert broken(then) == []
    back = judged(*again[:3], facts={"pain_identified": False}, previous=views.previous(first))
    assert gate(back) == "ready"


def test_what_was_true_before_the_move_only_does_not_count():
    first = judged("2026-11-01 discovery", on="2026-11-02")
    missed = {"pain_identified": False}
    then = judged("2026-11-01 discovery", "2026-11-05 proposal", facts=missed, previous=views.previous(first))
    assert broken(then) == [PAIN]


def test_a_breach_taken_back_is_off_the_record_and_stays_remembered():
    history = ("2026-11-01 discovery", "2026-11-05 proposal")
    missed = {"pain_identified": False}
    first = judged(*history, facts=missed, on="2026-11-06")
    then = judged(*history, "2026-11-08 discovery", facts=missed, previous=views.previous(first))
    assert (broken(then), [row for row in breaches(then) if row[0] == PAIN]) == ([], [(PAIN, None, "taken_back")])


def test_each_binding_move_that_was_judged_has_its_own_row():
    history = ("2026-11-01 discovery", "2026-11-05 proposal")
    missed = {"pain_identified": False}
    first = judged(*history, facts=missed, on="2026-11-06")
    then = judged(*history, "2026-11-08 discovery", "2026-11-09 proposal", facts=missed, previous=views.previous(first))
    assert [row for row in breaches(then) if row[0] == PAIN] == [(PAIN, None, "taken_back"), (PAIN, None, None)]


def test_loss_keeps_the_breach_open_in_memory():
    history = ("2026-11-01 discovery", "2026-11-05 proposal")
    missed = {"pain_identified": False}
    first = judged(*history, facts=missed, on="2026-11-06")
    then = judged(*history, "2026-11-08 lost", facts=missed, previous=views.previous(first))
    assert (PAIN, None, None) in breaches(then)


def test_an_unknown_is_not_remembered_as_judged():
    v = judged("2026-11-01 discovery", "2026-11-05 proposal", facts={"pain_identified": "unknown"})
    assert PAIN not in {row[0] for row in breaches(v)}


def test_a_deal_that_changes_its_process_and_comes_back_keeps_what_it_met():
    history = ("2026-11-01 discovery", "2026-11-05 proposal")
    first = judged(*history, on="2026-11-06")
    away = judged(*history, previous=views.previous(first), process="other", on="2026-11-08")
    back = judged(*history, facts={"pain_identified": False}, previous=views.previous(away))
    assert (broken(away), broken(back)) == ([], [])
