"""Moving a deal back: only a person's fresh breaching move, once, never at a quarter's end, and it can be undone."""

from datetime import UTC, datetime, timedelta

import pytest

from model.calendars.fiscal import quarter_end
from model.calibration import Calibration
from sandbox.salesforce import add_user
from tests.worker.enforcing import enforcing, under
from tests.worker.governed import NAME, AfterThePull, with_connector
from tests.worker.pipeline.test_actions import Killed, did
from worker.pipeline.measuring import USUAL
from worker.pipeline.session import Session
from worker.pipeline.slices import parts
from worker.usecases.actions import listed, undo
from worker.usecases.kpis.answer import measured

GATE = """version: 1
processes:
  - id: sales
    stages:
      - id: first
        names: {{salesforce: [Prospecting], hubspot: [prospecting]}}
        exit:
          - id: budget
            title: Amount written down
            require: amount is not blank
            fix: Enter the amount
            mode: {mode}
            actions: [{{move_back: true}}]
            examples:
              met: [{{2026-11-02: {{enter: first, amount: 5}}, 2026-11-05: {{enter: second}}}}]
              missed: [{{2026-11-02: {{enter: first}}, 2026-11-05: {{enter: second}}}}]
              healed: [{{2026-11-02: {{enter: first}}, 2026-11-05: {{enter: second}}, 2026-11-07: {{amount: 5}}}}]
      - {{id: second, names: {{salesforce: [Qualification], hubspot: [appointmentscheduled]}}}}
      - {{id: third, names: {{salesforce: [Needs Analysis], hubspot: [qualifiedtobuy]}}}}
      - {{id: won, names: {{salesforce: [Closed Won], hubspot: [closedwon]}}}}
"""


def gate(mode="enforce"):
    return GATE.format(mode=mode)


@pytest.fixture
def team(crm, tmp_path):
    with enforcing(tmp_path, crm, gate()) as made:
        yield made


def breached(team, **changes):
    """A deal that a rep moved on an hour ago without the amount."""
    deal = team.deal("Hasty", **changes)
    team.run()
    team.later(days=2)
    team.edit(deal, stage=team.driver.second_stage)
    team.later(hours=1)
    return deal


def stage(team, deal):
    return team.driver.entered(deal)["stage"]


def back(team):
    return team.driver.first_stage


def moves(team):
    """The stages that our user wrote."""
    fields = {"StageName", "dealstage"}
    return [write for write in team.driver.writes() if fields & write.values.keys() and write.outcome == "ok"]


def test_a_deal_moved_past_its_gate_is_moved_back_once(team):
    deal = breached(team)
    report = team.run()
    assert (report.exit_code, did(report)) == (0, {"planned": 1, "done": 1})
    assert stage(team, deal) == back(team)
    for hours in (0, 1, 30):
        team.later(hours=hours)
        assert did(team.run()) == {}
    assert len(moves(team)) == 1


def test_a_gate_that_only_warns_moves_nothing(team):
    deal = breached(under(team, gate("warn")))
    assert did(team.run()) == {}
    assert stage(team, deal) == team.driver.second_stage


def test_another_move_past_the_gate_is_another_move(team):
    deal = breached(team)
    team.run()
    team.later(hours=2)
    team.edit(deal, stage=team.driver.second_stage)
    team.later(minutes=30)
    assert did(team.run()) == {"planned": 1, "done": 1}
    assert stage(team, deal) == back(team)


def test_a_move_older_than_a_day_stands(team):
    deal = breached(team)
    team.later(hours=23, seconds=1)
    assert did(team.run()) == {}
    assert stage(team, deal) == team.driver.second_stage


def test_a_move_of_exactly_a_day_is_still_taken_back(team):
    deal = breached(team)
    team.later(hours=23)
    assert did(team.run()) == {"planned": 1, "done": 1}
    assert stage(team, deal) == back(team)


def test_one_who_met_the_criterion_in_time_is_left_alone(team):
    deal = breached(team)
    team.edit(deal, amount=5)
    team.later(minutes=20)
    assert did(team.run()) == {}
    assert stage(team, deal) == team.driver.second_stage


@pytest.mark.parametrize("state", ["won", "lost"])
def test_no_deal_is_taken_out_of_a_closed_stage(team, state):
    deal = breached(team)
    team.edit(deal, stage=getattr(team.driver, state))
    team.later(minutes=20)
    assert did(team.run()) == {}
    assert stage(team, deal) == getattr(team.driver, state)


def test_a_deal_that_somebody_moves_behind_the_pull_is_left_alone(team):
    third = {"salesforce": "Needs Analysis", "hubspot": "qualifiedtobuy"}[team.driver.kind]
    deal = breached(team)
    connector = AfterThePull(team.services.connect(NAME), lambda: team.edit(deal, stage=third))
    report = with_connector(team, connector).run()
    assert did(report) == {"planned": 1, "skipped": 1}
    assert stage(team, deal) == third


def test_a_deal_that_left_and_came_back_behind_the_pull_is_left_alone(team):
    deal = breached(team)

    def there_and_back():
        team.edit(deal, stage=team.driver.first_stage)
        team.later(minutes=1)
        team.edit(deal, stage=team.driver.second_stage)

    report = with_connector(team, AfterThePull(team.services.connect(NAME), there_and_back)).run()
    assert did(report) == {"planned": 1, "skipped": 1}
    assert stage(team, deal) == team.driver.second_stage


def test_a_deal_that_is_deleted_behind_the_pull_stops_nothing(team):
    deal = breached(team)
    report = with_connector(team, AfterThePull(team.services.connect(NAME), lambda: team.driver.delete(deal))).run()
    assert report.actions["gone"] == 1


@pytest.mark.parametrize("fault", ["drop_after", "truncate", "bad_gateway"])
def test_a_reply_that_is_dropped_moves_it_once(team, fault):
    deal = breached(team)
    connector = Shaken(team.services.connect(NAME), lambda: team.driver.fault(fault, "push"))
    assert did(with_connector(team, connector).run()) == {"planned": 1, "done": 1}
    assert stage(team, deal) == back(team)
    assert len(moves(team)) == 1
    (one,) = listed(team.services, NAME)["actions"]
    assert one["state"] == "done"
    assert one["receipts"][0]["before"]


class Shaken:
    """A door to the CRM before which something goes wrong whenever it acts for the first time."""

    def __init__(self, connector, happens):
        self.connector, self.happens = connector, happens

    def __getattr__(self, name):
        return getattr(self.connector, name)

    def act(self, acts):
        self.happens()
        self.happens = lambda: None
        return self.connector.act(acts)


@pytest.mark.parametrize("sends", [True, False])
@pytest.mark.parametrize("later", [1, 30])
def test_killed_while_it_moved_is_looked_up_and_never_moved_after_the_day(team, sends, later):
    deal = breached(team)
    with pytest.raises(KeyboardInterrupt):
        with_connector(team, Killed(team.services.connect(NAME), sends=sends)).run()
    team.later(hours=later)
    team.run()
    moved = sends or later == 1
    assert stage(team, deal) == (back(team) if moved else team.driver.second_stage)
    assert len(moves(team)) == moved
    (one,) = listed(team.services, NAME)["actions"]
    assert one["state"] == ("done" if moved else "over")
    team.later(hours=1)
    assert did(team.run()) == {}


def test_undo_moves_the_deal_forward_again_with_what_it_had(team):
    deal = breached(team)
    before = standing(team, deal)
    team.run()
    assert stage(team, deal) == back(team)
    assert did(undo(team.services, NAME)) == {"undone": 1}
    assert standing(team, deal) == before
    team.later(hours=1)
    assert did(team.run()) == {}, "never twice for one move"
    assert stage(team, deal) == team.driver.second_stage


def test_undo_leaves_a_deal_alone_that_somebody_has_changed_since(team):
    deal = breached(team)
    team.run()
    team.edit(deal, **{chance_of(team): 35 if team.driver.kind == "salesforce" else "0.35"})
    report = undo(team.services, NAME)
    assert did(report) == {"skipped": 1}
    assert stage(team, deal) == back(team)


def chance_of(team):
    return {"salesforce": "Probability", "hubspot": "hs_deal_stage_probability"}[team.driver.kind]


def category_of(team):
    return {"salesforce": "ForecastCategoryName", "hubspot": "hs_manual_forecast_category"}[team.driver.kind]


def standing(team, deal):
    """Stage, probability and category, as the CRM has them."""
    names = (chance_of(team), category_of(team))
    if team.driver.kind == "salesforce":
        row = team.driver.sales.row(deal)
        return row["StageName"], *(row[name] for name in names)
    props = team.driver._props(deal)
    return props["dealstage"], *((props.get(name) or None) for name in names)


def test_probability_and_category_become_what_they_were_before_the_move(team):
    own = {"salesforce": {"Probability": 42, "ForecastCategoryName": "Best Case"},
           "hubspot": {"hs_deal_stage_probability": "0.42", "hs_manual_forecast_category": "BEST_CASE"}}  # fmt: skip
    deal = team.deal("Hasty")
    team.later(hours=1)
    team.edit(deal, **own[team.driver.kind])
    before = standing(team, deal)
    team.run()
    team.later(days=2)
    team.edit(deal, stage=team.driver.second_stage)
    if team.driver.kind == "hubspot":
        team.edit(deal, hs_manual_forecast_category="COMMIT")
    team.later(hours=1)
    assert standing(team, deal)[1:] != before[1:]
    assert did(team.run()) == {"planned": 1, "done": 1}
    assert standing(team, deal) == before
    (write,) = moves(team)
    assert {chance_of(team), category_of(team)} <= write.values.keys()


def test_only_what_differs_from_the_stages_own_default_is_written(team):
    breached(team)
    team.run()
    (write,) = moves(team)
    assert not {chance_of(team), category_of(team)} & write.values.keys()


def at_end_of_quarter(team, days):
    """The team's clock so many days before the end of the year's last quarter, at noon."""
    end = quarter_end(team.driver.clock.now().date())
    team.driver.clock.set(datetime(end.year, end.month, end.day, 17, tzinfo=UTC) - timedelta(days=days))


def test_on_the_last_day_of_the_quarter_no_deal_is_moved(team):
    deal = team.deal("Hasty", close_date="2027-06-30")
    team.run()
    at_end_of_quarter(team, 0)
    team.edit(deal, stage=team.driver.second_stage)
    team.later(hours=1)
    report = team.run()
    assert did(report) == {}
    assert stage(team, deal) == team.driver.second_stage
    assert team.verdict(deal)["gate"]["status"] == "breached"
    team.later(hours=13)
    assert did(team.run()) == {"planned": 1, "done": 1}, "the new quarter has begun, and the day is not over"


def test_a_fiscal_year_of_its_own_has_its_own_last_days(tmp_path):
    with enforcing(tmp_path, text=gate(), fiscal_year_starts=12, calendar="US") as team:
        team.driver.clock.set(datetime(2026, 11, 25, 17, tzinfo=UTC))
        deal = breached(team)
        assert team.driver.clock.now().date().isoformat() == "2026-11-27"
        assert did(team.run()) == {}, "Thanksgiving is no business day, so the five are 23, 24, 25, 27, 30 November"
        assert stage(team, deal) == team.driver.second_stage


def test_a_move_by_a_machine_stands(tmp_path, crm):
    with enforcing(tmp_path, crm, gate(), integration_users=("sync@acme.example",)) as team:
        deal = team.deal("Synced")
        team.run()
        team.later(days=2)
        team.edit(deal, user=machine(team), stage=team.driver.second_stage)
        team.later(hours=1)
        assert did(team.run()) == {}
        assert stage(team, deal) == team.driver.second_stage
        assert team.verdict(deal)["gate"]["status"] == "breached"


def machine(team):
    """Whoever moves deals here without being a person."""
    if team.driver.kind == "hubspot":
        return "workflow"
    add_user(team.driver.org, "sync@acme.example", "Data", "Sync", "System Administrator")
    return "sync@acme.example"


def test_our_move_binds_nothing_breaks_no_age_and_counts_in_no_kpi(team):
    """Beside a twin that nobody ever moved: the same facts of age, the same gate, the same conversions."""
    deal, twin = team.deal("Hasty"), team.deal("Twin")
    team.run()
    team.later(days=2)
    team.edit(deal, stage=team.driver.second_stage)
    team.later(hours=1)
    team.run()
    team.later(hours=20)
    team.run()
    ages = ages_of(team)
    assert ages[deal] == ages[twin]
    assert team.verdict(deal)["gate"]["status"] == team.verdict(twin)["gate"]["status"] == "waiting"
    conversions = [kpi for kpi in measured(team.services, NAME, USUAL) if kpi["id"] == "stage_conversion_ever"]
    assert {kpi["numerator"] for kpi in conversions if "stage" in kpi["dims"]} == {0}


def ages_of(team):
    session = Session(team.services, NAME, team.driver.clock.now())
    description = session.description()
    (part,) = parts(session, session.policies(description), description, Calibration())
    names = (
        "id",
        "stage",
        "stage_since",
        "days_in_stage",
        "days_in_visit",
        "created_in_stage",
        "pushes",
        "reopened_on",
    )
    return {row["id"]: tuple(row[n] for n in names[1:]) for row in part.wide.frame.select(names).iter_rows(named=True)}
