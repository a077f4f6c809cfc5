"""More agents than the process can answer: how long those wait who are let in, by the limit.

    python -m benchmarks.fault_overload [--limits 64 256] [--connections 240] [--seconds 6]

Each connection answers without a pause, and comes back after a second when it was refused. Printed
for each limit on requests in flight: the waits for an answer and for a refusal, and how many of
both a second. Each limit is tried alone, and with the bound on the mean time of a request (marked
with its seconds) that lets in fewer where the machine is slow.
"""

import argparse
import asyncio
import json
import statistics
import sys
import time
from dataclasses import dataclass, field
from itertools import product

import uvloop

from benchmarks.answer_stage import Play, begin_sessions, make_plays
from benchmarks.fault_stage import Service, Stage, home_on_disk, postgres_in, stage_at
from benchmarks.http_client import Connection
from pacnum_api.platform.database import Database
from pacnum_api.platform.embedded_postgres import EmbeddedServer

BACK_SECONDS = 1.0
WARM_UP_SECONDS = 4.0
UNBOUNDED = 1000.0
WANTED = 1.0
ANSWERS_PER_SESSION = 20


@dataclass(slots=True)
class Waits:
    """Of the last ``seconds``: in the first ones a process still makes itself ready."""

    seconds: float
    answered: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)


async def answer_on(port: int, play: Play, waits: Waits, *, until: float) -> None:
    """One connection: answers as fast as it is let."""
    connection = Connection(port)
    await connection.reopen()
    path = f"/v1/test-sessions/{play.session_id}/answers"
    item, position = play.first_item, 1
    counts_from = until - waits.seconds
    while time.monotonic() < until and position <= ANSWERS_PER_SESSION:
        started = time.monotonic()
        reply = await connection.post(path, play.body(item, position=position), token=play.token)
        waited = time.monotonic() - started
        counts = started >= counts_from
        if reply.status == 503:
            waits.refused += [waited] * counts
            await asyncio.sleep(BACK_SECONDS)
            continue
        assert reply.status == 201, reply.body
        waits.answered += [waited] * counts
        pending = json.loads(reply.body)["pending_item"]
        if pending is None:
            break
        item, position = pending["item_id"], position + 1
    connection.close()


async def waits_at(
    postgres: EmbeddedServer, bounds: tuple[int, float], *, connections: int, seconds: float
) -> Waits:
    settings = {
        "PACNUM_MAX_REQUESTS_IN_FLIGHT": str(bounds[0]),
        "PACNUM_WANTED_REQUEST_SECONDS": str(bounds[1]),
    }
    async with stage_at(postgres, Service(postgres.url(), environment=settings)) as stage:
        plays = await _plays(stage, connections)
        waits = Waits(seconds)
        until = time.monotonic() + WARM_UP_SECONDS + seconds
        await asyncio.gather(
            *(answer_on(stage.service.port, play, waits, until=until) for play in plays)
        )
    return waits


async def _plays(stage: Stage, count: int) -> list[Play]:
    begun = await asyncio.to_thread(begin_sessions, stage.service.port, stage.tenant, count=count)
    database = Database(stage.postgres.url(), role="pacnum_app", pool_size=1)
    try:
        return await make_plays(database, stage.tenant, begun=begun)
    finally:
        await database.close()


def line_of(bounds: tuple[int, float], waits: Waits, *, seconds: float) -> str:
    within = "-" if bounds[1] == UNBOUNDED else f"{bounds[1]:g}"
    p50, p99 = _quantiles(waits.answered)
    refusal, late_refusal = _quantiles(waits.refused)
    return (
        f"{bounds[0]:6}{within:>7}{p50:11.0f}{p99:9.0f}{len(waits.answered) / seconds:12.0f}"
        f"{refusal:13.0f}{late_refusal:9.0f}{len(waits.refused) / seconds:12.0f}"
    )


def _quantiles(waits: list[float]) -> tuple[float, float]:
    """Median and 99th percentile, ms."""
    if len(waits) < 2:
        return 0.0, 0.0
    hundredths = statistics.quantiles(waits, n=100)
    return statistics.median(waits) * 1e3, hundredths[98] * 1e3


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--limits", type=int, nargs="+", default=[64, 256])
    parser.add_argument("--connections", type=int, default=240)
    parser.add_argument("--seconds", type=float, default=6)
    given = parser.parse_args()
    print(f"{given.connections} connections without a pause")
    print(" limit within  answer p50      p99   answers/s  refusal p50      p99  refusals/s   (ms)")
    with (
        home_on_disk() as home,
        postgres_in(home) as postgres,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        for bounds in product(given.limits, (UNBOUNDED, WANTED)):
            playing = waits_at(
                postgres, bounds, connections=given.connections, seconds=given.seconds
            )
            print(line_of(bounds, runner.run(playing), seconds=given.seconds), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
