"""A portal where no pipeline, amount or segment ever changed has a past all the same."""

from datetime import timedelta

import pytest

from tests.worker.governed import NAME, governed
from worker.usecases.replay import replay

DEALS, DAYS = 6, 200


def pack(pipeline: str, kind: str, stages: tuple[str, str, str]) -> bytes:
    first, second, won = stages
    return f"""version: 1
processes:
  - id: main
    applies_to: pipeline = '{pipeline}'
    stages:
      - id: first
        names: {{{kind}: ['{first}']}}
        exit: [{{id: amount, title: Amount set, require: amount is not blank, fix: Set it}}]
      - {{id: second, names: {{{kind}: ['{second}']}}}}
      - {{id: won, names: {{{kind}: ['{won}']}}}}
policies:
  - {{id: small, title: Small, flag_if: amount < 5000, severity: info, points: 1, fix: f, owner: o}}
  - {{id: in-first, title: First, flag_if: stage = 'first', severity: info, points: 1, fix: f, owner: o}}
  - {{id: overdue, title: Overdue, flag_if: days_since(close_date) > 0, severity: info, points: 1, fix: f, owner: o}}
""".encode()


@pytest.fixture
def portal(tmp_path):
    """Deals that were made, moved once and renamed after 210 days, when a run first reads them."""
    with governed(tmp_path, "hubspot", currency="USD") as team:
        driver = team.driver
        made = [team.deal(f"Deal {n}", amount=1000 * n) for n in range(DEALS)]
        team.later(days=20)
        for deal in made[:3]:
            team.edit(deal, stage=driver.second_stage)
        team.later(days=DAYS - 10)
        for deal in made:
            team.edit(deal, name="Another name")
        team.run()
        yield team


def test_everything_is_judged_on_every_day_before_the_first_pull(portal):
    pipelines = {deal["pipeline"] for deal in portal.services.store.verdicts.deals(NAME)}
    driver = portal.driver
    text = pack(pipelines.pop(), driver.kind, (driver.first_stage, driver.second_stage, driver.won))
    last = (portal.services.clock() - timedelta(days=1)).date()
    answer = replay(portal.services, NAME, {"p.yaml": text}, last - timedelta(days=DAYS - 1), last)
    assert answer["no_past"] == []
    assert answer["deal_days"] == DEALS * DAYS
    assert {row["policy"]: row["judged_share"] for row in answer["policies"]} == {
        "small": 1.0, "in-first": 1.0, "overdue": 1.0, "main/first/amount": 1.0,
    }  # fmt: skip
