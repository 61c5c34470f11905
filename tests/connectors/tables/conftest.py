import pytest

from tests.connectors.tables.fixtures import Desk


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)
