import pytest
from hubspot.crm.associations.v4 import BatchInputPublicFetchAssociationsBatchRequest

from sandbox.hubspot import events

REP = "rep@acme.example"
V4 = "/crm/v4/associations/deals/contacts"


@pytest.fixture
def person(portal):
    def make(**values):
        return events.create_as(portal, REP, "contacts", {"firstname": "Ngọc", **values})

    return make


def test_a_deal_without_the_association_makes_the_answer_a_207(client, portal, deal, person):
    lone, mine, friend = deal(), deal(), person()
    events.link(portal, "deals", mine, "contacts", friend)
    asked = BatchInputPublicFetchAssociationsBatchRequest(inputs=[{"id": lone}, {"id": mine}])
    found = client.crm.associations.v4.batch_api.get_page("deals", "contacts", asked)
    (result,), (error,) = found.results, found.errors
    assert (result._from.id, result.to[0].to_object_id) == (mine, friend)
    assert error.sub_category == "crm.associations.NO_ASSOCIATIONS_FOUND"
    assert error.context == {"fromObjectId": [lone], "fromObjectType": ["deal"], "toObjectType": ["contact"]}
    assert error.message == f"No contact is associated with deal {lone}."


def test_a_pair_may_carry_several_types_and_v3_repeats_it_for_each(portal, raw, deal, person):
    mine, friend = deal(), person()
    portal.links.add_label("deals", "contacts", "Decision Maker")
    events.link(portal, "deals", mine, "contacts", friend, labels=["Decision Maker"])
    (to,) = raw.post(f"{V4}/batch/read", {"inputs": [{"id": mine}]}).json()["results"][0]["to"]
    assert to["associationTypes"] == [
        {"category": "HUBSPOT_DEFINED", "typeId": 3, "label": None},
        {"category": "USER_DEFINED", "typeId": 36, "label": "Decision Maker"},
    ]
    listed = raw.get("/crm/v3/objects/deals", associations="contacts").json()["results"][0]["associations"]
    assert listed["contacts"]["results"] == [
        {"id": friend, "type": "deal_to_contact"},
        {"id": friend, "type": "decision_maker"},
    ]


@pytest.mark.parametrize("kind", ["deal_to_contact", "3"])
def test_v3_associates_and_parts_by_the_name_or_number_of_a_type(portal, client, deal, person, kind):
    mine, friend = deal(), person()
    pair = {"inputs": [{"from": {"id": mine}, "to": {"id": friend}, "type": kind}]}
    made = client.crm.associations.batch_api.create("deals", "contacts", pair)
    assert [(one._from.id, one.to.id, one.type) for one in made.results] == [(mine, friend, kind)]
    assert portal.links.of("deals", int(mine), "contacts") == {int(friend): {3}}
    client.crm.associations.batch_api.archive("deals", "contacts", pair)
    assert portal.links.of("deals", int(mine), "contacts") == {}


def test_one_company_is_primary_beside_the_plain_type(portal, raw, deal):
    mine = deal()
    firms = [events.create_as(portal, REP, "companies", {"name": name}) for name in ("A", "B")]
    for firm in firms:
        events.link(portal, "deals", mine, "companies", firm, labels=["Primary"])
    shown = raw.get(f"/crm/v4/objects/deals/{mine}/associations/companies").json()["results"]
    types = {str(one["toObjectId"]): [t["typeId"] for t in one["associationTypes"]] for one in shown}
    assert types == {firms[0]: [341], firms[1]: [341, 5]}
    wanted = "hs_primary_associated_company"
    assert raw.get(f"/crm/v3/objects/deals/{mine}", properties=wanted).json()["properties"][wanted] == firms[1]


def test_an_input_with_many_associations_has_pages_of_its_own(portal, raw, deal, person):
    mine = deal()
    for _ in range(501):
        events.link(portal, "deals", mine, "contacts", person())
    (first,) = raw.post(f"{V4}/batch/read", {"inputs": [{"id": mine}]}).json()["results"]
    after = first["paging"]["next"]["after"]
    (last,) = raw.post(f"{V4}/batch/read", {"inputs": [{"id": mine, "after": after}]}).json()["results"]
    assert (len(first["to"]), len(last["to"]), "paging" in last) == (500, 1, False)
    too_many = {"inputs": [{"id": str(n)} for n in range(1_001)]}
    assert raw.post(f"{V4}/batch/read", too_many).status_code == 400


def test_default_associations_are_made_again_without_harm_and_taken_away(portal, client, raw, deal, person):
    mine, friend = deal(), person()
    for _ in range(2):
        made = client.crm.associations.v4.basic_api.create_default("deals", mine, "contacts", friend)
        assert {r.association_spec.association_type_id for r in made.results} == {3, 4}
    assert portal.shelves["deals"].find(mine).props["num_associated_contacts"] == "1"
    assert raw("DELETE", f"/crm/v4/objects/deals/{mine}/associations/contacts/{friend}").status_code == 204
    assert portal.shelves["deals"].find(mine).props["num_associated_contacts"] == "0"


def test_typed_associations_labels_and_batches(portal, raw, deal, person):
    mine, friend = deal(), person()
    made = raw.post(f"{V4}/labels", {"label": "Champion", "name": "champion", "inverseLabel": "Champions"}).json()
    number = made["results"][0]["typeId"]
    spec = [{"associationCategory": "USER_DEFINED", "associationTypeId": number}]
    pair = {"from": {"id": mine}, "to": {"id": friend}, "types": spec}
    answer = raw.post(f"{V4}/batch/create", {"inputs": [pair]})
    assert (answer.status_code, answer.json()["results"][0]["labels"]) == (201, ["Champion"])
    assert raw("PUT", f"/crm/v4/objects/deals/{mine}/associations/contacts/{friend}", spec).status_code == 201
    back = raw.get(f"/crm/v4/objects/contacts/{friend}/associations/deals").json()["results"][0]["associationTypes"]
    assert [t["label"] for t in back] == [None, "Champions"]
    assert raw.post(f"{V4}/batch/labels/archive", {"inputs": [pair]}).status_code == 204
    assert len(portal.links.of("deals", int(mine), "contacts")[int(friend)]) == 1
    assert raw("DELETE", f"{V4}/labels/{number}").status_code == 204
    assert [t["label"] for t in raw.get(f"{V4}/labels").json()["results"]] == [None]
    assert (
        raw.post(f"{V4}/batch/archive", {"inputs": [{"from": {"id": mine}, "to": [{"id": friend}]}]}).status_code == 204
    )
    assert not portal.links.of("deals", int(mine), "contacts")


def test_a_merged_deal_hands_its_people_and_notes_to_the_survivor(portal, deal, person):
    winner, loser, friend = deal(), deal(), person()
    events.link(portal, "deals", loser, "contacts", friend)
    events.merge_deals(portal, REP, winner, loser)
    assert list(portal.links.of("deals", int(winner), "contacts")) == [int(friend)]
    assert not portal.links.of("deals", int(loser), "contacts")


def test_default_associations_are_made_in_batches_and_read_by_v3_with_their_names(portal, client, raw, deal, person):
    mine, friend = deal(), person()
    pairs = [{"from": {"id": mine}, "to": {"id": friend}}, {"from": {"id": mine}, "to": {"id": "1"}}]
    answer = raw.post(f"{V4}/batch/associate/default", {"inputs": pairs})
    assert (answer.status_code, len(answer.json()["results"]), answer.json()["numErrors"]) == (207, 2, 1)
    read = client.crm.associations.batch_api.read("deals", "contacts", {"inputs": [{"id": mine}]})
    assert [(one.id, one.type) for one in read.results[0].to] == [(friend, "deal_to_contact")]
    assert raw.get("/crm/v3/associations/deals/contacts/types").json()["results"] == [
        {"id": "3", "name": "deal_to_contact"}
    ]
    assert raw.post("/crm/v3/associations/deals/contacts/batch/read", {"inputs": [{"id": deal()}]}).status_code == 207
