"""Processes of a benchmark: started, found and asked for the CPU time that they used (Linux)."""

import http.client
import os
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

PATIENCE_SECONDS = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(
    command: Sequence[str], *, port: int, environment: Mapping[str, str], log: Path
) -> Iterator[int]:
    """A server that answers on its port, by process id; told to stop at the end."""
    with (
        log.open("ab") as output,
        subprocess.Popen(
            command, env={**os.environ, **environment}, stdout=output, stderr=output
        ) as process,
    ):
        try:
            _wait_for(process, port, log=log)
            yield process.pid
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_for(process: "subprocess.Popen[bytes]", port: int, *, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.connect()
        except OSError:
            time.sleep(0.02)
        else:
            return
        finally:
            connection.close()
    raise RuntimeError(f"{process.args!r} did not start:\n{log.read_text('utf-8')[-2000:]}")


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time of all living threads, to the nanosecond, by the scheduler."""
    return sum(_nanoseconds(pids).values()) / 1e9


class CpuMeter:
    """CPU seconds of processes that never run backwards: what ended threads used stays counted."""

    def __init__(self) -> None:
        self._known: dict[Path, int] = {}

    def read(self, pids: Iterable[int]) -> float:
        """All that has been seen so far of these processes, and of those asked about before."""
        self._known.update(_nanoseconds(pids))
        return sum(self._known.values()) / 1e9


def _nanoseconds(pids: Iterable[int]) -> dict[Path, int]:
    found: dict[Path, int] = {}
    for pid in pids:
        for account in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            with suppress(OSError):  # a thread that has just ended
                found[account] = int(account.read_text("ascii").split()[0])
    return found


def children_of(parent: int) -> list[int]:
    """The process itself and its children, as PostgreSQL has them: one level."""
    found = [parent]
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = status.read_text("utf-8").rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        if int(after_name[1]) == parent:
            found.append(int(status.parent.name))
    return found
