"""Long computations shared between processes.

A ``Workers`` holds a state that every process gets once; ``run`` calls a function with it for each
piece of work and yields the results in the order of the pieces, so that nothing depends on who was
faster. With one process everything happens in the caller's own.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, Generic, TypeVar

S = TypeVar("S")
P = TypeVar("P")
R = TypeVar("R")

_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
_kept: dict[str, Any] = {}


class Workers(Generic[S]):
    """Processes that share ``state`` (it must be picklable, as must functions and pieces).

    Use as a context; ``ValueError`` for fewer than one process. The processes are spawned, not
    forked: the caller may have threads. Each calculates with one thread, because there are as many
    processes as processors already.
    """

    def __init__(self, state: S, *, processes: int) -> None:
        """Start nothing yet."""
        if processes < 1:
            raise ValueError("at least one process is needed")
        self.state = state
        self.processes = processes
        self._pool: ProcessPoolExecutor | None = None
        self._before: dict[str, str | None] = {}

    def __enter__(self) -> "Workers[S]":
        """Make the processes ready, if more than one is wanted."""
        if self.processes > 1:
            # Read by the linear algebra library when it is loaded, so it has to stand in the
            # environment when a process begins, which is at its first piece of work.
            self._before = {name: os.environ.get(name) for name in _THREADS}
            os.environ.update(dict.fromkeys(_THREADS, "1"))
            self._pool = ProcessPoolExecutor(
                self.processes,
                mp_context=get_context("spawn"),
                initializer=_keep,
                initargs=(self.state,),
            )
        return self

    def __exit__(self, *error: object) -> None:
        """Let the processes end; what has not begun is dropped."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None
            for name, value in self._before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value

    def run(self, function: Callable[[S, P], R], pieces: Iterable[P]) -> Iterator[R]:
        """Yield ``function(state, piece)`` for each piece, in order; exceptions come through."""
        if self._pool is None:
            return (function(self.state, piece) for piece in pieces)
        return self._pool.map(_call, ((function, piece) for piece in pieces))


def _keep(state: object) -> None:
    _kept["state"] = state


def _call(work: tuple[Callable[[Any, Any], R], Any]) -> R:
    function, piece = work
    return function(_kept["state"], piece)
