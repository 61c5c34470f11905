import pytest

from sandbox.hubspot.visit import visit

OURS = {
    "sluicegate_score": ("number", "number"),
    "sluicegate_flag_count": ("number", "number"),
    "sluicegate_top_flag": ("string", "text"),
    "sluicegate_pause_reason": ("string", "text"),
}


@pytest.fixture
def provisioned(admin):
    for name, (kind, field) in OURS.items():
        new = {"name": name, "label": name, "type": kind, "fieldType": field, "groupName": "dealinformation"}
        assert admin.post("/crm/v3/properties/deals", new).status_code == 201


def test_the_vendors_client_reads_our_properties_back_from_the_deal_with_most_flags(
    portal, running, raw, deal, provisioned
):
    owner = portal.owner("rep@acme.example").id
    for count in (1, 3, 2):
        key = deal(dealname=f"Flags {count}", hubspot_owner_id=owner)
        values = {"sluicegate_flag_count": count, "sluicegate_score": 100 - count, "sluicegate_top_flag": "Stale"}
        raw.patch(f"/crm/v3/objects/deals/{key}", {"properties": values})
    seen = visit(running)
    assert seen["owner"] == "rep@acme.example"
    assert seen["record"] == {
        "dealname": "Flags 3",
        "sluicegate_flag_count": "3",
        "sluicegate_score": "97",
        "sluicegate_top_flag": "Stale",
    }
    assert seen["written_by"] == {"type": "INTEGRATION", "app": "1881001", "value": "3"}


def test_where_no_deal_shows_a_flag_a_sentence_says_so(running, provisioned):
    with pytest.raises(LookupError, match="No deal shows a flag"):
        visit(running)
