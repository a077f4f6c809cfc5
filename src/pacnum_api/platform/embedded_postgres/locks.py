"""File locks: who may start the server, who uses it, and whether it has a supervisor.

Three locks (``flock``: the kernel drops them with their holder) keep every order of events safe:

``start.lock``
    exclusive, held while somebody starts or joins: one at a time.
``users.lock``
    shared, held by every user while it uses the server; its supervisor waits for it exclusively.
``supervisor.lock``
    exclusive, held by a supervisor from before its first to its last instant.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pacnum_api.platform.embedded_postgres.errors import HomeBelongsToAnother, HomeIsBusy

try:
    import fcntl
except ImportError:  # Windows: refused with a message before anything here is called
    EXCLUSIVE = SHARED = 0
else:
    EXCLUSIVE, SHARED = fcntl.LOCK_EX, fcntl.LOCK_SH

PATIENCE_SECONDS = 150  # longer than a supervisor gives a server to recover from a crash
POLL_SECONDS = 0.01


@contextmanager
def held(path: Path, operation: int) -> Iterator[None]:
    descriptor = open_file(path)
    try:
        lock(descriptor, operation, path=path)
        yield
    finally:
        os.close(descriptor)


def open_file(path: Path) -> int:
    """Open a file for every process that may ever use the home, whoever makes it first."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    except PermissionError as error:
        raise HomeBelongsToAnother(str(path)) from error
    give_to_owner(descriptor, path.parent)
    return descriptor


def give_to_owner(descriptor: int, folder: Path) -> None:
    """What root makes in a plain user's folder must not lock that user out."""
    if os.geteuid() == 0:
        owner = folder.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


def lock(descriptor: int, operation: int, *, path: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not _try(descriptor, operation):
        if time.monotonic() > deadline:
            raise HomeIsBusy(str(path))
        time.sleep(POLL_SECONDS)


def _try(descriptor: int, operation: int) -> bool:
    try:
        fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def can_lock(path: Path, operation: int) -> bool:
    """Whether nobody holds a lock that excludes this one."""
    descriptor = open_file(path)
    try:
        return _try(descriptor, operation)
    finally:
        os.close(descriptor)
