"""The supervisor's work, done in the test's own process."""

import fcntl
import os
import threading
from pathlib import Path

import pytest

from pacnum_api.platform.embedded_postgres import EmbeddedServer, cluster, launcher, supervisor
from pacnum_api.platform.embedded_postgres.plan import Plan
from pacnum_api.platform.embedded_postgres.processes import StartFailure
from tests.support.embedded_users import kill, postmaster_of, sql, wait_until


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    folder = launcher._open_folder(tmp_path)
    return launcher._plan(folder, launcher.THROWAWAY)


def server_of(plan: Plan) -> EmbeddedServer:
    return EmbeddedServer(plan.data, Path(plan.socket_dir), plan.password())


def test_bringing_up_makes_the_cluster_once(plan: Plan) -> None:
    (plan.folder.path / "data.new-leftover").mkdir()
    first = cluster.bring_up(plan)
    sql(server_of(plan), "CREATE TABLE kept ()")
    cluster.stop(first)
    assert not (plan.folder.path / "data.new-leftover").exists()
    second = cluster.bring_up(plan)
    try:
        assert sql(server_of(plan), "SELECT count(*) FROM kept") == "0"
    finally:
        cluster.stop(second)


def test_a_server_without_its_supervisor_is_ended_before_a_new_one(plan: Plan) -> None:
    orphan = cluster.bring_up(plan)
    reaper = threading.Thread(target=orphan.wait)
    reaper.start()
    server = cluster.bring_up(plan)
    try:
        reaper.join(10)
        assert orphan.returncode == 0  # a clean stop
        assert server.pid != orphan.pid
        assert sql(server_of(plan), "SELECT 1") == "1"
    finally:
        cluster.stop(server)


def test_a_server_that_refuses_its_database_is_not_left_running(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.stop(cluster.bring_up(plan))
    plan.folder.password.write_text("another\n", "ascii")
    plan.folder.ready.unlink()
    with pytest.raises(StartFailure, match="password authentication failed"):
        cluster.bring_up(plan)
    assert not (plan.data / "postmaster.pid").exists()
    assert not plan.folder.ready.exists()


def test_a_supervisor_restarts_its_server_and_stops_after_the_last_user(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[str] = []
    monkeypatch.setattr(supervisor, "report", answers.append)
    user = os.open(plan.folder.users_lock, os.O_RDWR | os.O_CREAT)
    fcntl.flock(user, fcntl.LOCK_SH)
    supervising = threading.Thread(target=supervisor.supervise, args=(plan,))
    supervising.start()
    try:
        wait_until(lambda: answers)
        assert answers == ["ok"]
        killed = postmaster_of(tmp_path)
        kill(killed)
        wait_until(lambda: cluster.recorded_pid(plan.data) not in {None, killed})
        wait_until(lambda: cluster.is_ready(plan.data, cluster.recorded_pid(plan.data) or 0))
        assert sql(server_of(plan), "SELECT 1") == "1"
        assert supervising.is_alive()
    finally:
        os.close(user)
        supervising.join(30)
    assert not supervising.is_alive()
    assert not plan.folder.ready.exists()
    assert not (plan.data / "postmaster.pid").exists()


def test_a_supervisor_reports_what_keeps_the_server_from_running(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[str] = []
    monkeypatch.setattr(supervisor, "report", answers.append)
    plan.folder.users_lock.touch()
    plan.data.mkdir()
    (plan.data / "theirs").touch()
    supervisor.supervise(plan)
    (answer,) = answers
    assert "not empty" in answer
    assert (plan.data / "theirs").exists()
