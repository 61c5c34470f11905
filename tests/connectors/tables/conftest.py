import pytest

from tests.connectors.tables.fixtures import ReportFolder


@pytest.fixture
def reports(tmp_path):
    return ReportFolder(tmp_path)
