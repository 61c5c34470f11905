"""The command that judges the Maven CRM files twice, on made-up files of their shape: the real ones are not here."""

import pytest

from tests.cases import maven, maven_kpis

PIPELINE = [
    "A1,Anna Snelling,GTX Basic,Acme,Won,2016-10-01,2017-03-01,1054",
    "A2,Anna Snelling,GTXPro,Acme,Won,2017-01-02,2017-05-01,55",
    "A3,Anna Snelling,GTX Pro,Acme,Lost,2017-01-02,2017-05-01,0",
    "A4,Bo Brandt,GTX Pro,,Engaging,2017-05-01,,",
    "A5,Bo Brandt,GTX Pro,Acme,Engaging,2017-12-20,,",
    "A6,Bo Brandt,GTX Pro,,Prospecting,,,",
    *(f"B{n},Anna Snelling,GTX Pro,Acme,Engaging,2017-11-0{n},," for n in range(1, 6)),
]
FILES = {
    "accounts": "account,sector,year_established,revenue,employees,office_location,subsidiary_of\n"
    "Acme,retail,1990,10.5,5,Kenya,\n",
    "sales_teams": "sales_agent,manager,regional_office\n"
    "Anna Snelling,Dustin Brinkmann,Central\nBo Brandt,Celia Rouche,West\n",
    "products": "product,series,sales_price\n"
    + "".join(
        f"{name},G,1\n"
        for name in (
            "GTX Basic", "GTX Pro", "MG Special", "MG Advanced", "GTX Plus Pro", "GTX Plus Basic", "GTK 500",
        )
    ),
    "sales_pipeline": "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value\n"
    + "\n".join(PIPELINE) + "\n",
}  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    for name, text in FILES.items():
        (tmp_path / f"{name}.csv").write_text(text)
    return tmp_path


def test_the_judge_and_sql_agree_on_each_policy_both_ways_and_on_the_dirt(folder, capsys, monkeypatch):
    monkeypatch.setattr(maven_kpis, "WINDOWS", maven_kpis.WINDOWS[1:2])
    monkeypatch.setattr(maven_kpis, "GROUPINGS", ((), ("owner",), ("region",), ("team", "stage")))
    assert maven.main(folder) == 0
    printed = capsys.readouterr().out
    assert "1 × open deal without engage_date" in printed
    assert "no-activity" in printed
    assert printed.endswith("No difference.\n")


def test_a_count_that_differs_is_reported_and_counted(folder, capsys, monkeypatch):
    monkeypatch.setitem(maven.DIRT, "rows set aside", "SELECT 7")
    assert maven.dirt(folder) == 1
    assert "✗ rows set aside: 0 reported, 7 by SQL" in capsys.readouterr().out
