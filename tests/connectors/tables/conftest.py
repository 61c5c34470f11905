import pytest

from tests.connectors.tables.desk import Desk


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)
