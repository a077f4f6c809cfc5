"""One import in a process of its own, which tells how long it took and how much memory it had.

    python -m benchmarks.import_child agents|items URL TENANT PATH

PSS is sampled, RSS is the kernel's own high-water mark.
"""

import asyncio
import json
import sys
import threading
import time
from pathlib import Path
from uuid import UUID

from pacnum_api.domains.items import service as items
from pacnum_api.domains.organisations import service as organisations
from pacnum_api.domains.organisations.types import LineFormat
from pacnum_api.platform.database import Database
from pacnum_api.platform.line_files import pieces_of

EVERY_SECONDS = 0.02


class Memory:
    """Samples this process until it is asked."""

    def __init__(self) -> None:
        self.before = pss()
        self._peak = 0
        self._is_done = threading.Event()
        self._thread = threading.Thread(target=self._sample)
        self._thread.start()

    def _sample(self) -> None:
        while not self._is_done.wait(EVERY_SECONDS):
            self._peak = max(self._peak, pss())

    def peak(self) -> int:
        self._is_done.set()
        self._thread.join()
        return max(self._peak, pss())


def pss() -> int:
    """Proportional set size in bytes (Linux)."""
    return _kilobytes("/proc/self/smaps_rollup", "Pss:") * 1024


def _kilobytes(file: str, name: str) -> int:
    lines = Path(file).read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


async def import_agents(database: Database, tenant_id: UUID, *, path: Path) -> None:
    async with database.unit_of_work(tenant_id) as uow:
        source = organisations.LineSource(0, LineFormat.CSV, pieces_of(path))
        await organisations.import_agents(uow, [source])


async def load_items(database: Database, tenant_id: UUID, *, path: Path) -> None:
    """Not tried out: that is time, not memory."""
    reading = items.read_documents([path], tries_out=False)
    async with database.unit_of_work(tenant_id) as uow:
        await items.load_items(uow, reading)


async def run(kind: str, url: str, *, tenant_id: UUID, path: Path) -> None:
    database = Database(url, role="pacnum_app", pool_size=1)
    work = import_agents if kind == "agents" else load_items
    try:
        async with database.unit_of_work(tenant_id):
            pass  # connected, everything imported: what follows is the import's own
        memory, started = Memory(), time.perf_counter()
        await work(database, tenant_id, path=path)
        seconds = time.perf_counter() - started
    finally:
        await database.close()
    found = {
        "seconds": seconds,
        "pss_before": memory.before,
        "pss_peak": memory.peak(),
        "rss_peak": _kilobytes("/proc/self/status", "VmHWM:") * 1024,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1], sys.argv[2], tenant_id=UUID(sys.argv[3]), path=Path(sys.argv[4])))
