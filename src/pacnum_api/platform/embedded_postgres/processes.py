"""Starting PostgreSQL's programs: as the server's account, in the data folder, never orphaned."""

import ctypes
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pacnum_api.platform.embedded_postgres.plan import Plan

PR_SET_PDEATHSIG = 1
OWN_DESCRIPTORS = Path("/proc/self/fd")


class StartFailure(Exception):
    """The server could not be made to run."""


def die_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    """What a child does before it executes, so that it gets ``number`` when this process ends.

    Linux only; elsewhere a supervisor that is killed leaves its server, which the next start ends.
    The kernel clears the wish when the user id changes: ``subprocess`` calls this after that.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def ask_kernel() -> None:
        prctl(PR_SET_PDEATHSIG, int(number))
        if os.getppid() != parent:  # it ended before the wish was made
            os._exit(1)

    return ask_kernel


def environment() -> dict[str, str]:
    """Ours without PG* variables, which would reach into the server and its clients."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, "LC_ALL": "C"}


@dataclass(frozen=True, slots=True)
class Place:
    """A folder as a child process should call it, and the descriptors that make the name true."""

    name: str
    descriptors: tuple[int, ...] = ()


@contextmanager
def reaching(folder: Path) -> Iterator[Place]:
    """Let a child into ``folder`` that may not pass through the folders above, private to root.

    On Linux it inherits the open folder and names it by the descriptor. (Its working directory
    would do too, but programs up to PostgreSQL 15 leave that while they look for themselves.)
    """
    if not OWN_DESCRIPTORS.exists():
        yield Place(str(folder))
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield Place(str(OWN_DESCRIPTORS / str(descriptor)), (descriptor,))
    finally:
        os.close(descriptor)


def spawn(
    plan: Plan, command: list[str], *, place: Place, source: int, ends_with: signal.Signals
) -> "subprocess.Popen[bytes]":
    """Start one of PostgreSQL's programs, as the server's account, writing to the server's log."""
    with plan.folder.log.open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - our programs, no shell
            [str(Path(plan.programs) / command[0]), *command[1:]],
            cwd="/",
            env=environment(),
            stdin=source,
            stdout=log,
            stderr=log,
            pass_fds=place.descriptors,
            user=plan.user,
            group=plan.group,
            extra_groups=None if plan.user is None else [],
            preexec_fn=die_with_parent(ends_with),  # noqa: PLW1509 - one thread waits in the kernel
        )


def run(plan: Plan, command: list[str], *, place: Place, text: str) -> None:
    """Run a program to its end with ``text`` as its input, which no other user can read."""
    with tempfile.TemporaryFile(dir=plan.path) as source:
        source.write(text.encode())
        source.flush()
        source.seek(0)
        if plan.user is not None:
            os.fchown(source.fileno(), plan.user, -1)  # /dev/stdin is opened anew, by name
        child = spawn(plan, command, place=place, source=source.fileno(), ends_with=signal.SIGTERM)
    if child.wait() != 0:
        raise StartFailure(f"{command[0]} failed with status {child.returncode}")
