"""What the service logs, read back line by line."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import structlog

from pacnum_api.platform import logging as ours

Lines = Callable[[], list[dict[str, Any]]]


@contextmanager
def logged(level: str = "info") -> Iterator[Lines]:
    """Configure logging as a process does; what it was before is back afterwards."""
    root = logging.getLogger()
    handlers, known_level, known = root.handlers[:], root.level, structlog.get_config()
    stream = io.StringIO()
    asking = logging.getLogger("httpx")  # tests ask in this process, and httpx would tell of it
    with (
        patch("sys.stderr", stream),
        patch.object(ours, "_lines", ours._Lines()),
        patch.object(asking, "disabled", new=True),
    ):
        ours.configure_logging(level)
        # a cached logger would go on writing here after the test
        structlog.configure(**{**structlog.get_config(), "cache_logger_on_first_use": False})
        try:
            yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
        finally:
            root.handlers[:] = handlers
            root.setLevel(known_level)
            structlog.configure(**known)
