"""`digest`: each rep's messages of today, the most valuable deals first, up to `messages.per_day`."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from model.calibration import Calibration
from model.errors import SettingsProblem
from model.helpers.words import did_you_mean
from policies.language import compared
from worker.pipeline.home_currency import home_of
from worker.pipeline.session import Session, described
from worker.pipeline.slices import parts
from worker.usecases.answers import deals, neglects

if TYPE_CHECKING:
    from collections.abc import Mapping

    from worker.settings_tables import MessageSettings
    from worker.wiring import Services


NOBODY = "nobody"


def digest(services: Services, name: str, owner: str = "") -> dict[str, Any]:
    """By rep: a line a flagged deal, most valuable first, at most `messages.per_day`, and how many were left out.

    Fields, points and KPIs are never capped. Raises SettingsProblem where the connection was never pulled, and for an
    owner who has no deal.
    """
    ways, home = services.settings.messages, amounts(services, name)
    by_rep: dict[str, list[dict[str, Any]]] = defaultdict(list)
    only = _owner(services, name, owner) if owner else None
    for deal in deals(services, name):
        rep = deal["owner"] or NOBODY
        if only in {None, rep} and any(flag["shown"] for flag in deal["flags"]):
            by_rep[rep].append(_line(deal, home.by_deal.get(deal["id"]), ways))
    reps = [_rep(rep, lines, ways) for rep, lines in sorted(by_rep.items())]
    return {"connection": name, "as_of": services.clock().isoformat(), "currency": home.currency, "reps": reps}


def _owner(services: Services, name: str, asked: str) -> str:
    """The owner as the CRM writes the name; case does not count."""
    owners = {compared(owner): owner for owner in {deal["owner"] or NOBODY for deal in deals(services, name)}}
    if compared(asked) not in owners:
        hint = did_you_mean(asked, owners.values()) or "."
        raise SettingsProblem(f"'{name}' has no deal of an owner '{asked}'{hint}")
    return str(owners[compared(asked)])


@dataclass(frozen=True)
class HomeAmounts:
    """Amount in the home currency by deal, where it is known."""

    currency: str | None = None
    by_deal: Mapping[str, Decimal] = field(default_factory=dict)


def amounts(services: Services, name: str) -> HomeAmounts:
    """What the deals are worth at home."""
    services.connection(name)
    session = Session(services, name, services.clock())
    description = described(session)
    found: dict[str, Decimal] = {}
    for part in parts(session, session.policies_in_force(description), description, Calibration()):
        found |= dict(part.wide.frame.select("id", "amount_home").drop_nulls().iter_rows())
    return HomeAmounts(home_of(session, description).currency, found)


def _rep(rep: str, lines: list[dict[str, Any]], ways: MessageSettings) -> dict[str, Any]:
    ranked = sorted(lines, key=lambda line: (-(line["amount"] or Decimal(0)), -line["points"], line["id"]))
    plain = [{**line, "amount": None if line["amount"] is None else str(line["amount"])} for line in ranked]
    return {"owner": rep, "lines": plain[: ways.per_day], "left_out": max(0, len(plain) - ways.per_day)}


def _line(deal: dict[str, Any], amount: Decimal | None, ways: MessageSettings) -> dict[str, Any]:
    """A deal by its first flag. `route`: when the settings send flags of that severity."""
    shown = [flag for flag in deal["flags"] if flag["shown"]]
    (title, first, others), *_ = neglects(shown)
    return {
        "id": deal["id"], "name": deal["name"], "amount": amount, "policy": first["policy"], "title": title,
        "severity": first["severity"], "route": getattr(ways, first["severity"]), "since": first["since"],
        "points": sum(flag["points"] for flag in shown), "flags": len(shown), "since_from": first.get("since_from"),
        "text": f"{first['evidence']['text']}{others}", "fix": first["fix"],
    }  # fmt: skip
