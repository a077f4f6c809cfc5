import os

import pytest

from pacnum_api.platform.workers import Workers


def times(factor: int, piece: int) -> int:
    return factor * piece


def refuse(factor: int, piece: int) -> int:
    raise KeyError(factor * piece)


def threads(factor: int, piece: int) -> tuple[str | None, int]:
    return os.environ.get("OPENBLAS_NUM_THREADS"), os.getpid()


@pytest.mark.parametrize("processes", [1, 2])
def test_results_come_in_the_order_of_the_pieces(processes: int) -> None:
    with Workers(3, processes=processes) as workers:
        assert list(workers.run(times, range(7))) == [0, 3, 6, 9, 12, 15, 18]
        assert list(workers.run(times, [])) == []
        with pytest.raises(KeyError, match="15"):
            list(workers.run(refuse, [5]))


def test_each_process_calculates_with_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "7")
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    with Workers(0, processes=2) as workers:
        [(count, pid)] = workers.run(threads, [1])
    assert (count, pid != os.getpid()) == ("1", True)
    assert os.environ["OPENBLAS_NUM_THREADS"] == "7"
    assert "OMP_NUM_THREADS" not in os.environ


def test_one_process_is_the_caller_s_own() -> None:
    with Workers(0, processes=1) as workers:
        [(_, pid)] = workers.run(threads, [1])
    assert pid == os.getpid()


def test_nobody_cannot_work() -> None:
    with pytest.raises(ValueError, match="at least one process"):
        Workers(0, processes=0)
