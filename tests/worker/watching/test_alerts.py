"""The shipped alert rules name metrics and values of labels that there are, and say what to do."""

import re
from pathlib import Path
from typing import get_args

import pytest
from ruamel.yaml import YAML

from store.runs.run_end import RunState
from worker.watching.metrics import METRICS

ROOT = Path(__file__).parents[3]
RULES = [rule for group in YAML(typ="safe").load(ROOT / "docs" / "alerts.yaml")["groups"] for rule in group["rules"]]
LABELS = {metric.name: metric.labels for metric in METRICS}
VALUES = {
    "kind": {"worker", "beat"}, "outcome": {"written", "refused", "locked", "retry_later", "gone", "held"},
    "state": {*get_args(RunState), "waiting", "put off", "under way", "set aside"},
}  # fmt: skip


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_rule_names_metrics_with_labels_that_exist_and_says_what_to_do(rule):
    named = re.findall(r"(sluicegate_\w+)(?:\{([^}]*)\})?", rule["expr"])
    assert named
    for metric, selector in named:
        assert metric in LABELS
        for label, values in re.findall(r'(\w+)=~?"([^"]*)"', selector):
            assert label in LABELS[metric]
            assert set(values.split("|")) <= VALUES[label]
    texts = rule["annotations"]["summary"] + rule["annotations"]["description"]
    assert set(re.findall(r"\$labels\.(\w+)", texts)) <= {label for metric, _ in named for label in LABELS[metric]}
    assert rule["labels"]["severity"] in {"warning", "critical"}
    assert rule["expr"].count("(") == rule["expr"].count(")")
    assert re.fullmatch(r"\d+[smhd]", rule.get("for", "0s"))


def test_no_two_rules_have_one_name():
    assert len({rule["alert"] for rule in RULES}) == len(RULES)


def test_the_page_on_watching_names_settings_and_metrics_that_exist():
    page = (ROOT / "docs" / "watching.md").read_text()
    assert set(re.findall(r"sluicegate_\w+", page)) <= LABELS.keys()
    settings = (ROOT / "docs" / "settings.md").read_text()
    assert {name for name in re.findall(r"`(web\.\w+)`", page) if f"`{name}`" not in settings} == set()
