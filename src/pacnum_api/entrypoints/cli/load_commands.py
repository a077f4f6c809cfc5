"""``pacnum load``: validated bulk loads, all or nothing, every fault with file, line and field."""

# ruff: noqa: PLC0415 - see entrypoints.cli

import json
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from pacnum_api.domains.organisations.errors import AgentLinesRefused
from pacnum_api.domains.organisations.types import ImportProgress, LineFormat
from pacnum_api.kernel.errors import DomainError
from pacnum_api.kernel.ids import PUBLIC_TENANT_ID
from pacnum_api.platform.database import Database
from pacnum_api.platform.documents import DocumentFault, DocumentsRefused
from pacnum_api.platform.uow import UnitOfWork

app = typer.Typer(
    no_args_is_help=True,
    help="Load content for every tenant, or for one; without PATH the content that ships.",
)

Paths = Annotated[list[Path] | None, typer.Argument(help="Files or folders.", exists=True)]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check everything, change nothing.")]
Tenant = Annotated[str | None, typer.Option(help="Name of the tenant that shall own it.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
NAMED_AT_MOST = 5
WORTH_PROCESSES_BYTES = 2_000_000
"""Of items: some four hundred, which take one process several seconds to try out."""

Loader = Callable[[UnitOfWork], Awaitable[object]]


@app.command("frameworks")
def load_frameworks(
    paths: Paths = None,
    *,
    dry_run: DryRun = False,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Frameworks and crosswalks (YAML), and the DigComp 3.0 supplement (JSON-LD)."""
    from pacnum_api.domains.referential import service
    from pacnum_api.entrypoints.shipped_content import SHIPPED

    async def load(uow: UnitOfWork) -> object:
        return await service.load_documents(uow, paths or SHIPPED.frameworks, dry_run=dry_run)

    _load(load, tenant=tenant, as_json=as_json)


@app.command("items")
def load_items(
    paths: Paths = None,
    *,
    dry_run: DryRun = False,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Items (YAML, one file a competence); publishes a new version of the bank."""
    from pacnum_api.domains.items import service
    from pacnum_api.entrypoints.shipped_content import SHIPPED

    # items are tried out, which takes longer than a transaction may idle: not inside of one
    sources = paths or SHIPPED.items
    reading = service.read_documents(
        sources, processes=_processes_for(sources), notice=_items_line()
    )

    async def load(uow: UnitOfWork) -> object:
        return await service.load_items(uow, reading, dry_run=dry_run)

    _load(load, tenant=tenant, as_json=as_json)


def _processes_for(sources: Sequence[Path]) -> int:
    """One for each processor, where there are so many items that starting them pays."""
    files = (file for path in sources for file in ([path] if path.is_file() else path.rglob("*")))
    size = sum(file.stat().st_size for file in files if file.suffix == ".yaml")
    return (os.cpu_count() or 1) if size > WORTH_PROCESSES_BYTES else 1


def _items_line() -> Callable[[int], None]:
    """How many items have been read, on a terminal."""

    def show(items: int) -> None:
        if sys.stderr.isatty():
            typer.echo(f"\r{items:>12,} items read and tried out\r", err=True, nl=False)

    return show


@app.command("trainings")
def load_trainings(
    paths: Paths = None,
    *,
    dry_run: DryRun = False,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Trainings and their sessions (YAML)."""
    from pacnum_api.domains.trainings import service
    from pacnum_api.entrypoints.shipped_content import SHIPPED

    async def load(uow: UnitOfWork) -> object:
        return await service.load_trainings(uow, paths or SHIPPED.trainings, dry_run=dry_run)

    _load(load, tenant=tenant, as_json=as_json)


@app.command("organisation")
def load_organisation(
    paths: Annotated[
        list[Path], typer.Argument(help="Files: .csv, .jsonl or .ndjson.", exists=True)
    ],
    *,
    dry_run: DryRun = False,
    tenant: Annotated[
        str | None, typer.Option(help="Name of their tenant; may be left out if there is one.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Agents, by the ids that an HR system knows them by (CSV or JSON lines)."""
    from pacnum_api.domains.organisations import service
    from pacnum_api.platform.line_files import pieces_of

    formats = [_line_format(path) for path in paths]
    notice = _progress_line(sum(path.stat().st_size for path in paths))

    async def load(uow: UnitOfWork) -> object:
        sources = [
            service.LineSource(place, line_format, pieces_of(path))
            for place, (path, line_format) in enumerate(zip(paths, formats, strict=True))
        ]
        try:
            return await service.import_agents(uow, sources, dry_run=dry_run, notice=notice)
        except AgentLinesRefused as error:
            raise _documents_refused(error, paths) from error

    _load(load, tenant=tenant, as_json=as_json, needs_tenant=True)


def _line_format(path: Path) -> LineFormat:
    known = {
        ".csv": LineFormat.CSV,
        ".jsonl": LineFormat.JSON_LINES,
        ".ndjson": LineFormat.JSON_LINES,
    }
    found = known.get(path.suffix.lower())
    if found is None:
        raise typer.BadParameter(f"{path}: expected a file in {', '.join(known)}")
    return found


def _progress_line(total_bytes: int) -> Callable[[ImportProgress], Awaitable[None]]:
    """A line on a terminal that is written over again; in a log that would say nothing."""

    async def show(progress: ImportProgress) -> None:
        if sys.stderr.isatty():
            share = 100 * progress.bytes_read // max(total_bytes, 1)
            line = f"\r{progress.lines_read:>12,} lines {share:>3} %"
            typer.echo(line, err=True, nl=share >= 100)

    return show


def _documents_refused(error: AgentLinesRefused, paths: Sequence[Path]) -> DocumentsRefused:
    """The faults by their files, as every loader tells them."""
    faults = (
        DocumentFault(paths[one.source], one.line, one.field and f"/{one.field}", one.message)
        for one in error.line_faults
    )
    return DocumentsRefused(faults, count=error.count)


def _load(load: Loader, *, tenant: str | None, as_json: bool, needs_tenant: bool = False) -> None:
    from pacnum_api.platform.local_database import run_with_database

    async def work(database: Database) -> object:
        owner = await _owner(database, tenant, needs_tenant=needs_tenant)
        async with database.unit_of_work(owner) as uow:
            return await load(uow)

    try:
        report = run_with_database(work)
    except DomainError as error:
        _refuse(error, as_json=as_json)
        raise typer.Exit(1) from error
    _say(report, as_json=as_json)


async def _owner(database: Database, tenant: str | None, *, needs_tenant: bool) -> UUID:
    """The tenant that was named; else the only one, where there must be one, or the public one."""
    from pacnum_api.domains.clients import service as clients

    if tenant is None and not needs_tenant:
        return PUBLIC_TENANT_ID
    async with database.unit_of_work(PUBLIC_TENANT_ID) as uow:
        if tenant is not None:
            return await clients.find_tenant(uow, tenant)
        known = await clients.list_tenant_ids(uow)
    if len(known) != 1:
        raise typer.BadParameter(f"there are {len(known)} tenants: name one", param_hint="--tenant")
    return known[0]


def _refuse(error: DomainError, *, as_json: bool) -> None:
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


def _say(report: object, *, as_json: bool) -> None:
    content = _plain(report)
    if as_json:
        typer.echo(json.dumps(content, ensure_ascii=False, indent=2))
        return
    for name, value in content.items():
        typer.echo(f"{name.replace('_', ' ')}: {_shown(value)}")


def _shown(value: object) -> str:
    if not isinstance(value, list):
        return "–" if value is None else str(value)
    if not value:
        return "0"
    named = ", ".join(value[:NAMED_AT_MOST])
    rest = f" and {len(value) - NAMED_AT_MOST} more" if len(value) > NAMED_AT_MOST else ""
    return f"{len(value)} ({named}{rest})"


def _plain(report: object) -> dict[str, Any]:
    """A report's members as JSON knows them; a nested value is named by its text."""
    assert is_dataclass(report)  # noqa: S101 - every loader returns one
    plain: dict[str, Any] = {}
    for member in fields(report):
        value = getattr(report, member.name)
        if isinstance(value, tuple | list):
            plain[member.name] = [str(one) for one in value]
        elif isinstance(value, bool | int | float) or value is None:
            plain[member.name] = value
        else:
            plain[member.name] = str(value)
    return plain
