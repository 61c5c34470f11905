"""The home currency is never assumed: in each CRM the connection's is compared with the CRM's own."""

from dataclasses import replace

import pytest

from model.errors import SettingsProblem
from sandbox.salesforce import Settings
from tests.connectors.salesforce.sales import open_for_business
from tests.crm_drivers.salesforce import SalesforceDriver
from tests.worker.governed import NAME, Governed, measuring, services
from worker.usecases.answers import deals
from worker.usecases.connection import check
from worker.usecases.init import init
from worker.usecases.kpis import kpis

RATES = "currency,date,rate\nUSD,2026-01-01,0.9\n"


def over(driver, folder, currency, **connection):
    """The driver's connection with this currency; "" for none."""
    made = services(driver, folder, currency=currency, **connection)
    connector = driver.connector(budget_share=1.0, currency=currency or None)
    return measuring(Governed(driver, replace(made, connect=lambda _name: connector)))


def euros(team, folder, **connection):
    return over(team.driver, folder / "euros", "EUR", **connection)


@pytest.fixture(autouse=True)
def _folder(tmp_path):
    (tmp_path / "euros").mkdir()


def value(team, kpi="pipeline_value"):
    return next(row for row in kpis(team.services, NAME, only=kpi) if not row["dims"])


def levels(team):
    return {remark.level: remark.text for remark in check(team.services, NAME) if "keeps" in remark.text}


def test_a_currency_that_is_not_the_crms_stops_run_check_and_init_with_what_to_do(team, tmp_path):
    team.deal(amount=1000)
    wrong = euros(team, tmp_path)
    with pytest.raises(SettingsProblem, match=r"acme.currency is EUR, but the CRM keeps .* in USD.*Set currency = "):
        wrong.run()
    assert deals(wrong.services, NAME) == []
    assert levels(wrong).keys() == {"missing"}
    with pytest.raises(SettingsProblem, match="in USD"):
        init(tmp_path / "new", wrong.services, NAME)
    assert not (tmp_path / "new").exists()


def test_rates_convert_everything_and_run_check_and_kpis_say_so(team, tmp_path):
    (tmp_path / "euros" / "rates.csv").write_text(RATES)
    team.deal(amount=1000)
    mended = euros(team, tmp_path, rates="rates.csv")
    said = "The CRM keeps amounts in USD; they are converted to EUR by the rates in rates.csv."
    assert said in mended.run().remarks
    assert levels(mended) == {"note": said}
    assert (value(mended)["value"], value(mended)["unit"]) == ("900", "EUR")
    assert value(mended)["why"] == "amounts converted from USD"


def test_rates_of_another_currency_convert_nothing(team, tmp_path):
    (tmp_path / "euros" / "rates.csv").write_text(RATES.replace("USD", "JPY"))
    with pytest.raises(SettingsProblem, match="no exchange rate leads from USD to EUR"):
        euros(team, tmp_path, rates="rates.csv").run()


def test_a_connection_without_a_currency_has_the_crms_own(team, tmp_path):
    team.deal(amount=1000)
    plain = over(team.driver, tmp_path / "euros", "")
    plain.run()
    assert (value(plain)["value"], value(plain)["unit"], levels(plain)) == ("1000", "USD", {})


@pytest.mark.parametrize("several", [True, False])
def test_an_org_in_euros_is_in_euros_with_one_currency_and_with_several(tmp_path, several):
    with open_for_business(Settings(currency="EUR", multi_currency=several)) as sales:
        driver = SalesforceDriver(sales)
        driver.deal(amount=1000)
        plain = over(driver, tmp_path / "euros", "")
        plain.run()
        assert (value(plain)["value"], value(plain)["unit"]) == ("1000", "EUR")


def test_an_org_with_several_currencies_converts_by_its_own_rates_and_says_so(tmp_path):
    with open_for_business(Settings(multi_currency=True)) as sales:
        driver = SalesforceDriver(sales)
        driver.deal(amount=1000, CurrencyIsoCode="USD")
        mended = over(driver, tmp_path / "euros", "EUR")
        assert "converted to EUR by the CRM's own exchange rates" in mended.run().remarks[0]
        assert (value(mended)["value"], value(mended)["unit"]) == ("920", "EUR")


@pytest.mark.parametrize("crm", ["hubspot"])
def test_a_portal_with_a_rate_of_the_connections_currency_converts_by_it(team, tmp_path):
    team.driver.portal.rates = {"EUR": [("2026-01-01", "1.25")], "JPY": [("2026-01-01", "0.01")]}
    team.deal(amount=1000)
    team.deal(amount=100_000, deal_currency_code="JPY")
    mended = euros(team, tmp_path)
    mended.run()
    assert (value(mended)["value"], value(mended)["unit"]) == ("1600", "EUR")
