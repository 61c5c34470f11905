"""Quiet when nothing changed: a record is written because a fact changed or a limit was crossed, never else."""

from tests.worker.governed import FLAGS, REASONS


def test_a_whole_pipeline_is_written_once_and_then_left_alone(team):
    team.seed(90)
    assert team.run().outcomes["written"] == len(set(team.written())) > 35
    before = len(team.writes())
    for again in ({}, {"full": True}):
        report = team.run(**again)
        assert (report.patches, report.exit_code) == (0, 0)
    assert len(team.writes()) == before


def test_a_day_later_only_deals_with_changed_flags_are_written(team):
    labels = team.seed(90)
    team.run()
    for _ in range(2):
        flags = {deal: team.shown(deal) for deal in labels}
        team.later(days=1)
        before = len(team.writes())
        report = team.run()
        crossed = {deal for deal in labels if team.shown(deal) != flags[deal]}
        assert sorted(team.written(before)) == sorted(crossed)
        assert report.patches == len(crossed)
        assert team.run().patches == 0


def test_of_deals_near_their_limits_only_those_that_cross_them_overnight_are_written(team):
    """Limits: 14 days without a touch, and the close date."""
    crossing = {team.deal("Silent for 13 days"): "no-activity"}
    team.later(days=1)
    staying = {team.deal("Silent for 12 days"), (called := team.deal("Called today"))}
    staying |= {(met := team.deal("Closes in two days", close_date="2026-11-18"))}
    late = team.deal("Late for long, its days tick on", close_date="2026-11-04")
    crossing |= {team.deal("Closes today", close_date="2026-11-16"): "past-close-date"}
    team.later(days=12)
    for deal in (called, met):
        team.driver.call(deal)
    assert team.run().outcomes["written"] == len(crossing) + len(staying) + 1
    assert not {"no-activity", "past-close-date"} & {flag for deal in crossing for flag in team.shown(deal)}
    before, reasons = len(team.writes()), team.on_record(late)[REASONS]
    team.later(days=1)
    report = team.run()
    assert {write.id for write in team.writes(before)} == set(crossing)
    assert report.patches == len(crossing) <= report.new  # its stage may have a limit of days, too
    assert all(flag in team.shown(deal) for deal, flag in crossing.items())
    assert team.on_record(late)[REASONS] == reasons
    assert "Close date 4 Nov 2026 has passed" in reasons


def test_a_write_carries_only_the_fields_that_differ(team):
    deal = team.deal("Silent", amount=10, close_date="2026-11-30")
    team.later(days=13)
    team.run()
    before = len(team.writes())
    team.later(days=1)
    team.run()
    sent = team.writes(before)[0].values
    assert ";no-activity;" in sent[FLAGS]
    assert all(team.on_record(deal)[name] == value for name, value in sent.items())
    assert "worst_severity" not in sent  # no next step was a warning already
