"""The config file of a client that works against this portal: what an operator would write for a real one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.hubspot.serving import Running

CONFIG = """\
# A connection to a local HubSpot, which lives only as long as the process that serves it. For a real portal the
# secrets belong in the environment: SLUICEGATE_CONNECTIONS__{upper}__ACCESS_TOKEN.
[connections.{name}]
kind = "hubspot"
sandbox = true
base_url = "{url}"
auth = "private_app"
access_token = "{token}"
timezone = "{zone}"
calendar = "US"
currency = "{currency}"
budget_share = 0.9

[connections.{name}.admin]
auth = "private_app"
access_token = "{admin_token}"

[connections.{name}.fields]
segment = "deal_segment"
budget_confirmed = {{field = "budget_confirmed", when_blank = false}}
terms_agreed = {{field = "terms_agreed", when_blank = false}}
pricing_requested = {{field = "pricing_requested", when_blank = false}}
proposal_acknowledged = {{field = "proposal_acknowledged", when_blank = false}}
outstanding_issue = "outstanding_issue"
"""


def config(running: Running, name: str = "hubspot") -> str:
    """TOML that names this portal, the sync's private app and another for provisioning."""
    settings = running.portal.settings
    return CONFIG.format(
        name=name,
        upper=name.upper(),
        url=running.url,
        token=running.token,
        admin_token=running.admin_token,
        zone=settings.zone,
        currency=settings.currency,
    )
