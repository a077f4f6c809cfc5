"""The pulse of a process: once a second, how late it is, and how busy its pools are.

What is pushed at each event would cost the answer path; what is asked for at a scrape could only
be asked of one of several processes. A look a second costs neither.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version

from prometheus_client import Gauge

from pacnum_api.platform import metrics
from pacnum_api.platform.database import Database
from pacnum_api.platform.request_log import requests_under_way

PERIOD_SECONDS = 1.0


class Pulse:
    """Takes the process' pulse from ``start`` to ``stop``; ``counts`` are further gauges."""

    def __init__(
        self, database: Database, *, counts: Mapping[Gauge, Callable[[], int]] | None = None
    ) -> None:
        self._database = database
        self._counts = {**(counts or {}), metrics.IN_FLIGHT: requests_under_way}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, in the background."""
        metrics.BUILD.labels(version("pacnum-api")).set(1)
        self._task = asyncio.create_task(self._run(), name="pacnum-pulse")

    async def stop(self) -> None:
        """End it."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _run(self) -> None:
        while True:
            due = time.perf_counter() + PERIOD_SECONDS
            self.beat()
            await asyncio.sleep(due - time.perf_counter())
            metrics.LOOP_LAG_SECONDS.observe(max(0.0, time.perf_counter() - due))

    def beat(self) -> None:
        """Look once."""
        use = self._database.use()
        for pool, in_use in (("orm", use.orm_in_use), ("raw", use.raw_in_use)):
            metrics.DATABASE_CONNECTIONS.labels(pool).set(in_use)
            metrics.DATABASE_CONNECTIONS_ALLOWED.labels(pool).set(use.allowed)
        metrics.DATABASE_WAITING.set(use.raw_waiting)
        for gauge, count in self._counts.items():
            gauge.set(count())
