from datetime import date
from decimal import Decimal

import pytest

from model.errors import SettingsProblem
from worker import side_files


def written(tmp_path, text):
    path = tmp_path / "file.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_people_are_read_by_owner(tmp_path):
    path = written(tmp_path, "Owner,Manager,Team,Zone,Start date\nAda,Bo,East,Europe/Berlin,2026-01-05\nEd,,,,\n")
    ada, ed = side_files.people(path)
    assert ada["team"] == "East"
    assert ada["start_date"] == date(2026, 1, 5)
    assert ed == {"owner": "Ed", "manager": None, "team": None, "region": None, "zone": None, "start_date": None}


def test_a_rate_is_exact(tmp_path):
    (rate,) = side_files.rates(written(tmp_path, "currency,date,rate\neur,2026-01-01,1.0810\n"))
    assert (rate["currency"], rate["multiply"], rate["divide"]) == ("EUR", Decimal("1.0810"), Decimal(1))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("currency,rate\nEUR,1\n", "column 'date' is missing"),
        ("currency,date,rate\nEUR,soon,1\n", "file.csv:2: 'soon' is no date"),
        ("currency,date,rate\nEUR,2026-01-01,0\n", "file.csv:2: a rate must be above zero"),
        ('currency,date,rate\nEUR,2026-01-01,"1,08"\n', "file.csv:2: '1,08' is no number"),
    ],
)
def test_a_mistake_names_its_line(tmp_path, text, expected):
    with pytest.raises(SettingsProblem, match=expected):
        side_files.rates(written(tmp_path, text))


def test_targets_belong_to_an_owner_or_a_team(tmp_path):
    path = written(tmp_path, 'owner,team,period,amount,currency\nAda,,2026-Q4,"100,000",USD\n,East,2026-11,5,EUR\n')
    ada, east = side_files.targets(path)
    assert (ada["owner"], ada["team"], ada["amount"]) == ("Ada", None, Decimal(100000))
    assert (east["owner"], east["team"], east["currency"]) == (None, "East", "EUR")


def test_empty_rows_are_no_targets_and_lines_are_counted_all_the_same(tmp_path):
    path = written(tmp_path, "owner,period,amount,currency\nAda,fy2026-q4,5,usd\n,,,\n\nBo,2026,6,\n")
    assert [(row["period"], row["currency"], row["line"]) for row in side_files.targets(path)] == [
        ("FY2026-Q4", "USD", 2), ("2026", None, 5)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("Ada,Q4,5", "file.csv:2: 'Q4' is no period; write 2026-Q4"),
        ("Ada,,5", "file.csv:2: '' is no period"),
        ("Ada,2026,-5", "file.csv:2: a target must not be below zero"),
        ("Ada,2026,", "file.csv:2: '' is no number"),
    ],
)
def test_a_mistake_in_a_target_names_its_line(tmp_path, row, expected):
    with pytest.raises(SettingsProblem, match=expected):
        side_files.targets(written(tmp_path, f"owner,period,amount\n{row}\n"))


KPIS = ("win_rate_closed", "days_to_win_mean")


def test_benchmarks_are_read_with_shares_in_percent_or_as_fractions(tmp_path):
    path = written(
        tmp_path,
        "segment,kpi,low,high,source,year\nSMB,win_rate_closed,22%,0.35,own,2026\n,days_to_win_mean,,120,,\n",
    )
    first, second = side_files.benchmarks(path, KPIS)
    assert (first.segment, first.low, first.high, first.source, first.year) == ("SMB", 0.22, 0.35, "own", 2026)
    assert (second.segment, second.low, second.high, second.year) == (None, None, 120, None)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("win_rate_close,1,2,", r"file.csv:2: there is no KPI 'win_rate_close'; did you mean 'win_rate_closed'\?"),
        ("zzz,1,2,", "file.csv:2: there is no KPI 'zzz'; `sluicegate kpis list` has them"),
        ("win_rate_closed,,,", "file.csv:2: a benchmark has a low or a high end"),
        ("win_rate_closed,0.5,0.2,", "file.csv:2: the low end 0.5 is above the high end 0.2"),
        ("win_rate_closed,x,1,", "file.csv:2: 'x' is no number"),
        ("win_rate_closed,0,1,soon", "file.csv:2: 'soon' is no year"),
    ],
)
def test_a_mistake_in_a_benchmark_names_its_line(tmp_path, row, expected):
    with pytest.raises(SettingsProblem, match=expected):
        side_files.benchmarks(written(tmp_path, f"kpi,low,high,year\n{row}\n"), KPIS)


def test_a_benchmark_for_a_segment_that_there_is_not_is_a_mistake_with_a_likely_one(tmp_path):
    path = written(
        tmp_path, "segment,kpi,low,high\nenterprise,win_rate_closed,1%,2%\nEnterprize,win_rate_closed,1%,2%\n"
    )
    with pytest.raises(SettingsProblem, match=r":3: there is no segment 'Enterprize'; did you mean 'Enterprise'\?$"):
        side_files.benchmarks(path, KPIS, {"segment": ["Enterprise", "SMB"]})


def test_the_shipped_benchmarks_are_of_shipped_kpis():
    from importlib import resources

    from kpis.catalogue import SHIPPED

    shipped = side_files.benchmarks(resources.files("kpis").joinpath("benchmarks.csv"), SHIPPED)
    sources = " ".join(one.source for one in shipped)
    assert all(row in sources for row in ("S89", *(f"S{n}" for n in range(107, 115))))
    assert len({(one.kpi, one.segment, one.stage) for one in shipped}) == len(shipped)


def test_spend_is_of_a_period_and_perhaps_of_a_channel(tmp_path):
    path = written(tmp_path, 'period,amount,currency,channel\n2026-Q3,"1,000",eur,Ads\n2026-10,5,EUR,\n')
    ads, everything = side_files.spend(path)
    assert (ads["amount"], ads["currency"], ads["channel"], ads["segment"]) == (Decimal(1000), "EUR", "Ads", None)
    assert everything["channel"] is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("period,amount\n2026,1\n", "currency' is missing"),
        ("period,amount,currency\n2026-Q5,1,EUR\n", ":2: '2026-Q5' is no period"),
        ("period,amount,currency\n2026,1,EUR\n2026,-1,EUR\n", ":3: a spend must not be below zero"),
        ("period,amount,currency\n2026,1,\n", ":2: the currency is missing"),
    ],
)
def test_a_mistake_in_the_spend_names_its_line(tmp_path, text, expected):
    with pytest.raises(SettingsProblem, match=expected):
        side_files.spend(written(tmp_path, text))
