"""The service on a clock that steps: SIGUSR1 puts it forward, SIGUSR2 back.

The system's clock belongs to everybody on the machine, so the process reads another one. Its
monotonic clock runs on, as the kernel's does when the time of day is set.
"""

import os
import signal
import time
from datetime import datetime, timedelta, tzinfo
from typing import Self

from pacnum_api.entrypoints.cli import main as serve
from pacnum_api.platform import clock

STEP_SECONDS = float(os.environ.get("STEP_SECONDS", "3600"))
_offset = timedelta()
_system_time = time.time


class SteppingDatetime(datetime):
    """``datetime`` whose ``now`` is off by what the signals have added up to."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return super().now(tz) + _offset


def _step(number: int, _: object) -> None:
    global _offset  # noqa: PLW0603 - a clock is what all of a process shares
    sign = 1 if number == signal.SIGUSR1 else -1
    _offset += timedelta(seconds=sign * STEP_SECONDS)


def _time() -> float:
    return _system_time() + _offset.total_seconds()


def main() -> None:
    vars(clock)["datetime"] = SteppingDatetime  # the one place where the time of day is read
    time.time = _time
    for number in (signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, _step)
    serve()
