"""What HubSpot works out on a deal by itself after each change."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.hubspot.clock import iso, moment
from sandbox.hubspot.pipelines.stages import LEGACY
from sandbox.hubspot.schema.values import exact, money
from sandbox.hubspot.settings import PRO

if TYPE_CHECKING:
    from sandbox.hubspot.pipelines.stages import Stage
    from sandbox.hubspot.portal import Portal
    from sandbox.hubspot.records.table import Record

_MONEY = frozenset(
    {"amount", "deal_currency_code", "dealstage", "hs_deal_stage_probability", "hs_forecast_probability"}
)
_STALLED_AFTER = 30 * 86_400_000


def given(portal: Portal, values: dict[str, str], old: dict[str, str]) -> dict[str, str]:
    """What follows from the given values themselves: the stage's probability."""
    stage = values.get("dealstage")
    if stage is None or stage not in portal.stages or stage == old.get("dealstage"):
        return values
    chance = exact(portal.stages[stage][1].probability)
    return {"hs_deal_stage_probability": chance, **values}


def derive(portal: Portal, deal: Record, changed: list[str], at: int) -> dict[str, str]:
    """Calculated values after a change."""
    found: dict[str, str] = {}
    if "dealstage" in changed:
        found |= _stage(portal, deal, at)
    if not _MONEY.isdisjoint(changed):
        found |= _money(portal, deal)
    if "hs_next_step" in changed:
        found["hs_next_step_updated_at"] = iso(at)
    if "closedate" in changed or "dealstage" in changed:
        found |= _days(deal)
    if "hubspot_owner_id" in changed:
        found["hubspot_owner_assigneddate"] = iso(at)
    return found


def _stage(portal: Portal, deal: Record, at: int) -> dict[str, str]:
    """Whether it is closed, and when it came into its stage and left the one before: only the last visit is kept."""
    known = portal.stages.get(deal.props.get("dealstage", ""))
    if known is None:
        return {}
    stage = known[1]
    found = {
        "hs_is_closed": yes(stage.closed),
        "hs_is_closed_won": yes(stage.won),
        "hs_is_closed_lost": yes(stage.closed and not stage.won),
        "hs_is_open_count": "0" if stage.closed else "1",
        "hs_is_stalled_after_timestamp": iso(at + _STALLED_AFTER),
    }
    pro = portal.settings.tier in PRO
    if pro:
        found |= {"hs_v2_date_entered_current_stage": iso(at), "hs_v2_time_in_current_stage": iso(at)}
        found[f"hs_v2_date_entered_{stage.key}"] = iso(at)
    if stage.old:
        found[f"hs_date_entered_{stage.key}"] = iso(at)
    return found | _left(portal, deal, at, pro=pro)


def _left(portal: Portal, deal: Record, at: int, *, pro: bool) -> dict[str, str]:
    """The times of the stage that was left."""
    versions = deal.history.get("dealstage", [])
    if len(versions) < 2:  # noqa: PLR2004 - no stage before
        return {}
    before = versions[-2]
    known = portal.stages.get(before.value)
    return {} if known is None else _times(deal, known[1], before.at, at, pro=pro)


def _times(deal: Record, stage: Stage, entered: int, at: int, *, pro: bool) -> dict[str, str]:
    stay, key = at - entered, stage.key
    found: dict[str, str] = {}
    if pro:
        total = int(deal.props.get(f"hs_v2_cumulative_time_in_{key}") or 0) + stay
        found = {
            f"hs_v2_date_exited_{key}": iso(at),
            f"hs_v2_latest_time_in_{key}": str(stay),
            f"hs_v2_cumulative_time_in_{key}": str(total),
        }
    if stage.old:
        found |= {LEGACY[1][0].format(key): iso(at), LEGACY[2][0].format(key): str(stay)}
    return found


def _money(portal: Portal, deal: Record) -> dict[str, str]:
    """Amounts in the company's currency, weighted and closed."""
    props = deal.props
    amount = props.get("amount", "")
    if not amount:
        empty = ("amount_in_home_currency", "hs_projected_amount", "hs_closed_amount", "hs_forecast_amount")
        return {name: "" for name in empty if props.get(name)}
    rate = portal.rate(props.get("deal_currency_code") or portal.settings.currency, props.get("closedate"))
    home = Decimal(amount) * rate
    chance = Decimal(props.get("hs_deal_stage_probability") or "0")
    forecast = Decimal(props.get("hs_forecast_probability") or chance)
    known = portal.stages.get(props.get("dealstage", ""))
    won = Decimal(1 if known and known[1].won else 0)
    return {
        "hs_exchange_rate": money(rate) if props.get("deal_currency_code") else "",
        "amount_in_home_currency": money(home),
        "hs_projected_amount": money(Decimal(amount) * chance),
        "hs_projected_amount_in_home_currency": money(home * chance),
        "hs_closed_amount": money(Decimal(amount) * won),
        "hs_closed_amount_in_home_currency": money(home * won),
        "hs_forecast_amount": money(home * forecast),
    }


def _days(deal: Record) -> dict[str, str]:
    """Days from creation to the close date; 0 where that lies before."""
    close, created = deal.props.get("closedate"), deal.props.get("createdate")
    if not close or not created:
        return {}
    return {"days_to_close": str(max(0, (moment(close) - moment(created)) // 86_400_000))}


def yes(value: bool) -> str:
    """A yes/no as a value."""
    return "true" if value else "false"


def stalled(props: dict[str, str], now: int) -> str:
    """HubSpot's own stalled-deal flag as it reads at an instant."""
    after = props.get("hs_is_stalled_after_timestamp")
    return yes(bool(after) and props.get("hs_is_closed") != "true" and moment(after or "0") < now)
