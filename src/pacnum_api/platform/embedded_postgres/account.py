"""As whom the server runs: PostgreSQL refuses to be root."""

import os
from dataclasses import dataclass
from pathlib import Path

from pacnum_api.platform.embedded_postgres.errors import AccountUnavailable, HomeBelongsToAnother

try:
    import pwd
except ImportError:  # Windows: refused with a message before anything here is called
    pwd = None  # type: ignore[assignment]  # a missing module has no other stand-in


@dataclass(frozen=True, slots=True)
class Account:
    """A user and group id to which root drops for the server."""

    uid: int
    gid: int


def server_account(data: Path) -> Account | None:
    """Whom the server of ``data`` runs as: None is the caller itself.

    For root that is the owner of existing data, so that a plain user's data stay that user's, else
    ``nobody``: no account is added to the system. Raises HomeBelongsToAnother, AccountUnavailable.
    """
    owner = data.stat() if data.exists() else None
    if os.geteuid() != 0:
        if owner is not None and owner.st_uid != os.geteuid():
            raise HomeBelongsToAnother(str(data))
        return None
    if owner is not None and owner.st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError as error:
        raise AccountUnavailable("there is no account `nobody`") from error
    return Account(nobody.pw_uid, nobody.pw_gid)


def require_named_account(account: Account | None) -> None:
    """``initdb`` looks its own user up by name, and fails in a container run as a bare number."""
    uid = os.geteuid() if account is None else account.uid
    try:
        pwd.getpwuid(uid)
    except KeyError as error:
        raise AccountUnavailable(f"user id {uid} has no name") from error
