"""2,000 made-up deals in each CRM, read and judged for real, against what their maker planted in each deal."""

from __future__ import annotations

import re
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import pytest

from policies.files import read_policies
from sandbox import hubspot, salesforce
from sandbox.seeds.ageing import OVER_EXPECTED
from tests.connectors.hubspot.portal import PortalDriver
from tests.connectors.salesforce.sales import Sales
from tests.crm_drivers.hubspot import HubspotDriver
from tests.crm_drivers.salesforce import SalesforceDriver
from tests.worker.governed import NAME, services
from worker.pipeline.running import leased
from worker.usecases.steps import judged_now, pull_only

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.crm_drivers.driver import CrmDriver
    from worker.wiring import Services

AS_OF = datetime(2026, 11, 15, 12, tzinfo=UTC)
FEWEST = 50
LABEL_OF = {
    "past-close-date": "past_close_date",
    "no-amount": "no_amount",
    "pushed-often": "pushed_often",
    "no-activity": "no_activity_14d",
    "untouched-60-days": "untouched_60d",
    "no-next-step": "no_next_step",
    "stalled-negotiation": "stalled_negotiation",
    "in-qualification-30-days": "in_qualification_30d",
    "over-1-5-median": "over_1_5_median",
    "stuck-twice-median": "stuck_twice_median",
    "no-contact-role": "no_contact_role",
    "inactive-owner": "inactive_owner",
    **{label.replace("_", "-"): label for label in OVER_EXPECTED},
}
OF_REPORTS = {"no-reported-activity"}
"""What judges a fact that only exported reports have."""
SAYS = {True: "broken", False: "passed", None: "unknown"}

Said: TypeAlias = Literal["broken", "passed", "unknown", "not applicable"]


@contextmanager
def _salesforce() -> Iterator[tuple[Any, CrmDriver]]:
    org = salesforce.new_org()
    salesforce.seed(org, 2_000, as_of=AS_OF)
    with salesforce.serve(org) as server:
        yield org, SalesforceDriver(Sales(org, server))


@contextmanager
def _hubspot() -> Iterator[tuple[Any, CrmDriver]]:
    portal = hubspot.new_portal()
    hubspot.seed(portal, 2_000, as_of=AS_OF)
    with hubspot.serve(portal) as server:
        yield portal, HubspotDriver(PortalDriver(portal, server))


@pytest.fixture(scope="module", params=[_salesforce, _hubspot], ids=["salesforce", "hubspot"])
def both(request, tmp_path_factory) -> Iterator[tuple[Any, Mapping[str, Mapping[str, Said]]]]:
    """A seeded CRM, and what the judge says, by policy and deal."""
    with request.param() as (org, driver):
        team = services(driver, tmp_path_factory.mktemp("labelled"))
        try:
            assert not pull_only(team, NAME, full=True).aside
            yield org, _verdicts(team)
        finally:
            team.store.close()


@pytest.fixture(scope="module")
def org(both):
    return both[0]


@pytest.fixture(scope="module")
def judged(both):
    return both[1]


def _verdicts(team: Services) -> dict[str, dict[str, Said]]:
    with leased(team, NAME, AS_OF) as session:
        run_id = team.store.runs.start(NAME, AS_OF, "", "", "judge", session.lease)
        (part,) = judged_now(session, run_id, binding=True).parts
    ids = part.part.in_scope.frame.select("key", "id")
    found: dict[str, dict[str, Said]] = {}
    for rule in part.verdict.rules:
        rows = part.verdict.frame.join(ids, on="key").select("id", rule.applies, rule.broken).iter_rows()
        found[rule.id] = {id_: "not applicable" if applies is False else SAYS[broken] for id_, applies, broken in rows}
    return found


def test_every_policy_that_the_checklists_ask_for_is_decided_by_the_generator_too():
    pack = (resources.files("policies") / "packs" / "starter.yaml").read_bytes()
    shipped = read_policies({"starter.yaml": pack}).policies
    asked = {one.id for one in shipped if one.generated or re.match(r"S\d+ \[|S\d+ and", one.source)}
    assert asked == LABEL_OF.keys() | OF_REPORTS


def test_what_only_reports_can_tell_is_dormant_in_a_crm(judged):
    assert OF_REPORTS.isdisjoint(judged)


@pytest.mark.parametrize(("policy", "label"), LABEL_OF.items())
def test_the_judge_finds_what_was_planted_and_nothing_else(org, judged, policy, label):
    planted = {deal: SAYS[labels[label]] for deal, labels in org.labels.items() if label in labels}
    verdicts = list(planted.values())
    assert min(verdicts.count("broken"), verdicts.count("passed")) >= FEWEST
    wrong = {deal: (found, judged[policy][deal]) for deal, found in planted.items() if judged[policy][deal] != found}
    assert wrong == {}


def test_what_nobody_can_know_is_unknown_and_no_flag(org, judged):
    quiet = [deal for deal, labels in org.labels.items() if "no_activity_14d" not in labels]
    assert len(quiet) >= FEWEST
    assert {judged["no-activity"][deal] for deal in quiet} == {"unknown"}
    assert {judged["untouched-60-days"][deal] for deal in quiet} == {"unknown"}


def test_deals_that_are_not_open_are_judged_by_no_policy(org, judged):
    closed = judged["no-amount"].keys() - org.labels.keys()
    assert len(closed) >= FEWEST
    assert {judged[policy][deal] for policy in LABEL_OF for deal in closed} == {"not applicable"}
