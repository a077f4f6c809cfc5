"""Publishing frameworks, crosswalks and learning outcomes from files.

Data flow: files → documents whose values know their lines → typed objects → policy's checks →
immutable rows. Nothing is written before every file has passed; a dry run stops there.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from pacnum_api.domains.referential import policy, repository
from pacnum_api.domains.referential.errors import FrameworkNotFound
from pacnum_api.domains.referential.models import CrosswalkVersion, FrameworkVersion
from pacnum_api.domains.referential.schemas import CrosswalkDocument, FrameworkDocument
from pacnum_api.domains.referential.service.read_frameworks import get_framework
from pacnum_api.domains.referential.service.read_supplement import read_supplement
from pacnum_api.domains.referential.types import Framework, LearningOutcome, LoadReport
from pacnum_api.kernel.ids import PUBLIC_TENANT_ID, new_id
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

SUFFIXES = (".yaml", ".yml", ".json", ".jsonld")


@dataclass(slots=True)
class _Batch:
    """What the files say, until all of it is known to be sound."""

    frameworks: list[tuple[Path, Locator, FrameworkDocument]] = field(default_factory=list)
    crosswalks: list[tuple[Path, Locator, CrosswalkDocument]] = field(default_factory=list)
    outcomes: list[LearningOutcome] = field(default_factory=list)
    faults: list[DocumentFault] = field(default_factory=list)


async def load_documents(
    uow: UnitOfWork, paths: Sequence[Path], *, dry_run: bool = False
) -> LoadReport:
    """Publish what files and folders hold, for the unit of work's tenant: all of it or nothing.

    Raises DocumentsRefused with every fault by file, line and field: unreadable documents, values
    of the wrong form, frameworks that contradict themselves, crosswalks to unknown competences,
    and published versions with other content than before.
    """
    batch = _Batch()
    for path in _files(paths):
        _read_file(path, batch)
    await _check_codes(uow, batch)
    await _check_crosswalks(uow, batch)
    rows, unchanged = await _compare(uow, batch)
    if batch.faults:
        raise DocumentsRefused(batch.faults)
    added = [_name(row) for row in rows]
    if not dry_run:
        for row in rows:
            repository.add(uow, row)
        changed = await repository.save_learning_outcomes(uow, _outcome_rows(uow, batch.outcomes))
        await uow.session.flush()
    else:
        changed = len(batch.outcomes)
    if batch.outcomes:
        (added if changed else unchanged).append(f"{len(batch.outcomes)} learning outcomes")
    return LoadReport(tuple(added), tuple(unchanged), dry_run, uow.tenant_id)


def _files(paths: Sequence[Path]) -> list[Path]:
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            files.extend(sorted(p for p in path.rglob("*") if p.suffix in SUFFIXES))
        else:
            files.append(path)
    return files


def _read_file(path: Path, batch: _Batch) -> None:
    try:
        data, locate = load_yaml(path)
    except DocumentUnreadable as error:
        batch.faults.append(DocumentFault(error.path, error.line, "", error.message))
        return
    if isinstance(data, dict) and "@graph" in data:
        outcomes, faults = read_supplement(data)
        batch.outcomes.extend(outcomes)
        batch.faults.extend(located(faults, path, locate=locate))
        return
    try:
        if isinstance(data, dict) and "links" in data:
            batch.crosswalks.append((path, locate, CrosswalkDocument.model_validate(data)))
        else:
            document = FrameworkDocument.model_validate(data)
            batch.frameworks.append((path, locate, document))
            faults = policy.check_framework(document.read())
            batch.faults.extend(located(faults, path, locate=locate))
    except ValidationError as error:
        batch.faults.extend(schema_faults(error, path, locate=locate))


async def _check_codes(uow: UnitOfWork, batch: _Batch) -> None:
    """A tenant's own framework has a code of its own: one code never means two things to it."""
    if uow.tenant_id == PUBLIC_TENANT_ID:
        return
    for path, locate, document in batch.frameworks:
        try:
            await get_framework(uow, document.code, owner=PUBLIC_TENANT_ID)
        except FrameworkNotFound:
            continue
        message = f"{document.code} is a framework of all tenants: choose a code of your own"
        batch.faults.append(DocumentFault(path, locate("/code"), "/code", message))


async def _check_crosswalks(uow: UnitOfWork, batch: _Batch) -> None:
    known = {document.code: document.read() for _, _, document in batch.frameworks}
    for path, locate, document in batch.crosswalks:
        sides: list[Framework] = []
        for side, code in (("source", document.source), ("target", document.target)):
            try:
                sides.append(known.get(code) or await get_framework(uow, code))
            except FrameworkNotFound:
                message = f"no framework {code} is published or in these files"
                batch.faults.append(DocumentFault(path, locate(f"/{side}"), f"/{side}", message))
        if len(sides) == 2:
            faults = policy.check_crosswalk(document.read(), sides[0], target=sides[1])
            batch.faults.extend(located(faults, path, locate=locate))


async def _compare(
    uow: UnitOfWork, batch: _Batch
) -> tuple[list[FrameworkVersion | CrosswalkVersion], list[str]]:
    rows: list[FrameworkVersion | CrosswalkVersion] = []
    unchanged: list[str] = []
    candidates: list[tuple[Path, Locator, FrameworkVersion | CrosswalkVersion]] = [
        *((path, locate, _framework_row(uow, one)) for path, locate, one in batch.frameworks),
        *((path, locate, _crosswalk_row(uow, one)) for path, locate, one in batch.crosswalks),
    ]
    first: dict[str, Path] = {}
    for path, locate, row in candidates:
        earlier = first.setdefault(_name(row), path)
        if earlier is not path:
            message = f"{_name(row)} is also in {earlier}"
            batch.faults.append(DocumentFault(path, locate("/version"), "/version", message))
            continue
        known = await _find_published(uow, row)
        if known is None:
            rows.append(row)
        elif known.content_hash == row.content_hash:
            unchanged.append(_name(row))
        else:
            message = (
                f"version {row.version} is published with other content: "
                "a published version never changes, raise the version number"
            )
            batch.faults.append(DocumentFault(path, locate("/version"), "/version", message))
    return rows, unchanged


async def _find_published(
    uow: UnitOfWork, row: FrameworkVersion | CrosswalkVersion
) -> FrameworkVersion | CrosswalkVersion | None:
    if isinstance(row, FrameworkVersion):
        return await repository.find_own_framework(uow, row.code, version=row.version)
    return await repository.find_own_crosswalk(
        uow, row.source, target=row.target, version=row.version
    )


def _name(row: FrameworkVersion | CrosswalkVersion) -> str:
    what = row.code if isinstance(row, FrameworkVersion) else f"{row.source} → {row.target}"
    return f"{what} v{row.version}"


def _framework_row(uow: UnitOfWork, document: FrameworkDocument) -> FrameworkVersion:
    content = document.model_dump(mode="json")
    return FrameworkVersion(
        id=new_id(),
        tenant_id=uow.tenant_id,
        code=document.code,
        version=document.version,
        document=content,
        content_hash=_hash(content),
        published_at=uow.now,
    )


def _crosswalk_row(uow: UnitOfWork, document: CrosswalkDocument) -> CrosswalkVersion:
    content = document.model_dump(mode="json")
    return CrosswalkVersion(
        id=new_id(),
        tenant_id=uow.tenant_id,
        source=document.source,
        target=document.target,
        version=document.version,
        document=content,
        content_hash=_hash(content),
        published_at=uow.now,
    )


def _hash(content: object) -> bytes:
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).digest()


def _outcome_rows(uow: UnitOfWork, outcomes: Sequence[LearningOutcome]) -> list[dict[str, object]]:
    return [
        {
            "tenant_id": uow.tenant_id,
            "framework": outcome.framework,
            "identifier": outcome.identifier,
            "competence": outcome.competence,
            "band": outcome.band,
            "kind": outcome.kind.value,
            "ai_label": outcome.ai_label,
            "description": outcome.description,
        }
        for outcome in outcomes
    ]
