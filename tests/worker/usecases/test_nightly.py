"""A frozen night shows one moment, with the revisions by which its verdict was judged."""

import json
from dataclasses import replace

import pytest

from model.calibration import Calibration
from model.errors import ConnectionBusy
from tests.worker.archive import DAY, NAME, NOW, archive, deal, moved
from worker.usecases.kpis import measure_only
from worker.usecases.nightly import freeze
from worker.usecases.steps import judge_only

PACK = b"""version: 1
processes:
  - id: deals
    stages:
      - {id: early, names: {salesforce: [Discovery]}}
      - {id: won, names: {salesforce: [Closed Won]}}
policies:
  - {id: no-amount, title: No amount, flag_if: amount is blank, severity: warning, points: 10, fix: Enter, owner: o}
"""


@pytest.fixture
def kept(tmp_path):
    """A deal that was judged by PACK."""
    with archive(tmp_path) as made:
        made.services = replace(made.services, policy_texts=lambda: {"p.yaml": PACK})
        began = NOW - 60 * DAY
        made.keep(NOW, opportunity=[deal("d1")], stage_change=[moved("d1", began, "Discovery")])
        made.judged = judge_only(made.services, NAME, None)
        yield made


def night_of(kept):
    (night,) = kept.store.frozen.nights(NAME)
    with kept.store.database.reading() as sql:
        ((facts,),) = sql.rows("SELECT facts FROM frozen")
    return night, json.loads(facts)


def test_a_night_waits_until_nothing_else_works_on_the_connection(kept):
    lease = kept.store.runs.lease(NAME, "a run", NOW, 600)
    with pytest.raises(ConnectionBusy):
        freeze(kept.services, NAME)
    assert kept.store.frozen.nights(NAME) == []
    kept.store.runs.release(lease)
    assert freeze(kept.services, NAME) == 1
    assert not kept.store.runs.under_way(NAME, NOW), "it is free again"


def test_no_run_comes_between_measuring_and_keeping_the_values(kept):
    held = []

    def texts():
        held.append(kept.store.runs.under_way(NAME, NOW))
        return {"p.yaml": PACK}

    measure_only(replace(kept.services, policy_texts=texts), NAME, None)
    assert any(held)


@pytest.mark.parametrize("now", [PACK.replace(b"id: early", b"id: late").replace(b"points: 10", b"points: 20"), b"?"])
def test_a_night_names_what_its_verdict_was_judged_by_and_not_what_the_files_say_since(kept, now):
    kept.store.connections.propose_calibration(NAME, Calibration(NOW.date(), {}, 5))
    kept.store.connections.accept_calibration(NAME, NOW.date())
    freeze(replace(kept.services, policy_texts=lambda: {"p.yaml": now}), NAME)
    night, facts = night_of(kept)
    assert (night["policy_digest"], facts["stage"]) == (kept.judged["policy_digest"], "early")
    assert night["calibration"] == Calibration().revision
