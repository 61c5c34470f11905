"""HubSpot's answers to a batch, in the shapes that were seen; any field of one may be missing."""

import json

import pytest

from connectors.hubspot.client.answers import LOCKED, Result, outcome, refusal, results, trace

NOT_FOUND = {"category": "OBJECT_NOT_FOUND", "message": "Could not get some deals", "context": {"ids": ["2"]}}
TOLD = [
    {"isValid": False, "message": "x was not one of the allowed options", "error": "INVALID_OPTION", "name": "gate"}
]
IN_MESSAGE = {
    "status": "error",
    "category": "VALIDATION_ERROR",
    "message": f"Property values were not valid: {json.dumps(TOLD)}",
}
CONDITION = {
    "category": "VALIDATION_ERROR",
    "message": "The property values provided are invalid",
    "errors": [
        {
            "code": "MISSING_CONDITIONAL_REQUIRED_PROPERTY",
            "message": "region is required because of a conditional property rule based on [dealstage]",
            "context": {"propertyName": ["region"]},
        }
    ],
}


def kinds(reply, *sent):
    return {deal: outcome(result)[0] for deal, result in results(reply, sent).items()}


def row(deal, given=None):
    return {"id": given or deal, "objectWriteTraceId": trace(deal)}


def test_deals_are_known_again_in_any_order_by_trace_or_by_id():
    assert kinds({"results": [{"id": "3"}, row("1"), row("2")]}, "1", "2", "3") == dict.fromkeys("123", "written")


def test_a_deal_that_no_line_names_was_not_written():
    assert kinds({"results": [row("1")]}, "1", "2") == {"1": "written", "2": "gone"}


def test_a_deal_answered_by_another_record_was_merged_into_it():
    found = results({"results": [row("1", given="9")]}, ["1"])["1"]
    assert outcome(found) == ("gone", "The deal is gone or hidden from us: it was merged into 9 (MERGED)")


@pytest.mark.parametrize(
    "where",
    [
        {"context": {"ids": ["2"]}},
        {"context": {"objectWriteTraceId": [trace("2")]}},
        {"context": {"objectWriteTraceId": trace("2")}},
        {"objectWriteTraceId": trace("2")},
        {"id": "2"},
    ],
)
def test_an_error_of_a_207_belongs_to_the_deal_that_its_trace_or_id_names(where):
    assert kinds({"results": [row("1")], "errors": [{**IN_MESSAGE, **where}]}, "1", "2")["2"] == "refused"


def test_a_deal_not_found_is_gone():
    assert kinds({"results": [row("1")], "errors": [NOT_FOUND]}, "1", "2")["2"] == "gone"


def test_an_error_that_names_no_deal_is_about_the_only_one_sent():
    assert kinds({"results": [], "errors": [IN_MESSAGE]}, "1") == {"1": "refused"}
    assert kinds({"results": [row("1")], "errors": [IN_MESSAGE]}, "1", "2")["1"] == "written"


def test_properties_are_read_from_the_list_of_errors_or_from_the_message():
    listed = {"errors": [{"code": "INVALID_OPTION", "message": "no", "context": {"propertyName": ["gate"]}}]}
    for body in (IN_MESSAGE, listed):
        assert refusal(body).names == ("gate",)
        assert refusal(body).by_value


@pytest.mark.parametrize(
    "body", [{}, {"message": "Property values were not valid: [{oops"}, {"errors": [{}], "message": ""}]
)
def test_an_error_that_says_nothing_is_still_a_sentence(body):
    kind, found = outcome(refusal(body, 400))
    assert (kind, found.endswith("(HTTP 400)")) == ("refused", True)


def test_a_rule_of_the_portal_is_reported_so_that_an_admin_can_act():
    kind, found = outcome(refusal(CONDITION))
    assert kind == "refused"
    assert found == (
        "A rule of the portal wants region filled in before anything on the deal is saved: region is required because "
        "of a conditional property rule based on [dealstage]. Fill it in on the deal, or change the rule under "
        "Settings, Properties, Conditional logic (MISSING_CONDITIONAL_REQUIRED_PROPERTY)"
    )


def test_what_passes_by_itself_is_left_for_later():
    assert outcome(refusal({"category": "RATE_LIMITS", "message": "Too fast"}))[0] == "retry_later"
    assert outcome(Result(LOCKED, "A record is busy")) == ("retry_later", "A record is busy (LOCKED)")


def test_of_several_wrongs_the_property_that_nobody_can_write_comes_first():
    wrongs = [("INVALID_OPTION", "gate"), ("PROPERTY_DOESNT_EXIST", "score")]
    listed = [{"code": code, "message": "no", "context": {"propertyName": [name]}} for code, name in wrongs]
    found = refusal({"errors": listed})
    assert (found.code, found.names) == ("PROPERTY_DOESNT_EXIST", ("score",))
