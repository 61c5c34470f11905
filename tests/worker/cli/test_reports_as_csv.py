"""Lists of an exported report as CSV: amounts are numbers beside their currency."""

from __future__ import annotations

import csv
import io

import pytest

from worker.cli.main import main

CONFIG = """[policies]
paths = ["ours.yaml"]
[connections.report]
kind = "tables"
sandbox = true
currency = "USD"
rates = "rates.csv"
[connections.report.files]
opportunities = "deals.csv"
"""
DEALS = """id,name,stage,amount,currency,close date,created
1,Alpha,First call,1250.50,USD,2026-11-20,2026-10-01
2,Beta,First call,1000,EUR,2026-11-20,2026-10-01
3,Gamma,First call,500,JPY,2026-11-20,2026-10-01
4,Delta,First call,,USD,2026-11-20,2026-10-01
"""
POLICIES = """version: 1
processes:
  - id: sales
    stages: [{id: first, names: {tables: [First call]}}, {id: won, names: {tables: [Closed Won]}}]
"""
RATES = "currency,date,rate\nEUR,2026-01-01,1.25\n"


@pytest.fixture
def ask(tmp_path, capsys):
    """Call a command of a connection to the report; gives what it printed."""
    files = {"sluicegate.toml": CONFIG, "deals.csv": DEALS, "ours.yaml": POLICIES, "rates.csv": RATES}
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")

    def answer(*words):
        with pytest.raises(SystemExit):
            main(["--config", str(tmp_path / "sluicegate.toml"), *words])
        return capsys.readouterr().out

    return answer


def test_amounts_of_several_currencies_are_numbers_beside_their_currency_and_at_home_where_there_is_a_rate(ask):
    ask("run", "report")
    rows = csv.DictReader(io.StringIO(ask("deals", "report", "--csv")))
    found = [(one["deal"], one["amount"], one["currency"], one["amount_home"], one["home_currency"]) for one in rows]
    assert found == [
        ("Alpha", "1250.5", "USD", "1250.5", "USD"),
        ("Beta", "1000", "EUR", "1250", "USD"),
        ("Gamma", "500", "JPY", "", ""),
        ("Delta", "", "USD", "", ""),
    ]
