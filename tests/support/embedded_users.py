"""Processes that use an embedded server, and a look at the processes behind it (Linux)."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from pacnum_api.platform.embedded_postgres import EmbeddedServer, find_binaries

SOURCES = Path(__file__).resolve().parents[2] / "src"
USER = """
import sys
from pathlib import Path
from pacnum_api.platform.embedded_postgres import embedded_postgres
with embedded_postgres(Path(sys.argv[1]), ephemeral=sys.argv[2] == "ephemeral") as server:
    print(server.url(), flush=True)
    sys.stdin.read()
print("left", flush=True)
"""


class User:
    """A process of its own inside ``embedded_postgres(home)``."""

    def __init__(
        self, home: Path, *, python: str = sys.executable, uid: int | None = None, path: str = ""
    ) -> None:
        self.process = subprocess.Popen(
            [python, "-c", USER, str(home), "ephemeral"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd="/",
            env={**os.environ, "PYTHONPATH": path or str(SOURCES)},
            user=uid,
            group=uid,
            extra_groups=None if uid is None else [],
        )

    def url(self) -> str:
        """The address, once this process may connect."""
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def leave(self) -> None:
        self.process.communicate(timeout=30)
        assert self.process.returncode == 0

    def kill(self) -> None:
        self.process.kill()
        if self.process.stdout and not self.process.stdout.closed:
            self.process.communicate()


@contextmanager
def user_of(home: Path) -> Iterator[User]:
    user = User(home)
    try:
        yield user
    finally:
        user.kill()


def sql(address: EmbeddedServer | str, statement: str) -> str:
    """What psql prints for a statement; raises CalledProcessError."""
    url = address if isinstance(address, str) else address.url()
    command = [str(find_binaries() / "psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", url]
    return subprocess.run(
        [*command, "-c", statement], check=True, capture_output=True, text=True
    ).stdout.strip()


def wait_until(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def places_of(home: Path) -> dict[int, Path]:
    """Where the supervisor and the PostgreSQL processes of a home run: all inside its folder."""
    inside = home.resolve() / "postgresql"
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                place = (entry / "cwd").readlink()
                if place.is_relative_to(inside):
                    found[int(entry.name)] = place
    return found


def processes_in(home: Path) -> list[int]:
    return list(places_of(home))


def supervisor_of(home: Path) -> int:
    """The only process that runs in the folder itself, not in the data."""
    folder = home.resolve() / "postgresql"
    (pid,) = [pid for pid, place in places_of(home).items() if place == folder]
    return pid


def kill(pid: int) -> None:
    """By force, unless it went with its parent already."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def kill_together(pids: Sequence[int]) -> None:
    """As a power cut would: none of them sees another die, however busy the machine."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
    for pid in pids:
        kill(pid)


def postmaster_of(home: Path) -> int:
    text = (home / "postgresql" / "data" / "postmaster.pid").read_text("utf-8")
    return int(text.split("\n", 1)[0])
