"""What ``pacnum`` says of itself, and how it refuses."""

import json
from pathlib import Path
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from pacnum_api.entrypoints import cli
from pacnum_api.kernel.errors import DomainError, ErrorKind


class OutOfPaper(DomainError):
    """There is no paper."""

    code = "out_of_paper"
    kind = ErrorKind.UNAVAILABLE
    title = "Out of paper"


@pytest.fixture
def runner() -> CliRunner:
    return CliRunner()


def test_every_group_of_commands_is_there(runner: CliRunner) -> None:
    said = runner.invoke(cli.app, ["--help"], env={"TERM": "dumb", "COLUMNS": "100"})
    assert said.exit_code == 0
    for name in ("serve", "worker", "demo", "openapi", "db", "load", "clients", "bank", "items"):
        assert f" {name} " in said.stdout


def test_serve_names_its_options(runner: CliRunner) -> None:
    said = runner.invoke(cli.app, ["serve", "--help"], env={"TERM": "dumb", "COLUMNS": "100"})
    assert said.exit_code == 0
    for option in ("--host", "--port", "--workers"):
        assert option in said.stdout


def test_document_of_the_api_goes_to_a_file_or_to_stdout(runner: CliRunner, tmp_path: Path) -> None:
    file, page = tmp_path / "openapi.json", tmp_path / "problems.md"
    written = runner.invoke(cli.app, ["openapi", "--out", str(file), "--problems", str(page)])
    assert (written.exit_code, written.stdout) == (0, "")
    text = file.read_text("utf-8")
    document = json.loads(text)
    assert document["openapi"].startswith("3.1")
    assert "/v1/test-sessions" in document["paths"]
    assert "test_session_not_found" in page.read_text("utf-8")
    assert runner.invoke(cli.app, ["openapi"]).stdout == text


def test_a_refusal_is_one_line_on_standard_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse() -> None:
        raise OutOfPaper

    monkeypatch.setattr(cli, "app", refuse)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = capsys.readouterr()
    assert ended.value.code == 1
    assert (said.out, said.err) == ("", "Out of paper: There is no paper.\n")


def test_an_unknown_command_is_wrong_usage(runner: CliRunner) -> None:
    assert runner.invoke(cli.app, [f"no-{uuid4().hex}"]).exit_code == 2
