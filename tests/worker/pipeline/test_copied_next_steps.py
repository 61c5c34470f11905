"""A copied next step is found across slices of a connection, too."""

from dataclasses import replace

import pytest

from tests.worker.archive import NAME, NOW, archive, deal
from worker.usecases.steps import judge_only

PACK = b"""version: 1
policies:
  - {id: copied, title: Copied, applies_to: is_open, flag_if: next_step_copied, severity: info, points: 5, fix: Write,
     owner: o, mode: observe}
"""


@pytest.mark.parametrize("size", [1, 2, 100])
def test_the_same_text_on_two_deals_of_a_rep_is_found_however_deals_are_sliced(tmp_path, size):
    with archive(tmp_path) as kept:
        texts = {"d1": "Send the offer", "d2": "Call Ann", "d3": "send the offer", "d4": "tbd", "d5": "tbd"}
        kept.keep(NOW, opportunity=[deal(id_, next_step=text) for id_, text in texts.items()])
        kept.services = replace(kept.services, policy_texts=lambda: {"p.yaml": PACK}, slice_deals=size)
        judge_only(kept.services, NAME, None)
        flagged = {found["id"] for found in kept.store.verdicts.deals(NAME) if found["flags"]}
        assert flagged == {"d1", "d3"}
