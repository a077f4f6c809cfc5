"""The report as text, document and files, from numbers made up here."""

import csv
import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from pacnum_api.domains.items.service import BankReport, ReportSettings, report_json, report_text
from pacnum_api.domains.items.service.report_bank.coverage import BankCoverage
from pacnum_api.domains.items.service.report_bank.files import write_report
from pacnum_api.domains.items.service.report_bank.report import Demand, DemandOrigin, ItemUse
from pacnum_api.domains.items.types import (
    BankHandle,
    ItemParameters,
    ParameterModel,
    ParameterStatus,
)
from pacnum_api.kernel.ids import new_id
from pacnum_api.psychometrics import bank as measurement
from pacnum_api.psychometrics.algorithm import Purpose
from pacnum_api.psychometrics.bank_quality import (
    Goal,
    ceiling_gaps,
    information_curves,
    measure_precision,
    precision_gaps,
    summarise_exposure,
)
from pacnum_api.psychometrics.exposure import Exposure, ExposureGroups
from pacnum_api.psychometrics.tables import BankTables

LEVELS = (1, 2, 4, 5, 7, 8)
GOALS = {Purpose.POSITIONING: Goal(0.4, 12), Purpose.CERTIFICATION: Goal(0.3, 20)}


def tables_of(slope: float, copies: int) -> BankTables:
    """The first competence has ``copies`` items at each of six levels, the second has none."""
    items = [
        measurement.Item(
            measurement.ItemModel.TWO_PL, competence=0, level=level, a=slope, b=0.7 * level - 2.8
        )
        for level in LEVELS
        for _ in range(copies)
    ]
    parameters = measurement.ItemParameters.from_items(items)
    return BankTables.build(parameters, competence_count=2)


def items_of(tables: BankTables) -> tuple[ItemUse, ...]:
    """The second and third are contested; every second one is calibrated."""
    slopes = tables.parameters.a.tolist()
    return tuple(
        ItemUse(
            key=f"1.1-{level}-{index}",
            competence="1.1",
            level=level,
            type="numeric",
            group=index,
            parameters=ItemParameters(
                ParameterModel.LOGISTIC, slope, 0.0, 0.0, 1.0, (), 0.1, 0.2, _status(index)
            ),
            reports=index if index in {1, 2} else 0,
        )
        for index, (level, slope) in enumerate(
            zip(tables.parameters.level.tolist(), slopes, strict=True)
        )
    )


def coverage_of(items: tuple[ItemUse, ...]) -> BankCoverage:
    published = datetime(2026, 1, 2, tzinfo=UTC)
    return BankCoverage(
        bank=BankHandle(new_id(), "house", 1, 3, "00", len(items), published),
        competences=("1.1", "2.1"),
        levels=8,
        by_level=Counter((item.competence, item.level) for item in items),
        by_type={"numeric": len(items)},
        by_theme={"ia": 1},
        by_setting={"prefecture": len(items)},
        by_file={"csv": 1},
        items_with_files=1,
        templates=0,
        longest_right=(0, 0),
    )


def a_report(
    *, slope: float = 1.0, copies: int = 1, exposure: Exposure | None = None, demand: float = 2.0
) -> BankReport:
    tables = tables_of(slope, copies)
    precision = measure_precision(tables)
    groups = ExposureGroups.of(tables.parameters)
    items = items_of(tables)
    needed = np.full(2, demand)
    return BankReport(
        coverage=coverage_of(items),
        areas=("1", "2"),
        settings=ReportSettings(),
        goals=GOALS,
        precision=precision,
        curves=information_curves(tables),
        gaps=precision_gaps(precision, tuple(GOALS.values())),
        demand=Demand(needed, DemandOrigin.GIVEN),
        ceiling_gaps=ceiling_gaps(groups, needed, ceiling=0.25),
        exposure=summarise_exposure(exposure or Exposure.none(len(groups)), ceiling=0.25),
        items=items,
    )


def _status(index: int) -> ParameterStatus:
    return ParameterStatus.CALIBRATED if index % 2 else ParameterStatus.PROVISIONAL


def used(*administered: int, tests: int = 100) -> Exposure:
    return Exposure(tests, np.array(administered), np.zeros(len(administered), np.int64))


def test_settings_that_make_no_sense() -> None:
    for ceiling in (0.0, 1.1):
        with pytest.raises(ValueError, match="a share above 0"):
            ReportSettings(ceiling=ceiling)
    for items in (-1.0, float("nan")):
        with pytest.raises(ValueError, match="no negative number"):
            ReportSettings(items_per_test=items)


def test_what_a_small_bank_says() -> None:
    said = report_text(a_report())
    lines = said.splitlines()
    assert lines[0] == "house bank v3: 6 items, published 2026-01-02 00:00 UTC"
    assert max(map(len, lines)) <= 100
    # nobody has anything of 2.1 to answer
    assert "2.1        1.00 1.00 1.00 1.00 1.00 1.00 1.00 1.00    1.00" in said
    assert "positioning    0.40            12         0 of 16" in said
    assert "Gaps: 16 levels, 10 of them without an item" in said
    first = lines[
        lines.index(next(line for line in lines if line.startswith("competence  lev"))) + 1
    ]
    assert first.split() == ["2.1", "L4", "27", "%", "·", "1.00", "21", "41"]
    assert "… and 1 more" in said
    assert "  2 more than the 6 there are, 2.0 a test: 1.1" in said
    assert "  8 more than the 0 there are, 2.0 a test: 2.1" in said
    assert "no test of this bank version was counted" in said
    assert "  calibrated            3" in said
    assert lines[-3:] == ["contested: 2 items, 3 reports", "      2  1.1-4-2", "      1  1.1-2-1"]


def test_what_a_strong_bank_says() -> None:
    report = a_report(slope=2.0, copies=20, demand=0.0)
    said = report_text(report)
    row = next(line for line in said.splitlines() if line.startswith("1.1 ") and "." in line[11:])
    assert row.split()[-2:] == ["12345678", "12345678"]
    assert "every competence has items enough to hold it" in said
    # of the first competence only two levels are gaps, for nothing was written for them
    gaps = [(gap.level, gap.missing) for gap in report.gaps if gap.competence == 0]
    assert gaps == [(3, (0, 0)), (6, (0, 0))]


def test_weak_items_lack_strength_and_not_number() -> None:
    said = report_text(a_report(slope=1.5, copies=20))
    lacking = [line.split()[-2:] for line in said.splitlines() if line.startswith("1.1  ")][2:]
    assert lacking == [["stronger", "stronger"]] * 2


def test_nothing_lacks_where_every_level_is_served() -> None:
    said = report_text(replace(a_report(), gaps=()))
    assert "No gaps: every level has items" in said


def test_levels_that_reach_a_goal_stand_in_their_places() -> None:
    report = a_report(slope=3.0)
    goals = {Purpose.POSITIONING: Goal(0.55, 3)}
    within = report.precision.is_within_reach(goals[Purpose.POSITIONING])[0]
    said = report_text(
        replace(report, goals=goals, gaps=precision_gaps(report.precision, [*goals.values()]))
    )
    row = next(line for line in said.splitlines() if line.startswith("1.1 ") and "." in line[11:])
    assert within.tolist() == [True, True, False, True, True, False, True, True]
    assert row.split()[-1] == "12·45·78"


def test_exposure_names_what_is_shown_much_and_never() -> None:
    said = report_text(a_report(exposure=used(30, 0, 10, 25, 0, 5)))
    assert max(map(len, said.splitlines())) <= 100
    assert "Exposure: 100 tests begun; 1 of 6 over the ceiling, 2 never shown" in said
    shown = [line.split() for line in said.splitlines() if " %  1.1-" in line]
    assert shown[0] == ["30.0", "%", "1.1-1-0"]
    assert len(shown) == 4
    assert "  never shown: 1.1-2-1, 1.1-7-4" in said
    assert (
        "never shown" not in report_text(a_report(exposure=used(*[9] * 6))).split("begun")[1][80:]
    )
    long = report_text(a_report(copies=2, exposure=used(1, *[0] * 11)))
    assert "1.1-8-10 and 1 more" in long


def test_one_document_says_it_all() -> None:
    document = json.loads(report_json(a_report(exposure=used(30, 0, 10, 25, 0, 5))))
    assert document["item_count"] == 6
    assert document["goals"]["certification"]["maximum_items"] == 20
    assert document["levels"]["1"]["middle"] == pytest.approx(-2.1)
    level = document["precision"]["1.1"]["levels"]["4"]
    assert level["items"] == 1
    assert level["standard_error"]["all"] == pytest.approx((1.0 + level["information"]) ** -0.5)
    assert level["is_within_reach"] == {"positioning": False, "certification": False}
    assert document["gaps"][0]["missing_items"] == {"positioning": 21, "certification": 41}
    assert document["ceiling"]["gaps"][0] == {
        "competence": "2.1",
        "groups": 0,
        "missing_groups": 8,
    }
    assert document["exposure"]["over_ceiling"] == ["1.1-1-0"]
    assert document["exposure"]["never_shown"] == ["1.1-2-1", "1.1-7-4"]
    assert document["exposure"]["shares"]["1.1-4-2"] == 0.1
    assert document["parameters"]["provisional"] == 3
    assert document["contested"] == {"1.1-4-2": 2, "1.1-2-1": 1}


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_files_hold_every_level_and_item(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "report"
    report = a_report(exposure=used(30, 0, 10, 25, 0, 5))
    written = write_report(report, folder)
    assert sorted(written) == sorted(folder.iterdir())
    assert {path.stem for path in written if path.suffix == ".svg"} == {
        "standard-error",
        "information-1",
        "information-2",
        "exposure",
    }
    assert all(path.stat().st_size for path in written)
    assert (folder / "report.json").read_text("utf-8") == report_json(report) + "\n"
    precision = rows_of(folder / "precision.csv")
    assert len(precision) == 16
    fourth = precision[3]
    assert (fourth["competence"], fourth["level"], fourth["items"]) == ("1.1", "4", "1")
    assert float(fourth["se_all"]) == pytest.approx((1 + float(fourth["information"])) ** -0.5)
    assert fourth["within_reach_positioning"] == "0"
    gaps = rows_of(folder / "gaps.csv")
    assert [gaps[0][name] for name in ("place", "competence", "level", "positioning")] == [
        *("1", "2.1", "4", "21")
    ]
    items = rows_of(folder / "items.csv")
    assert [row["share_of_tests"] for row in items] == ["0.3", "0.0", "0.1", "0.25", "0.0", "0.05"]
    assert [row["reports"] for row in items] == ["0", "1", "2", "0", "0", "0"]
    assert items[1]["status"] == "calibrated"
    curves = rows_of(folder / "information.csv")
    assert (len(curves), list(curves[0])) == (201, ["theta", "1.1", "2.1"])


def test_the_same_report_gives_the_same_files(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    report = a_report()
    names = [path.name for path in write_report(report, first)]
    write_report(report, second)
    assert "exposure.svg" not in names  # there is nothing to draw
    assert all((first / name).read_bytes() == (second / name).read_bytes() for name in names)
