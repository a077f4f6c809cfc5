from dataclasses import replace

import numpy as np
import pytest

from pacnum_api.psychometrics.bank import Item, ItemModel
from pacnum_api.psychometrics.calibration.calibrate import calibrate
from pacnum_api.psychometrics.calibration.linking import Link, LinkMethod, link, robust_z
from tests.unit.psychometrics.calibration.simulated import answered_by, two_pl_items

TRUE = Link(slope=1.25, intercept=-0.4)
CREDIT = Item(ItemModel.PARTIAL_CREDIT, competence=0, level=1, a=0.9, b=0.1, steps=(-0.8, 0.1, 0.7))
GUESSED = Item(ItemModel.THREE_PL, competence=0, level=1, a=1.2, b=0.4, c=0.2)
NEW = [*two_pl_items(12, seed=3), CREDIT, GUESSED]


@pytest.mark.parametrize("method", LinkMethod)
def test_an_exact_change_of_scale_is_found_exactly(method: LinkMethod) -> None:
    found = link(NEW, [TRUE.item(item) for item in NEW], method=method)
    assert found.link.slope == pytest.approx(1.25, abs=1e-4)
    assert found.link.intercept == pytest.approx(-0.4, abs=1e-4)
    assert found.slope_error == pytest.approx(0.0, abs=1e-4)
    assert found.intercept_error == pytest.approx(0.0, abs=1e-4)
    assert not found.is_drifting.any()
    assert found.method is method


def test_a_link_there_and_back_is_none() -> None:
    item = replace(CREDIT, sigma_a=0.1, sigma_b=0.2)
    there = TRUE.item(item)
    assert there.a == pytest.approx(0.9 / 1.25)
    assert there.b == pytest.approx(1.25 * 0.1 - 0.4)
    assert there.steps == pytest.approx((-1.0, 0.125, 0.875))
    assert (there.sigma_a, there.sigma_b) == pytest.approx((0.08, 0.25))
    again = TRUE.back.item(there)
    assert again.a == pytest.approx(item.a)
    assert again.b == pytest.approx(item.b)
    assert again.steps == pytest.approx(item.steps)


@pytest.mark.parametrize("method", [LinkMethod.HAEBARA, LinkMethod.STOCKING_LORD])
def test_linking_back_is_the_inverse_of_linking(method: LinkMethod) -> None:
    rng = np.random.default_rng(1)
    running = [
        replace(
            item, a=item.a * float(rng.lognormal(0.0, 0.05)), b=item.b + float(rng.normal(0.0, 0.1))
        )
        for item in map(TRUE.item, NEW)
    ]
    there = link(NEW, running, method=method, critical_z=np.inf).link
    back = link(running, NEW, method=method, critical_z=np.inf).link
    assert back.slope == pytest.approx(there.back.slope, abs=1e-3)
    assert back.intercept == pytest.approx(there.back.intercept, abs=1e-3)


def test_two_calibrations_are_linked_within_the_error() -> None:
    """Each on its own scale N(0, 1): the first population is N(0.5, 0.8²) on the second's."""
    items = two_pl_items(20, seed=5)
    z = []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        blank = [replace(item, a=1.0, b=0.0) for item in items]
        scales = [
            calibrate(blank, answered_by(items, theta, each=15, seed=seed + 10)).items
            for theta in (rng.normal(0.5, 0.8, 3000), rng.normal(0.0, 1.0, 3000))
        ]
        found = link(*scales)
        z.append((found.link.slope - 0.8) / np.hypot(found.slope_error, 0.8 * 0.018))
        z.append((found.link.intercept - 0.5) / np.hypot(found.intercept_error, 0.023))
        assert 0.003 < found.slope_error < 0.08
        assert 0.003 < found.intercept_error < 0.08
    assert np.sqrt(np.mean(np.square(z))) < 1.8


def test_drifting_anchors_are_named_and_left_out() -> None:
    rng = np.random.default_rng(2)
    running = [
        replace(
            item,
            a=item.a * float(rng.lognormal(0.0, 0.03)),
            b=item.b + float(rng.normal(0.0, 0.04)),
        )
        for item in map(TRUE.item, NEW)
    ]
    running[0] = replace(running[0], b=running[0].b + 0.8)
    running[5] = replace(running[5], a=running[5].a * 1.8)
    with_all = link(NEW, running, critical_z=np.inf)
    found = link(NEW, running)
    assert {0, 5} <= set(np.flatnonzero(found.is_drifting).tolist())
    assert found.is_drifting.sum() <= 4
    assert abs(found.robust_z[0, 1]) > 5.0
    assert abs(found.robust_z[5, 0]) > 5.0
    assert abs(found.link.intercept + 0.4) < 0.5 * abs(with_all.link.intercept + 0.4)
    assert found.intercept_error < with_all.intercept_error


def test_one_change_among_agreement_is_beyond_all_bounds() -> None:
    running = [TRUE.item(item) for item in NEW]
    running[3] = replace(running[3], b=running[3].b + 0.1)
    z = robust_z(NEW, running)
    assert abs(z[3, 1]) > 1e6
    assert not np.delete(z, 3, axis=0).any()


def test_faults_are_named() -> None:
    with pytest.raises(ValueError, match="at least 3"):
        link(NEW[:2], NEW[:2])
    with pytest.raises(ValueError, match="at least 3"):
        link(NEW, NEW[1:])
    with pytest.raises(ValueError, match="not the same scores"):
        link(NEW[:4], [*NEW[:3], CREDIT])
    moved = [replace(NEW[0], b=NEW[0].b + 1.0), replace(NEW[1], b=NEW[1].b - 3.0), *NEW[2:4]]
    with pytest.raises(ValueError, match="fewer than 3"):
        link(NEW[:4], moved, critical_z=0.1)


def test_robust_z_by_hand() -> None:
    before = [replace(NEW[0], a=1.0, b=float(place)) for place in range(5)]
    moves = (0.0, 0.1, 0.2, 0.4, 2.0)
    after = [replace(item, b=item.b + move) for item, move in zip(before, moves, strict=True)]
    # median 0.2, quartiles 0.1 and 0.4
    expected = (np.array(moves) - 0.2) / (0.74 * 0.3)
    assert robust_z(before, after)[:, 1] == pytest.approx(expected)
    assert not robust_z(before, after)[:, 0].any()
