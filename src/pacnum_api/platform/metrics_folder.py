"""The folder that several processes count into, known before anything is loaded that counts."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"


@contextmanager
def shared_metrics(processes: int) -> Iterator[None]:
    """Let the processes that are started within count together; a single one counts alone.

    To be entered by the process that starts them, before it or they load prometheus_client, which
    asks for the folder when it is loaded. A folder that is named already is kept: it is the
    operator's.
    """
    if processes < 2 or FOLDER in os.environ:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="pacnum-metrics-") as folder:
        os.environ[FOLDER] = folder
        try:
            yield
        finally:
            del os.environ[FOLDER]


def count_no_more() -> None:
    """Take this process's own files out of the folder: it serves nobody, its workers will.

    prometheus_client has begun them when it was loaded, and begins others in a forked process.
    """
    if FOLDER in os.environ:
        for file in Path(os.environ[FOLDER]).glob(f"*_{os.getpid()}.db"):
            file.unlink()
