"""The generated page of metrics and alerts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from worker.watching.metrics import METRICS

if TYPE_CHECKING:
    from worker.watching.metrics import Metric

HEAD: Final = """# Metrics and alerts

`python -m worker.reference` generates this page from the code and from [the alert rules](alerts.yaml).
[The guide to watching](watching.md) says how to scrape them and what to do.

`sluicegate web`, or `--with-web` of `worker` and `beat`, serves the metrics at `/metrics`. They are computed from the
store when they are asked for, so each process that serves them gives the same numbers.

| metric | labels | meaning |
|---|---|---|
"""
ALERTS_HEAD: Final = """
## Alerts

[alerts.yaml](alerts.yaml) has these rules for Prometheus. List it under `rule_files`.

| alert | severity | when | what to do |
|---|---|---|---|
"""


def metrics_page(rules: dict[str, Any]) -> str:
    """The tables of metrics and of alert rules."""
    listed = [rule for group in rules["groups"] for rule in group["rules"]]
    return HEAD + "".join(map(_metric, METRICS)) + ALERTS_HEAD + "".join(map(_alert, listed))


def _metric(metric: Metric) -> str:
    return f"| `{metric.name}` | {', '.join(metric.labels)} | {metric.meaning} |\n"


def _alert(rule: dict[str, Any]) -> str:
    wait = f" for {rule['for']}" if "for" in rule else ""
    when = f"`{rule['expr']}`{wait}".replace("|", "\\|")
    return f"| {rule['alert']} | {rule['labels']['severity']} | {when} | {rule['annotations']['description']} |\n"
