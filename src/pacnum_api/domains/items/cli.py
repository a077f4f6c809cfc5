"""Items on the command line."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Items: check, load, report.")


@app.callback()
def _items() -> None:
    """Check, load and report on items."""


@app.command("lint")
def lint(
    paths: Annotated[list[Path], typer.Argument(help="Files, or folders of YAML files.")],
    *,
    doubts: Annotated[bool, typer.Option(help="Also show doubts.")] = True,
) -> None:
    """Check authored items without a database: every fault, and what deserves a second look."""
    from pacnum_api.domains.items.service.read_documents import read_documents  # noqa: PLC0415

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
