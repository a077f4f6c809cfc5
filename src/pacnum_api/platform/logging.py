"""Structured logs: one JSON object a line on standard error.

Everything goes through one place, ``_Lines.write``: our own lines, structlog's and the libraries'.
It adds the trail of the request that the line belongs to (``platform.trail``), renders with orjson
and hands the line to the operating system at once, so that a killed process has told what it did.
"""

import json
import logging
import sys
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any, BinaryIO, Final, TextIO

import orjson
import structlog

from pacnum_api.platform.trail import current_trail

_NOTHING: Final = 100
"""A level above all: lines are written once ``configure_logging`` has said which."""


class _Lines:
    """Where lines go, and the lowest level that is written."""

    def __init__(self) -> None:
        self.lowest = _NOTHING
        self._text: TextIO = sys.stderr
        self._bytes: BinaryIO | None = None

    def open(self, stream: TextIO, *, level: int) -> None:
        self.lowest = level
        self._text = stream
        self._bytes = getattr(stream, "buffer", None)  # a test's stream may have none

    def write(self, members: Mapping[str, Any], *, level: str, logger: str) -> None:
        """One line. A stream that takes no more must not stop the service: the line is lost."""
        line = dict(members)
        trail = current_trail()
        if trail is not None:
            for name, value in trail.members().items():
                line.setdefault(name, value)
        line["level"] = level
        line["logger"] = logger
        line["timestamp"] = datetime.now(UTC).isoformat()[:-6] + "Z"
        rendered = _render(line)
        try:
            if self._bytes is None:
                self._text.write(rendered.decode())
            else:
                self._bytes.write(rendered)
                self._bytes.flush()
        except (OSError, ValueError):
            return


def _render(line: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(line, default=repr, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:  # text that is no Unicode, an integer beyond 64 bits, a key that is no text
        return json.dumps(line, default=repr, skipkeys=True).encode() + b"\n"


_lines = _Lines()


class LineLogger:
    """A logger for where microseconds count: no processors, no look-up of who is configured."""

    def __init__(self, name: str) -> None:
        self._name = name

    def info(self, event: str, **members: object) -> None:
        """Write a line of ordinary life."""
        if _lines.lowest <= logging.INFO:
            _lines.write({"event": event, **members}, level="info", logger=self._name)

    def error(self, event: str, **members: object) -> None:
        """Write a line about something that somebody has to look at."""
        if _lines.lowest <= logging.ERROR:
            _lines.write({"event": event, **members}, level="error", logger=self._name)


class _StructlogTarget:
    """What structlog's loggers end in."""

    def __init__(self, name: str = "pacnum") -> None:
        self.name = name

    def write(self, event: Mapping[str, Any]) -> None:
        members = dict(event)
        _lines.write(members, level=members.pop("level"), logger=self.name)

    debug = info = warning = error = critical = fatal = msg = write


def _as_one_argument(  # noqa: PLR0917 - structlog's protocol
    logger: object, method: str, event: MutableMapping[str, Any]
) -> tuple[tuple[MutableMapping[str, Any]], dict[str, Any]]:
    """Structlog would hand a dictionary over as keywords, of which ``event`` is one too many."""
    del logger, method
    return (event,), {}


class _LibraryHandler(logging.Handler):
    """The standard library's records, and so those of all libraries."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record as a line."""
        try:
            members: dict[str, Any] = {"event": record.getMessage()}
        except Exception:  # noqa: BLE001 - a library's arguments may not fit its message
            members = {"event": str(record.msg)}
        if record.exc_info:
            members["exception"] = _FORMATTER.formatException(record.exc_info)
        _lines.write(members, level=record.levelname.lower(), logger=record.name)


_FORMATTER: Final = logging.Formatter()


def configure_logging(level: str) -> None:
    """Send everything, the libraries' lines too, to standard error. Idempotent.

    Each process has to call it, those that uvicorn starts as well.
    """
    _lines.open(sys.stderr, level=logging.getLevelNamesMapping()[level.upper()])
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            _as_one_argument,
        ],
        logger_factory=_StructlogTarget,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    root.handlers[:] = [_LibraryHandler()]
    root.setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = name != "uvicorn.access"  # our own line says more, and less of persons
