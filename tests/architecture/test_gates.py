"""The gates themselves: they fail when their command fails, and the coverage limits hold."""

import sys
from typing import Any

import pytest

from tests.coverage_gate import must_be_whole, ranges, shortfalls
from tests.gates import GATES, Gate, chosen, run, run_all

PASSES = Gate("passes", (sys.executable, "-c", "print('fine')"))
FAILS = Gate("fails", (sys.executable, "-c", "print('the reason'); raise SystemExit(3)"))


def test_a_gate_is_as_good_as_its_command() -> None:
    assert run(PASSES).is_passed
    assert not run(FAILS).is_passed
    assert run(FAILS).output == "the reason\n"


def test_one_failed_gate_fails_them_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_all([PASSES]) == 0
    assert run_all([PASSES, FAILS, PASSES]) == 1
    printed = capsys.readouterr().out
    assert printed.count("ok ") == 3
    assert "the reason" in printed
    assert "1 of 3 gates failed" in printed


def test_gates_are_chosen_by_name_and_speed() -> None:
    assert [gate.name for gate in chosen(["lint", "format"], is_fast=False)] == ["format", "lint"]
    assert len(chosen([], is_fast=False)) == len(GATES)
    assert {gate.name for gate in chosen([], is_fast=True)} == {
        gate.name for gate in GATES if gate.is_fast
    }
    with pytest.raises(SystemExit, match="no such gate: unknown"):
        chosen(["unknown"], is_fast=False)


@pytest.mark.parametrize(
    ("path", "is_critical"),
    [
        ("src/pacnum_api/kernel/ids.py", True),
        ("src/pacnum_api/psychometrics/scale.py", True),
        ("src/pacnum_api/domains/items/policy/grading.py", True),
        ("src/pacnum_api/domains/trainings/policy.py", True),
        ("src/pacnum_api/domains/trainings/service/policy.py", False),
        ("src/pacnum_api/platform/http.py", False),
    ],
)
def test_what_must_be_whole(path: str, is_critical: bool) -> None:  # noqa: FBT001 - a parameter
    assert must_be_whole(path) is is_critical


def report(path: str, *, lines: list[int], branches: list[list[int]], total: float) -> Any:
    file = {"missing_lines": lines, "missing_branches": branches}
    return {"files": {path: file}, "totals": {"percent_covered": total}}


@pytest.mark.parametrize(
    ("path", "lines", "branches", "total", "found"),
    [
        ("src/pacnum_api/kernel/ids.py", [], [], 95.0, 0),
        ("src/pacnum_api/kernel/ids.py", [7], [], 99.9, 1),
        ("src/pacnum_api/kernel/ids.py", [], [[7, 9]], 99.9, 1),
        ("src/pacnum_api/platform/http.py", [7], [[7, 9]], 95.0, 0),
        ("src/pacnum_api/platform/http.py", [7], [], 94.9, 1),
    ],
)
def test_a_shortfall_of_coverage_is_found(
    path: str, lines: list[int], branches: list[list[int]], total: float, found: int
) -> None:
    assert len(list(shortfalls(report(path, lines=lines, branches=branches, total=total)))) == found


def test_missing_lines_are_said_in_ranges() -> None:
    assert list(ranges([9, 3, 7, 8])) == ["3", "7-9"]
    assert list(ranges([])) == []
