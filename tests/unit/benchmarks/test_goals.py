"""The goals that benchmarks leave for the table at the end."""

from pathlib import Path

import pytest

from benchmarks.goals import (
    FILE_VARIABLE,
    Goal,
    Recorded,
    ServiceGoal,
    at_least,
    at_most,
    print_goals,
    record,
    recorded,
)
from benchmarks.service_goals import WORDINGS, print_service_goals, verdict


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "goals.jsonl"
    monkeypatch.setenv(FILE_VARIABLE, str(path))
    return path


def test_goals_come_back_from_the_file_as_they_were_printed(file: Path) -> None:
    goals = [
        at_most("a ratio", 1.25, limit=1.5, form=".2f", of=ServiceGoal.FRAME),
        at_least("µs « ici »", 0.4, limit=0.5),
    ]
    print_goals(goals[:1])
    record(goals[1:])
    assert [one.goal for one in recorded(file)] == goals
    assert [goal.is_met for goal in goals] == [True, False]


def test_without_a_file_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FILE_VARIABLE, raising=False)
    record([at_most("a ratio", 1.0, limit=1.0)])
    assert recorded(tmp_path / "goals.jsonl") == []


def test_every_goal_of_the_service_is_worded() -> None:
    assert set(WORDINGS) == set(ServiceGoal)


def test_a_goal_is_met_when_every_line_about_it_is() -> None:
    met = at_most("p95, 8 connections", 2.0, limit=3.0)
    missed = at_most("p95, 32 connections", 4.0, limit=3.0)
    wording = WORDINGS[ServiceGoal.ANSWER_P95]
    assert verdict(wording, [met]) == "MET"
    assert verdict(wording, [met, missed]) == "MISSED"
    assert verdict(wording, []).endswith("-m benchmarks.answer_call")
    assert verdict(WORDINGS[ServiceGoal.REPORT], []) == "not built yet"


def test_the_table_shows_evidence_below_its_goal_and_other_goals_that_were_missed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_service_goals(
        [
            Recorded("frame", at_most("frame over bare", 2.5, limit=2.0).about(ServiceGoal.FRAME)),
            Recorded("peers", Goal("coverage", "0.940-0.960", "0.900", is_met=False)),
            Recorded("peers", Goal("items", "<= 14.7", "14.6", is_met=True)),
        ]
    )
    lines = capsys.readouterr().out.splitlines()
    asked = next(at for at, line in enumerate(lines) if "1 % tracing" in line)
    assert lines[asked].endswith("MISSED")
    assert lines[asked + 1].split() == ["frame", "over", "bare", "2.500", "MISSED"]
    assert "other goals of this run: 1 met, 1 missed" in lines
    assert lines[-1].startswith("    peers: coverage")
