"""Imports over HTTP: a file comes in, a worker carries it out, its state can be followed."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Path, Query, Response

from pacnum_api.domains.imports import service
from pacnum_api.domains.imports.errors import ImportFileEmpty, ImportNotFound
from pacnum_api.domains.imports.schemas import ImportFaultRead, ImportRead
from pacnum_api.domains.organisations.access import OrganisationReader, OrganisationWriter
from pacnum_api.kernel.page import InvalidCursor
from pacnum_api.platform.http import Uow, make_router
from pacnum_api.platform.pagination import Paged, PageParams
from pacnum_api.platform.problems import problems
from pacnum_api.platform.upload_requests import UploadRoute, uploaded
from pacnum_api.platform.uploads import Upload

api = make_router("/imports", "organisation", route_class=UploadRoute)

ImportPath = Annotated[UUID, Path(description="The import's id.")]
DryRun = Annotated[bool, Query(description="Check everything, change nothing.")]
ImportFile = Annotated[Upload, Depends(uploaded(service.MEDIA_TYPES), scope="function")]

_LINES = '{"issuer": "sirhius", "value": "a-104729", "locale": "fr"}\n'
_EXAMPLES = {
    "text/csv": "issuer;value;locale\nsirhius;a-104729;fr\n",
    "application/jsonl": _LINES,
    "application/x-ndjson": _LINES,
}
_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The file, in UTF-8. CSV: a header (`issuer`, `value`, and `locale` if "
        "given), cells separated by `;` or `,`. JSON lines: one object a line.",
        "content": {
            media_type: {"schema": {"type": "string", "minLength": 1}, "example": example}
            for media_type, example in _EXAMPLES.items()
        },
    }
}


@api.post(
    "",
    status_code=202,
    operation_id="imports_begin_import",
    summary="Import agents from a file",
    description=(
        "Creates the agents that are new and updates those that differ, all of them or, if any "
        "line has a fault, none. The file is carried out in the background: follow `Location`. "
        "The same file sent again changes nothing."
    ),
    responses=problems(ImportFileEmpty),
    openapi_extra=_FILE,
)
async def begin_import(
    caller: OrganisationWriter,
    file: ImportFile,
    *,
    uow: Uow,
    response: Response,
    dry_run: DryRun = False,
) -> ImportRead:
    begun = await service.begin_import(uow, file, dry_run=dry_run)
    response.headers["Location"] = f"/v1/imports/{begun.id}"
    return ImportRead.of(begun)


@api.get(
    "",
    operation_id="imports_list_imports",
    summary="List imports",
    description="The newest first. An import that has ended can be read for 30 days.",
    responses=problems(InvalidCursor),
)
async def list_imports(
    caller: OrganisationReader, uow: Uow, *, page: PageParams
) -> Paged[ImportRead]:
    found = await service.list_imports(uow, limit=page.limit, cursor=page.cursor)
    return page.envelope(found, ImportRead.of)


@api.get(
    "/{import_id}",
    operation_id="imports_read_import",
    summary="Read an import",
    description="Its state, how far it is, and once it has ended what became of its lines.",
    responses=problems(ImportNotFound),
)
async def read_import(import_id: ImportPath, caller: OrganisationReader, *, uow: Uow) -> ImportRead:
    return ImportRead.of(await service.get_import(uow, import_id))


@api.get(
    "/{import_id}/errors",
    operation_id="imports_list_errors",
    summary="List the faults of an import",
    description=(
        "By line; what was expected, never what was found. Of a file with more than 10,000 "
        "faults the first are kept; `counts.failed` of the import counts them all."
    ),
    responses=problems(ImportNotFound, InvalidCursor),
)
async def list_errors(
    import_id: ImportPath, caller: OrganisationReader, *, uow: Uow, page: PageParams
) -> Paged[ImportFaultRead]:
    found = await service.list_faults(uow, import_id, limit=page.limit, cursor=page.cursor)
    return page.envelope(found, ImportFaultRead.of)
