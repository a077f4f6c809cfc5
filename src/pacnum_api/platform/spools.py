"""Texts that wait on disk, so that what is read in one go need not fit into memory."""

import tempfile
import weakref
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spooled:
    """Where a text lies in its spool."""

    offset: int
    size: int


class Spool:
    """A nameless file of texts, gone with its last user."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the spool
        self._end = 0
        weakref.finalize(self, self._file.close)

    def put(self, text: bytes) -> Spooled:
        """Keep a text."""
        self._file.seek(self._end)
        place = Spooled(self._end, self._file.write(text))
        self._end += place.size
        return place

    def get(self, place: Spooled) -> bytes:
        """A text that was put here."""
        self._file.seek(place.offset)
        return self._file.read(place.size)
