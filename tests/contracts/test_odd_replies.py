"""Pages with odd records in them, and replies that are none: a pull goes on, or stops with a sentence."""

from __future__ import annotations

import contextlib
import copy
import gzip
import socketserver
import threading
from datetime import timedelta

import orjson
import pytest

from model.errors import AccessRefused, RetryLater
from sandbox.web import Reply
from tests.crm_drivers import CRM_DRIVERS

FIELDS = {
    "salesforce": {"id": "Id", "amount": "Amount", "probability": "Probability", "close_date": "CloseDate",
                   "name": "Name"},
    "hubspot": {"id": "id", "amount": "amount", "probability": "hs_deal_stage_probability", "close_date": "closedate",
                "name": "dealname"},
}  # fmt: skip
RAW = "the raw value goes here"


@pytest.fixture(scope="module", params=CRM_DRIVERS)
def opened(request):
    """One CRM of each kind for all odd replies: reading changes nothing in it."""
    with CRM_DRIVERS[request.param]() as office:
        yield office, office.deal("Acme", amount=500), office.deal("Other", amount=700)


@pytest.fixture
def crm(opened):
    yield opened
    opened[0].faults.twist = None


def rows_of(body, key):
    """Every record of a body that has this id."""
    if isinstance(body, dict):
        if key in (body.get("Id"), body.get("id")):
            yield body
        for value in body.values():
            yield from rows_of(value, key)
    elif isinstance(body, list):
        for value in body:
            yield from rows_of(value, key)


def odd(office, deal, field, raw):
    """From now on the CRM gives `raw`, written as JSON, in this field of the deal."""
    name = FIELDS[office.kind][field]

    def twist(_asked, reply):
        body = copy.deepcopy(reply.body)
        for row in rows_of(body, deal):
            holder = row["properties"] if "properties" in row and field != "id" else row
            if name in holder and ("StageName" in row or "properties" in row):
                holder[name] = RAW
        content = Reply(body).bytes().replace(orjson.dumps(RAW), raw)
        return Reply(content, reply.status, reply.headers, reply.kind)

    office.faults.twist = twist


def read(office):
    """Deals by id, and what was set aside."""
    pages = list(office.connector().pull({}))
    deals = {deal["id"]: deal for page in pages for deal in page.records.get("opportunity", ())}
    return deals, [one for page in pages for one in page.aside]


@pytest.mark.parametrize(
    ("field", "raw"),
    [
        ("amount", b"1e30"), ("amount", b'"1e30"'), ("amount", b"1" * 100), ("amount", b"1" * 5000),
        ("amount", b"NaN"), ("amount", b'"Infinity"'), ("amount", b"[5]"), ("amount", b"1e99999999999999999999"),
        ("amount", b"true"), ("probability", b"1e300"), ("probability", b'"x"'), ("close_date", b'"99999-01-01"'),
        ("close_date", b'"0000-00-00"'), ("close_date", b'"0001-01-01"'), ("close_date", b"{}"), ("name", b'["Acme"]'),
    ],
)  # fmt: skip
def test_a_value_that_nobody_can_judge_makes_that_fact_alone_unknown(crm, field, raw):
    office, deal, other = crm
    odd(office, deal, field, raw)
    deals, aside = read(office)
    assert aside == []
    assert (field in deals[deal], deals[deal]["unread"]) == (False, [field])
    assert deals[other]["unread"] == []


def test_text_that_no_database_takes_is_replaced_and_a_name_has_one_line(crm):
    office, deal, _ = crm
    odd(office, deal, "name", b'"Acme \\ud83d\\u0000\\nRun done, 0 problems"')
    assert (
        read(office)[0][deal]["name"] == "Acme \N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER} Run done, 0 problems"
    )


@pytest.mark.parametrize("raw", [b"null", b'""', b"[]", b"true", b'"%s"' % (b"9" * 300)])
def test_a_record_without_a_usable_id_is_set_aside_and_all_others_are_read(crm, raw):
    office, deal, other = crm
    odd(office, deal, "id", raw)
    deals, aside = read(office)
    assert (deal in deals, other in deals) == (False, True)
    assert [one.table for one in aside] == ["opportunity"]
    assert "id" in aside[0].reason


class Trap(socketserver.BaseRequestHandler):
    """Notes who calls."""

    called = 0

    def handle(self):
        Trap.called += 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(crm, status):
    office, Trap.called = crm[0], 0
    with socketserver.TCPServer(("127.0.0.1", 0), Trap) as trap:
        threading.Thread(target=trap.serve_forever, daemon=True).start()
        address = {"location": f"http://127.0.0.1:{trap.server_address[1]}/x"}
        for path in ("/oauth", "/services/data", "/crm/", "/account-info"):
            met = []

            def twist(asked, reply, path=path, met=met):
                if path not in asked.path:
                    return reply
                met.append(asked.path)
                return Reply(None, status, address)

            office.faults.twist = twist
            try:
                read(office)
            except RetryLater as error:
                assert "Redirects are not followed" in str(error)  # noqa: PT017 - only where a call was redirected
            else:
                assert not met
        trap.shutdown()
    assert Trap.called == 0


def test_two_pages_that_lead_to_each_other_are_left_with_a_sentence(crm):
    turns = iter(range(1000))

    def twist(_asked, reply):
        body = copy.deepcopy(reply.body)
        turn = next(turns) % 2
        if isinstance(body, dict) and "records" in body:
            body |= {"done": False, "nextRecordsUrl": f"/services/data/v62.0/query/0r8-{turn}"}
        elif isinstance(body, dict) and "results" in body:
            body["paging"] = {"next": {"after": str(turn)}}
        return Reply(body, reply.status, reply.headers, reply.kind)

    crm[0].faults.twist = twist
    with pytest.raises(RetryLater, match=r"for ever|has lost the pages"):
        read(crm[0])


@pytest.mark.parametrize(
    "body",
    [b" " * (70 << 20), b'{"records":[' + b"{}," * 2_100_000 + b"{}]}", b'{"records":' + b"[" * 50_000],
    ids=["large", "many", "deep"],
)
def test_a_body_that_unpacks_to_more_than_any_page_is_refused(crm, body):
    packed = gzip.compress(body, 1)
    crm[0].faults.twist = lambda asked, reply: (
        reply if "oauth" in asked.path else Reply(packed, 200, {"content-encoding": "gzip"})
    )
    with pytest.raises(RetryLater):
        crm[0].connector().describe()


def test_a_server_clock_of_another_century_moves_no_cursor_and_is_remarked(crm):
    office, deal, _ = crm
    wrong = {"date": "Thu, 01 Jan 2099 00:00:00 GMT"}
    office.faults.twist = lambda _asked, reply: Reply(reply.body, reply.status, reply.headers | wrong, reply.kind)
    pages = list(office.connector().pull({}))
    assert any("ahead of this machine's" in remark for page in pages for remark in page.remarks)
    office.faults.twist = None
    office.clock.forward(timedelta(minutes=30))
    office.edit(deal, amount=900)
    office.clock.forward(timedelta(minutes=1))
    cursors = {page.cursor.stream: page.cursor for page in pages if page.cursor}
    found = [one for page in office.connector().pull(cursors) for one in page.records.get("opportunity", ())]
    assert [one["amount"] for one in found if one["id"] == deal] == [900]


def nameless(_asked, reply):
    """Every listed row loses its id."""
    body = copy.deepcopy(reply.body)
    rows = (body.get("results") or body.get("records") or ()) if isinstance(body, dict) else ()
    for row in rows:
        row.update(dict.fromkeys({"id", "Id"} & row.keys()))
    return Reply(body, reply.status, reply.headers, reply.kind)


def test_what_was_odd_when_the_crm_was_described_is_not_set_aside_by_a_later_pull(crm):
    office, _, _ = crm
    connector = office.connector()
    office.faults.twist = nameless
    with contextlib.suppress(RetryLater, AccessRefused):
        connector.describe()
    office.faults.twist = None
    assert [one for page in connector.pull({}) for one in page.aside] == []
