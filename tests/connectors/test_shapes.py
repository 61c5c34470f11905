"""A reply of another shape is the CRM's; a mistake in this program is ours and ends as an internal error."""

from __future__ import annotations

import copy

import pytest

from connectors.shared.client.shapes import understood
from model.errors import RetryLater
from sandbox.web import Reply
from tests.crm_drivers import CRM_DRIVERS


class Broken:
    """A door to the CRM with a mistake in it."""

    def __init__(self, mistake):
        self.mistake = mistake

    def __call__(self, *_given, **_options):
        self.mistake()
        yield


def wrong_call():
    understood(1, 2, 3)


def missing_name():
    Broken(None).nothing  # noqa: B018 - the mistake


def missing_key():
    {"a": 1}["b"]


@pytest.mark.parametrize("kind", CRM_DRIVERS)
@pytest.mark.parametrize(
    ("mistake", "error"), [(wrong_call, TypeError), (missing_name, AttributeError), (missing_key, KeyError)]
)
def test_a_mistake_of_ours_is_not_blamed_on_the_crm(kind, mistake, error):
    with CRM_DRIVERS[kind]() as office:
        connector = office.connector()
        connector._pages = Broken(mistake)
        with pytest.raises(error):
            list(connector.pull({}))


@pytest.mark.parametrize("kind", CRM_DRIVERS)
@pytest.mark.parametrize("body", [[], {"results": 7}, {"records": "x", "done": True}, "text", 5])
def test_a_reply_of_another_shape_is_tried_again_later(kind, body):
    with CRM_DRIVERS[kind]() as office:
        office.deal("Acme")
        connector = office.connector()
        connector.describe()
        office.faults.twist = lambda _asked, reply: Reply(copy.deepcopy(body), reply.status, reply.headers, reply.kind)
        with pytest.raises(RetryLater):
            list(connector.pull({}))
