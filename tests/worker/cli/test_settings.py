from pathlib import Path

import pytest
from pydantic import ValidationError

from model.errors import SettingsProblem
from worker.settings import Settings, read_settings
from worker.wiring import store_url

ACME = """
[connections.acme]
kind = "salesforce"
timezone = "America/New_York"
consumer_secret = "from the file"
[connections.acme.fields]
segment = "Account.Segment__c"
is_test = {field = "Test__c", when_blank = false}
"""


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "sluicegate.toml"
    path.write_text(ACME)
    return path


def test_a_secret_from_the_environment_stands_above_the_file(config, monkeypatch):
    monkeypatch.setenv("SLUICEGATE_CONNECTIONS__ACME__CONSUMER_SECRET", "from the environment")
    secret = read_settings(config).connection("acme").consumer_secret
    assert secret.get_secret_value() == "from the environment"


def test_a_secrets_folder_stands_between_environment_and_file(config, monkeypatch, tmp_path):
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "SLUICEGATE_CONNECTIONS__ACME__CONSUMER_SECRET").write_text("from the folder")
    monkeypatch.setenv("SLUICEGATE_SECRETS_DIR", str(folder))
    assert read_settings(config).connection("acme").consumer_secret.get_secret_value() == "from the folder"


def test_no_secret_shows_in_a_repr_or_an_error(config):
    settings = read_settings(config)
    assert "from the file" not in repr(settings)
    config.write_text(ACME.replace("salesforce", "siebel"))
    with pytest.raises(SettingsProblem) as problem:
        read_settings(config)
    assert "from the file" not in str(problem.value)


def test_every_mistake_is_reported_at_once_with_its_place(config):
    config.write_text(ACME.replace("America/New_York", "Mars/Olympus").replace("kind", "knid"))
    with pytest.raises(SettingsProblem) as problem:
        read_settings(config)
    lines = str(problem.value).splitlines()
    assert any("connections.acme.kind" in line and "missing" in line for line in lines)
    assert any("connections.acme.knid" in line and "not a setting" in line for line in lines)
    assert any("Mars/Olympus" in line and "IANA" in line for line in lines)


def test_a_field_that_is_not_our_own_cannot_be_mapped_for_writing(config):
    config.write_text(ACME + '[connections.acme.writes]\nscoer = "Score__c"\n')
    with pytest.raises(SettingsProblem, match="did you mean 'score'"):
        read_settings(config)


def test_an_unknown_connection_names_those_there_are(config):
    with pytest.raises(SettingsProblem, match="there: acme"):
        read_settings(config).connection("amce")


def test_the_store_lies_beside_the_config_file_by_default(config):
    assert store_url(read_settings(config)) == f"sqlite:///{config.parent.resolve()}/sluicegate.db"
    config.write_text(ACME + '[store]\nurl = "sqlite:///other.db"\n')
    assert store_url(read_settings(config)) == f"sqlite:///{config.parent.resolve()}/other.db"


def test_a_missing_config_file_says_what_to_do():
    with pytest.raises(SettingsProblem, match="init"):
        read_settings(Path("/nowhere/sluicegate.toml"))


def test_no_secret_shows_where_settings_are_refused_and_nobody_made_a_sentence_of_it(monkeypatch):
    monkeypatch.setenv("SLUICEGATE_CONNECTIONS__HUB__ACCESS_TOKEN", "pat-secret")
    with pytest.raises(ValidationError) as refused:
        Settings()
    assert "connections.hub.kind" in str(refused.value)
    assert "pat-" not in str(refused.value)


def test_a_column_of_a_file_beside_a_report_can_be_named_and_nowhere_else(config):
    report = '[connections.acme]\nkind = "tables"\n[connections.acme.fields]\n'
    config.write_text(report + "'history.stage_name' = \"to\"\n")
    assert read_settings(config).connection("acme").fields == {"history.stage_name": "to"}
    config.write_text(report + "'histroy.stage_name' = \"to\"\n")
    with pytest.raises(SettingsProblem, match=r"names no file; write owners.COLUMN, activities.COLUMN, history.COLUMN"):
        read_settings(config)
    config.write_text(ACME + "'history.stage_name' = \"Stage__c\"\n")
    with pytest.raises(SettingsProblem, match=r"'history.stage_name' under fields cannot be a fact's name"):
        read_settings(config)
