"""`connection clear`: while our fields are being emptied, and ever after, no run may fill them again."""

from dataclasses import dataclass
from typing import Any

import pytest

from model.errors import RetryLater, SettingsProblem
from tests.worker.governed import NAME, governed, with_connector
from worker.usecases.connection import clear
from worker.usecases.steps import push_only


@dataclass
class Down:
    """A CRM that goes down before the deals are read."""

    connector: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connector, name)

    def pull(self, *_: Any, **__: Any) -> Any:
        raise RetryLater("down", 60)


@pytest.mark.parametrize("kind", ["salesforce", "hubspot"])
def test_a_clear_that_was_stopped_leaves_the_connection_paused_and_ends_when_it_is_given_again(tmp_path, kind):
    with governed(tmp_path, kind) as team:
        deal = team.deal("Acme", amount=5)
        team.run()
        down = with_connector(team, Down(team.services.connect(NAME)))
        assert clear(down.services, NAME).stopped == "down"
        with pytest.raises(SettingsProblem, match="our fields are being cleared"):
            push_only(team.services, NAME)
        clear(team.services, NAME)
        assert team.on_record(deal)["score"] is None
        with pytest.raises(SettingsProblem, match="our fields were cleared"):
            push_only(team.services, NAME)
