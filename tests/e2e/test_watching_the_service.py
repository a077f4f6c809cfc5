"""What an operator sees of two processes behind one port: metrics, log lines, traces."""

import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.otlp_collector import Collector, attributes, collecting
from tests.support.service_process import COMMAND, environment, new_client
from tests.support.simulated_agent import Document, answer_to, path_of, session_body

ANSWERS = "/v1/test-sessions/{session_id}/answers"
TRACE = "0af7651916cd43dd8448eb211c80319c"
TRACED = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
DEADLINE_SECONDS = 60


def free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def wait_for(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@dataclass(frozen=True)
class Watched:
    """Two processes that serve one port, and what they tell."""

    url: str
    metrics_url: str
    log: Path
    collector: Collector
    client: dict[str, str]

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text("utf-8").splitlines()]

    def samples(self, name: str, *, url: str | None = None) -> dict[str, float]:
        """The values of one metric, by what stands between the braces."""
        page = httpx.get(f"{url or self.url}/metrics", timeout=30).text
        found = re.findall(rf"^{name}(?:\{{(.*)\}})? (\S+)$", page, re.MULTILINE)
        return {labels: float(value) for labels, value in found}

    def workers(self) -> set[int]:
        pids = re.findall(r'pid="(\d+)"', " ".join(self.samples("process_open_fds")))
        return {int(pid) for pid in pids}


@pytest.fixture(scope="module")
def watched(
    served_database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Watched]:
    port, metrics_port = free_ports(2)
    log = tmp_path_factory.mktemp("watched") / "log"
    with collecting() as collector, log.open("wb") as told:
        process = subprocess.Popen(
            [COMMAND, "serve", "--port", str(port), "--workers", "2"],
            env={
                **environment(served_database_url),
                "PACNUM_LOG_LEVEL": "info",
                "PACNUM_METRICS_PORT": str(metrics_port),
                "OTEL_TRACES_EXPORTER": "otlp",
                "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
                "OTEL_METRICS_EXPORTER": "none",
                "OTEL_BSP_SCHEDULE_DELAY": "50",
            },
            stdout=subprocess.DEVNULL,
            stderr=told,
        )
        found = Watched(
            url=f"http://127.0.0.1:{port}",
            metrics_url=f"http://127.0.0.1:{metrics_port}",
            log=log,
            collector=collector,
            client=new_client(served_database_url),
        )
        try:
            wait_for(found.is_ready)
            wait_for(lambda: len(found.workers()) >= 2)
            yield found
        finally:
            process.terminate()
            process.wait(timeout=DEADLINE_SECONDS)


@pytest.fixture(scope="module")
def session(watched: Watched) -> Document:
    """A session that has begun, and five items of which were answered, each over a new socket."""
    granted = httpx.post(
        f"{watched.url}/oauth/token",
        data={"grant_type": "client_credentials"},
        auth=(watched.client["client_id"], watched.client["client_secret"]),
        timeout=30,
    ).json()
    begun: Document = httpx.post(
        f"{watched.url}/v1/test-sessions",
        json=session_body(competences=None),
        headers={"Authorization": f"Bearer {granted['access_token']}"},
        timeout=30,
    ).json()
    pending = begun["pending_item"]
    for _ in range(5):
        reply = httpx.post(
            watched.url + path_of(begun, "answers"),
            json=answer_to(pending, None),
            headers={"Authorization": f"Bearer {begun['session_token']}", **TRACED},
            timeout=30,
        )
        assert reply.status_code == 201, reply.text
        pending = reply.json()["pending_item"]
    return begun


def test_whoever_is_asked_knows_what_all_have_counted(watched: Watched, session: Document) -> None:
    labels = f'method="POST",route="{ANSWERS}",status="201"'
    wait_for(lambda: watched.samples("pacnum_http_requests_total").get(labels) == 5)
    for url in (*[watched.url] * 4, watched.metrics_url):
        assert watched.samples("pacnum_answers_accepted_total", url=url) == {"": 5}
        assert watched.samples("pacnum_http_requests_total", url=url)[labels] == 5
        skipped = watched.samples("pacnum_items_graded_total", url=url)['result="skipped"']
        assert skipped == 5
        begun = watched.samples("pacnum_sessions_begun_total", url=url)
        assert begun == {'purpose="positioning"': 1}
    # two pools of eight, in each of two processes
    wait_for(lambda: set(watched.samples("pacnum_database_connections_allowed").values()) == {16.0})


def test_every_process_writes_its_lines_alike(watched: Watched, session: Document) -> None:
    def so_far() -> list[dict[str, Any]]:
        return [line for line in watched.lines() if line.get("session_id") == session["id"]]

    wait_for(lambda: len(so_far()) >= 6)  # a line is written when its reply has gone out
    of_session = so_far()
    assert [line["route"] for line in of_session] == ["/v1/test-sessions", *[ANSWERS] * 5]
    for line in of_session[1:]:
        assert line["trace_id"] == TRACE
        assert (line["status"], line["client_id"]) == (201, watched.client["client_id"])
    assert session["session_token"] not in watched.log.read_text("utf-8")


def test_the_answer_path_is_traced(watched: Watched, session: Document) -> None:
    def of_trace() -> list[Any]:
        spans = [span for span in watched.collector.spans if span.trace_id.hex() == TRACE]
        return [span for span in spans if span.name == f"POST {ANSWERS}"]

    wait_for(lambda: len(of_trace()) == 5)
    for span in of_trace():
        assert attributes(span)["http.response.status_code"] == 201
    parts = {
        span.name
        for span in watched.collector.spans
        if span.parent_span_id in {one.span_id for one in of_trace()}
    }
    assert {"compute answer", "save answer"} <= parts
    assert session["id"] not in str(watched.collector.spans)


def test_the_totals_do_not_fall_when_a_process_dies(watched: Watched, session: Document) -> None:
    before = watched.samples("pacnum_answers_accepted_total")
    (first, *_) = sorted(watched.workers())
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: watched.is_ready() and first not in watched.workers())
    wait_for(lambda: len(watched.workers()) >= 2)
    assert watched.samples("pacnum_answers_accepted_total") == before
    wait_for(lambda: set(watched.samples("pacnum_database_connections_allowed").values()) == {16.0})


def test_the_port_of_metrics_serves_nothing_else(watched: Watched) -> None:
    assert "pacnum_" in httpx.get(f"{watched.metrics_url}/anything", timeout=30).text
    assert httpx.get(f"{watched.metrics_url}/healthz", timeout=30).text != '{"status":"ok"}'
