"""Taking figures while work is done: cheap, bounded, and the same calls where nobody wants any."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from typing import TYPE_CHECKING, Any, Final, Protocol

from facefusion.telemetry.catalogue import METRICS
from facefusion.telemetry.spec import OTHER, Metric

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

_MOST_BEGUN: Final = 48


class Recorder(Protocol):
    """Takes figures. Safe to use from several threads."""

    def add(self, metric: Metric, *labels: str, amount: float = 1.0) -> None:
        """Count something.

        Args:
            metric: a counter, or a gauge that is added to.
            labels: one value for each of its labels, in order.
            amount: what is added.
        """
        ...

    def observe(self, metric: Metric, value: float, *labels: str) -> None:
        """Take one value of a histogram; labels as of `add`."""
        ...


class Unrecorded:
    """Takes figures nobody asked for."""

    def add(self, metric: Metric, *labels: str, amount: float = 1.0) -> None:
        """Do nothing."""

    def observe(self, metric: Metric, value: float, *labels: str) -> None:
        """Do nothing."""


class Recorded:
    """Takes figures with the library of Prometheus, of which no label has more values than it may.

    Series whose labels are known stand at 0 from the beginning, so that the first event is seen as a change.

    Args:
        registry: that shows them; one of its own when None. Where processes share a folder for figures, they go there.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        from prometheus_client import CollectorRegistry  # noqa: PLC0415 - an extra

        registry = CollectorRegistry() if registry is None else registry
        self._made = {each.name: _made(each, registry) for each in METRICS if each.origin == "work"}
        self._seen: dict[tuple[str, str], set[str]] = {}
        self._series: dict[tuple[str, ...], Any] = {}
        self._lock = threading.Lock()
        for metric in METRICS:
            if metric.origin == "work":
                self._begin(metric)

    def add(self, metric: Metric, *labels: str, amount: float = 1.0) -> None:
        """Count something; see `Recorder.add`."""
        self._of(metric, labels).inc(amount)

    def observe(self, metric: Metric, value: float, *labels: str) -> None:
        """Take one value; see `Recorder.observe`."""
        self._of(metric, labels).observe(value)

    def _begin(self, metric: Metric) -> None:
        """Make the series whose labels are all known, unless they are many."""
        known = list(product(*(label.values for label in metric.labels)))
        if len(known) <= _MOST_BEGUN:
            for values in known:
                self._of(metric, values)

    def _of(self, metric: Metric, labels: tuple[str, ...]) -> Any:
        """Return the series of these labels; what is made once for each of them is kept."""
        key = (metric.name, *labels)
        found = self._series.get(key)
        if found is not None:
            return found
        with self._lock:
            values = [self._bounded(metric, number, value) for number, value in enumerate(labels)]
            made = self._made[metric.name]
            found = made.labels(*values) if values else made
            if OTHER not in values:  # what is unknown may be anything, and is not remembered
                self._series[key] = found
            return found

    def _bounded(self, metric: Metric, number: int, value: str) -> str:
        label = metric.labels[number]
        if label.values:
            return value if value in label.values else OTHER
        seen = self._seen.setdefault((metric.name, label.name), set())
        if value not in seen and len(seen) >= label.most:
            return OTHER
        seen.add(value)
        return value


@contextmanager
def running(recorder: Recorder, metric: Metric, *labels: str) -> Iterator[None]:
    """Count something in a gauge for as long as a block lasts."""
    recorder.add(metric, *labels)
    try:
        yield
    finally:
        recorder.add(metric, *labels, amount=-1.0)


def _made(metric: Metric, registry: CollectorRegistry) -> Any:
    from prometheus_client import Counter, Gauge, Histogram  # noqa: PLC0415 - an extra

    given = (metric.name, metric.text, metric.label_names)
    if metric.kind == "counter":
        return Counter(*given, registry=registry)
    if metric.kind == "histogram":
        return Histogram(*given, registry=registry, buckets=metric.buckets)
    return Gauge(*given, registry=registry, multiprocess_mode="livesum")
