"""How a process of the service ends when it is told to, or when the one that started it has ended.

uvicorn closes its listeners as soon as SIGTERM arrives, finishes what is under way, and refuses the
rest. A proxy that looks every few seconds still sends requests by then; so there may be a time
before that in which the process says that it is not ready and serves all the same.
"""

import asyncio
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import parent_process
from types import FrameType
from typing import Final

from pacnum_api.platform.overload import Load

LAST_WORDS_SECONDS: Final = 3.0
"""For requests that were given up to say so, before the database is closed under them."""


@contextmanager
def stopping_in_order(load: Load, *, drain_seconds: float) -> Iterator[None]:
    """While the application runs: SIGTERM is first told to ``load``, and later to the server.

    Only inside a server, which has its own handler by then. A second SIGTERM changes nothing: some
    supervisors send it to every process, and again by way of the first. SIGINT does not wait.
    """
    server = signal.getsignal(signal.SIGTERM)
    if threading.current_thread() is not threading.main_thread() or not callable(server):
        yield
        return
    loop = asyncio.get_running_loop()

    def stop(number: int, frame: FrameType | None) -> None:
        if not load.is_stopping:
            load.is_stopping = True
            loop.call_soon_threadsafe(loop.call_later, drain_seconds, server, number, frame)

    signal.signal(signal.SIGTERM, stop)
    _end_with_parent()
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, server)


async def until_empty(load: Load) -> None:
    """Wait for the requests that the server has given up; it does not wait for them itself."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LAST_WORDS_SECONDS):
            while load.in_flight:  # noqa: ASYNC110 - at the end of a process; an event would cost each request
                await asyncio.sleep(0.01)


def _end_with_parent() -> None:
    """Ask this process to stop when the one that supervises it is gone.

    Left alone it would serve on, unsupervised, and hold the port against the next one.
    """
    parent = parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="pacnum-parent", daemon=True).start()
