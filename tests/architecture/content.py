"""What ships, held against the domains' own checks; no database is needed.

Data flow: files → documents → typed objects → each domain's policy. References across files (a
crosswalk's competences, a training's framework, an item's competence) are followed too.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import ValidationError

from pacnum_api.domains.items.service.read_documents import read_documents
from pacnum_api.domains.referential import policy as referential
from pacnum_api.domains.referential.schemas import CrosswalkDocument, FrameworkDocument
from pacnum_api.domains.referential.types import Framework
from pacnum_api.domains.trainings import policy as trainings
from pacnum_api.domains.trainings.schemas import CatalogueDocument, TrainingDocument
from pacnum_api.domains.trainings.types import TrainingContent
from pacnum_api.kernel.errors import FieldFault
from pacnum_api.platform.documents import DocumentUnreadable, load_yaml


def faults_of_content(folder: Path) -> list[str]:
    """Every fault in the content of a folder, by file."""
    frameworks: dict[str, Framework] = {}
    return [
        *_frameworks(folder / "frameworks", frameworks),
        *_crosswalks(folder / "crosswalks", frameworks),
        *_items(folder / "items", frameworks),
        *_trainings(folder / "trainings", frameworks),
    ]


def _said(path: Path, faults: list[FieldFault]) -> Iterator[str]:
    for fault in faults:
        yield f"{path}: {fault.pointer}: {fault.message}"


def _frameworks(folder: Path, frameworks: dict[str, Framework]) -> Iterator[str]:
    for path in sorted(folder.rglob("*.yaml")):
        try:
            framework = FrameworkDocument.model_validate(load_yaml(path)[0]).read()
        except (ValidationError, DocumentUnreadable) as error:
            yield f"{path}: {error}"
            continue
        frameworks[framework.code] = framework
        yield from _said(path, referential.check_framework(framework))


def _crosswalks(folder: Path, frameworks: Mapping[str, Framework]) -> Iterator[str]:
    for path in sorted(folder.rglob("*.yaml")):
        try:
            crosswalk = CrosswalkDocument.model_validate(load_yaml(path)[0]).read()
            sides = frameworks[crosswalk.source], frameworks[crosswalk.target]
        except (ValidationError, DocumentUnreadable, KeyError) as error:
            yield f"{path}: {error}"
            continue
        yield from _said(path, referential.check_crosswalk(crosswalk, sides[0], target=sides[1]))


def _items(folder: Path, frameworks: Mapping[str, Framework]) -> Iterator[str]:
    reading = read_documents([folder], tries_out=False)  # the bank's own gate tries every variant
    yield from (str(fault) for fault in reading.faults)
    for read in reading.heads:
        head = read.head
        framework = frameworks.get(head.framework)
        if framework is None or framework.find_competence(head.competence) is None:
            yield f"{read.path}: no competence {head.competence} of {head.framework}"


def _trainings(folder: Path, frameworks: Mapping[str, Framework]) -> Iterator[str]:
    entries: list[tuple[Path, str, TrainingDocument, TrainingContent]] = []
    follows: dict[str, dict[str, list[str]]] = {}
    for path in sorted(folder.rglob("*.yaml")):
        try:
            catalogue = CatalogueDocument.model_validate(load_yaml(path)[0])
        except (ValidationError, DocumentUnreadable) as error:
            yield f"{path}: {error}"
            continue
        links = follows.setdefault(catalogue.issuer, {})
        for one in catalogue.trainings:
            if one.key in links:
                yield f"{path}: the key {one.key} stands here more than once"
            content = one.content(catalogue.provider)
            entries.append((path, catalogue.issuer, one, content))
            links[one.key] = list(content.prerequisites.trainings)
    for path, issuer, one, content in entries:
        faults = trainings.check_training(content, value=one.key, frameworks=frameworks)
        faults += trainings.check_links(follows[issuer], value=one.key)
        yield from _said(path, [*faults, *_sessions(one)])


def _sessions(training: TrainingDocument) -> Iterator[FieldFault]:
    for session in training.sessions:
        yield from trainings.check_session(session.read())
