"""One PostgreSQL cluster: made, started, stopped, and recovered from whatever happened to it."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pacnum_api.platform.embedded_postgres.plan import DATABASE, ROLE, Plan
from pacnum_api.platform.embedded_postgres.processes import (
    Place,
    StartFailure,
    environment,
    reaching,
    run,
    spawn,
)

START_SECONDS = 120  # crash recovery replays at most max_wal_size, about 1 GB
STOP_SECONDS = 30  # before each harsher way
BUILTIN_LOCALES_SINCE = 17

# What operators may change in postgresql.conf.
SETTINGS = {
    "max_connections": "200",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "cluster_name": "pacnum",
    "log_checkpoints": "off",
    # statements and key values in the log could name people
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}


def initialise(plan: Plan) -> None:
    """Make the cluster in a folder of its own and rename it: half a cluster is never found."""
    for leftover in plan.folder.path.glob("data.new-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    staging = Path(tempfile.mkdtemp(prefix="data.new-", dir=plan.path))
    if plan.user is not None and plan.group is not None:
        os.chown(staging, plan.user, plan.group)
    command = ["initdb", "-U", ROLE, "--pwfile=/dev/stdin"]
    command += ["--auth=scram-sha-256", "--encoding=UTF8", "--data-checksums"]
    if plan.major >= BUILTIN_LOCALES_SINCE:
        # the same order and case folding on every system and after every upgrade of it
        command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    else:
        command += ["--locale=C.UTF-8" if sys.platform == "linux" else "--locale=C"]
    if not plan.is_durable:
        command.append("--no-sync")
    with reaching(staging) as place:
        run(plan, [*command, "-D", place.name], place=place, text=plan.password() + "\n")
    with (staging / "postgresql.conf").open("a", encoding="utf-8") as configuration:
        configuration.write("\n# --- Pacnum ---\n")
        configuration.writelines(f"{name} = '{value}'\n" for name, value in SETTINGS.items())
        configuration.flush()
        os.fsync(configuration.fileno())
    staging.rename(plan.data)
    synchronise(plan.folder.path)


def synchronise(folder: Path) -> None:
    """Make a rename in ``folder`` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def reset_password(plan: Plan) -> None:
    """Give the role the password of the file, which was lost and made anew."""
    statement = f"ALTER ROLE {ROLE} PASSWORD '{plan.password()}'\n"
    with reaching(plan.data) as place:
        command = ["postgres", "--single", "-D", place.name, "postgres"]
        run(plan, command, place=place, text=statement)


def recorded_pid(data: Path) -> int | None:
    """The process id in ``postmaster.pid``, which outlives a server that was killed."""
    try:
        return abs(int((data / "postmaster.pid").read_text("utf-8").split("\n", 1)[0]))
    except (OSError, ValueError):
        return None


def is_server_of(pid: int, data: Path) -> bool:
    """Whether ``pid`` is a PostgreSQL server of ``data``: ids are given again, so look closely."""
    if sys.platform == "linux":
        try:
            name = Path(f"/proc/{pid}/comm").read_text("utf-8").strip()
            return name == "postgres" and Path(f"/proc/{pid}/cwd").samefile(data)
        except OSError:
            return False
    listing = subprocess.run(  # noqa: S603 - a number, no shell
        ["/bin/ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout
    return "postgres" in listing and str(data) in listing


def end_leftover_server(plan: Plan) -> None:
    """Stop a server whose supervisor was killed, and forget a dead one.

    PostgreSQL would refuse to start while any process bears the recorded id: one that got it since,
    or a zombie that nobody has reaped. Its second guard, the shared memory made from the folder's
    inode, stays in place.
    """
    pid = recorded_pid(plan.data)
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        if pid is None or not is_server_of(pid, plan.data):
            break
        os.kill(pid, number)
        deadline = time.monotonic() + STOP_SECONDS
        while is_server_of(pid, plan.data) and time.monotonic() < deadline:
            time.sleep(0.01)
    for record in (plan.data / "postmaster.pid", plan.socket.with_suffix(".5432.lock")):
        record.unlink(missing_ok=True)


def start(plan: Plan) -> "subprocess.Popen[bytes]":
    """Start the server and return when it accepts connections."""
    status = 0
    with reaching(plan.data) as place:
        command = server_command(plan, place)
        # Children of a killed server may need a moment to notice; they hold its shared memory.
        for _ in range(4):
            end_leftover_server(plan)
            server = spawn(
                plan, command, place=place, source=subprocess.DEVNULL, ends_with=signal.SIGINT
            )
            if wait_for(server, plan.data):
                return server
            status = server.returncode
            time.sleep(0.25)
    raise StartFailure(f"postgres ended with status {status}")


def server_command(plan: Plan, place: Place) -> list[str]:
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": place.name if plan.is_socket_inside else plan.socket_dir,
        "unix_socket_permissions": "0700",
        **plan.settings,
    }
    options = [item for pair in settings.items() for item in ("-c", "=".join(pair))]
    return ["postgres", "-D", place.name, *options]


def wait_for(server: "subprocess.Popen[bytes]", data: Path) -> bool:
    """Whether the server got as far as accepting connections; False when it has ended."""
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None:
        if is_ready(data, server.pid):
            return True
        if time.monotonic() > deadline:
            stop(server)
            raise StartFailure(f"not ready after {START_SECONDS} s")
        time.sleep(0.005)
    return False


def is_ready(data: Path, pid: int) -> bool:
    """Whether the server with this id has written ``ready`` into line 8 of postmaster.pid."""
    try:
        lines = (data / "postmaster.pid").read_text("utf-8").splitlines()
    except OSError:
        return False
    return lines[:1] == [str(pid)] and [line.strip() for line in lines[7:8]] == ["ready"]


def stop(server: "subprocess.Popen[bytes]") -> None:
    """End the server: a fast shutdown, then an immediate one, then by force."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        server.send_signal(number)
        try:
            server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        return


def ensure_database(plan: Plan) -> None:
    """Create the service's database where it is missing."""
    statement = (
        f"SELECT 'CREATE DATABASE {DATABASE}' WHERE NOT EXISTS "  # noqa: S608 - a constant
        f"(SELECT FROM pg_database WHERE datname = '{DATABASE}') \\gexec\n"
    )
    address = ["-h", plan.socket_dir, "-p", "5432", "-U", ROLE, "-d", "postgres"]
    result = subprocess.run(  # noqa: S603 - our programs, no shell
        [Path(plan.programs) / "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", *address],
        input=statement,
        env={**environment(), "PGPASSWORD": plan.password()},
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise StartFailure(result.stderr.strip())


def bring_up(plan: Plan) -> "subprocess.Popen[bytes]":
    """From whatever state the folder was left in to a server with the service's database."""
    end_leftover_server(plan)  # it would be in the way of a new password, too
    if not (plan.data / "PG_VERSION").exists():
        initialise(plan)
    elif plan.resets_password:
        reset_password(plan)
    server = start(plan)
    try:
        ensure_database(plan)
    except StartFailure:
        stop(server)
        raise
    plan.folder.ready.touch(mode=0o600)
    return server
