"""``pacnum calibrate``, for operators. Exit codes: 0 done, 1 refused, 2 wrong usage.

Imports that cost time are made inside the command, so that ``pacnum --help`` answers at once.
"""

# ruff: noqa: PLC0415 - see above

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from pacnum_api.domains.test_sessions.types import (
    AnchorRule,
    CalibrationModel,
    CalibrationRequest,
    CorrelationForm,
)
from pacnum_api.kernel.errors import DomainError, ErrorKind
from pacnum_api.platform.documents import DocumentsRefused

Framework = Annotated[str, typer.Option(help="Code of a framework.")]
Tenant = Annotated[
    str | None,
    typer.Option(help="Whose ended tests are read, and who owns what is published."),
]
Answers = Annotated[
    list[Path] | None,
    typer.Option(help="CSV or JSON lines: person, item, category[, group]; repeat it for more."),
]
Export = Annotated[
    Path | None,
    typer.Option(dir_okay=False, help="Write the answers under pseudonyms, and do nothing else."),
]
Competences = Annotated[str | None, typer.Option(help="Codes, with commas between; else all.")]
Model = Annotated[CalibrationModel, typer.Option(help="Of right/wrong items.")]
Anchors = Annotated[
    str, typer.Option(help="all-calibrated, none, or a file of items' keys, one a line.")
]
Correlation = Annotated[
    CorrelationForm, typer.Option(help="One number for each kind of pair, or one for each pair.")
]
MinAnswers = Annotated[int, typer.Option(min=1, help="With fewer an item stays as it is.")]
Dif = Annotated[
    Path | None, typer.Option(help="CSV or JSON lines: person, group. Groups are compared.")
]
Seed = Annotated[int, typer.Option(min=0, help="Of the draw of persons that correlations need.")]
Out = Annotated[
    Path | None, typer.Option(file_okay=False, help="Folder for CSV, JSON, SVG and PNG files.")
]
Publish = Annotated[
    bool, typer.Option("--publish", help="Publish a new version of the bank; else only report.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


def calibrate(  # noqa: PLR0913 - a command's options are its parameters
    *,
    framework: Framework = "digcomp-2.2",
    tenant: Tenant = None,
    answers: Answers = None,
    export: Export = None,
    competences: Competences = None,
    model: Model = CalibrationModel.AS_BANK,
    anchors: Anchors = AnchorRule.ALL_CALIBRATED.value,
    correlation: Correlation = CorrelationForm.AREAS,
    min_answers: MinAnswers = 100,
    dif: Dif = None,
    seed: Seed = 0,
    out: Out = None,
    publish: Publish = False,
    as_json: AsJson = False,
) -> None:
    """Estimate the items' parameters from answers: a report and, if wished, a new bank version."""
    from pacnum_api.domains.test_sessions.service.run_calibration import run_calibration
    from pacnum_api.platform.local_database import run_with_database

    request = CalibrationRequest(
        framework=framework,
        tenant=tenant,
        files=answers or (),
        competences=None if competences is None else competences.split(","),
        model=model,
        anchors=AnchorRule(anchors) if anchors in set(AnchorRule) else Path(anchors),
        correlation=correlation,
        minimum_answers=min_answers,
        groups=dif,
        seed=seed,
        export=export,
        out=out,
        is_published=publish,
    )
    _check(request)
    with _refusals(as_json=as_json):
        done = run_with_database(lambda database: run_calibration(database, request, say=_say))
    typer.echo(done.as_json() if as_json else done.as_text())


def _check(request: CalibrationRequest) -> None:
    if request.tenant is None and not request.files:
        message = "expected the tenant whose tests are read, or --answers, or both"
        raise typer.BadParameter(message, param_hint="--tenant")
    if request.export is not None and (request.is_published or request.out is not None):
        message = "goes without --out and --publish: it writes answers and nothing else"
        raise typer.BadParameter(message, param_hint="--export")


def _say(message: str) -> None:
    """On standard error, where it does not mix with the report."""
    typer.echo(message, err=True)


@contextmanager
def _refusals(*, as_json: bool) -> Iterator[None]:
    """Say what is wrong: 2 when the command was, 1 when files or the state of things are."""
    try:
        yield
    except DocumentsRefused as error:
        if as_json:
            faults = [
                {
                    "file": str(fault.path),
                    "line": fault.line,
                    "field": fault.pointer,
                    "message": fault.message,
                }
                for fault in error.document_faults
            ]
            typer.echo(json.dumps({"faults": faults}, ensure_ascii=False, indent=2))
        else:
            typer.echo(error.detail, err=True)
        raise typer.Exit(1) from error
    except DomainError as error:
        typer.echo(error.detail, err=True)
        for fault in error.faults:
            typer.echo(f"  {fault.pointer.removeprefix('/')}: {fault.message}", err=True)
        raise typer.Exit(2 if error.kind is ErrorKind.INVALID_INPUT else 1) from error
