"""A governed team in every CRM."""

import pytest

from tests.worker.governed import OFFICES, governed


@pytest.fixture(params=OFFICES)
def team(request, tmp_path):
    with governed(tmp_path, request.param) as opened:
        yield opened
