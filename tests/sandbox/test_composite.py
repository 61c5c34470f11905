def test_a_composite_call_uses_earlier_results_and_counts_once(admin, org):
    base = "/services/data/v60.0/sobjects"
    wanted = [
        {"method": "POST", "url": f"{base}/Account", "referenceId": "acc", "body": {"Name": "New"}},
        {
            "method": "POST",
            "url": f"{base}/Contact",
            "referenceId": "con",
            "body": {"LastName": "Ünal", "AccountId": "@{acc.id}"},
        },
    ]
    used = org.used
    replies = admin.sf.restful("composite", method="POST", json={"compositeRequest": wanted})["compositeResponse"]
    assert [r["httpStatusCode"] for r in replies] == [201, 201]
    assert org.used == used + 1
    contact = org.tables["Contact"].rows[replies[1]["body"]["id"]]
    assert contact["AccountId"] == replies[0]["body"]["id"]


def test_a_composite_call_with_all_or_none_leaves_nothing_of_a_failure(admin, org):
    base = "/services/data/v60.0/sobjects"
    wanted = [
        {"method": "POST", "url": f"{base}/Account", "referenceId": "acc", "body": {"Name": "New"}},
        {"method": "POST", "url": f"{base}/Account", "referenceId": "bad", "body": {"Name": "x" * 300}},
    ]
    body = {"allOrNone": True, "compositeRequest": wanted}
    replies = admin.sf.restful("composite", method="POST", json=body)["compositeResponse"]
    assert {r["httpStatusCode"] for r in replies} == {400}
    assert not org.tables["Account"].rows


def test_rows_are_read_by_ids_with_null_for_what_is_not_there(sync, deal):
    mine = deal(Name="Mine")
    body = {"ids": [mine, "0065g00000ZZZZZAAA"], "fields": ["Name"]}
    rows = sync.sf.restful("composite/sobjects/Opportunity", method="POST", json=body)
    assert [r and r["Name"] for r in rows] == ["Mine", None]
