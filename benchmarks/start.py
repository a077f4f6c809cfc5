"""How long the service takes to start, and how much memory a worker needs.

    python -m benchmarks.start [--rounds N] [--workers N]

*ready*: from starting ``pacnum serve`` on a running PostgreSQL until ``/readyz`` says 200, files in
the page cache; by turns with ``benchmarks.ready_floor``, which imports the libraries that the
service stands on and has one route. *memory*: PSS of each worker (its own pages, and its share of
those that it has in common with others) after whole tests over HTTP in which every file was opened,
so that what is loaded late has been loaded. *first answer*: from starting ``pacnum demo --once`` in
an empty home until the reply to the first answer is printed: ``initdb``, migrations, content, a
client, a token, a session.
"""

import argparse
import asyncio
import http.client
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import uvloop

from benchmarks.goals import Goal, ServiceGoal, at_most, print_goals
from benchmarks.processes import free_port
from benchmarks.replica_stage import PACNUM, Agents, House, make_house, start_together
from pacnum_api.platform import migrations
from pacnum_api.platform.embedded_postgres import EmbeddedServer, embedded_postgres

ROOT = Path(__file__).resolve().parents[1]
WORKER_MB, READY_SECONDS, FIRST_ANSWER_SECONDS = 70.0, 1.0, 5.0
TESTS_OF_EACH = 4
PATIENCE_SECONDS = 60
FIRST_ANSWER = re.compile(r"^\s+1\. \[")


def seconds_until_ready(command: Sequence[str], port: int, environment: Mapping[str, str]) -> float:
    """From starting a server to its first 200 on /readyz; it is stopped then."""
    started = time.perf_counter()
    with subprocess.Popen(
        command,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
    ) as process:
        try:
            while not _is_ready(port):
                if process.poll() is not None or time.perf_counter() - started > PATIENCE_SECONDS:
                    raise RuntimeError(f"{command!r} was never ready")
                time.sleep(0.002)
            return time.perf_counter() - started
        finally:
            process.terminate()


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def serve(url: str, *, workers: int) -> float:
    port = free_port()
    command = [PACNUM, "serve", "--port", str(port), "--workers", str(workers)]
    return seconds_until_ready(
        command, port, {"PACNUM_DATABASE_URL": url, "PACNUM_LOG_LEVEL": "error"}
    )


def serve_floor(url: str) -> float:
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "benchmarks.ready_floor:app", "--port", str(port)]
    command += ["--loop", "uvloop", "--http", "httptools", "--log-level", "warning"]
    environment = {
        "FLOOR_DATABASE_URL": url,
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
    }
    return seconds_until_ready(command, port, environment)


def ready_goals(url: str, *, rounds: int, workers: int) -> list[Goal]:
    targets: dict[str, Callable[[], float]] = {
        "one process": partial(serve, url, workers=1),
        f"{workers} workers": partial(serve, url, workers=workers),
        "floor": partial(serve_floor, url),
    }
    found: dict[str, list[float]] = {name: [] for name in targets}
    for turn in range(rounds + 1):
        for name, start in targets.items():
            seconds = start()
            if turn:  # the first round warms the page cache up
                found[name].append(seconds)
    print("\nready after, s        least   median")
    for name, taken in found.items():
        print(f"{name:18s} {min(taken):8.2f} {statistics.median(taken):8.2f}")
    over = statistics.median(
        one / floor for one, floor in zip(found["one process"], found["floor"], strict=True)
    )
    print(f"one process over the libraries alone: {over:.2f}")
    return [
        at_most(
            f"ready, warm: {name}, s",
            statistics.median(found[name]),
            limit=READY_SECONDS,
            form=".2f",
            of=ServiceGoal.READY,
        )
        for name in ("one process", f"{workers} workers")
    ]


def memory_of(pid: int) -> dict[str, float]:
    """Proportional, own and resident memory of a process, MB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()[1:]
    found = {name: int(rest.split()[0]) / 1024 for name, rest in (one.split(":") for one in lines)}
    return {
        "PSS": found["Pss"],
        "own": found["Private_Dirty"] + found["Private_Clean"],
        "RSS": found["Rss"],
    }


async def largest_worker(house: House, *, workers: int) -> float:
    """Let the workers serve whole tests and print what each then holds; the largest PSS, MB."""
    with ExitStack() as stack:
        servers = await asyncio.to_thread(start_together, stack, house, count=workers)
        agents = Agents(house, servers.ports, opens_files=True)
        count = TESTS_OF_EACH * workers
        await agents.take_tests(at_once=2 * workers, tests=count)
        assert not agents.figures.refusals, agents.figures.refusals[0]
        files = agents.figures.files
        print(f"\n{workers} worker(s), {count} tests, {files} files opened; MB")
        for pid in (*servers.foremen, *servers.pids):
            role = "foreman" if pid in servers.foremen else "worker"
            held = ", ".join(f"{name} {size:.0f}" for name, size in memory_of(pid).items())
            print(f"  {role}: {held}")
        return max(memory_of(pid)["PSS"] for pid in servers.pids)


async def memory_goals(postgres: EmbeddedServer, *, workers: int) -> list[Goal]:
    house = await make_house(postgres, has_own_items=False)
    try:
        alone = await largest_worker(house, workers=1)
        largest = await largest_worker(house, workers=workers)
    finally:
        await house.owner.close()
        await house.database.close()
    print(f"one process alone: {alone:.0f} MB, which nobody shares")
    name = f"memory of a worker, the largest of {workers}: PSS, MB"
    goal = ServiceGoal.WORKER_MEMORY
    return [at_most(name, largest, limit=WORKER_MB, form=".1f", of=goal)]


def seconds_to_first_answer() -> float:
    """On a machine that has no data yet."""
    with tempfile.TemporaryDirectory(prefix="pacnum-bench-") as home:
        names = ("PACNUM_DATABASE_URL", "PACNUM_DATABASE_OWNER_URL", "PACNUM_PUBLIC_URL")
        inherited = {name: value for name, value in os.environ.items() if name not in names}
        environment = {**inherited, "PACNUM_HOME": home, "PYTHONUNBUFFERED": "1"}
        started = time.perf_counter()
        with _demonstration(environment) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if FIRST_ANSWER.match(line):
                    seconds = time.perf_counter() - started
                    process.stdout.read()  # let it end by itself
                    return seconds
    raise RuntimeError("the demonstration gave no answer")


@contextmanager
def _demonstration(environment: Mapping[str, str]) -> Iterator["subprocess.Popen[str]"]:
    command = [PACNUM, "demo", "--once", "--port", str(free_port())]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
            process.wait(PATIENCE_SECONDS)
        finally:
            process.kill()


def first_answer_goal(rounds: int) -> Goal:
    found = [seconds_to_first_answer() for _ in range(rounds)]
    print("\nbare machine to first answer, s: " + " ".join(f"{one:.2f}" for one in found))
    return at_most(
        "bare machine to first answer, s",
        statistics.median(found),
        limit=FIRST_ANSWER_SECONDS,
        form=".2f",
        of=ServiceGoal.FIRST_ANSWER,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=4)
    given = parser.parse_args()
    print(f"machine: {os.cpu_count()} cores, load before {os.getloadavg()[0]:.2f}")
    with (
        tempfile.TemporaryDirectory(prefix="pacnum-bench-") as home,
        embedded_postgres(Path(home)) as postgres,
    ):
        migrations.upgrade(postgres.url())
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            goals = runner.run(memory_goals(postgres, workers=given.workers))
        goals += ready_goals(postgres.url(), rounds=given.rounds, workers=given.workers)
    goals.append(first_answer_goal(max(1, given.rounds // 2)))
    print_goals(goals)


if __name__ == "__main__":
    main()
