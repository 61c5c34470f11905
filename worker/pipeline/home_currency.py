"""The home currency of a connection: never assumed, compared with the currency in which the CRM keeps its amounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from model.errors import SettingsProblem
from model.facts import FACTS
from model.sync import Remark
from worker import side_files

if TYPE_CHECKING:
    from model.sync import Description
    from worker.pipeline.session import Session
    from worker.wiring import Services

NOBODY_SAYS: Final = (
    "Nothing says in which currency the amounts of '{name}' are: the CRM does not, and connections.{name}.currency is "
    'not set. Set it, as in currency = "USD".'
)
UNLIKE: Final = (
    "connections.{name}.currency is {home}, but the CRM keeps the amounts of '{name}' in {own}, and no exchange rate "
    'leads from {own} to {home}. Set currency = "{own}", or give the rates in a file: connections.{name}.rates.'
)
CONVERTED: Final = "The CRM keeps amounts in {own}; they are converted to {home} by {by}."
SILENT: Final = (
    "The CRM does not say in which currency it keeps amounts; those without a currency are taken as {home}, "
    "as connections.{name}.currency says."
)


@dataclass(frozen=True)
class Home:
    """The currency of a connection's KPIs. `own`: the CRM's own, where it is another. `by`: what converts it."""

    currency: str
    own: str = ""
    by: str = ""

    @property
    def note(self) -> str:
        """A sentence where everything is converted, else empty."""
        return CONVERTED.format(own=self.own, home=self.currency, by=self.by) if self.own else ""

    @property
    def short_note(self) -> str:
        """What a KPI says of its amounts where everything is converted, else empty."""
        return f"amounts converted from {self.own}" if self.own else ""


def home_currency(services: Services, name: str, description: Description) -> Home:
    """The connection's currency, else the CRM's own. Raises SettingsProblem where the two differ and no rate helps."""
    home, own = services.connection(name).currency, description.currency
    if not home and not own:
        raise SettingsProblem(NOBODY_SAYS.format(name=name))
    if not home or home == own or not own:
        return Home(home or str(own))
    return Home(home, own, _converts(services, name, description))


def _converts(services: Services, name: str, description: Description) -> str:
    """What converts the CRM's own currency to the connection's. Raises SettingsProblem where nothing does."""
    connection = services.connection(name)
    if connection.rates:
        rates = side_files.rates(services.settings.path(connection.rates))
        if any(rate["currency"] == description.currency for rate in rates):
            return f"the rates in {connection.rates}"
    if description.rates_to == connection.currency:
        return "the CRM's own exchange rates"
    raise SettingsProblem(UNLIKE.format(name=name, home=connection.currency, own=description.currency))


def home_of(session: Session, description: Description) -> Home:
    """`home_currency` of a session's connection."""
    return home_currency(session.services, session.name, description)


def leads_home(home: Home, description: Description) -> bool:
    """Whether the CRM's own exchange rates lead to the home currency."""
    return (description.rates_to or description.currency or home.currency) == home.currency


def _unconverted(description: Description) -> str:
    """A sentence on the mapped facts in money: each stays in its deal's own currency."""
    names = sorted(fact for fact, kind in description.types.items() if kind == "money" and fact not in FACTS)
    return f" Facts of your own stay in the deal's currency: {', '.join(names)}." if names else ""


def currency_remark(session: Session, description: Description) -> Remark | None:
    """What `connection check` has to say about the currency; None where the CRM and the connection agree."""
    try:
        home = home_of(session, description)
    except SettingsProblem as problem:
        return Remark("missing", str(problem))
    if home.own:
        return Remark("note", home.note + _unconverted(description))
    if description.currency is None:
        return Remark("warning", SILENT.format(name=session.name, home=home.currency))
    return None
