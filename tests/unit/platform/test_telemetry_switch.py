"""When telemetry is on, and that it costs nothing when it is off."""

import subprocess
import sys
from collections.abc import Sequence

import pytest
from opentelemetry.sdk.metrics.export import MetricExporter, MetricExportResult, MetricsData
from opentelemetry.sdk.resources import Resource

from pacnum_api.platform import tracing
from pacnum_api.platform.telemetry import (
    TelemetryMisconfigured,
    Wanted,
    telemetry,
    wanted_telemetry,
)
from pacnum_api.platform.telemetry_sdk import MetricsSender
from tests.support.log_lines import logged

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


@pytest.mark.parametrize(
    ("environment", "traces", "metrics"),
    [
        ({}, None, None),
        ({"OTEL_SERVICE_NAME": "pacnum", "OTEL_TRACES_SAMPLER": "always_on"}, None, None),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, "otlp", None),
        ({"OTEL_METRICS_EXPORTER": " Console "}, None, "console"),
        ({ENDPOINT: "http://collector:4318"}, "otlp", "otlp"),
        ({ENDPOINT: "http://collector:4318", "OTEL_METRICS_EXPORTER": "none"}, "otlp", None),
        ({"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://collector/v1/metrics"}, None, "otlp"),
        ({ENDPOINT: "http://collector:4318", "OTEL_SDK_DISABLED": "TRUE"}, None, None),
        ({ENDPOINT: "", "OTEL_TRACES_EXPORTER": ""}, None, None),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, None, None),
    ],
)
def test_the_environment_decides(
    environment: dict[str, str], traces: str | None, *, metrics: str | None
) -> None:
    assert wanted_telemetry(environment) == Wanted(traces, metrics)


@pytest.mark.parametrize(
    "environment",
    [
        {"OTEL_TRACES_EXPORTER": "zipkin"},
        {"OTEL_METRICS_EXPORTER": "otlp,console"},
        {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
        {ENDPOINT: "http://collector:4317", "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL": "http/json"},
    ],
)
def test_what_is_not_done_here_stops_the_process(environment: dict[str, str]) -> None:
    with pytest.raises(TelemetryMisconfigured):
        wanted_telemetry(environment)


def test_the_sdk_is_not_loaded_while_it_is_off() -> None:
    program = """
import sys
import pacnum_api.entrypoints.served
from pacnum_api.platform.telemetry import telemetry
with telemetry():
    print([name for name in sys.modules if name.startswith((
        "opentelemetry.sdk", "opentelemetry.exporter", "opentelemetry.proto", "google", "requests",
    ))])
"""
    printed = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    ).stdout
    assert printed.strip() == "[]"


def test_a_span_is_nothing_while_it_is_off() -> None:
    assert tracing.span("one") is tracing.span("two")
    with tracing.span("one"), tracing.job_span("two"):
        assert not tracing.is_on()


def test_the_console_shows_both(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "console")
    monkeypatch.setenv("OTEL_METRICS_EXPORTER", "console")
    with telemetry(), tracing.job_span("a job"):
        pass
    printed = capsys.readouterr().out
    assert '"name": "a job"' in printed
    assert "http.server.request.duration" in printed


class Deaf(MetricExporter):
    """A collector that is away the first time."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def export(
        self, metrics_data: MetricsData, timeout_millis: float = 0, **_: object
    ) -> MetricExportResult:
        self.asked += 1
        if self.asked == 1:
            raise ConnectionResetError("by somebody secret")
        return MetricExportResult.SUCCESS

    def force_flush(self, timeout_millis: float = 0) -> bool:
        return True

    def shutdown(self, timeout_millis: float = 0, **_: object) -> None:
        return


def test_a_collector_that_is_away_stops_nothing() -> None:
    exporter = Deaf()
    sender = MetricsSender(exporter, resource=Resource({}), interval_seconds=0.001)
    with logged() as lines:
        sender.start()
        while exporter.asked < 3:
            pass
        sender.stop()
    told: Sequence[dict[str, object]] = lines()
    assert [(line["event"], line["reason"]) for line in told] == [
        ("metrics_not_exported", "ConnectionResetError")
    ]
