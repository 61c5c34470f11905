"""A mistake in the config file is reported with its line."""

import time

import pytest

from model.errors import SettingsProblem
from worker.settings import read_settings

WRONG = """
[connections.acme]
kind = "salesforce"
timezone = "America/Boston"  # no such zone
budget_shar = 0.5

[connections.acme.activty]
roll_up = "deal"

[connections."my org".fields]
segment = 7
[schedule]
incremental_minutes = "often"
"""
SECRET = "hunter2"


def mistakes_in(tmp_path, content):
    path = tmp_path / "sluicegate.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(SettingsProblem) as problem:
        read_settings(path)
    return str(problem.value).replace(f"{path}", "FILE").splitlines()


def test_each_mistake_has_its_line(tmp_path):
    lines = mistakes_in(tmp_path, WRONG)
    assert "FILE:5: 'connections.acme.budget_shar' is not a setting; did you mean 'budget_share'." in lines
    assert "FILE:7: 'connections.acme.activty' is not a setting; did you mean 'activity'." in lines
    starts = ("FILE:4: 'connections.acme.timezone': 'America/Boston' is no time zone", "FILE:13: 'schedule.incremental")
    assert all(any(line.startswith(start) for line in lines) for start in starts)


def test_a_missing_setting_is_reported_at_its_table(tmp_path):
    assert mistakes_in(tmp_path, '\n[connections.acme]\ntimezone = "UTC"\n') == [
        "FILE:2: 'connections.acme.kind' is missing."
    ]


def test_a_mistake_of_the_environment_names_the_variable(tmp_path, monkeypatch):
    name = "SLUICEGATE_CONNECTIONS__ACME__TIMEZONE"
    monkeypatch.setenv(name, "Mars")
    (line,) = mistakes_in(tmp_path, '[connections.acme]\nkind = "salesforce"\ntimezone = "UTC"\n')
    assert line.startswith(f"{name}: 'connections.acme.timezone': 'Mars' is no time zone")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (f'[connections.acme]\nconsumer_secret = "{SECRET}\n', "FILE:2:27: this is not TOML"),
        ("[store]\n[store]\n", "FILE:2:7: this is not TOML: Cannot declare"),
        (b'[store]\nurl = "\xff"\n', "FILE:2: this is not UTF-8; save the file as UTF-8."),
        ("a = " + "[" * 7_000, "FILE: brackets stand too deep in each other."),
        ("a = " + "9" * 5_000, "FILE: a number has too many digits."),
        ("a." * 50_000 + "b = 1", "FILE:1: a line has at most 8,000 bytes"),
        ("#\n" * 200_000, "The config file FILE has 400,000 bytes; 200,000 are the most."),
    ],
)
def test_what_is_no_toml_is_reported_in_a_sentence_within_a_second_and_without_the_text(tmp_path, content, expected):
    start = time.process_time()
    (line,) = mistakes_in(tmp_path, content)
    assert time.process_time() - start < 1
    assert line.startswith(expected)
    assert SECRET not in line


def test_a_byte_order_mark_does_no_harm(tmp_path):
    path = tmp_path / "sluicegate.toml"
    path.write_bytes(b"\xef\xbb\xbf[schedule]\nincremental_minutes = 5\n")
    assert read_settings(path).schedule.incremental_minutes == 5


@pytest.mark.parametrize("field", ["../../etc/cron.d/x", "Score__c\\n", "Id FROM User", "", "größe"])
def test_a_field_that_we_write_is_named_by_a_word_so_that_no_export_leaves_its_folder(tmp_path, field):
    (line,) = mistakes_in(tmp_path, f'[connections.acme]\nkind = "salesforce"\nwrites = {{score = "{field}"}}\n')
    assert line.startswith("FILE")
    assert line.endswith("a CRM field's name starts with a letter and has letters, digits and _ alone.")


@pytest.mark.parametrize("url", ["nosuch://u:hunter2@h/0", "redis://u:hunter2@h:port/0", "hunter2"])
def test_a_broker_that_nobody_knows_is_named_without_its_password(tmp_path, url):
    (line,) = mistakes_in(tmp_path, f'[broker]\nurl = "{url}"\n')
    assert line.startswith("FILE:2: 'broker.url': write a URL that starts with redis://")
    assert SECRET not in line
