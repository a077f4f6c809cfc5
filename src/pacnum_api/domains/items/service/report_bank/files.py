"""The report as files: CSV for a spreadsheet, JSON, and plots. Drawing takes a second to import."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pacnum_api.domains.items.service.report_bank.document import report_json
from pacnum_api.domains.items.service.report_bank.report import BEST_ITEMS, BankReport
from pacnum_api.platform.figures import Frame, Plot, Series, draw_bars, draw_heat_map, draw_lines
from pacnum_api.psychometrics.scale import THETA

_SHOWN = (THETA >= -4.0) & (THETA <= 4.0)
_BANDS = (0.01, 0.05, 0.10, 0.15, 0.20, 0.25, 0.30, 0.40, 0.50)

Cell = str | int | float


@dataclass(frozen=True, slots=True)
class _Sheet:
    name: str
    columns: Sequence[str]
    rows: Iterable[Sequence[Cell]]


def write_report(report: BankReport, folder: Path) -> list[Path]:
    """Write everything into a folder, made when it is not there; return the files.

    Files of an earlier report are replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = [folder / "report.json"]
    written[0].write_text(report_json(report) + "\n", "utf-8")
    for sheet in (_precision(report), _gaps(report), _items(report), _curves(report)):
        path = folder / f"{sheet.name}.csv"
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(sheet.columns)
            writer.writerows(sheet.rows)
        written.append(path)
    for name, plot in _plots(report):
        written += plot.write(folder, name=name)
    return written


def _precision(report: BankReport) -> _Sheet:
    precision = report.precision
    errors = [precision.standard_error(items=count) for count in (*BEST_ITEMS, None)]
    reached = [precision.is_within_reach(goal) for goal in report.goals.values()]
    missing = [precision.missing_items(goal) for goal in report.goals.values()]
    purposes = [purpose.value for purpose in report.goals]
    columns = (
        *("competence", "level", "theta", "agents", "items", "information"),
        *(f"se_best_{count}" for count in BEST_ITEMS),
        "se_all",
        *(f"within_reach_{purpose}" for purpose in purposes),
        *(f"missing_items_{purpose}" for purpose in purposes),
    )
    rows: Iterator[tuple[Cell, ...]] = (
        (
            report.competences[one],
            place + 1,
            round(float(precision.middles[place]), 4),
            round(float(precision.agents[place]), 6),
            int(precision.items[one, place]),
            round(float(precision.information[one, place]), 6),
            *(round(float(found[one, place]), 6) for found in errors),
            *(int(found[one, place]) for found in (*reached, *missing)),
        )
        for one, place in np.ndindex(precision.items.shape)
    )
    return _Sheet("precision", columns, rows)


def _gaps(report: BankReport) -> _Sheet:
    purposes = [purpose.value for purpose in report.goals]
    columns = ("place", "competence", "level", "items", "se_all", *purposes, "excess_variance")
    rows: Iterator[tuple[Cell, ...]] = (
        (
            place,
            report.competences[gap.competence],
            gap.level,
            gap.items,
            round(gap.standard_error, 6),
            *gap.missing,
            round(gap.excess, 9),
        )
        for place, gap in enumerate(report.gaps, start=1)
    )
    return _Sheet("gaps", columns, rows)


def _items(report: BankReport) -> _Sheet:
    columns = (
        *("key", "competence", "level", "type", "status", "a", "b", "sigma_a", "sigma_b"),
        *("information_at_its_level", "group", "share_of_tests", "reports"),
    )
    rows = (
        (
            item.key,
            item.competence,
            item.level,
            item.type,
            item.parameters.status.value,
            item.parameters.a,
            item.parameters.b,
            item.parameters.sigma_a,
            item.parameters.sigma_b,
            round(float(information), 6),
            item.group,
            round(report.share(item), 6),
            item.reports,
        )
        for item, information in zip(report.items, report.precision.at_own_level, strict=True)
    )
    return _Sheet("items", columns, rows)


def _curves(report: BankReport) -> _Sheet:
    rows = (
        (round(theta, 2), *(round(value, 6) for value in column))
        for theta, column in zip(THETA.tolist(), report.curves.T.tolist(), strict=True)
    )
    return _Sheet("information", ("theta", *report.competences), rows)


def _plots(report: BankReport) -> Iterator[tuple[str, Plot]]:
    yield "standard-error", _heat_map(report)
    for area in dict.fromkeys(report.areas):
        yield f"information-{area}", _area_curves(report, area)
    if report.exposure.tests:
        yield "exposure", _exposure_bars(report)


def _heat_map(report: BankReport) -> Plot:
    errors = report.precision.standard_error()
    frame = Frame(
        title="Standard error with all items, in hundredths of theta",
        x_label="agents at the middle of level",
        y_label="competence",
    )
    levels = [str(place + 1) for place in range(errors.shape[1])]
    return draw_heat_map(frame, errors[::-1], rows=report.competences[::-1], columns=levels)


def _area_curves(report: BankReport, area: str) -> Plot:
    members = [index for index, one in enumerate(report.areas) if one == area]
    frame = Frame(
        title=f"Test information of all items, area {area}",
        x_label="ability theta (population standard deviations)",
        y_label="information (1 / theta²)",
        y_range=(0.0, 1.08 * max(float(report.curves.max()), 1e-3)),
    )
    lines = [
        Series(report.competences[index], THETA[_SHOWN], report.curves[index][_SHOWN])
        for index in members
    ]
    return draw_lines(frame, lines)


def _exposure_bars(report: BankReport) -> Plot:
    shares = report.exposure.shares
    edges = sorted({*_BANDS, report.settings.ceiling})
    places = np.searchsorted(edges, shares[shares > 0.0])
    counts = [np.count_nonzero(shares == 0.0), *np.bincount(places, minlength=len(edges) + 1)]
    names = ["never", *(f"≤ {100 * edge:g}" for edge in edges), f"> {100 * edges[-1]:g}"]
    frame = Frame(
        title=f"How often items were shown, {report.exposure.tests} tests",
        x_label=f"share of tests in % (ceiling {100 * report.settings.ceiling:g} %)",
        y_label="items (those of one template count as one)",
    )
    return draw_bars(frame, names, groups=[("items", np.array(counts, dtype=np.float64))])
