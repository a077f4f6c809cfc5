"""Files that come as request bodies: on disk while they arrive, never whole in memory."""

import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO

from pacnum_api.platform.line_files import PIECE_BYTES

_IN_MEMORY_BYTES = 1_048_576


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that has arrived whole; gone when its request ends."""

    media_type: str
    size_bytes: int
    sha256: bytes
    _file: IO[bytes]

    def pieces(self) -> Iterator[bytes]:
        """The file from its beginning, piece by piece."""
        self._file.seek(0)
        while piece := self._file.read(PIECE_BYTES):
            yield piece


@contextmanager
def room_for_upload() -> Iterator[IO[bytes]]:
    """A place for a file: memory for a small one, a nameless file on disk for a large one."""
    with SpooledTemporaryFile(_IN_MEMORY_BYTES) as file:
        yield file


async def receive_upload(
    stream: AsyncIterator[bytes], file: IO[bytes], *, media_type: str
) -> Upload:
    """Write a stream into ``file`` as it comes."""
    digest, size = hashlib.sha256(), 0
    async for part in stream:
        digest.update(part)
        size += len(part)
        file.write(part)
    return Upload(media_type, size, digest.digest(), file)
