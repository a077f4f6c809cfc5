"""What telling costs a request: its id, its log line, its metrics, its span.

    python -m benchmarks.telemetry [--requests N] [--rounds N] [--json FILE]

An ASGI application that answers a stored body stands for the service; around it the request log,
as the service has it, told an admission and a route. Every variant runs in a process of its own,
by turns, round after round; the figure is the processor time of the whole process (the exporter's
thread included) per request, less that of the application alone: the median over rounds. Lines go
down a pipe that somebody reads, spans to a collector that answers and throws them away. The last
two lines are the time to add up a scrape, alone and of four processes.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID

from starlette.types import ASGIApp, Receive, Scope, Send

from benchmarks.goals import at_most, print_goals
from pacnum_api.platform.logging import configure_logging
from pacnum_api.platform.metrics_folder import FOLDER
from pacnum_api.platform.metrics_page import metrics_page
from pacnum_api.platform.request_log import ANSWERS_ROUTE, RequestLog
from pacnum_api.platform.telemetry import telemetry

ID = UUID("0197a2f0-58d0-7c65-b3a4-5d0d5a4f0c11")
HEADERS = [
    (b"host", b"127.0.0.1:8000"),
    (b"content-type", b"application/json"),
    (b"content-length", b"120"),
    (b"authorization", b"Bearer " + b"x" * 400),
]
BODY = {"type": "http.request", "body": b"{}", "more_body": False}
SAMPLED = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@dataclass(frozen=True)
class Variant:
    """What is switched on. ``layer``: whether the request log is there at all."""

    name: str
    layer: bool = True
    level: str = "info"
    environment: Mapping[str, str] | None = None
    is_shared: bool = False


def sampled(share: str) -> dict[str, str]:
    return {
        "OTEL_TRACES_EXPORTER": "otlp",
        "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
        "OTEL_TRACES_SAMPLER_ARG": share,
    }


VARIANTS = (
    Variant("application alone", layer=False),
    Variant("id and metrics", level="error"),
    Variant("id, metrics, line"),
    Variant("… metrics of several processes", is_shared=True),
    Variant("… OTLP metrics", environment={"OTEL_METRICS_EXPORTER": "otlp"}),
    Variant("… traced 0 %", environment=sampled("0")),
    Variant("… traced 1 %", environment=sampled("0.01")),
    Variant("… traced 100 %", environment=sampled("1")),
)


class _Route:
    path = ANSWERS_ROUTE


class _Principal:
    client_id = ID


class _Admission:
    principal = _Principal


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    """As a router and authentication leave a request behind."""
    await receive()
    scope["route"] = _Route
    scope["path_params"] = {"session_id": str(ID)}
    scope["state"]["admission"] = _Admission
    await send({"type": "http.response.start", "status": 201, "headers": []})
    await send({"type": "http.response.body", "body": b"{}"})


async def receive() -> dict[str, Any]:
    return BODY


async def send(message: Any) -> None:
    del message


async def serve(app: ASGIApp, requests: int) -> float:
    """Seconds of processor time of the whole process, per request."""
    began = 0.0
    warming = requests // 10
    for number in range(-warming, requests):
        if number == 0:
            began = time.process_time()
        scope = {"type": "http", "method": "POST", "headers": HEADERS, "state": {}}
        await app(scope, receive, send)
        if number % 50 == 0:
            await asyncio.sleep(0)
    return (time.process_time() - began) / requests


def run_one(variant: Variant, requests: int) -> None:
    """In the variant's own process: its figures, as JSON on standard output."""
    configure_logging(variant.level)
    with telemetry():
        seconds = asyncio.run(serve(RequestLog(answer) if variant.layer else answer, requests))
    began = time.process_time()
    for _ in range(20):
        metrics_page()
    scrape = (time.process_time() - began) / 20
    print(json.dumps({"seconds": seconds, "scrape": scrape}))


@contextmanager
def collector() -> Iterator[str]:
    """Somebody who takes whatever is exported."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def in_process(number: int, *, requests: int, url: str) -> dict[str, float]:
    """A variant's figures, from a process of its own whose lines are read and thrown away."""
    variant = VARIANTS[number]
    environment = {
        **os.environ,
        "OTEL_EXPORTER_OTLP_ENDPOINT": url,
        "OTEL_TRACES_EXPORTER": "none",
        "OTEL_METRICS_EXPORTER": "none",
        **(variant.environment or {}),
    }
    command = [sys.executable, "-m", "benchmarks.telemetry", "--variant", str(number)]
    command += ["--requests", str(requests)]
    with tempfile.TemporaryDirectory() as folder:
        if variant.is_shared:
            environment[FOLDER] = folder
            for _ in range(3):  # the others, whose files a scrape has to add up
                subprocess.run(
                    [*command[:-1], "100"], env=environment, check=True, capture_output=True
                )
        done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def measure(requests: int, rounds: int) -> dict[str, dict[str, float]]:
    found: dict[str, list[dict[str, float]]] = {variant.name: [] for variant in VARIANTS}
    with collector() as url:
        for _ in range(rounds):
            for number, variant in enumerate(VARIANTS):
                figures = in_process(number, requests=requests, url=url)
                found[variant.name].append(figures)
    alone = [one["seconds"] for one in found[VARIANTS[0].name]]
    return {
        name: {
            "microseconds": 1e6
            * statistics.median(
                one["seconds"] - bare for one, bare in zip(figures, alone, strict=True)
            ),
            "scrape_ms": 1e3 * statistics.median(one["scrape"] for one in figures),
        }
        for name, figures in found.items()
    }


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--variant", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.variant is not None:
        run_one(VARIANTS[options.variant], options.requests)
        return
    figures = measure(options.requests, options.rounds)
    print(f"{'what is told of a request':<40} {'µs of CPU':>10}")
    for name, one in figures.items():
        print(f"{name:<40} {one['microseconds']:>10.1f}")
    line = figures["id, metrics, line"]
    shared = figures["… metrics of several processes"]
    print(f"\na scrape, one process: {line['scrape_ms']:.2f} ms of CPU")
    print(f"a scrape, four processes: {shared['scrape_ms']:.2f} ms of CPU")
    print_goals(
        [
            at_most("id, metrics and line, µs", line["microseconds"], limit=20, form=".1f"),
            at_most(
                "the same, 1 % traced, µs",
                figures["… traced 1 %"]["microseconds"],
                limit=30,
                form=".1f",
            ),
        ]
    )
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
