"""``pacnum serve``: one process, or several that are forked from one that has loaded everything.

What has been loaded before the fork is the workers' in common: the memory of the modules, of the
routes and of their schemas is there once for all of them, and a worker that replaces a dead one
serves after some 50 ms rather than after the time that loading takes. Where a fork is not safe
(Windows has none, macOS' own libraries do not survive it), uvicorn starts them one by one.

The foreman has no event loop when it forks, and no thread but the one of ``PACNUM_METRICS_PORT``,
which reads files and holds nothing that a worker needs; connections, pools and tasks are made by
each worker when it begins to serve. A worker that has lost its foreman ends as if asked to.
"""

import asyncio
import gc
import os
import signal
import socket
import sys
import time
from contextlib import suppress
from typing import Final

import structlog
import uvicorn
from sqlalchemy.exc import SQLAlchemyError
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from pacnum_api.domains.items import service as items
from pacnum_api.kernel.errors import DomainError
from pacnum_api.platform.database import Database
from pacnum_api.platform.metrics_folder import count_no_more
from pacnum_api.platform.settings import Settings
from pacnum_api.platform.slow_clients import BoundedHttpProtocol

_log = structlog.stdlib.get_logger("pacnum.server")

ASKS_TO_STOP = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
WATCHED = ASKS_TO_STOP | {signal.SIGCHLD}
GARBAGE_THRESHOLDS: Final = (10_000, 20, 20)
"""An answer makes hundreds of objects and hardly a circle: Python's own 700 looks at every other
answer, and costs it some 6 % of its time (docs/benchmarks.md)."""
PAUSE_SECONDS = 1.0
"""Before a worker is replaced that lived for less than that: whatever ails it may pass."""
MARGIN_SECONDS = 10.0
"""For a worker to close its database and to end, after its last request; then it is killed."""


APPLICATION: Final = "pacnum_api.entrypoints.served:create_served_app"


def run_server(settings: Settings, *, host: str, port: int, workers: int) -> None:
    """Serve until a signal asks to stop. Exits with 3 when the application cannot start.

    Nothing that has been loaded is ever garbage: the collector is told not to look at it again,
    which spares requests its long pauses, and the workers their own copies of the pages.
    """
    config = uvicorn.Config(
        APPLICATION,
        factory=True,
        host=host,
        port=port,
        workers=workers,
        http=BoundedHttpProtocol,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=settings.shutdown_timeout_seconds,
        server_header=False,
    )
    if config.workers > 1 and sys.platform != "linux":
        Multiprocess(config, [config.bind_socket()]).run()
        return
    gc.disable()
    config.load()
    if config.workers > 1:
        asyncio.run(load_in_common(settings))
        count_no_more()
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    gc.enable()
    if config.workers > 1:
        patience = settings.drain_seconds + settings.shutdown_timeout_seconds + MARGIN_SECONDS
        code = Foreman(config, config.bind_socket(), stop_seconds=patience).run()
    else:
        server = uvicorn.Server(config)
        with suppress(KeyboardInterrupt):  # Ctrl-C, after the requests under way were finished
            server.run()
        code = 0 if server.started else STARTUP_FAILURE
    if code:
        sys.exit(code)


async def load_in_common(settings: Settings) -> None:
    """Have in memory before the fork what workers would else load one by one, each for itself."""
    await asyncio.gather(asyncio.to_thread(items.load_packers), _recall_banks(settings))


async def _recall_banks(settings: Settings) -> None:
    """Have what ships in memory before the fork. No database: the workers will say so."""
    if settings.database_url is None:
        return
    database = Database(settings.database_url, role=settings.database_role, pool_size=1)
    try:
        await items.recall_shipped_banks(database)
    except (SQLAlchemyError, OSError, TimeoutError, DomainError) as error:
        _log.warning("banks_not_recalled", reason=type(error).__qualname__)
    finally:
        await database.close()


class Worker(uvicorn.Server):
    """A server on a socket that others serve, too; ``lifeline`` ends when the foreman does."""

    def __init__(self, config: uvicorn.Config, *, lifeline: int, ready: int) -> None:
        super().__init__(config)
        self._lifeline = lifeline
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve, and say so."""
        asyncio.get_running_loop().add_reader(self._lifeline, self._be_orphaned)
        await super().startup(sockets)
        os.write(self._ready, b".")

    def _be_orphaned(self) -> None:
        asyncio.get_running_loop().remove_reader(self._lifeline)
        self.should_exit = True


class Foreman:
    """Keeps the workers' number: replaces those that die, ends them when it is asked to stop."""

    def __init__(
        self, config: uvicorn.Config, shared: socket.socket, *, stop_seconds: float
    ) -> None:
        """``stop_seconds``: what a worker may take to end when it is asked to."""
        self._config = config
        self._socket = shared
        self._stop_seconds = stop_seconds
        self._born: dict[int, float] = {}
        self._lifeline = os.pipe()
        self._ready = os.pipe()
        os.set_blocking(self._ready[0], False)

    def run(self) -> int:
        """Until a signal asks to stop, or no worker was ever able to start; the exit code.

        Signals are blocked and waited for, so that none can come between a look and a wait.
        """
        signal.pthread_sigmask(signal.SIG_BLOCK, WATCHED)
        code = 0
        try:
            for _ in range(self._config.workers):
                self._hire()
            while signal.sigwait(WATCHED) not in ASKS_TO_STOP:
                if self._replace_the_dead():
                    continue
                code = STARTUP_FAILURE if not self._has_ever_served() else 0
                break
        finally:
            self._dismiss_all()
        return code

    def _hire(self) -> None:
        pid = os.fork()
        if pid == 0:
            code = STARTUP_FAILURE
            try:
                code = self._work()
            except Exception as error:  # noqa: BLE001 - told here, or nowhere
                _log.error("worker_failed", reason=type(error).__qualname__)
            finally:  # nothing of the foreman's is this process's to tidy up
                os._exit(code)
        self._born[pid] = time.monotonic()

    def _work(self) -> int:
        """The life of a worker, in its own process."""
        os.close(self._lifeline[1])
        worker = Worker(self._config, lifeline=self._lifeline[0], ready=self._ready[1])
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a closed terminal's is the foreman's to heed
        signal.pthread_sigmask(signal.SIG_UNBLOCK, WATCHED)
        with suppress(KeyboardInterrupt):
            worker.run(sockets=[self._socket])
        return 0 if worker.started else STARTUP_FAILURE

    def _replace_the_dead(self) -> bool:
        """False when the foreman shall stop instead."""
        for pid, lived in self._buried():
            if not self._has_ever_served():
                return False
            if lived < PAUSE_SECONDS and signal.sigtimedwait(ASKS_TO_STOP, PAUSE_SECONDS):
                return False
            if not self._hire_at_last():
                return False
            _log.warning("worker_replaced", pid=pid, lived_seconds=round(lived, 1))
        return True

    def _hire_at_last(self) -> bool:
        """Try until there is room for another process; False when asked to stop meanwhile."""
        while True:
            try:
                self._hire()
            except OSError as error:
                _log.warning("worker_not_hired", reason=type(error).__name__)
                if signal.sigtimedwait(ASKS_TO_STOP, PAUSE_SECONDS):
                    return False
            else:
                return True

    def _buried(self) -> list[tuple[int, float]]:
        """The workers that have ended, with the seconds that they lived."""
        ended = [pid for pid in self._born if os.waitpid(pid, os.WNOHANG)[0] == pid]
        return [(pid, time.monotonic() - self._born.pop(pid)) for pid in ended]

    def _has_ever_served(self) -> bool:
        """Whether any worker got as far as listening; else the next one would not either."""
        with suppress(BlockingIOError):
            self._is_serving = bool(os.read(self._ready[0], 4096)) or self._is_serving
        return self._is_serving

    _is_serving = False

    def _dismiss_all(self) -> None:
        """Let every worker finish its requests; kill those that do not come to an end."""
        self._socket.close()  # nobody would take what arrives on it from here on
        for pid in self._born:
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + self._stop_seconds
        while self._born and (left := deadline - time.monotonic()) > 0:
            if not self._buried():
                signal.sigtimedwait({signal.SIGCHLD}, left)
        for pid in self._born:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        self._born.clear()
