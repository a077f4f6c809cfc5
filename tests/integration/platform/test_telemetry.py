"""Spans and metrics as a collector receives them, over OTLP."""

from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from pacnum_api.entrypoints.worker import Job, run_due
from pacnum_api.kernel.ids import PUBLIC_TENANT_ID
from pacnum_api.platform import tracing
from pacnum_api.platform.database import Database
from pacnum_api.platform.telemetry import telemetry
from tests.support.callers import Caller
from tests.support.log_lines import logged
from tests.support.otlp_collector import Collector, attributes, collecting
from tests.support.simulated_agent import answer_to, begin, path_of

TRACE = "0af7651916cd43dd8448eb211c80319c"
CALLING_SPAN = "b7ad6b7169203331"
SAMPLED, NOT_SAMPLED = (f"00-{TRACE}-{CALLING_SPAN}-0{flag}" for flag in (1, 0))


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """A collector that the environment names; telemetry itself is up to the test."""
    with collecting() as found:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", found.url)
        yield found


def named(spans: list[Span], name: str) -> Span:
    (found,) = [span for span in spans if span.name == name]
    return found


async def test_a_request_continues_its_callers_trace(caller: Caller, collector: Collector) -> None:
    with logged() as lines, telemetry():
        session = await begin(caller)
        address = path_of(session, "answers")
        sent = answer_to(session["pending_item"], None)
        answered = await caller.post(address, json=sent, headers={"traceparent": SAMPLED})
        assert answered.status_code == 201
    route = "POST /v1/test-sessions/{session_id}/answers"
    span = named(collector.spans, route)
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE, CALLING_SPAN)
    assert span.kind == Span.SPAN_KIND_SERVER
    assert attributes(span) == {
        "http.request.method": "POST",
        "http.response.status_code": 201,
        "http.route": "/v1/test-sessions/{session_id}/answers",
        "network.protocol.version": "1.1",
        "url.scheme": "http",
    }
    inside = [one for one in collector.spans if one.trace_id == span.trace_id and one is not span]
    parts = {one.name: one for one in inside}
    assert set(parts) == {"transaction", "compute answer"}
    assert parts["transaction"].parent_span_id == span.span_id
    assert attributes(parts["transaction"]) == {"db.system.name": "postgresql"}
    assert parts["transaction"].kind == Span.SPAN_KIND_CLIENT
    assert parts["compute answer"].parent_span_id == parts["transaction"].span_id
    (line,) = [line for line in lines() if str(line.get("route")).endswith("/answers")]
    assert line["trace_id"] == TRACE


async def test_spans_name_nobody(caller: Caller, collector: Collector) -> None:
    with telemetry():
        agent = (await caller.put("/v1/agents/by-external-id/hr/jane", json={})).json()
        await caller.get(f"/v1/agents/{agent['id']}?secret=1")
        session = await begin(caller, agent={"id": agent["id"]})
        await caller.get(path_of(session))
        await caller.get("/nowhere/jane")
    assert attributes(named(collector.spans, "GET unmatched"))["http.response.status_code"] == 404
    told = str(collector.spans)
    assert "GET /v1/agents/{agent_id}" in told
    people = (agent["id"], session["id"], str(caller.client_id), str(caller.tenant_id))
    for private in (*people, "jane", "secret", caller.token):
        assert private not in told


async def test_what_a_caller_did_not_sample_is_not_traced(
    caller: Caller, collector: Collector
) -> None:
    with logged() as lines, telemetry():
        await caller.get("/v1/frameworks", headers={"traceparent": NOT_SAMPLED})
    assert not collector.spans
    (line,) = [line for line in lines() if line["event"] == "request"]
    assert line["trace_id"] == TRACE  # the caller may look for it all the same


@pytest.mark.parametrize("given", ["", "00-0-0-01", f"ff-{TRACE}-{CALLING_SPAN}-01"])
async def test_a_faulty_traceparent_begins_a_trace_of_its_own(
    caller: Caller, collector: Collector, *, given: str
) -> None:
    with telemetry():
        await caller.get("/v1/frameworks", headers={"traceparent": given})
    span = named(collector.spans, "GET /v1/frameworks")
    assert not span.parent_span_id
    assert span.trace_id.hex() != TRACE


async def test_the_sampler_is_the_environments(
    caller: Caller, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0")
    with telemetry():
        await caller.get("/v1/frameworks")
        assert not collector.spans
        await caller.get("/v1/frameworks", headers={"traceparent": SAMPLED})
    assert named(collector.spans, "GET /v1/frameworks").trace_id.hex() == TRACE


async def test_faults_of_the_server_are_errors_and_those_of_callers_are_not(
    collector: Collector, *, app: FastAPI, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("a secret of the code")

    with telemetry():
        await caller.get("/v1/frameworks/none")
        monkeypatch.setattr(app.state.database, "unit_of_work", fail)
        await caller.get("/v1/frameworks")
    refused = named(collector.spans, "GET /v1/frameworks/{code}")
    assert refused.status.code == Status.STATUS_CODE_UNSET
    assert attributes(refused)["pacnum.problem"] == "framework_not_found"
    failed = named(collector.spans, "GET /v1/frameworks")
    assert failed.status.code == Status.STATUS_CODE_ERROR
    assert attributes(failed)["error.type"] == "ZeroDivisionError"
    assert not failed.events
    assert "secret" not in str(collector.spans)


async def test_a_job_has_a_trace_of_its_own(database: Database, collector: Collector) -> None:
    async def look() -> int:
        async with database.unit_of_work(PUBLIC_TENANT_ID):
            return 0

    async def fail() -> int:
        raise OSError("a secret of the disk")

    with telemetry():
        await run_due([Job("look", 1.0, look), Job("fail", 1.0, fail)], now=0.0)
    look_span, transaction = named(collector.spans, "look"), named(collector.spans, "transaction")
    assert transaction.parent_span_id == look_span.span_id
    failed = named(collector.spans, "fail")
    assert attributes(failed)["error.type"] == "OSError"
    assert failed.status.code == Status.STATUS_CODE_ERROR
    assert not failed.status.message


async def test_nothing_is_traced_afterwards(caller: Caller, collector: Collector) -> None:
    with telemetry():
        assert tracing.is_on()
    assert not tracing.is_on()
    await caller.get("/v1/frameworks", headers={"traceparent": SAMPLED})
    assert not collector.spans


# --- metrics --------------------------------------------------------------------------------------


def metric(collector: Collector, name: str) -> Metric:
    return [one for one in collector.metrics if one.name == name][-1]


async def test_metrics_are_those_of_the_scrape(
    caller: Caller, http: httpx.AsyncClient, *, collector: Collector
) -> None:
    await caller.get("/v1/frameworks")
    with telemetry():
        page = (await http.get("/metrics")).text
    route = {
        "http.request.method": "GET",
        "http.route": "/v1/frameworks",
        "http.response.status_code": "200",
    }
    durations = metric(collector, "http.server.request.duration")
    assert durations.unit == "s"
    (point,) = [one for one in durations.histogram.data_points if attributes(one) == route]
    labels = 'method="GET",route="/v1/frameworks",status="200"'
    assert f"pacnum_http_request_duration_seconds_count{{{labels}}} {float(point.count)}" in page
    assert sum(point.bucket_counts) == point.count
    assert len(point.bucket_counts) == len(point.explicit_bounds) + 1
    assert point.sum > 0
    requests = metric(collector, "pacnum.http_requests")
    assert requests.sum.is_monotonic
    counted = [one.as_double for one in requests.sum.data_points if attributes(one) == route]
    assert counted == [point.count]
    assert metric(collector, "pacnum.database_connections_allowed").gauge.data_points
    assert not [one for one in collector.metrics if not one.name.startswith(("pacnum.", "http."))]


async def test_who_exports_is_named(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    with telemetry():
        pass
    ours = attributes(collector.resources[-1])
    assert ours["service.name"] == "pacnum-api"
    assert ours["service.instance.id"]
    monkeypatch.setenv("OTEL_SERVICE_NAME", "answers")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=trial,service.version=7")
    with telemetry():
        pass
    theirs = attributes(collector.resources[-1])
    assert theirs["service.name"] == "answers"
    assert (theirs["deployment.environment"], theirs["service.version"]) == ("trial", "7")
