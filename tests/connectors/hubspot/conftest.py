"""A local portal for each test; parametrise `hub` with sandbox Settings for another kind of portal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.hubspot import Settings
from tests.connectors.hubspot.portal import PortalDriver, open_for_business

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def hub(request: pytest.FixtureRequest) -> Iterator[PortalDriver]:
    with open_for_business(getattr(request, "param", Settings())) as opened:
        yield opened
