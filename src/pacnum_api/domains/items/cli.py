"""Items on the command line. Exit codes: 0 done, 1 refused, 2 wrong usage.

Imports that cost time are made inside the commands, so that ``pacnum --help`` answers at once.
"""

# ruff: noqa: PLC0415 - see above

from pathlib import Path
from typing import Annotated

import typer

from pacnum_api.kernel.errors import DomainError
from pacnum_api.kernel.ids import PUBLIC_TENANT_ID

app = typer.Typer(no_args_is_help=True, help="Items: check them, describe their format.")
bank_app = typer.Typer(no_args_is_help=True, help="Item banks.")

Paths = Annotated[list[Path], typer.Argument(help="Files, or folders of YAML files.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


@bank_app.callback()
def _bank() -> None:
    """Describe published banks."""


@app.command("lint")
def lint(
    paths: Paths, *, doubts: Annotated[bool, typer.Option(help="Also show doubts.")] = True
) -> None:
    """Check authored items without a database: every fault, and what deserves a second look.

    An enemy that no file has is a fault in folders; where a file is given by itself it is a doubt.
    """
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
