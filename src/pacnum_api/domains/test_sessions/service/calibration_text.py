"""The findings of a calibration for a terminal of 100 columns."""

from collections import Counter
from collections.abc import Iterator
from textwrap import wrap
from typing import Final

import numpy as np

from pacnum_api.domains.test_sessions.policy.calibration.findings import ItemFinding, Reason
from pacnum_api.domains.test_sessions.policy.calibration.run import CalibrationReport
from pacnum_api.psychometrics.calibration.linking import LinkEstimate
from pacnum_api.psychometrics.calibration.mantel_haenszel import DifClass
from pacnum_api.psychometrics.calibration.shrinkage import Kind

ITEMS_AT_MOST: Final = 60
_WORTH_A_LOOK: Final = (
    Reason.DRIFT,
    Reason.GROUPS_DIFFER,
    Reason.MISFIT,
    Reason.NOT_FOUND,
    Reason.WEAK,
    Reason.CALIBRATED,
)
_WIDEST_KEY: Final = 24


def as_text(report: CalibrationReport) -> str:
    """Tables of fixed width: answers, competences, items, correlations."""
    parts = (_answers(report), _scales(report), _items(report), _dif(report), _together(report))
    return "\n\n".join("\n".join(part) for part in map(list, parts) if part)


def _answers(report: CalibrationReport) -> Iterator[str]:
    table, order = report.table, report.order
    tally = table.tally
    yield f"{len(table):,} answers of {len(table.persons):,} persons, of {tally.read:,} read:"
    for count, what in (
        (tally.repeated, "left out: of a later test on the same competence"),
        (tally.other_wordings, "left out: to a wording that is not in this bank"),
        (tally.other_competences, "left out: to competences that are not calibrated now"),
        (tally.late, "came late and count as wrong, as they did in the test"),
        (tally.skipped, "were skipped and count as wrong, as they did in the test"),
    ):
        if count:
            yield f"  {count:>9,} {what}"
    if len(table.groups) > 1:
        sizes = np.bincount(table.group[table.group >= 0])
        groups = ", ".join(
            f"{name} {size:,}" for name, size in zip(table.groups, sizes, strict=True)
        )
        yield f"groups: {groups}; the first is what others are compared with"
    yield (
        f"model {order.model.value}, at least {order.minimum_answers} answers, "
        f"{len(order.anchors)} anchors"
    )
    if not order.anchors:
        yield "No anchor holds the scale: these persons become the reference population N(0, 1)."


def _scales(report: CalibrationReport) -> Iterator[str]:
    yield (
        f"{'competence':<11}{'persons':>8}{'answers':>9}{'anchors':>8}{'lost':>5}{'mean':>7}{'sd':>6}"
        f"{'slope':>8}{'place':>13}{'reliability':>12}  converged"
    )
    for scale in report.scales:
        found = scale.calibration
        is_fine = found.is_converged and found.is_maximum
        yield (
            f"{report.bank.codes[scale.competence]:<11}{len(scale.answers.persons):>8,}"
            f"{len(scale.answers.data.item):>9,}{len(scale.anchors):>8}{len(scale.drifting):>5}"
            f"{found.population.mean[0]:>7.2f}{found.population.sd[0]:>6.2f}{_link(scale.link)}"
            f"{found.reliability:>12.2f}  {'yes' if is_fine else 'NO'}"
        )
    yield "lost: anchors that have drifted. slope, place ± error: from the scale on which these"
    yield "persons are N(0, 1) to the bank's; without anchors nothing is moved by it."


def _link(found: LinkEstimate | None) -> str:
    if found is None:
        return f"{'–':>8}{'–':>13}"
    place = f"{found.link.intercept:+.2f} ±{found.intercept_error:.2f}"
    return f"{found.link.slope:>8.2f}{place:>13}"


def _items(report: CalibrationReport) -> Iterator[str]:
    reasons = Counter(one.reason for one in report.findings)
    yield f"{len(report.findings)} items:"
    for reason in Reason:
        if reasons[reason]:
            yield f"  {reasons[reason]:>9,} {reason.value}"
    shown = [one for one in report.findings if one.reason in _WORTH_A_LOOK]
    shown.sort(key=lambda one: (_WORTH_A_LOOK.index(one.reason), -_moved(one), one.key))
    if shown:
        yield ""
        yield (
            f"{'item':<{_WIDEST_KEY}}{'answers':>8}{'b before':>15}{'b estimate':>15}"
            f"{'a estimate':>14}{'RMSD':>6} {'DIF':>3}  finding"
        )
        for one in shown[:ITEMS_AT_MOST]:
            yield _item(one)
    if len(shown) > ITEMS_AT_MOST:
        rest = len(shown) - ITEMS_AT_MOST
        yield f"… and {rest} that have moved less; --out writes all of them"


def _moved(one: ItemFinding) -> float:
    """How far the difficulty moved, in the standard errors that both had."""
    error = np.hypot(one.before.sigma_b, one.estimate.sigma_b)
    return abs(one.estimate.b - one.before.b) / max(float(error), 1e-9)


def _item(one: ItemFinding) -> str:
    key = one.key if len(one.key) < _WIDEST_KEY else f"{one.key[: _WIDEST_KEY - 2]}…"
    before, found = one.before, one.estimate
    finding = one.reason.name.lower().replace("_", " ")
    rmsd = "" if one.fit is None else f"{one.fit.rmsd:.2f}"
    return (
        f"{key:<{_WIDEST_KEY}}{one.answers:>8,}"
        f"{f'{before.b:.2f} ±{before.sigma_b:.2f}':>15}{f'{found.b:.2f} ±{found.sigma_b:.2f}':>15}"
        f"{f'{found.a:.2f} ±{found.sigma_a:.2f}':>14}{rmsd:>6} {one.dif or '':>3}"
        f"  {finding}"
    )


def _dif(report: CalibrationReport) -> Iterator[str]:
    if len(report.table.groups) < 2:
        return
    alike = [scale for scale in report.scales if not scale.answers.can_be_matched]
    if alike:
        codes = ", ".join(report.bank.codes[scale.competence] for scale in alike)
        yield "groups are not compared where too many have answered the same few items alike:"
        yield from wrap(codes, width=96, initial_indent="  ", subsequent_indent="  ")
    found = [
        (report.bank.keys[index], comparison, one)
        for scale in report.scales
        for comparison in scale.comparisons
        for index, one in comparison.items
        if one.dif_class in {DifClass.B, DifClass.C}
    ]
    for key, comparison, one in found:
        judged, stepped = one.mantel_haenszel, one.mantel
        size = f"delta {judged.delta:+.2f}" if judged else ""
        if stepped:
            size = f"effect {stepped.effect:+.2f} SD"
        yield (
            f"DIF {one.dif_class}: {key}, {comparison.focal} ({one.focal_answers}) against "
            f"{comparison.reference} ({one.reference_answers}): {size}"
        )


def _together(report: CalibrationReport) -> Iterator[str]:
    together = report.together
    if together is None:
        if report.order.competences is None:
            yield "Too few persons were asked several competences: the population stays as it is."
        return
    yield "correlations of the competences"
    for name, kind in (
        ("within areas", together.shrunk.within),
        ("across areas", together.shrunk.across),
    ):
        if kind is not None:
            yield f"  {name}  {_kind(kind)}"
    found = together.strengths
    weights = ", ".join(
        f"{strength:g}: {weight:.2f} ±{error:.2f}"
        for strength, weight, error in zip(
            together.population.strengths,
            together.population.weights,
            found.standard_errors,
            strict=True,
        )
    )
    yield f"  weights of their strengths, from {together.persons_weighed:,} persons: {weights}"


def _kind(kind: Kind) -> str:
    return (
        f"{kind.mean:.2f} ±{kind.standard_error:.2f}, pairs differ by {kind.sd:.2f} "
        f"({kind.pairs} pairs)"
    )
