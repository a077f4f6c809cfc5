"""What a scrape gets, whether one process serves a port or several do.

With several processes each counts into files of its own in ``PROMETHEUS_MULTIPROC_DIR``
(prometheus_client's multiprocess mode, chosen when that library is loaded), and whoever is asked
adds them up. Counters outlive the process that counted, so that totals never fall; what describes
a living process goes with it.
"""

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Metric,
    generate_latest,
    start_http_server,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from pacnum_api.platform.metrics_folder import FOLDER

MEDIA_TYPE: Final = CONTENT_TYPE_LATEST
_PROCESS: Final = re.compile(r"_(\d+)\.db$")


@contextmanager
def metrics_port(port: int | None, *, host: str) -> Iterator[None]:
    """Serve the page, and nothing else, on a port of its own (None: do not).

    OSError when the port is taken.
    """
    if port is None:
        yield
        return
    server, thread = start_http_server(port, host, registry=_registry())
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def metrics_page() -> bytes:
    """The page in Prometheus' text format."""
    return generate_latest(_registry())


def _registry() -> CollectorRegistry:
    folder = os.environ.get(FOLDER)
    if folder is None:
        return REGISTRY
    together = CollectorRegistry()
    together.register(_Processes(Path(folder)))
    return together


class _Processes(Collector):
    """All processes that count into one folder, those that have died included."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterable[Metric]:
        """Everything counted, then CPU, memory and files of each living process, by its id."""
        living = []
        for process in self._processes():
            if _is_alive(process):
                living.append(process)
            else:
                _forget_gauges(process, str(self._folder))
        yield from _added_up(str(self._folder))
        yield from _usage(living)

    def _processes(self) -> list[int]:
        found = (_PROCESS.search(file.name) for file in self._folder.glob("*.db"))
        return sorted({int(match[1]) for match in found if match})


def _forget_gauges(process: int, folder: str) -> None:
    """What a dead process counted stays; what it was at the moment of its death is no more."""
    mark_process_dead(process, folder)  # type: ignore[no-untyped-call]  # half of its types are there


def _added_up(folder: str) -> Iterable[Metric]:
    collector = MultiProcessCollector(None, path=folder)  # type: ignore[no-untyped-call]  # the same
    found: Iterable[Metric] = collector.collect()  # type: ignore[no-untyped-call]  # the same
    return found


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)  # sends nothing
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's: it lives
        return True
    return True


def _usage(processes: Iterable[int]) -> Iterator[Metric]:
    merged: dict[str, Metric] = {}
    for process in processes:
        for metric in ProcessCollector(pid=partial(int, process), registry=None).collect():
            known = merged.setdefault(
                metric.name, Metric(metric.name, metric.documentation, metric.type, metric.unit)
            )
            for sample in metric.samples:
                labels = {**sample.labels, "pid": str(process)}
                known.add_sample(sample.name, labels, sample.value)
    yield from merged.values()
