"""What the embedded server writes, as whom, and how little it lets in."""

import asyncio
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from pacnum_api.platform.database import with_driver
from pacnum_api.platform.embedded_postgres import (
    DataOfAnotherVersion,
    EmbeddedServer,
    ServerDidNotStart,
    embedded_postgres,
    find_binaries,
    programs,
)
from tests.support.embedded_users import SOURCES, User, processes_in, sql

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
PLAIN_UID = 54321 if os.geteuid() == 0 else os.geteuid()


def facts(path: Path) -> tuple[int, int, int]:
    status = path.lstat()
    return status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)


async def _ask_both_drivers(server: EmbeddedServer) -> list[object]:
    connection = await asyncpg.connect(server.url())
    raw = await connection.fetchval("SELECT current_database()")
    await connection.close()
    engine = create_async_engine(with_driver(server.url(), "asyncpg"))
    async with engine.connect() as session:
        mapped = await session.scalar(text("SELECT current_database()"))
    await engine.dispose()
    return [raw, mapped]


def test_the_address_suits_asyncpg_and_sqlalchemy(tmp_path: Path) -> None:
    with embedded_postgres(tmp_path / "été 1", ephemeral=True) as server:
        assert asyncio.run(_ask_both_drivers(server)) == ["pacnum", "pacnum"]


def test_the_cluster_is_as_documented(tmp_path: Path) -> None:
    with embedded_postgres(tmp_path, settings={"work_mem": "7MB"}) as server:
        names = ["max_connections", "shared_buffers", "fsync", "listen_addresses", "work_mem"]
        names += ["data_checksums", "server_encoding", "TimeZone", "log_min_error_statement"]
        values = [sql(server, f"SHOW {name}") for name in names]
        assert values == ["200", "128MB", "on", "", "7MB", "on", "UTF8", "UTC", "panic"]
        assert sql(server, "SELECT lower('ÉTÉ')") == "été"


def test_nobody_gets_in_without_the_password(tmp_path: Path) -> None:
    with embedded_postgres(tmp_path, ephemeral=True) as server:
        wrong = server.url().replace(server.password, "wrong")
        with pytest.raises(subprocess.CalledProcessError) as refusal:
            sql(wrong, "SELECT 1")
        assert "password authentication failed" in refusal.value.stderr
        assert server.password not in repr(server)
    password = tmp_path / "postgresql" / "password"
    assert facts(password) == (os.geteuid(), os.getegid(), 0o600)
    assert len(password.read_text("ascii").strip()) >= 40
    log = tmp_path / "postgresql" / "server.log"
    assert password.read_text("ascii").strip() not in log.read_text("utf-8")


def test_nothing_outside_the_home_changes(tmp_path: Path) -> None:
    home = tmp_path / "private" / "home"
    home.mkdir(parents=True, mode=0o700)
    (tmp_path / "private").chmod(0o700)
    (home / "theirs").write_text("", "utf-8")
    binaries = find_binaries()
    watched = [home / "theirs", home, *home.parents, binaries, *binaries.iterdir()]
    before = [facts(path) for path in watched]
    with embedded_postgres(home, ephemeral=True):
        assert [facts(path) for path in watched] == before
    assert [facts(path) for path in watched] == before
    assert sorted(path.name for path in home.iterdir()) == ["postgresql", "theirs"]


@as_root
def test_root_serves_as_an_unprivileged_account(tmp_path: Path) -> None:
    with embedded_postgres(tmp_path, ephemeral=True) as server:
        postmaster = (server.data_dir / "postmaster.pid").read_text("utf-8").split("\n")[0]
        status = Path(f"/proc/{postmaster}/status").read_text("utf-8")
        fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        assert set(fields["Uid"].split()) == {str(server.data_dir.stat().st_uid)} != {"0"}
        assert fields["Groups"].strip() == ""
        assert int(fields["CapEff"], 16) == 0


def _python_for_all() -> tuple[str, str] | None:
    """An interpreter that any user may run, and the module path that it needs."""
    site = str(Path(asyncpg.__file__).parents[1])
    for python in (sys.executable, "/usr/bin/python3"):
        check = "import sys, pacnum_api; assert sys.version_info >= (3, 11)"
        path = f"{SOURCES}:{site}"
        try:
            subprocess.run(
                [python, "-c", check],
                check=True,
                capture_output=True,
                cwd="/",
                env={"PYTHONPATH": path},
                user=PLAIN_UID,
                group=PLAIN_UID,
                extra_groups=[],
            )
        except (OSError, subprocess.CalledProcessError):
            continue
        return python, path
    return None


@as_root
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_plain_user_runs_it_and_root_may_follow(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    found = _python_for_all()
    if found is None:
        pytest.skip("no interpreter that a plain user could run")
    python, path = found
    home = Path(f"/tmp/pacnum-test-{os.getpid()}")  # noqa: S108 - the plain user must get there
    home.mkdir(mode=0o700)
    nobody = 65534
    os.chown(home, nobody, nobody)
    try:
        user = User(home, python=python, uid=nobody, path=path)
        assert sql(user.url(), "SELECT 1") == "1"
        user.leave()
        with embedded_postgres(home, ephemeral=True) as server:
            assert sql(server, "SELECT 1") == "1"
        strangers = [item for item in home.rglob("*") if item.stat().st_uid != nobody]
        assert strangers == []
        user = User(home, python=python, uid=nobody, path=path)
        assert sql(user.url(), "SELECT 1") == "1"
        user.leave()
        assert processes_in(home) == []
    finally:
        shutil.rmtree(home)


def test_a_dropped_database_and_a_lost_password_come_back(tmp_path: Path) -> None:
    with embedded_postgres(tmp_path, ephemeral=True) as server:
        sql(server.url("postgres"), "DROP DATABASE pacnum")
        lost = server.password
    (tmp_path / "postgresql" / "password").unlink()
    with embedded_postgres(tmp_path, ephemeral=True) as server:
        assert server.password != lost
        assert sql(server, "SELECT current_database()") == "pacnum"


def test_a_path_too_long_for_a_socket_is_served_from_a_short_one(tmp_path: Path) -> None:
    home = tmp_path / ("long" * 25)
    with embedded_postgres(home, ephemeral=True) as server:
        assert server.socket_dir.parent == Path("/tmp")  # noqa: S108 - what is promised
        assert facts(server.socket_dir)[2] == 0o700
        assert sql(server, "SELECT 1") == "1"
    assert not server.socket_dir.exists()


def test_a_wrong_setting_is_told_with_the_log(tmp_path: Path) -> None:
    with (
        pytest.raises(ServerDidNotStart, match="no_such_setting"),
        embedded_postgres(tmp_path, ephemeral=True, settings={"no_such_setting": "1"}),
    ):
        pass
    with embedded_postgres(tmp_path, ephemeral=True) as server:
        assert sql(server, "SELECT 1") == "1"


def test_data_of_a_version_without_programs_are_refused_untouched(tmp_path: Path) -> None:
    data = tmp_path / "postgresql" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("9\n", "ascii")
    with pytest.raises(DataOfAnotherVersion), embedded_postgres(tmp_path):
        pass
    assert [path.name for path in data.iterdir()] == ["PG_VERSION"]


@pytest.mark.skipif(not list(programs.INSTALLED.glob("1[4-9]/bin/postgres")), reason="none there")
def test_an_installed_server_does_where_the_wheel_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "find_spec", lambda _name: None)
    with embedded_postgres(tmp_path, ephemeral=True) as server:
        assert find_binaries().is_relative_to(programs.INSTALLED)
        assert sql(server, "SELECT lower('ÉTÉ')") == "été"
