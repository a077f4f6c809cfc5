"""The plots of a calibration."""

from collections.abc import Iterator, Sequence

import numpy as np

from pacnum_api.domains.test_sessions.policy.calibration.findings import ItemFinding, Reason
from pacnum_api.domains.test_sessions.policy.calibration.run import (
    INFORMATION_AT,
    CalibrationReport,
)
from pacnum_api.domains.test_sessions.policy.calibration.scales import rules_of
from pacnum_api.platform.estimate_figures import (
    Effects,
    Estimates,
    draw_estimates,
    draw_forest,
    draw_matrix,
    draw_panels,
)
from pacnum_api.platform.figures import Frame, Plot, Series

_ITEMS_IN_FOREST = 50


def calibration_plots(report: CalibrationReport) -> Iterator[tuple[str, Plot]]:
    """Yield each plot that there is something to draw for, with the name of its files."""
    if any(one.answers for one in report.findings):
        yield "difficulties", _difficulties(report.findings)
    if any(one.fit is not None for one in report.findings):
        yield "fit", _fit(report.findings)
    if report.information:
        yield "information", _information(report)
    if report.together is not None:
        yield "correlations", _correlations(report)
    yield from _forests(report)


def _difficulties(findings: Sequence[ItemFinding]) -> Plot:
    groups = []
    for label, is_changed in (("new parameters", True), ("stays as it is", False)):
        those = [one for one in findings if one.answers and one.is_changed is is_changed]
        if those:
            groups.append(
                Estimates(
                    label,
                    x=np.array([one.before.b for one in those]),
                    y=np.array([one.estimate.b for one in those]),
                    y_error=np.array([one.estimate.sigma_b for one in those]),
                    x_error=np.array([one.before.sigma_b for one in those]),
                )
            )
    frame = Frame(
        "Difficulty before and as estimated, ± 1 standard error",
        "b in the bank (theta)",
        "b estimated (theta)",
    )
    return draw_estimates(frame, groups)


def _fit(findings: Sequence[ItemFinding]) -> Plot:
    groups = []
    for label, wanted in (("no significant misfit", False), ("misfit", True)):
        judged = [(one, one.fit) for one in findings if (one.reason is Reason.MISFIT) is wanted]
        those = [(one.estimate.b, fit.rmsd) for one, fit in judged if fit is not None]
        if those:
            places, sizes = zip(*those, strict=True)
            groups.append(Estimates(label, x=np.array(places), y=np.array(sizes)))
    frame = Frame(
        "Fit: difference between the answers and the item's curve",
        "b estimated (theta)",
        "root mean square difference",
        is_share_y=True,
    )
    return draw_estimates(frame, groups, limit=rules_of(1).greatest_rmsd)


def _information(report: CalibrationReport) -> Plot:
    frame = Frame("Information of all items by ability", "theta", "information (1 / theta²)")
    panels = [
        (
            one.competence,
            [
                Series("bank as it is", INFORMATION_AT, one.before),
                Series("bank as it would be", INFORMATION_AT, one.after),
            ],
        )
        for one in report.information
    ]
    return draw_panels(frame, panels)


def _correlations(report: CalibrationReport) -> Plot:
    together = report.together
    assert together is not None  # noqa: S101 - asked by the only caller
    values = together.shrunk.correlation.copy()
    # What nobody was asked both of is a guess by kind: the plot shows what was seen.
    values[together.estimate.persons == 0] = np.nan
    codes = [report.bank.codes[index] for index in together.competences]
    frame = Frame("Correlations of the competences (× 100)", "", "")
    return draw_matrix(frame, values, names=codes)


def _forests(report: CalibrationReport) -> Iterator[tuple[str, Plot]]:
    """One forest for each group that is compared: right/wrong items on the delta scale."""
    for place, focal in enumerate(report.table.groups[1:], start=1):
        judged = [
            (report.bank.keys[index], one.mantel_haenszel)
            for scale in report.scales
            for comparison in scale.comparisons
            if comparison.focal == focal
            for index, one in comparison.items
            if one.mantel_haenszel is not None and np.isfinite(one.mantel_haenszel.delta)
        ]
        judged.sort(key=lambda pair: -abs(pair[1].delta))
        shown = sorted(judged[:_ITEMS_IN_FOREST], key=lambda pair: pair[1].delta)
        if shown:
            effects = Effects(
                focal,
                [key for key, _ in shown],
                np.array([one.delta for _, one in shown]),
                np.array([one.delta_error for _, one in shown]),
            )
            reference = report.table.groups[0]
            frame = Frame(
                f"Differential functioning: {focal} against {reference}",
                f"delta ± 2 SE (below 0: harder for {focal} of equal ability)",
                "",
            )
            yield f"dif-{place}", draw_forest(frame, effects, limits=(1.0, 1.5))
