"""A real PostgreSQL server that comes with the service, for whoever has none at hand.

Words: the *home* is the folder the operator names; its subfolder ``postgresql`` holds everything
of the server. A *user* is a process inside ``embedded_postgres(home)``. The *supervisor* is the
small process that owns the server.

Invariants: at most one server runs per home; it runs as long as one user lives, however that user
ends; nothing outside the home changes owner or mode; nobody logs in without the random password.

The files of ``<home>/postgresql``: ``data`` (the cluster), ``password`` (0600), ``server.log``,
``ready`` (exists while clients may connect) and three locks explained in ``launcher``.
"""

from pacnum_api.platform.embedded_postgres.errors import (
    AccountUnavailable,
    BinariesNotFound,
    DataOfAnotherVersion,
    EmbeddedPostgresError,
    HomeBelongsToAnother,
    HomeIsBusy,
    PlatformNotSupported,
    ProgramsUnreachable,
    ServerDidNotStart,
    SocketFolderTaken,
)
from pacnum_api.platform.embedded_postgres.launcher import EmbeddedServer, embedded_postgres
from pacnum_api.platform.embedded_postgres.programs import find_binaries

__all__ = [
    "AccountUnavailable",
    "BinariesNotFound",
    "DataOfAnotherVersion",
    "EmbeddedPostgresError",
    "EmbeddedServer",
    "HomeBelongsToAnother",
    "HomeIsBusy",
    "PlatformNotSupported",
    "ProgramsUnreachable",
    "ServerDidNotStart",
    "SocketFolderTaken",
    "embedded_postgres",
    "find_binaries",
]
