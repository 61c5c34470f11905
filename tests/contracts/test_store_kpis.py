"""What a run leaves for the next about KPIs: what it measured with, and the last valid files with KPIs."""

from store import Measured
from tests.store.fixtures import DAY, NOON


def test_the_newest_values_name_their_run_and_what_it_measured_with(store):
    assert store.kpis.newest("acme") is None
    old = store.runs.start("acme", NOON, "", "", "run")
    store.kpis.keep(old, [{"id": "pipeline_value"}])
    assert store.kpis.newest("acme") == Measured(old, {})
    new = store.runs.start("acme", NOON, "", "", "run")
    store.kpis.keep(new, [{"id": "pipeline_value"}], measured_with={"targets.csv": "a1b2"})
    store.runs.start("acme", NOON, "", "", "pull")
    assert store.kpis.newest("acme") == Measured(new, {"targets.csv": "a1b2"})
    assert store.kpis.newest("other") is None


def test_the_last_valid_kpis_are_kept_for_each_connection(store):
    store.policy_sets.keep_kpis("acme", "k1", {"kpis.yaml": "one"}, NOON)
    store.policy_sets.keep_kpis("other", "k1", {"kpis.yaml": "two"}, NOON + DAY)
    assert store.policy_sets.latest_kpis("acme") == {"kpis.yaml": "one"}
    with store.dry_run("acme", NOON + DAY) as copy:
        assert copy.policy_sets.latest_kpis("acme") == {"kpis.yaml": "one"}
    assert store.policy_sets.latest_kpis("third") is None


def test_the_last_policies_of_a_connection_are_those_of_its_own_newest_run(store):
    for connection, digest, at in (("acme", "d1", NOON), ("other", "d2", NOON + DAY)):
        store.policy_sets.keep(digest, {"policies.yaml": digest}, at)
        store.runs.start(connection, at, digest, "", "run")
    store.runs.start("acme", NOON + 2 * DAY, "", "", "pull")
    with store.dry_run("acme", NOON + DAY) as copy:
        assert copy.policy_sets.latest("acme") == {"policies.yaml": "d1"}
    assert store.policy_sets.latest("acme") == {"policies.yaml": "d1"}
    assert store.policy_sets.latest("third") is None
