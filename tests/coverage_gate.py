"""Coverage after a whole run: every branch of what must be right, most of the rest.

``python -m tests.coverage_gate`` reads the data that ``make test`` has collected. 100 % (lines and
branches) of the kernel, psychometrics and every policy, file by file; 95 % of everything together.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from coverage import Coverage

OVERALL = 95.0
ROOT = Path(__file__).resolve().parents[1]


def must_be_whole(path: str) -> bool:
    """Whether a file is one of those in which an untried branch is a wrong level for somebody."""
    parts = PurePosixPath(path).with_suffix("").parts
    place = parts[parts.index("pacnum_api") + 1 :] if "pacnum_api" in parts else ()
    is_policy = place[:1] == ("domains",) and place[2:3] == ("policy",)
    return is_policy or place[:1] in {("kernel",), ("psychometrics",)}


def shortfalls(report: Mapping[str, Any]) -> Iterator[str]:
    """What the report of ``coverage json`` falls short of."""
    for path, file in sorted(report["files"].items()):
        if must_be_whole(path) and (file["missing_lines"] or file["missing_branches"]):
            missing = set(file["missing_lines"])
            arrows = [f"{a}→{b}" for a, b in file["missing_branches"] if a not in missing]
            yield f"{path}: {', '.join([*ranges(missing), *arrows])}"
    covered = float(report["totals"]["percent_covered"])
    if covered < OVERALL:
        yield f"overall {covered:.1f} %, expected {OVERALL:.0f} %"


def ranges(lines: Iterable[int]) -> Iterator[str]:
    """Lines as an editor's user would say them: 3, 7-9."""
    run: list[int] = []
    for line in [*sorted(lines), 0]:
        if run and line != run[-1] + 1:
            yield str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}"
            run = []
        run.append(line)


def read_report() -> Mapping[str, Any]:
    """The collected data, all processes together."""
    data = os.environ.get("COVERAGE_FILE", str(ROOT / ".coverage"))
    measured = Coverage(config_file=str(ROOT / "pyproject.toml"), data_file=data)
    measured.load()
    with TemporaryDirectory() as folder:
        file = Path(folder) / "report.json"
        measured.json_report(outfile=str(file))
        report: Mapping[str, Any] = json.loads(file.read_text("utf-8"))
    return report


def weakest(report: Mapping[str, Any], count: int = 15) -> Iterator[str]:
    """Where the most lines are missing."""
    files = report["files"].items()
    ranked = sorted(files, key=lambda entry: -len(entry[1]["missing_lines"]))[:count]
    for path, file in ranked:
        yield f"{len(file['missing_lines']):>5} lines missing in {path}"


if __name__ == "__main__":
    found = read_report()
    faults = list(shortfalls(found))
    if faults:
        print("coverage FAILED", *faults, "", *weakest(found), sep="\n")
    else:
        print(f"coverage ok: {found['totals']['percent_covered']:.1f} %")
    raise SystemExit(1 if faults else 0)
