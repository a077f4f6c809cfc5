"""Publishing a catalogue from files.

Data flow: files → documents whose values know their lines → content → policy's checks, against the
frameworks and against all trainings of the issuer, those in the files first → rows. Nothing is
written before every file has passed; a dry run stops there.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from pacnum_api.domains.referential.types import Framework
from pacnum_api.domains.trainings import policy, repository
from pacnum_api.domains.trainings.schemas import (
    CatalogueDocument,
    TrainingDocument,
    TrainingSessionDocument,
)
from pacnum_api.domains.trainings.service.publish import find_frameworks, framework_codes
from pacnum_api.domains.trainings.service.rows import session_of, training_of
from pacnum_api.domains.trainings.service.store import (
    add_session,
    add_training,
    change_session,
    change_training,
)
from pacnum_api.domains.trainings.types import (
    CatalogueLoadReport,
    ExternalId,
    Training,
    TrainingContent,
)
from pacnum_api.kernel.errors import FieldFault
from pacnum_api.platform.documents import (
    DocumentFault,
    DocumentsRefused,
    DocumentUnreadable,
    Locator,
    load_yaml,
    located,
    schema_faults,
)
from pacnum_api.platform.uow import UnitOfWork

SUFFIXES = (".yaml", ".yml", ".json")


@dataclass(frozen=True, slots=True)
class _Entry:
    """One training of one file; ``pointer`` leads to it."""

    path: Path
    locate: Locator
    pointer: str
    external_id: ExternalId
    document: TrainingDocument
    content: TrainingContent

    def faults(self, faults: Iterable[FieldFault]) -> list[DocumentFault]:
        """Faults by pointer into the training, as faults of its file."""
        inner = [FieldFault(self.pointer + fault.pointer, fault.message) for fault in faults]
        return located(inner, self.path, locate=self.locate)


@dataclass(slots=True)
class _Batch:
    """What the files say, until all of it is known to be sound."""

    entries: list[_Entry] = field(default_factory=list)
    faults: list[DocumentFault] = field(default_factory=list)


async def load_trainings(
    uow: UnitOfWork, paths: Sequence[Path], *, dry_run: bool = False
) -> CatalogueLoadReport:
    """Publish what files and folders hold, for the unit of work's tenant: all of it or nothing.

    What is already there under the same key is replaced; what is not in the files stays. Raises
    DocumentsRefused with every fault by file, line and field.
    """
    batch = _Batch()
    for path in _files(paths):
        _read_file(path, batch)
    await _check(uow, batch)
    if batch.faults:
        raise DocumentsRefused(batch.faults)
    outcomes = Counter[str]()
    for entry in batch.entries:
        outcomes.update(await _store(uow, entry, dry_run=dry_run))
    return CatalogueLoadReport(
        added=outcomes["added"],
        updated=outcomes["updated"],
        unchanged=outcomes["unchanged"],
        dry_run=dry_run,
        tenant_id=uow.tenant_id,
    )


def _files(paths: Sequence[Path]) -> list[Path]:
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            files.extend(sorted(one for one in path.rglob("*") if one.suffix in SUFFIXES))
        else:
            files.append(path)
    return files


def _read_file(path: Path, batch: _Batch) -> None:
    try:
        data, locate = load_yaml(path)
    except DocumentUnreadable as error:
        batch.faults.append(DocumentFault(error.path, error.line, "", error.message))
        return
    try:
        catalogue = CatalogueDocument.model_validate(data)
    except ValidationError as error:
        batch.faults.extend(schema_faults(error, path, locate=locate))
        return
    for index, document in enumerate(catalogue.trainings):
        external_id = ExternalId(catalogue.issuer, document.key)
        content = document.content(catalogue.provider)
        pointer = f"/trainings/{index}"
        batch.entries.append(_Entry(path, locate, pointer, external_id, document, content))


async def _check(uow: UnitOfWork, batch: _Batch) -> None:
    codes = {code for entry in batch.entries for code in framework_codes(entry.content)}
    frameworks = await find_frameworks(uow, codes)
    follows = await _links(uow, batch)
    trainings = Counter(entry.external_id for entry in batch.entries)
    sessions = Counter(
        ExternalId(entry.external_id.issuer, one.key)
        for entry in batch.entries
        for one in entry.document.sessions
    )
    for entry in batch.entries:
        batch.faults += entry.faults(_check_entry(entry, frameworks, follows=follows))
        batch.faults += entry.faults(_twice(entry, trainings, sessions=sessions))


async def _links(uow: UnitOfWork, batch: _Batch) -> dict[str, dict[str, list[str]]]:
    """By issuer, what each training presupposes once the files are loaded."""
    links: dict[str, dict[str, list[str]]] = {}
    for issuer in sorted({entry.external_id.issuer for entry in batch.entries}):
        await repository.lock_links(uow, issuer)
        links[issuer] = await repository.list_prerequisites(uow, issuer)
    for entry in batch.entries:
        links[entry.external_id.issuer][entry.external_id.value] = list(
            entry.content.prerequisites.trainings
        )
    return links


def _check_entry(
    entry: _Entry,
    frameworks: dict[str, Framework],
    *,
    follows: dict[str, dict[str, list[str]]],
) -> list[FieldFault]:
    value = entry.external_id.value
    faults = policy.check_training(entry.content, value=value, frameworks=frameworks)
    faults += policy.check_links(follows[entry.external_id.issuer], value=value)
    for index, session in enumerate(entry.document.sessions):
        faults += [
            FieldFault(f"/sessions/{index}{fault.pointer}", fault.message)
            for fault in policy.check_session(session.read())
        ]
    return faults


def _twice(
    entry: _Entry, trainings: Counter[ExternalId], *, sessions: Counter[ExternalId]
) -> Iterable[FieldFault]:
    if trainings[entry.external_id] > 1:
        yield FieldFault("/key", f"the key {entry.external_id.value} stands here more than once")
    for index, one in enumerate(entry.document.sessions):
        if sessions[ExternalId(entry.external_id.issuer, one.key)] > 1:
            message = f"the key {one.key} stands here more than once"
            yield FieldFault(f"/sessions/{index}/key", message)


async def _store(uow: UnitOfWork, entry: _Entry, *, dry_run: bool) -> list[str]:
    outcome, training = await _store_training(uow, entry, dry_run=dry_run)
    outcomes = [outcome]
    for session in entry.document.sessions:
        external_id = ExternalId(entry.external_id.issuer, session.key)
        outcomes.append(
            await _store_session(
                uow, external_id, training=training, session=session, dry_run=dry_run
            )
        )
    return outcomes


async def _store_training(
    uow: UnitOfWork, entry: _Entry, *, dry_run: bool
) -> tuple[str, Training | None]:
    """The outcome, and the training if there is one (in a dry run there may be none yet)."""
    row = await repository.lock_own_training(uow, entry.external_id)
    if row is not None:
        training = training_of(row)
        if training.content == entry.content:
            return "unchanged", training
        if not dry_run:
            await change_training(uow, row, content=entry.content)
        return "updated", training
    if dry_run:
        return "added", None
    await add_training(uow, entry.external_id, content=entry.content)
    added = await repository.lock_own_training(uow, entry.external_id)
    return "added", training_of(added) if added else None


async def _store_session(
    uow: UnitOfWork,
    external_id: ExternalId,
    *,
    training: Training | None,
    session: TrainingSessionDocument,
    dry_run: bool,
) -> str:
    content = session.read()
    row = await repository.lock_own_session(uow, external_id)
    if row is not None and training is not None:
        if session_of(row).content == content and row.training_id == training.id:
            return "unchanged"
        if not dry_run:
            await change_session(uow, row, training=training, content=content)
        return "updated"
    if training is not None and not dry_run:
        await add_session(uow, external_id, training=training, content=content)
    return "added"
