"""Who may die when, and what must still work afterwards."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pacnum_api.platform.embedded_postgres import embedded_postgres
from tests.support.embedded_users import (
    User,
    kill,
    kill_together,
    postmaster_of,
    processes_in,
    sql,
    supervisor_of,
    user_of,
    wait_until,
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def make_rows(url: str) -> None:
    sql(url, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")


def count_rows(url: str) -> str:
    return sql(url, "SELECT count(*), sum(n) FROM kept")


def test_a_second_process_shares_the_server_and_outlives_the_first(tmp_path: Path) -> None:
    with user_of(tmp_path) as first, user_of(tmp_path) as second:
        address = first.url()
        assert second.url() == address
        postmaster = postmaster_of(tmp_path)
        first.leave()
        assert sql(address, "SELECT 1") == "1"
        assert postmaster_of(tmp_path) == postmaster
        second.leave()
        assert processes_in(tmp_path) == []


def test_a_visitor_leaves_the_server_to_the_process_that_started_it(tmp_path: Path) -> None:
    with embedded_postgres(tmp_path, ephemeral=True) as server:
        visitor = User(tmp_path)
        visitor.url()
        visitor.leave()
        assert sql(server, "SELECT 1") == "1"
        visitor = User(tmp_path)
        visitor.url()
        visitor.kill()
        assert sql(server, "SELECT 1") == "1"


def test_processes_that_start_together_share_one_server(tmp_path: Path) -> None:
    users = [User(tmp_path) for _ in range(5)]
    addresses = {user.url() for user in users}
    assert len(addresses) == 1
    assert sql(addresses.pop(), "SELECT 1") == "1"
    supervisor_of(tmp_path)
    for user in users:
        user.leave()
    assert processes_in(tmp_path) == []


def test_a_killed_user_leaves_no_server_and_no_loss(tmp_path: Path) -> None:
    with user_of(tmp_path) as user:
        make_rows(user.url())
        user.kill()
    wait_until(lambda: not processes_in(tmp_path))
    assert not (tmp_path / "postgresql" / "data" / "postmaster.pid").exists()
    with embedded_postgres(tmp_path) as server:
        assert count_rows(server.url()) == "1000|500500"


def test_rows_survive_the_kill_of_every_process_at_once(tmp_path: Path) -> None:
    with embedded_postgres(tmp_path) as server:  # a durable cluster
        make_rows(server.url())
    with user_of(tmp_path) as user:
        url = user.url()
        sql(url, "INSERT INTO kept SELECT generate_series(1001, 2000)")
        kill_together([user.process.pid, supervisor_of(tmp_path), *processes_in(tmp_path)])
        wait_until(lambda: not processes_in(tmp_path))
    assert (tmp_path / "postgresql" / "data" / "postmaster.pid").exists()
    with embedded_postgres(tmp_path) as server:
        assert server.url() == url
        assert count_rows(server.url()) == "2000|2001000"


def test_a_killed_supervisor_takes_the_server_with_it_and_is_replaced(tmp_path: Path) -> None:
    with embedded_postgres(tmp_path, ephemeral=True) as server:
        make_rows(server.url())
        kill(supervisor_of(tmp_path))
        wait_until(lambda: not processes_in(tmp_path))
        with embedded_postgres(tmp_path, ephemeral=True) as again:
            assert again == server
            assert count_rows(server.url()) == "1000|500500"
    assert processes_in(tmp_path) == []


def test_a_killed_server_is_started_again_under_its_users(tmp_path: Path) -> None:
    with embedded_postgres(tmp_path, ephemeral=True) as server:
        make_rows(server.url())
        killed = postmaster_of(tmp_path)
        kill(killed)

        def serves_again() -> bool:
            try:
                return sql(server, "SELECT 1") == "1"
            except subprocess.CalledProcessError:
                return False

        wait_until(serves_again)
        assert postmaster_of(tmp_path) != killed
        assert count_rows(server.url()) == "1000|500500"
    assert processes_in(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_meant_for_the_users_do_not_stop_the_server(
    tmp_path: Path, number: signal.Signals
) -> None:
    with embedded_postgres(tmp_path, ephemeral=True) as server:
        supervisor = supervisor_of(tmp_path)
        assert os.getsid(supervisor) != os.getsid(0)
        os.kill(supervisor, number)
        assert sql(server, "SELECT 1") == "1"


def test_a_start_that_was_killed_half_way_is_done_anew(tmp_path: Path) -> None:
    folder = tmp_path / "postgresql"
    with user_of(tmp_path) as user:
        wait_until(lambda: list(folder.glob("data.new-*/PG_VERSION")))
        kill(supervisor_of(tmp_path))
        user.kill()
    assert not (folder / "data").exists()
    with embedded_postgres(tmp_path, ephemeral=True) as server:
        assert sql(server, "SELECT 1") == "1"
        assert list(folder.glob("data.new-*")) == []


def test_a_starter_killed_half_way_does_not_stop_those_who_wait(tmp_path: Path) -> None:
    with user_of(tmp_path) as user, user_of(tmp_path) as waiting:
        wait_until(lambda: list((tmp_path / "postgresql").glob("data.new-*")))
        (user if user.process.poll() is None else waiting).kill()
        assert sql(waiting.url(), "SELECT 1") == "1"
        waiting.leave()
    assert processes_in(tmp_path) == []


def test_a_process_that_got_the_id_of_a_dead_server_is_left_alone(tmp_path: Path) -> None:
    with embedded_postgres(tmp_path, ephemeral=True) as server:
        data = server.data_dir
    owner = data.stat().st_uid
    with subprocess.Popen(["sleep", "60"], user=owner if os.geteuid() == 0 else None) as other:
        for record in ("postmaster.pid", ".s.PGSQL.5432.lock"):
            (data / record).write_text(f"{other.pid}\n{data}\n1\n5432\n\n\n\nready\n", "utf-8")
        with embedded_postgres(tmp_path, ephemeral=True) as server:
            assert sql(server, "SELECT 1") == "1"
            assert other.poll() is None
        other.kill()
