"""A connection that is judged slice by slice ends up like one that is judged whole."""

from dataclasses import replace

import pytest

from tests.worker.governed import NAME, governed, measuring
from worker.pipeline.spool import Spool
from worker.usecases.answers import deals
from worker.usecases.kpis import kpis


def after_two_runs(folder, size):
    folder.mkdir()
    with governed(folder, currency="USD") as opened:
        team = measuring(opened)
        team.services = replace(team.services, slice_deals=size)
        team.seed(40)
        reports = [team.run(), team.run()]
        counts = [report.to_json() | {"seconds": None, "calls": None} for report in reports]
        values = [row | {"as_of": None} for row in kpis(team.services, NAME)]
        assert values
        return counts, deals(team.services, NAME), team.all_on_record(), values


def test_records_verdicts_kpis_and_counts_are_those_of_one_slice(tmp_path):
    whole = after_two_runs(tmp_path / "whole", 1000)
    assert after_two_runs(tmp_path / "slices", 7) == whole
    assert whole[0][1]["patches"] == 0


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_spool_gives_what_was_added_as_often_as_it_is_asked(count):
    spool = Spool()
    for number in range(count):
        spool.add({"number": number})
    assert len(spool) == count
    assert [list(spool), list(spool)] == [[{"number": number} for number in range(count)]] * 2
