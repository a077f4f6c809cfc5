"""Start or join the server of a home, and leave it. (``locks`` says what keeps this in order.)"""

import hashlib
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from pacnum_api.platform.embedded_postgres.account import (
    Account,
    require_named_account,
    server_account,
)
from pacnum_api.platform.embedded_postgres.errors import (
    HomeBelongsToAnother,
    HomeIsBusy,
    PlatformNotSupported,
    ServerDidNotStart,
    SocketFolderTaken,
)
from pacnum_api.platform.embedded_postgres.locks import (
    EXCLUSIVE,
    PATIENCE_SECONDS,
    POLL_SECONDS,
    SHARED,
    can_lock,
    give_to_owner,
    held,
    lock,
    open_file,
)
from pacnum_api.platform.embedded_postgres.plan import (
    DATABASE,
    ROLE,
    SOCKET_NAME,
    Folder,
    Plan,
)
from pacnum_api.platform.embedded_postgres.programs import find_binaries, runnable_by, version_of

LEAVE_SECONDS = 90
LONGEST_SOCKET_PATH = 103  # bytes; macOS allows 104 with the closing NUL, Linux 108
THROWAWAY = {"fsync": "off", "full_page_writes": "off"}  # safe while the machine stays up
SOURCES = Path(__file__).resolve().parents[3]
SUPERVISOR = (
    f"import sys; sys.path.insert(0, {str(SOURCES)!r}); "
    "from pacnum_api.platform.embedded_postgres.supervisor import main; main()"
)


@dataclass(frozen=True, slots=True)
class EmbeddedServer:
    """A running server; the address stays the same over restarts."""

    data_dir: Path
    socket_dir: Path
    password: str = field(repr=False)
    user: str = ROLE

    def url(self, database: str = DATABASE) -> str:
        """The address of a database, as asyncpg, libpq and SQLAlchemy read it.

        The role in it is a superuser: it owns the tables, and may act as any other role.
        """
        host = quote(str(self.socket_dir), safe="/")
        return (
            f"postgresql://{self.user}:{quote(self.password, safe='')}@/{quote(database)}"
            f"?host={host}&port=5432"
        )


@contextmanager
def embedded_postgres(
    home: Path, *, ephemeral: bool = False, settings: Mapping[str, str] | None = None
) -> Iterator[EmbeddedServer]:
    """The server of ``home``: started, or joined where another process has started it.

    It stops, before this returns, when no other process uses it; a user that is killed counts as
    gone. ``settings`` are PostgreSQL's own and count for whoever starts the server; ``ephemeral``
    ones trade durability for speed, for tests. Blocks for about 0.1 s, the first time 2 s.
    Raises an EmbeddedPostgresError.
    """
    if sys.platform == "win32":
        raise PlatformNotSupported
    folder = _open_folder(home)
    chosen = {**(THROWAWAY if ephemeral else {}), **(settings or {})}
    users_lock = _join(folder, chosen)
    try:
        yield EmbeddedServer(
            data_dir=folder.data,
            socket_dir=_socket_dir(folder),
            password=folder.password.read_text("ascii").strip(),
        )
    finally:
        _leave(folder, users_lock)


def _open_folder(home: Path) -> Folder:
    """Make the folder, private to the caller, unless it exists."""
    path = home.expanduser().resolve() / "postgresql"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=0o700, exist_ok=True)
        next(path.iterdir(), None)
    except PermissionError as error:
        raise HomeBelongsToAnother(str(path)) from error
    return Folder(path)


def _join(folder: Folder, settings: Mapping[str, str]) -> int:
    """Become a user of a running server; the descriptor returned is what makes the caller one."""
    with held(folder.start_lock, EXCLUSIVE):
        users_lock = open_file(folder.users_lock)
        try:
            lock(users_lock, SHARED, path=folder.users_lock)  # waits for one that stops
            _ensure_running(folder, settings)
        except BaseException:
            os.close(users_lock)
            raise
    return users_lock


def _ensure_running(folder: Folder, settings: Mapping[str, str]) -> None:
    """Return with clients served; the caller is a user already, so that nothing stops under it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (_is_supervised(folder) and folder.ready.exists() and _is_listening(folder)):
        if not _is_supervised(folder):
            _start(folder, settings)
        # else its supervisor is at work: the starter died meanwhile, or the server did
        if time.monotonic() > deadline:
            raise HomeIsBusy(str(folder.path))
        time.sleep(POLL_SECONDS)


def _leave(folder: Folder, users_lock: int) -> None:
    """Stop being a user; the last one stays until the server has stopped."""
    os.close(users_lock)
    deadline = time.monotonic() + LEAVE_SECONDS
    while _is_supervised(folder) and not _has_users(folder) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)


def _is_listening(folder: Folder) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        try:
            client.connect(str(_socket_dir(folder) / SOCKET_NAME))
        except OSError:
            return False
    return True


def _is_supervised(folder: Folder) -> bool:
    return not can_lock(folder.supervisor_lock, SHARED)


def _has_users(folder: Folder) -> bool:
    """Whether shared locks are held; an exclusive one is a supervisor's, which is stopping."""
    return not can_lock(folder.users_lock, EXCLUSIVE) and can_lock(folder.users_lock, SHARED)


def _start(folder: Folder, settings: Mapping[str, str]) -> None:
    """Hand the server to a new supervisor and return when it is up."""
    plan = _plan(folder, settings)
    folder.ready.unlink(missing_ok=True)
    supervisor_lock = open_file(folder.supervisor_lock)
    log = open_file(folder.log)
    try:
        lock(supervisor_lock, EXCLUSIVE, path=folder.supervisor_lock)
        with subprocess.Popen(  # noqa: S603 - this interpreter, no shell
            [sys.executable, "-I", "-S", "-c", SUPERVISOR, plan.to_json()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=folder.path,
            pass_fds=[supervisor_lock],  # the lock goes with it: there is no instant without
            start_new_session=True,  # Ctrl-C in a terminal is for the users alone
        ) as launcher:
            answer = launcher.stdout.read().decode() if launcher.stdout else ""
    finally:
        os.close(supervisor_lock)
        os.close(log)
    if answer != "ok":
        raise ServerDidNotStart(f"{answer or 'no answer'}; see {folder.log}: {_end_of(folder.log)}")


def _plan(folder: Folder, settings: Mapping[str, str]) -> Plan:
    account = server_account(folder.data)
    has_data = (folder.data / "PG_VERSION").exists()
    if has_data:
        found = find_binaries(int((folder.data / "PG_VERSION").read_text("ascii")))
    else:
        require_named_account(account)
        found = find_binaries()
    programs = runnable_by(found, account)
    return Plan(
        path=str(folder.path),
        programs=str(programs),
        major=version_of(programs, account) or 0,
        socket_dir=str(_make_socket_dir(folder, account)),
        user=account.uid if account else None,
        group=account.gid if account else None,
        settings=dict(settings),
        is_durable=settings.get("fsync") != "off",
        resets_password=_make_password(folder) and has_data,
    )


def _make_password(folder: Folder) -> bool:
    """Write a random password unless there is one; by a rename, so that it is never half there."""
    if folder.password.exists():
        return False
    staging = folder.path / "password.new"
    staging.unlink(missing_ok=True)
    descriptor = os.open(staging, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(32) + "\n")
        give_to_owner(descriptor, folder.path)
        file.flush()
        os.fsync(descriptor)
    staging.rename(folder.password)
    return True


def _socket_dir(folder: Folder) -> Path:
    """Inside the data, where only the server's account may look, unless that path is too long."""
    if len(os.fsencode(folder.data / SOCKET_NAME)) <= LONGEST_SOCKET_PATH:
        return folder.data
    key = hashlib.sha256(os.fsencode(folder.data)).hexdigest()[:20]
    return Path("/tmp") / f"pacnum-{key}"  # noqa: S108 - private, and checked to be ours


def _make_socket_dir(folder: Folder, account: Account | None) -> Path:
    path = _socket_dir(folder)
    if path != folder.data:
        uid = account.uid if account else os.geteuid()
        with suppress(FileExistsError):
            path.mkdir(mode=0o700)
            if account:
                os.chown(path, account.uid, account.gid)
        status = path.lstat()
        if status.st_uid != uid or path.is_symlink() or status.st_mode & 0o077:
            raise SocketFolderTaken(str(path))
    return path


def _end_of(log: Path, lines: int = 8) -> str:
    with suppress(OSError):
        return " | ".join(log.read_text("utf-8", errors="replace").splitlines()[-lines:])
    return ""
