"""The process that owns the server: brings it up, and stops it after its last user.

Detached from whoever started it, with the standard library alone (``-I -S``): it costs some 12 MB
and 50 ms. Its one argument is a ``Plan``; it answers with one line on standard output, ``ok`` or
what went wrong.

It waits for an exclusive lock on a file that every user holds a shared lock on. The kernel lets a
user's lock go however that user ends, so no process identifier can lie and nothing is polled.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from pacnum_api.platform.embedded_postgres.cluster import bring_up, start, stop
from pacnum_api.platform.embedded_postgres.plan import Plan
from pacnum_api.platform.embedded_postgres.processes import StartFailure

STABLE_SECONDS = 5
LONGEST_PAUSE_SECONDS = 5.0  # between attempts to bring back a server that does not stay
MAX_LOG_BYTES = 10_000_000


@dataclass(slots=True)
class Watch:
    """What the waiting thread and the main one share: the present server, and whether to stop."""

    server: "subprocess.Popen[bytes]"
    unused: threading.Event = field(default_factory=threading.Event)
    guard: threading.Lock = field(default_factory=threading.Lock)


def stop_when_unused(watch: Watch, users_lock: int) -> None:
    """Wait, in the kernel, until no user is left, then end the server."""
    fcntl.flock(users_lock, fcntl.LOCK_EX)
    with watch.guard:
        watch.unused.set()
        stop(watch.server)


def keep_running(plan: Plan, server: "subprocess.Popen[bytes]", *, users_lock: int) -> None:
    """Hold the server up until its last user has gone; replace one that has ended.

    A server that does not stay, or cannot start because its disk is full, is tried again for as
    long as somebody uses it: room may be made, and nobody else would bring it back.
    """
    watch = Watch(server=server)
    threading.Thread(target=stop_when_unused, args=(watch, users_lock), daemon=True).start()
    pause = 0.0
    while not watch.unused.is_set():
        started = time.monotonic()
        watch.server.wait()
        if time.monotonic() - started >= STABLE_SECONDS:
            pause = 0.0
        watch.unused.wait(pause)
        pause = min(max(2 * pause, 0.1), LONGEST_PAUSE_SECONDS)
        replace_server(plan, watch)


def replace_server(plan: Plan, watch: Watch) -> None:
    """Start another server, if anybody is left to use it; what hinders it stands in the log."""
    with watch.guard:
        if watch.unused.is_set():
            return
        try:
            watch.server = start(plan)
        except (StartFailure, OSError) as failure:
            sys.stderr.write(f"pacnum: {failure}\n")


def keep_log_short(log: Path) -> None:
    if log.exists() and log.stat().st_size > MAX_LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))


def ignore(_number: int, _frame: FrameType | None) -> None:
    """Only the last user's end stops the server. (SIG_IGN would be inherited by the children.)"""


def report(answer: str) -> None:
    """Tell the starter, if it still lives, and let go of the pipe to it."""
    try:
        os.write(sys.stdout.fileno(), answer.encode())
    except BrokenPipeError:
        pass
    finally:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)


def supervise(plan: Plan) -> None:
    """The whole life of a supervisor."""
    keep_log_short(plan.folder.log)
    users_lock = os.open(plan.folder.users_lock, os.O_RDWR)
    try:
        server = bring_up(plan)
    except (StartFailure, OSError, subprocess.SubprocessError) as failure:
        report(str(failure) or repr(failure))
        return
    report("ok")
    try:
        keep_running(plan, server, users_lock=users_lock)
    finally:
        plan.folder.ready.unlink(missing_ok=True)
        if not plan.is_socket_inside:
            shutil.rmtree(plan.socket_dir, ignore_errors=True)


def main() -> None:
    """Detach, so that nobody has to wait for this process, then supervise."""
    if os.fork() != 0:
        os._exit(0)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, ignore)
    supervise(Plan.from_json(sys.argv[1]))
