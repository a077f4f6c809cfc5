from dataclasses import asdict, replace

import numpy as np
import pytest

from pacnum_api.psychometrics.bank import Item, ItemModel
from pacnum_api.psychometrics.calibration.calibrate import calibrate
from pacnum_api.psychometrics.calibration.mantel_haenszel import DifClass
from pacnum_api.psychometrics.calibration.report import (
    CalibrationReport,
    Reason,
    ReportRules,
    SuggestedStatus,
    anchor_link,
    calibration_report,
)
from pacnum_api.psychometrics.calibration.responses import from_matrix
from tests.unit.psychometrics.calibration.simulated import answered_by, scores, sparse, two_pl_items

CREDIT = Item(ItemModel.PARTIAL_CREDIT, competence=0, level=1, a=1.0, b=0.2, steps=(-0.6, 0.0, 0.6))
LENIENT = ReportRules(greatest_sigma_a=0.4, greatest_sigma_b=0.5)


@pytest.fixture(scope="module")
def report() -> CalibrationReport:
    """Of 24 items: 0 has moved since, 1 is harder for the second group, 2 can be guessed, 3 has few
    answers, 4 none; the last is scored in steps.
    """
    earlier = [*two_pl_items(23, seed=41), CREDIT]
    earlier = [replace(item, b=float(np.clip(item.b, -1.2, 1.2))) for item in earlier]
    earlier[2] = replace(earlier[2], a=1.0, b=0.5)
    true = list(earlier)
    true[0] = replace(earlier[0], b=earlier[0].b + 0.9)
    true[2] = Item(ItemModel.THREE_PL, competence=0, level=1, a=3.0, b=0.7, c=0.45)
    of_focal = list(true)
    of_focal[1] = replace(true[1], b=true[1].b + 1.4)
    rng = np.random.default_rng(42)
    both = [scores(those, rng.normal(size=2500), rng=rng) for those in (true, of_focal)]
    answers = sparse(np.concatenate(both), each=12, rng=rng)
    answers[120:, 3] = np.nan
    answers[:, 4] = np.nan
    data = from_matrix(answers, group=np.repeat([0, 1], 2500))
    trusted = [index for index in range(23) if index != 2]
    # RMSD is what posteriors leave of a difference: about a third with a dozen answers.
    rules = replace(LENIENT, greatest_rmsd=0.02)
    return calibration_report(
        earlier, calibrate(earlier, data), data=data, trusted=trusted, rules=rules
    )


def test_each_item_is_judged_with_its_reasons(report: CalibrationReport) -> None:
    rows = report.items
    assert rows[0].status is SuggestedStatus.DRIFTING
    assert Reason.DRIFT in rows[0].reasons
    assert abs(rows[0].z_b) > 2.7
    assert Reason.GROUPS_DIFFER in rows[1].reasons
    assert rows[1].dif is not None
    assert rows[1].dif.dif_class is DifClass.C
    assert Reason.MISFIT in rows[2].reasons
    assert np.isnan(rows[2].z_b)
    assert Reason.FEW_ANSWERS in rows[3].reasons
    assert rows[3].fit is None
    assert rows[4].reasons == (Reason.NO_ANSWER,)
    assert not rows[4].is_estimated
    assert rows[4].status is SuggestedStatus.PROVISIONAL
    assert sum(row.status is SuggestedStatus.CALIBRATED for row in rows[5:]) >= 16
    assert report.count(SuggestedStatus.CALIBRATED) >= 16
    assert report.count(SuggestedStatus.DRIFTING) <= 3


def test_the_whole_is_summed_up(report: CalibrationReport) -> None:
    assert report.persons == 5000
    assert 5000 * 10 < report.answers < 5000 * 12
    assert report.is_converged
    assert report.is_maximum
    assert 0.5 < report.reliability < 0.9
    assert report.mean_standard_error == pytest.approx(np.sqrt(1.0 - report.reliability), abs=0.05)
    assert [group.persons for group in report.groups] == [2500, 2500]
    assert (report.groups[0].mean, report.groups[0].sd_error) == (0.0, 0.0)
    assert report.groups[1].mean == pytest.approx(0.0, abs=0.15)
    assert 0.01 < report.groups[1].mean_error < 0.06
    assert 0.01 < report.groups[1].sd_error < 0.06


def test_rows_are_rows_of_a_table(report: CalibrationReport) -> None:
    row = asdict(report.items[23])
    assert row["model"] == "gpcm"
    assert len(row["steps"]) == len(row["step_errors"]) == 3
    assert min(row["step_errors"]) > 0.0
    assert row["fit"]["degrees"] == 4
    assert row["earlier_b"] == pytest.approx(0.2)
    assert report.items[5].step_errors == ()


def test_without_groups_or_trust_neither_difference_nor_drift_is_judged() -> None:
    items = two_pl_items(8, seed=1)
    data = answered_by(items, np.random.default_rng(2).normal(size=80), each=6, seed=3)
    found = calibration_report(items, calibrate(items, data), data=data, trusted=[0, 1])
    assert all(row.dif is None for row in found.items)
    assert all(np.isnan(row.z_a) for row in found.items)
    assert {Reason.UNCERTAIN} <= {reason for row in found.items for reason in row.reasons}


def test_anchors_that_no_longer_hold_are_named() -> None:
    items = two_pl_items(24, seed=51)
    theta = np.random.default_rng(52).normal(0.4, 0.9, 4000)
    moved = [replace(items[0], b=items[0].b + 1.0), *items[1:]]
    data = answered_by(moved, theta, each=15, seed=53)
    found = anchor_link(items, data, anchors=range(16))
    assert found.is_drifting[0]
    assert found.is_drifting.sum() <= 4
    assert found.link.slope == pytest.approx(0.9, abs=0.08)
    assert found.link.intercept == pytest.approx(0.4, abs=0.08)
