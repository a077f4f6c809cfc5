"""The OpenTelemetry SDK at work: a tracer for ``platform.tracing``, and the metrics' way out.

Metrics are not counted a second time: at each interval the Prometheus registry of this process is
read and sent as it is, histograms with their buckets. So they cost a request nothing, and both
ways out say the same. The duration of requests goes by the name that OpenTelemetry's conventions
give it.
"""

import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from os import environ
from typing import Final

import structlog
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    ConsoleMetricExporter,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    MetricExporter,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from prometheus_client import REGISTRY
from prometheus_client import Metric as Family

from pacnum_api.platform import tracing
from pacnum_api.platform.telemetry import SERVICE_NAME as OURS
from pacnum_api.platform.telemetry import Wanted

CONVENTIONAL: Final = {"pacnum_http_request_duration_seconds": "http.server.request.duration"}
CONVENTIONAL_LABELS: Final = {
    "method": "http.request.method",
    "route": "http.route",
    "status": "http.response.status_code",
}
INTERVAL_MILLISECONDS: Final = 60_000.0
_log = structlog.stdlib.get_logger("pacnum.telemetry")


@contextmanager
def exporting(wanted: Wanted) -> Iterator[None]:
    """Export the wanted signals while within, and what is left at the end."""
    resource = service_resource()
    provider = None if wanted.traces is None else _traces(wanted.traces, resource)
    metrics = None if wanted.metrics is None else _metrics(wanted.metrics, resource)
    try:
        yield
    finally:
        tracing.set_tracer(None)
        if metrics is not None:
            metrics.stop()
        if provider is not None:
            provider.shutdown()


def service_resource() -> Resource:
    """Who exports: OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES go before what is said here."""
    defaults = {
        SERVICE_NAME: OURS,
        "service.version": version("pacnum-api"),
    }
    named = Resource.create()
    unnamed = str(named.attributes[SERVICE_NAME]).startswith("unknown_service")
    said = {
        key: value for key, value in named.attributes.items() if key != SERVICE_NAME or not unnamed
    }
    return Resource({**defaults, **said}, named.schema_url)


def _traces(exporter: str, resource: Resource) -> TracerProvider:
    # sampler and limits are read by the provider, the batch's size and pace by the processor
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    chosen: SpanExporter = (
        OTLPSpanExporter() if exporter == "otlp" else ConsoleSpanExporter(out=sys.stdout)
    )
    provider.add_span_processor(BatchSpanProcessor(chosen))
    tracing.set_tracer(provider.get_tracer(OURS, version("pacnum-api")))
    return provider


def _metrics(exporter: str, resource: Resource) -> "MetricsSender":
    chosen: MetricExporter = (
        OTLPMetricExporter() if exporter == "otlp" else ConsoleMetricExporter(out=sys.stdout)
    )
    interval = float(environ.get("OTEL_METRIC_EXPORT_INTERVAL") or INTERVAL_MILLISECONDS) / 1000
    sender = MetricsSender(chosen, resource=resource, interval_seconds=interval)
    sender.start()
    return sender


class MetricsSender:
    """Sends this process' Prometheus metrics at an interval, from a thread of its own."""

    def __init__(
        self, exporter: MetricExporter, *, resource: Resource, interval_seconds: float
    ) -> None:
        self._exporter = exporter
        self._resource = resource
        self._interval_seconds = interval_seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pacnum-metrics", daemon=True)
        self._began = time.time_ns()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Send once more, and end."""
        self._ended.set()
        self._thread.join()
        self._exporter.shutdown()

    def _run(self) -> None:
        while not self._ended.wait(self._interval_seconds):
            self.send()
        self.send()

    def send(self) -> None:
        """Send what is counted now; what cannot be sent is in the totals of the next time."""
        window = _Window(self._began, time.time_ns())
        scope = ScopeMetrics(
            scope=InstrumentationScope(OURS, version("pacnum-api")),
            metrics=list(converted(REGISTRY.collect(), window)),
            schema_url="",
        )
        resource = ResourceMetrics(
            resource=self._resource, scope_metrics=[scope], schema_url=self._resource.schema_url
        )
        try:
            self._exporter.export(MetricsData([resource]))
        except Exception as error:  # noqa: BLE001 - whatever ails the collector, the service goes on
            _log.warning("metrics_not_exported", reason=type(error).__qualname__)


@dataclass(frozen=True, slots=True)
class _Window:
    """Unix nanoseconds from which, and until which, was counted."""

    began: int
    now: int


def converted(families: Iterable[Family], window: _Window) -> Iterator[Metric]:
    """Prometheus metrics as OpenTelemetry's: dots for the unit, cumulative from the start on."""
    for family in families:
        if not family.name.startswith("pacnum_"):
            continue
        if family.type == "histogram":
            yield _metric(family, _histogram(family, window))
        elif family.type == "counter":
            points = _numbers(family, window, suffix="_total")
            total = Sum(points, AggregationTemporality.CUMULATIVE, is_monotonic=True)
            yield _metric(family, total)
        else:
            yield _metric(family, Gauge(_numbers(family, window, suffix="")))


def _metric(family: Family, data: Sum | Gauge | Histogram) -> Metric:
    unit = "s" if family.name.endswith("_seconds") else "1"
    name = CONVENTIONAL.get(family.name, family.name.replace("_", ".", 1))
    return Metric(name=name, description=family.documentation, unit=unit, data=data)


def _attributes(labels: dict[str, str]) -> dict[str, str]:
    return {CONVENTIONAL_LABELS.get(name, name): value for name, value in labels.items()}


def _numbers(family: Family, window: _Window, *, suffix: str) -> list[NumberDataPoint]:
    return [
        NumberDataPoint(
            attributes=_attributes(sample.labels),
            start_time_unix_nano=window.began,
            time_unix_nano=window.now,
            value=sample.value,
        )
        for sample in family.samples
        if sample.name == family.name + suffix
    ]


def _histogram(family: Family, window: _Window) -> Histogram:
    """Buckets are counted up to their bound there, and one by one here."""
    series: dict[tuple[tuple[str, str], ...], _Series] = {}
    for sample in family.samples:
        labels = {name: value for name, value in sample.labels.items() if name != "le"}
        one = series.setdefault(tuple(sorted(labels.items())), _Series([], [], 0.0))
        if sample.name.endswith("_bucket"):
            one.bounds.append(float(sample.labels["le"]))
            one.up_to.append(int(sample.value))
        elif sample.name.endswith("_sum"):
            one.total = sample.value
    points = [one.point(dict(labels), window) for labels, one in series.items()]
    return Histogram(points, AggregationTemporality.CUMULATIVE)


@dataclass(slots=True)
class _Series:
    """One histogram: upper bounds of its buckets (the last is infinite), and what fell below."""

    bounds: list[float]
    up_to: list[int]
    total: float

    def point(self, labels: dict[str, str], window: _Window) -> HistogramDataPoint:
        below = [0, *self.up_to[:-1]]
        return HistogramDataPoint(
            attributes=_attributes(labels),
            start_time_unix_nano=window.began,
            time_unix_nano=window.now,
            count=self.up_to[-1],
            sum=self.total,
            bucket_counts=[upper - lower for upper, lower in zip(self.up_to, below, strict=True)],
            explicit_bounds=self.bounds[:-1],
            min=None,  # type: ignore[arg-type]  # nobody keeps it, and the protocol may leave it out
            max=None,  # type: ignore[arg-type]  # the same
        )
