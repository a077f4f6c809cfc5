"""The findings of a calibration as files: CSV, JSON and plots."""

import csv
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from pacnum_api.domains.test_sessions.policy.calibration.run import CalibrationReport
from pacnum_api.domains.test_sessions.service.calibration_figures import calibration_plots
from pacnum_api.domains.test_sessions.service.calibration_rows import (
    Row,
    correlation_rows,
    dif_rows,
    document,
    information_rows,
    item_rows,
    scale_rows,
)


def write_report(report: CalibrationReport, folder: Path) -> list[Path]:
    """Write all files into a folder, which is made if need be; files of the same names are
    replaced. Returns what was written. Tables without a row are left out.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, rows in (
        ("items", item_rows(report)),
        ("scales", scale_rows(report)),
        ("dif", dif_rows(report)),
        ("correlations", correlation_rows(report)),
        ("information", information_rows(report)),
    ):
        if rows:
            written.append(_write_csv(folder / f"{name}.csv", rows))
    path = folder / "calibration.json"
    path.write_text(json_text(document(report)) + "\n", encoding="utf-8")
    written.append(path)
    for name, plot in calibration_plots(report):
        written += plot.write(folder, name=name)
    return written


def json_text(content: object) -> str:
    """One JSON document; what is not a finite number is null."""
    return json.dumps(_plain(content), ensure_ascii=False, indent=2, allow_nan=False)


def _plain(content: object) -> object:
    if isinstance(content, Mapping):
        return {str(name): _plain(value) for name, value in content.items()}
    if isinstance(content, list):
        return [_plain(value) for value in content]
    is_lost = isinstance(content, float) and not math.isfinite(content)
    return None if is_lost else content


def _write_csv(path: Path, rows: Sequence[Row]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path
