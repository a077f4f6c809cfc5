"""The server of ``pacnum serve``: uvicorn, one process or several, with an end to every wait."""

import sys
import time
from contextlib import suppress

from uvicorn import Config, Server
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors.multiprocess import Multiprocess

from pacnum_api.platform.settings import Settings
from pacnum_api.platform.slow_clients import BoundedHttpProtocol

APPLICATION = "pacnum_api.entrypoints.served:create_served_app"
MARGIN_SECONDS = 10.0
"""For a process to close its database and to end, after its last request."""


class Supervisor(Multiprocess):
    """Several processes on one socket: those that end are replaced, and all end with this one."""

    stop_seconds = 0.0

    def terminate_all(self) -> None:
        """Let go of the socket first: nobody would take what arrives on it from here on."""
        for listening in self.sockets:
            listening.close()
        super().terminate_all()

    def join_all(self) -> None:
        """Wait as long as a process may take to stop, then end it."""
        deadline = time.monotonic() + self.stop_seconds
        for process in self.processes:
            process.process.join(max(0.0, deadline - time.monotonic()))
            if process.exitcode is None:
                process.process.kill()
                process.process.join()


def run(settings: Settings, *, host: str, port: int, workers: int) -> None:
    """Serve until told to stop. Exits with 3 when the application cannot be started."""
    config = Config(
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
    with suppress(KeyboardInterrupt):
        has_started = _run_processes(config, settings) if workers > 1 else _run_server(config)
        if not has_started:
            sys.exit(STARTUP_FAILURE)


def _run_server(config: Config) -> bool:
    server = Server(config)
    server.run()
    return server.started


def _run_processes(config: Config, settings: Settings) -> bool:
    supervisor = Supervisor(config, [config.bind_socket()])
    supervisor.stop_seconds = (
        settings.drain_seconds + settings.shutdown_timeout_seconds + MARGIN_SECONDS
    )
    supervisor.run()
    return not any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes)
