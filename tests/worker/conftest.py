"""A governed team. What does not depend on the CRM is tested on one of them, drawn by the test's name."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

import pytest

from tests.worker.governed import CRM_DRIVERS, governed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.worker.governed import Governed


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The CRMs of a test that asks for `crm`: all of them where it is marked so, or by option; or those it names."""
    named = any(mark.args[0] == "crm" for mark in metafunc.definition.iter_markers("parametrize"))
    if "crm" in metafunc.fixturenames and not named:
        every = metafunc.config.getoption("--every-crm") or metafunc.definition.get_closest_marker("every_crm")
        drawn = sorted(CRM_DRIVERS)[crc32(metafunc.definition.name.encode()) % len(CRM_DRIVERS)]
        metafunc.parametrize("crm", CRM_DRIVERS if every else [drawn])


@pytest.fixture
def team(crm: str, tmp_path: Path) -> Iterator[Governed]:
    with governed(tmp_path, crm) as opened:
        yield opened
