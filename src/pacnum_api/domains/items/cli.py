"""Items on the command line. Exit codes: 0 done, 1 refused, 2 wrong usage.

Imports that cost time are made inside the commands, so that ``pacnum --help`` answers at once.
"""

# ruff: noqa: PLC0415 - see above

import json
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from pacnum_api.domains.items.types import LoadReport
from pacnum_api.kernel.errors import DomainError
from pacnum_api.kernel.ids import PUBLIC_TENANT_ID
from pacnum_api.platform.documents import DocumentsRefused

app = typer.Typer(no_args_is_help=True, help="Items: check, load, describe.")
bank_app = typer.Typer(no_args_is_help=True, help="Item banks.")

Paths = Annotated[list[Path], typer.Argument(help="Files, or folders of YAML files.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


@app.command("lint")
def lint(
    paths: Paths, *, doubts: Annotated[bool, typer.Option(help="Also show doubts.")] = True
) -> None:
    """Check authored items without a database: every fault, and what deserves a second look."""
    from pacnum_api.domains.items.service.read_documents import read_documents

    reading = read_documents(paths)
    for fault in reading.faults:
        typer.echo(f"fault  {fault}")
    for doubt in reading.doubts if doubts else ():
        typer.echo(f"doubt  {doubt}")
    typer.echo(
        f"{len(reading.items)} items, {len(reading.faults)} faults, {len(reading.doubts)} doubts"
    )
    if reading.faults:
        raise typer.Exit(1)


@app.command("schema")
def schema() -> None:
    """Print the JSON schema of the authoring format."""
    from pacnum_api.domains.items.service.authoring_schema import authoring_schema

    typer.echo(authoring_schema(), nl=False)


@app.command("load")
def load(
    paths: Paths,
    *,
    dry_run: Annotated[bool, typer.Option(help="Say what would change; change nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Load items for every tenant and publish the banks: all or nothing."""
    from pacnum_api.domains.items import service
    from pacnum_api.platform.database import Database
    from pacnum_api.platform.local_database import run_with_database

    async def work(database: Database) -> LoadReport:
        async with database.unit_of_work(PUBLIC_TENANT_ID) as uow:
            return await service.load_items(uow, paths, dry_run=dry_run)

    try:
        report = run_with_database(work)
    except DocumentsRefused as error:
        _refuse(error, as_json=as_json)
    typer.echo(_as_json(report) if as_json else _as_text(report))


def _refuse(error: DocumentsRefused, *, as_json: bool) -> NoReturn:
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


@bank_app.command("report")
def report(
    framework: Annotated[str, typer.Option(help="Code of a framework.")] = "digcomp-2.2",
    *,
    as_json: AsJson = False,
) -> None:
    """Show what the published bank covers: competence by level, types, files, templates."""
    from pacnum_api.domains.items import service
    from pacnum_api.platform.database import Database
    from pacnum_api.platform.local_database import run_with_database

    async def work(database: Database) -> service.BankCoverage:
        async with database.unit_of_work(PUBLIC_TENANT_ID) as uow:
            return await service.report_bank(uow, framework)

    try:
        coverage = run_with_database(work)
    except DomainError as error:
        typer.echo(error.detail, err=True)
        raise typer.Exit(1) from error
    typer.echo(coverage.as_json() if as_json else coverage.as_text())


def _as_json(report: LoadReport) -> str:
    banks = [
        {"id": str(bank.id), "framework": bank.framework, "version": bank.version}
        for bank in report.banks
    ]
    document = {
        "added": report.added,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "banks": banks,
        "dry_run": report.is_dry_run,
    }
    return json.dumps(document, ensure_ascii=False, indent=2)


def _as_text(report: LoadReport) -> str:
    start = "would be " if report.is_dry_run else ""
    added, changed, unchanged = len(report.added), len(report.changed), len(report.unchanged)
    lines = [f"{added} items {start}added, {changed} {start}changed, {unchanged} unchanged"]
    lines += [
        f"bank {bank.framework} v{bank.version} {start}published ({bank.item_count} items)"
        for bank in report.banks
    ]
    return "\n".join(lines)
