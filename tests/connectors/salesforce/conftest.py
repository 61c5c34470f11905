"""A local org for each test; parametrise `sales` with sandbox Settings for another kind of org."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.salesforce import Settings
from tests.connectors.salesforce.sales import Sales, open_for_business

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def sales(request: pytest.FixtureRequest) -> Iterator[Sales]:
    with open_for_business(getattr(request, "param", Settings(multi_currency=False))) as opened:
        yield opened
