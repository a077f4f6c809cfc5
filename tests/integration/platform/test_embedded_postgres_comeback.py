"""A server that ends, and cannot start for a while, comes back as long as somebody uses it."""

import fcntl
import os
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from pacnum_api.platform.embedded_postgres import supervisor
from pacnum_api.platform.embedded_postgres.plan import Plan
from pacnum_api.platform.embedded_postgres.processes import StartFailure


def heed_interrupts() -> None:
    """As PostgreSQL does, also where whoever runs the tests has SIGINT ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return Plan(
        path=str(tmp_path),
        programs="",
        major=18,
        socket_dir="",
        user=None,
        group=None,
        settings={},
        is_durable=False,
        resets_password=False,
    )


def test_it_is_tried_again_until_there_is_room(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(supervisor, "LONGEST_PAUSE_SECONDS", 0.05)
    is_back = threading.Event()
    attempts: list[str] = []

    def start(_: Plan) -> "subprocess.Popen[bytes]":
        attempts.append("tried")
        if len(attempts) < 6:  # more often than it used to be
            raise StartFailure("postgres ended with status 1")
        is_back.set()
        return subprocess.Popen(
            ["sleep", "60"],
            preexec_fn=heed_interrupts,  # noqa: PLW1509 - one call, of which no thread holds a lock
        )

    monkeypatch.setattr(supervisor, "start", start)
    lock = tmp_path / "users.lock"
    lock.touch()
    user = os.open(lock, os.O_RDWR)
    fcntl.flock(user, fcntl.LOCK_SH)
    waiting = os.open(lock, os.O_RDWR)
    first = subprocess.Popen(["true"])
    keeper = threading.Thread(
        target=supervisor.keep_running, args=(plan, first), kwargs={"users_lock": waiting}
    )
    keeper.start()
    assert is_back.wait(20)
    os.close(user)  # the last user leaves: the server is stopped, and not replaced
    keeper.join(20)
    os.close(waiting)

    assert not keeper.is_alive()
    assert len(attempts) == 6
    assert capsys.readouterr().err.count("postgres ended with status 1") == 5
