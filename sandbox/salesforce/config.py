"""The config file of a client that works against this org: what an operator would write for a real one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.salesforce.setup import ADMIN, SYNC

if TYPE_CHECKING:
    from sandbox.salesforce.serving import Running

CONFIG = """\
# A connection to a local Salesforce, which lives only as long as the process that serves it. For a real org the
# secrets belong in the environment: SLUICEGATE_CONNECTIONS__{upper}__CONSUMER_SECRET.
[connections.{name}]
kind = "salesforce"
sandbox = true
login_url = "{url}"
ca_file = "{ca_file}"
auth = "client_credentials"
consumer_key = "{key}"
consumer_secret = "{secret}"
timezone = "America/New_York"
calendar = "US"
currency = "USD"
budget_share = 0.9

[connections.{name}.admin]
auth = "client_credentials"
consumer_key = "{admin_key}"
consumer_secret = "{admin_secret}"

[connections.{name}.fields]
segment = "Account.Segment__c"
budget_confirmed = "Budget_Confirmed__c"
terms_agreed = "Terms_Agreed__c"
pricing_requested = "Pricing_Requested__c"
proposal_acknowledged = "Proposal_Acknowledged__c"
outstanding_issue = "Outstanding_Issue__c"
"""


def config(running: Running, name: str = "local") -> str:
    """TOML that names this org, our user and an admin for provisioning."""
    sync, admin = running.login(SYNC), running.login(ADMIN)
    return CONFIG.format(
        name=name,
        upper=name.upper(),
        url=running.url,
        ca_file=running.ca_file,
        key=sync.client_id,
        secret=sync.client_secret,
        admin_key=admin.client_id,
        admin_secret=admin.client_secret,
    )
