"""What a rep reads of every shipped policy and gate is kept word for word."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.policies.packs.golden_texts import FOLDER, golden
from worker.packs import pack_texts


@pytest.mark.parametrize("name", sorted(pack_texts()))
def test_the_texts_of_a_pack_are_those_that_were_read_and_accepted(name):
    written = (FOLDER / f"{Path(name).stem}.txt").read_text("utf-8")
    assert golden(name, pack_texts()[name]) == written, "python -m tests.policies.packs.golden_texts writes them again"
