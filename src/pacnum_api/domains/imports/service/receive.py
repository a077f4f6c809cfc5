"""Receiving a file: it is kept until a worker has carried it out."""

from typing import Final

from pacnum_api.domains.imports import repository
from pacnum_api.domains.imports.errors import ImportFileEmpty
from pacnum_api.domains.imports.repository import NewImport
from pacnum_api.domains.imports.service.read_imports import import_of
from pacnum_api.domains.imports.types import Import, ImportFormat
from pacnum_api.platform.uow import UnitOfWork
from pacnum_api.platform.uploads import Upload

MEDIA_TYPES: Final = {
    "text/csv": ImportFormat.CSV,
    "application/jsonl": ImportFormat.JSON_LINES,
    "application/x-ndjson": ImportFormat.JSON_LINES,
}


async def begin_import(uow: UnitOfWork, upload: Upload, *, dry_run: bool) -> Import:
    """Queue a file of agents. The same file that waits already is not queued twice.

    Raises ImportFileEmpty.
    """
    if not upload.size_bytes:
        raise ImportFileEmpty
    file = NewImport(
        format=MEDIA_TYPES[upload.media_type],
        is_dry_run=dry_run,
        size_bytes=upload.size_bytes,
        content_hash=upload.sha256,
    )
    while (import_id := await repository.add_if_new(uow, file)) is None:
        waiting = await repository.find_waiting(uow, file)
        if waiting is not None:  # else a worker has just begun with it: this one comes after
            return import_of(waiting)
    await repository.add_pieces(uow, import_id, pieces=upload.pieces())
    return import_of(await repository.get_import(uow, import_id))
