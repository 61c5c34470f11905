"""A governed team in every CRM."""

import pytest

from tests.worker.governed import CRM_DRIVERS, governed


@pytest.fixture(params=CRM_DRIVERS)
def team(request, tmp_path):
    with governed(tmp_path, request.param) as opened:
        yield opened
