"""Steps of the sweeps that whole posteriors do not show one by one."""

import numpy as np

from pacnum_api.psychometrics.propagation import Sites, _between


def test_sites_that_do_not_settle_go_half_the_way() -> None:
    before = Sites(np.array([[1.0, 4.0]]), np.array([[-2.0, 0.0]]))
    after = Sites(np.array([[3.0, 2.0]]), np.array([[2.0, 1.0]]))
    found = _between(before, after, step=0.5)
    assert found.tau.tolist() == [[2.0, 3.0]]
    assert found.nu.tolist() == [[0.0, 0.5]]
    whole = _between(before, after, step=1.0)
    assert whole.tau.tolist() == after.tau.tolist()
