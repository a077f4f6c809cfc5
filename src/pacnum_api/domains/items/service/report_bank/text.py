"""The report as tables for a terminal of 100 columns."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from textwrap import wrap

from pacnum_api.domains.items.service.report_bank.report import (
    BEST_ITEMS,
    BankReport,
    DemandOrigin,
    ItemUse,
)
from pacnum_api.psychometrics.arithmetic import BoolArray
from pacnum_api.psychometrics.bank_quality import CeilingGap, PrecisionGap

_WIDTH = 100
_SHOWN_AT_MOST = 15
_NAMED_AT_MOST = 10
_ORIGINS = {
    DemandOrigin.GIVEN: "as given",
    DemandOrigin.COUNTED: "as counted",
    DemandOrigin.RULES: "as positioning allows at most",
}

_PRECISION_LEGEND = (
    "Standard error (theta) of a test at the middle of each level, all items put that it may",
    "combine; over agents of all levels with the best 5, 10, 20, all; levels where the best items",
    "reach a goal within the length of its tests. Each competence by itself, beginning at 1.00.",
)
_GAPS_LEGEND = (
    "Lacking: typical items, until all of the competence together reach the goal; stronger ones,",
    "where there are enough, but the best are too weak for the length of a test.",
)


def report_text(report: BankReport) -> str:
    """All tables, one below the other."""
    parts = (_coverage, _precision, _reach, _gaps, _ceiling, _exposure, _parameters, _contested)
    return "\n\n".join("\n".join(part(report)) for part in parts)


def _coverage(report: BankReport) -> Iterator[str]:
    yield from report.coverage.lines()


def _precision(report: BankReport) -> Iterator[str]:
    precision = report.precision
    goals = [goal.standard_error for goal in report.goals.values()]
    within = [precision.is_within_reach(goal) for goal in report.goals.values()]
    overall = [precision.overall_standard_error(items=count) for count in (*BEST_ITEMS, None)]
    levels = range(1, precision.items.shape[1] + 1)
    yield from _PRECISION_LEGEND
    yield ""
    yield (
        "competence"
        + "".join(f"{f'L{level}':>5}" for level in levels)
        + "".join(f"{f'best {count}':>8}" for count in BEST_ITEMS)
        + f"{'all':>6}"
        + "".join(f"{f'≤ {goal:.2f}':>9}" for goal in goals)
    )
    for index, row in enumerate(precision.standard_error().tolist()):
        yield (
            f"{report.competences[index]:<10}"
            + "".join(f"{error:>5.2f}" for error in row)
            + "".join(f"{column[index]:>8.2f}" for column in overall[:-1])
            + f"{overall[-1][index]:>6.2f}"
            + "".join(f"{_reached(reached[index]):>9}" for reached in within)
        )


def _reached(levels: BoolArray) -> str:
    """The levels that are True, each in its place: ``·2345···``."""
    return "".join(
        str(level) if is_reached else "·" for level, is_reached in enumerate(levels, start=1)
    )


def _reach(report: BankReport) -> Iterator[str]:
    precision = report.precision
    yield f"A typical item gives an information of {precision.typical_information:.2f}."
    yield ""
    yield f"{'goal':<14}   SE  within items  levels reached  by typical items  information needed"
    for purpose, goal in report.goals.items():
        reached = f"{int(precision.is_within_reach(goal).sum())} of {precision.items.size}"
        yield (
            f"{purpose.value:<14} {goal.standard_error:.2f} {goal.maximum_items:>13} {reached:>15}"
            f" {precision.typical_standard_error(goal.maximum_items):>17.2f}"
            f" {goal.information / goal.maximum_items:>19.2f}"
        )


def _gaps(report: BankReport) -> Iterator[str]:
    gaps = report.gaps
    if not gaps:
        yield "No gaps: every level has items, and tests reach every goal."
        return
    empty = int((report.precision.items == 0).sum())
    yield f"Gaps: {len(gaps)} levels, {empty} of them without an item; the costliest first."
    yield from _GAPS_LEGEND
    yield ""
    goals = "".join(
        f"{f'lacking for {goal.standard_error:.2f}':>18}" for goal in report.goals.values()
    )
    yield f"competence  level  agents  items     SE{goals}"
    for gap in gaps[:_SHOWN_AT_MOST]:
        agents = 100.0 * float(report.precision.agents[gap.level - 1])
        lacking = "".join(f"{one:>18}" for one in _lacking(gap))
        yield (
            f"{report.competences[gap.competence]:<10}  {f'L{gap.level}':>5}  {agents:>4.0f} %"
            f"  {gap.items or '·':>5}  {gap.standard_error:>5.2f}{lacking}"
        )
    if len(gaps) > _SHOWN_AT_MOST:
        yield f"… and {len(gaps) - _SHOWN_AT_MOST} more (--json, --out)"


def _lacking(gap: PrecisionGap) -> Iterator[str]:
    for count, is_reached in zip(gap.missing, gap.is_within_reach, strict=True):
        yield str(count) if count else "·" if is_reached else "stronger"


def _ceiling(report: BankReport) -> Iterator[str]:
    ceiling = report.settings.ceiling
    origin = _ORIGINS[report.demand.origin]
    yield f"Exposure ceiling {ceiling:.2f}; items of a competence in a test: {origin}"
    if not report.ceiling_gaps:
        yield "  every competence has items enough to hold it"
        return

    def alike(gap: CeilingGap) -> tuple[int, int]:
        return -gap.missing, gap.groups

    for (_, groups), gaps in groupby(sorted(report.ceiling_gaps, key=alike), key=alike):
        found = list(gaps)
        codes = ", ".join(report.competences[gap.competence] for gap in found)
        demand = max(gap.demand for gap in found)
        yield from _wrapped(
            f"{found[0].missing} more than the {groups} there are, {demand:.1f} a test: {codes}"
        )


def _exposure(report: BankReport) -> Iterator[str]:
    exposure = report.exposure
    if not exposure.tests:
        yield "Exposure: no test of this bank version was counted"
        return
    yield (
        f"Exposure: {exposure.tests} tests begun; {len(exposure.over)} of {len(exposure.shares)}"
        f" over the ceiling, {len(exposure.never)} never shown"
    )
    yield "(items of one template count as one); shown most:"
    shown = sorted(report.items, key=lambda item: -report.share(item))
    for item in shown[:_NAMED_AT_MOST]:
        if report.share(item):
            yield f"  {100.0 * report.share(item):>5.1f} %  {item.key}"
    never = [item for item in report.items if not report.share(item)]
    if never:
        yield from _wrapped(f"never shown: {_named(never)}")


def _parameters(report: BankReport) -> Iterator[str]:
    yield "parameters"
    for status, count in report.statuses.items():
        yield f"  {status.value:<18} {count:>4}"


def _contested(report: BankReport) -> Iterator[str]:
    contested = report.contested
    reports = sum(item.reports for item in contested)
    yield f"contested: {len(contested)} items, {reports} reports"
    for item in contested[:_NAMED_AT_MOST]:
        yield f"  {item.reports:>5}  {item.key}"


def _named(items: Sequence[ItemUse]) -> str:
    names = ", ".join(item.key for item in items[:_NAMED_AT_MOST])
    more = len(items) - _NAMED_AT_MOST
    return f"{names} and {more} more" if more > 0 else names


def _wrapped(line: str) -> list[str]:
    return wrap(line, _WIDTH, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)
