"""What people do to deals in the middle of a run, and the company in which they do it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from sandbox.hubspot.events import merge_deals
from sandbox.hubspot.setup import add_pipeline
from sandbox.salesforce.events import merge_accounts
from sandbox.salesforce.setup import add_record_type
from tests.connectors.hubspot.portal import REP

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.worker.governed import Governed

Act: TypeAlias = "Callable[[Governed, str, dict[str, str]], Any]"
"""Done by a team to one deal; the third argument has every deal by its act."""

POLICIES: Final = """version: 1
processes:
  - id: sales
    stages:
      - id: first
        names: {salesforce: [Prospecting], hubspot: [prospecting]}
        exit:
          - {id: budget, title: Amount written down, require: amount is not blank, fix: Enter the amount,
             mode: enforce, actions: [{move_back: true}],
             examples: {met: [{2026-11-02: {enter: first, amount: 5}, 2026-11-05: {enter: second}}],
                        missed: [{2026-11-02: {enter: first}, 2026-11-05: {enter: second}}],
                        healed: [{2026-11-02: {enter: first}, 2026-11-05: {enter: second}, 2026-11-07: {amount: 5}}]}}
      - {id: second, names: {salesforce: [Qualification], hubspot: [appointmentscheduled]}}
      - {id: won, names: {salesforce: [Closed Won], hubspot: [closedwon]}}
policies:
  - {id: quiet, title: No activity in 14 days, applies_to: is_open, flag_if: days_since(last_activity) >= 14,
     severity: warning, points: 15, fix: Call, owner: revops, mode: enforce, actions: [{task: owner}],
     examples: {flagged: [{is_open: true, last_activity: 2026-11-01, as_of: 2026-11-15}],
                clear: [{is_open: true, last_activity: 2026-11-02, as_of: 2026-11-15}]}}
  - {id: no-amount, title: No amount, applies_to: is_open, flag_if: amount is blank, severity: warning, points: 10,
     fix: Enter the amount, owner: revops}
  - {id: in-euro, title: In euro, applies_to: is_open, flag_if: currency = 'EUR', severity: info, points: 1,
     fix: Ask, owner: revops}
  - {id: alone, title: Nobody on it, applies_to: is_open, flag_if: contact_count < 1, severity: info, points: 2,
     fix: Ask, owner: revops}
"""

COMMON: Final[dict[str, Act]] = {
    "won": lambda team, deal, _: team.edit(deal, stage=team.driver.won),
    "lost": lambda team, deal, _: team.edit(deal, stage=team.driver.lost),
    "re-opened": lambda team, deal, _: team.edit(deal, stage=team.driver.first_stage),
    "moved on": lambda team, deal, _: team.edit(deal, stage=team.driver.second_stage),
    "deleted": lambda team, deal, _: team.driver.delete(deal),
    "undeleted": lambda team, deal, _: team.driver.restore(deal),
    "handed on": lambda team, deal, _: team.edit(deal, owner=team.driver.person("Paula")),
    "given an amount": lambda team, deal, _: team.edit(deal, amount=7),
    "called": lambda team, deal, _: team.driver.call(deal),
    "given a contact": lambda team, deal, _: team.driver.contact(deal, "Champion"),
}
SALESFORCE: Final[dict[str, Act]] = {
    "moved to another pipeline": lambda team, deal, made: team.edit(deal, RecordTypeId=made["renewals"]),
    "in another currency": lambda team, deal, _: team.edit(deal, CurrencyIsoCode="EUR"),
    "merged": lambda team, _, made: merge_accounts(team.sales.org, made["winner"], [made["loser"]]),
}
HUBSPOT: Final[dict[str, Act]] = {
    "moved to another pipeline": lambda team, deal, _: team.edit(deal, pipeline="renewals", stage="rn_first"),
    "in another currency": lambda team, deal, _: team.edit(deal, deal_currency_code="EUR"),
    "merged": lambda team, deal, made: merge_deals(team.driver.portal, REP, deal, made["loser"]),  # type: ignore[attr-defined]
}
ACTS: Final = {"salesforce": COMMON | SALESFORCE, "hubspot": COMMON | HUBSPOT}


def prepare(team: Governed) -> dict[str, str]:
    """A deal for each act, run once; 15 days later all are silent, one is lost, one deleted, one past its gate."""
    team.driver.rep("Paula", "East")
    others = {"salesforce": _org, "hubspot": _portal}[team.driver.kind](team)
    deals = {name: team.deal(name) for name in ACTS[team.driver.kind] if name not in others}
    team.run()
    team.later(days=15)
    team.edit(deals["re-opened"], stage=team.driver.lost)
    team.driver.delete(deals["undeleted"])
    team.edit(deals["called"], stage=team.driver.second_stage)
    return deals | others


def _org(team: Governed) -> dict[str, str]:
    winner, loser = (team.sales.create("Account", Name=name) for name in ("Acme Inc", "ACME"))
    renewals = add_record_type(team.sales.org, "Opportunity", "Renewals")
    return {"winner": winner, "loser": loser, "renewals": renewals, "merged": team.deal("merged", AccountId=loser)}


def _portal(team: Governed) -> dict[str, str]:
    stages = [("rn_first", "First", 0.1), ("rn_won", "Won", 1.0), ("rn_lost", "Lost", 0.0)]
    add_pipeline(team.driver.portal, "renewals", "Renewals", stages)  # type: ignore[attr-defined]
    loser = team.deal("loser")
    team.driver.contact(loser, "Champion")
    return {"loser": loser}
