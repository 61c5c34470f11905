"""The metrics as Prometheus reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from model.errors import SettingsProblem
from worker.pipeline.patience import PASSING
from worker.watching.figures import figures
from worker.watching.metrics import METRICS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from prometheus_client import Metric as Family

    from worker.watching.metrics import Metric
    from worker.wiring import Services


class StoreCollector(Collector):
    """Reads the store at each scrape. While the store is away, only `sluicegate_store_up` is given, as 0."""

    def __init__(self, services: Callable[[], Services]) -> None:
        self._services = services

    def collect(self) -> Iterable[Family]:
        """Every metric that has a value."""
        try:
            found = figures(self._services())
        except (*PASSING, SettingsProblem):
            found = {METRICS[0].name: [((), 0.0)]}
        for metric in METRICS:
            if metric.name in found:
                family = _family(metric)
                for labels, value in found[metric.name]:
                    family.add_metric(labels, value)
                yield family

    def describe(self) -> Iterable[Family]:
        """The families without values, so that registering reads no store."""
        return map(_family, METRICS)


def _family(metric: Metric) -> CounterMetricFamily | GaugeMetricFamily:
    kind = CounterMetricFamily if metric.counts else GaugeMetricFamily
    return kind(metric.name, metric.meaning, labels=metric.labels)


def exposition(services: Callable[[], Services], accept: str = "") -> tuple[bytes, str]:
    """The text of a scrape in the form that the scraper accepts, and its content type."""
    registry = CollectorRegistry()
    registry.register(StoreCollector(services))
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type
