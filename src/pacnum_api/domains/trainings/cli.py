"""The catalogue on the command line. Exit codes: 0 done, 1 refused, 2 wrong usage.

Imports that cost time are made inside the commands, so that ``pacnum --help`` answers at once.
"""

# ruff: noqa: PLC0415 - see above

import json
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from pacnum_api.domains.trainings.types import CatalogueLoadReport
from pacnum_api.kernel.errors import DomainError
from pacnum_api.kernel.ids import PUBLIC_TENANT_ID
from pacnum_api.platform.documents import DocumentsRefused

app = typer.Typer(no_args_is_help=True, help="Trainings: load a catalogue.")


@app.callback()
def _trainings() -> None:
    """Load catalogues of trainings."""


@app.command("load")
def load(
    paths: Annotated[list[Path], typer.Argument(help="Files, or folders of YAML files.")],
    *,
    tenant: Annotated[
        str | None, typer.Option(help="Name of the tenant it is for; for all tenants if none.")
    ] = None,
    dry_run: Annotated[bool, typer.Option(help="Say what would change; change nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Load trainings and their sessions: all or nothing, every fault with file, line and field."""
    from pacnum_api.domains.clients import service as clients
    from pacnum_api.domains.trainings import service
    from pacnum_api.platform.database import Database
    from pacnum_api.platform.local_database import run_with_database

    async def work(database: Database) -> CatalogueLoadReport:
        tenant_id = PUBLIC_TENANT_ID
        if tenant is not None:
            async with database.unit_of_work(PUBLIC_TENANT_ID) as uow:
                tenant_id = await clients.find_tenant(uow, tenant)
        async with database.unit_of_work(tenant_id) as uow:
            return await service.load_trainings(uow, paths, dry_run=dry_run)

    try:
        report = run_with_database(work)
    except DomainError as error:
        _refuse(error, as_json=as_json)
    typer.echo(_as_json(report) if as_json else _as_text(report))


def _refuse(error: DomainError, *, as_json: bool) -> NoReturn:
    if as_json and isinstance(error, DocumentsRefused):
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


def _as_json(report: CatalogueLoadReport) -> str:
    document = {
        "added": report.added,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "dry_run": report.dry_run,
    }
    return json.dumps(document, indent=2)


def _as_text(report: CatalogueLoadReport) -> str:
    start = "would be " if report.dry_run else ""
    return (
        f"trainings and sessions: {report.added} {start}added, {report.updated} {start}updated, "
        f"{report.unchanged} unchanged"
    )
