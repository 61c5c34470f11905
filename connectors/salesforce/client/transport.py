"""The wire to one org: a session that names us, and the org's daily calls as each reply tells them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from connectors.shared import http_session

if TYPE_CHECKING:
    import requests

    from connectors.salesforce.settings import SalesforceSettings

_USAGE: Final = re.compile(r"(?<![\w-])api-usage=(\d+)/(0*[1-9]\d*)")


def open_session(settings: SalesforceSettings) -> tuple[requests.Session, http_session.Wire]:
    """A session that trusts only what the settings name, and the wire below it."""
    below = http_session.Wire(settings.timeout, _usage)
    session = http_session.open_session(below, ca_file=settings.ca_file, proxy=settings.proxy)
    session.headers["Sforce-Call-Options"] = "client=sluicegate"
    return session, below


def _usage(reply: requests.Response) -> tuple[int, int] | None:
    usage = _USAGE.search(reply.headers.get("Sforce-Limit-Info", ""))
    return (int(usage[1]), int(usage[2])) if usage else None
