"""What every request pays before its handler runs: the service's frame beside a bare route.

    python -m benchmarks.frame [--requests N] [--rounds N] [--connections N] [--json]

Measured by turns, each a process of its own under uvicorn with uvloop and httptools, one worker:

* *bare*: a Starlette route that answers a small JSON document;
* *framed*: the same handler as a route of the service (``create_app``), behind authentication with
  a token, rate limit, request log, metrics, and the other layers of every request;
* *traced*: the same with OpenTelemetry on, 1 % of the requests sampled and exported to a sink of
  this benchmark. Left out where the service cannot trace;
* *operation*: told besides, without a goal: the same reply as a FastAPI operation, with scopes, a
  response model, a validator (ETag).

The goal is CPU per request of *traced* over *bare*: the route of the hot path is no FastAPI
operation. One process asks; on two cores answers per second say little, CPU per request does.
"""

import argparse
import asyncio
import json
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from http.client import HTTPConnection
from importlib.util import find_spec
from pathlib import Path

import uvloop

from benchmarks import answer_stage as stage
from benchmarks.answer_rounds import Sample, Turns, median_of, ratios_of, samples_by_turns
from benchmarks.answer_servers import Servers
from benchmarks.frame_app import OPERATION
from benchmarks.frame_bare import ROUTE
from benchmarks.goals import Goal, ServiceGoal, at_most, print_goals
from benchmarks.http_client import Connection
from pacnum_api.platform import migrations
from pacnum_api.platform.database import Database
from pacnum_api.platform.embedded_postgres import EmbeddedServer, embedded_postgres

ROLE = "pacnum_app"
BARE, FRAMED, TRACED, OPERATION_TOO = "bare", "framed", "traced", "operation"
SINK = "sink"
WARM_UP = 1000
CAN_TRACE = all(
    find_spec(name) is not None for name in ("opentelemetry", "pacnum_api.platform.telemetry")
)


@dataclass(frozen=True, slots=True)
class Report:
    rows: Mapping[str, Sample]
    over_bare: Mapping[str, Sample]
    rounds: int
    load_before: float


class Asker:
    """Asks for one path again and again; a seat like those that answer."""

    def __init__(self, connection: Connection, path: str, *, token: str | None) -> None:
        self._connection = connection
        self._path = path
        self._token = token

    async def sit_down(self) -> None:
        await self._connection.reopen()

    async def answer(self) -> float:
        started = time.perf_counter()
        reply = await self._connection.get(self._path, token=self._token)
        seconds = time.perf_counter() - started
        if reply.status != 200:
            raise RuntimeError(f"{reply.status}: {reply.body.decode()}")
        return seconds


def start(servers: Servers) -> None:
    """Every server; *framed* answers for *operation* too."""
    servers.start_application(BARE, "benchmarks.frame_bare:bare", environment={})
    service = servers.service_environment | {"OTEL_SDK_DISABLED": "true"}
    servers.start_application(
        FRAMED, "benchmarks.frame_app:framed", environment=service, is_factory=True
    )
    if not CAN_TRACE:
        return
    servers.start_application(SINK, "benchmarks.frame_bare:sink", environment={})
    traced = service | {
        "OTEL_SDK_DISABLED": "false",
        "OTEL_TRACES_EXPORTER": "otlp",
        "OTEL_METRICS_EXPORTER": "none",
        "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
        "OTEL_TRACES_SAMPLER_ARG": "0.01",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{servers.ports(SINK)[0]}",
    }
    servers.start_application(
        TRACED, "benchmarks.frame_app:framed", environment=traced, is_factory=True
    )


async def run(
    postgres: EmbeddedServer, servers: Servers, *, turns: Turns, connections: int
) -> Report:
    load = os.getloadavg()[0]
    database = Database(postgres.url(), role=ROLE)
    tenant = await stage.make_tenant(database)
    await database.close()
    start(servers)
    seats = seats_of(servers, tenant, connections=connections)
    warm_up = Turns(WARM_UP, 1, 0)
    await samples_by_turns(seats, turns=warm_up, cpu=lambda name: servers.cpu(_server(name)))
    found = await samples_by_turns(seats, turns=turns, cpu=lambda name: servers.cpu(_server(name)))
    return Report(
        rows={name: median_of(taken) for name, taken in found.items()},
        over_bare={
            name: ratios_of(taken, found[BARE]) for name, taken in found.items() if name != BARE
        },
        rounds=len(found[BARE]),
        load_before=load,
    )


def seats_of(
    servers: Servers, tenant: stage.Tenant, *, connections: int
) -> dict[str, Sequence[Asker]]:
    with closing(HTTPConnection("127.0.0.1", servers.ports(FRAMED)[0], timeout=30)) as http:
        token = stage.client_token(http, tenant)
    paths = {BARE: ROUTE, FRAMED: ROUTE, TRACED: ROUTE, OPERATION_TOO: OPERATION}
    return {
        name: [
            Asker(
                Connection(servers.ports(_server(name))[0]),
                path,
                token=None if name == BARE else token,
            )
            for _ in range(connections)
        ]
        for name, path in paths.items()
        if name != TRACED or CAN_TRACE
    }


def _server(name: str) -> str:
    return FRAMED if name == OPERATION_TOO else name


def goals_of(report: Report) -> list[Goal]:
    name, what = (TRACED, "1 % traced") if CAN_TRACE else (FRAMED, "without tracing")
    return [
        at_most(
            f"CPU per request in the frame, {what}, over bare",
            report.over_bare[name].server_cpu,
            limit=2.0,
            form=".2f",
            of=ServiceGoal.FRAME,
        )
    ]


def print_report(report: Report) -> None:
    print(f"machine: {os.cpu_count()} cores, load before {report.load_before:.2f}")
    print(f"rounds: {report.rounds}")
    print("\nroute        p50 ms   p95 ms  server µs  client µs  PostgreSQL µs  over bare")
    for name, at in report.rows.items():
        over = report.over_bare.get(name)
        ratio = "" if over is None else f"{over.server_cpu:.2f}"
        print(
            f"{name:10s} {at.p50:8.2f} {at.p95:8.2f} {at.server_cpu:10.0f} {at.client_cpu:10.0f} "
            f"{at.postgres_cpu:14.0f} {ratio:>10s}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--requests", type=int, default=2000, help="in each round, of each route")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=60, help="no further round after this")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--json", action="store_true", help="one JSON document instead of tables")
    given = parser.parse_args()
    turns = Turns(given.requests, given.rounds, given.seconds)
    with (
        tempfile.TemporaryDirectory(prefix="pacnum-bench-") as home,
        embedded_postgres(Path(home)) as postgres,
        ExitStack() as stack,
    ):
        migrations.upgrade(postgres.url())
        servers = Servers(postgres, stack)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            report = runner.run(run(postgres, servers, turns=turns, connections=given.connections))
    if given.json:
        print(json.dumps(asdict(report)))
    else:
        print_report(report)
    print_goals(goals_of(report))


if __name__ == "__main__":
    main()
