"""Records written by hand, for tests of what is read from them."""

from collections.abc import Sequence

import numpy as np

from pacnum_api.psychometrics.simulation.records import SimulatedTests


def records_of(
    *,
    items: Sequence[Sequence[int]],
    truth: Sequence[Sequence[float]] | None = None,
    theta: Sequence[Sequence[float]] | None = None,
    standard_error: Sequence[Sequence[float]] | None = None,
    reasons: Sequence[int] | None = None,
) -> SimulatedTests:
    """Tests with the columns given; what is left out is 0, standard errors 1, shares one half."""
    count = len(items)
    longest = len(items[0]) if count else 0
    true = np.zeros((count, 1)) if truth is None else np.array(truth, dtype=np.float64)
    found = np.zeros_like(true) if theta is None else np.array(theta, dtype=np.float64)
    error = np.ones_like(true) if standard_error is None else np.array(standard_error)
    return SimulatedTests(
        truth=true,
        theta=found,
        standard_error=error,
        share_below=np.full_like(true, 0.5),
        level=np.zeros(true.shape, dtype=np.int64),
        level_interval=np.zeros((*true.shape, 2), dtype=np.int64),
        items=np.array(items, dtype=np.int32).reshape(count, longest),
        reasons=np.zeros(count, dtype=np.int64) if reasons is None else np.array(reasons),
        mean_theta=found.mean(axis=1),
        mean_standard_error=np.sqrt((error**2).sum(axis=1)) / true.shape[1],
    )
