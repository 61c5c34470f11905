"""The order of the faults: a run that was cut goes on with the faults that it would have had."""

from tests.bad_days.faults import drawn


def shown(**asked):
    return [
        (fault.number, fault.name, fault.pause, fault.dice.random()) for fault in drawn(faults=60, pause=4, **asked)
    ]


def test_the_same_seed_draws_the_same_faults_wherever_it_begins():
    assert shown(seed=7)[40:] == shown(seed=7, first=41)
    assert shown(seed=7) != shown(seed=8)
    assert {name for _, name, *_ in shown(seed=7, only=("a beat killed",))} == {"a beat killed"}
