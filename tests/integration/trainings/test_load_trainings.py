"""Loading a catalogue from files: all of it or nothing, and every fault by its line."""

from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text

import pacnum_api
from pacnum_api.domains.trainings import service
from pacnum_api.domains.trainings.types import CatalogueLoadReport, ExternalId
from pacnum_api.kernel.ids import new_id
from pacnum_api.platform.database import Database
from pacnum_api.platform.documents import DocumentsRefused

SHIPPED = Path(pacnum_api.__file__).parent / "content" / "trainings"
CATALOGUE = """\
issuer: house
provider:
  kind: ministry_institute
  name: {fr: Maison, en: House}
trainings:
  - key: first
    title: {fr: Un, en: One}
    summary: {fr: Le premier, en: The first}
    objectives: [{fr: Apprendre, en: Learn}]
    competences: [{framework: digcomp-2.2, competence: "1.1", entry_level: 0, exit_level: 2}]
    modality: onsite
    duration_minutes: 60
    audience: {fr: Tous, en: All}
    language: fr
    link: https://house.example/first
    sessions:
      - key: first-1
        starts_at: "2031-01-10T08:00:00Z"
        ends_at: "2031-01-10T09:00:00Z"
        place: {fr: Paris, en: Paris}
        seats: 8
  - key: second
    title: {fr: Deux, en: Two}
    summary: {fr: Le second, en: The second}
    objectives: [{fr: Approfondir, en: Deepen}]
    competences: [{framework: digcomp-2.2, competence: "1.1", entry_level: 2, exit_level: 4}]
    modality: online
    duration_minutes: 45
    audience: {fr: Tous, en: All}
    language: fr
    link: https://house.example/second
    prerequisites: {trainings: [first]}
"""


@pytest.fixture
def tenant_id() -> UUID:
    return new_id()


async def load(
    database: Database, tenant_id: UUID, *paths: Path, dry_run: bool = False
) -> CatalogueLoadReport:
    async with database.unit_of_work(tenant_id) as uow:
        return await service.load_trainings(uow, paths, dry_run=dry_run)


def counts(report: CatalogueLoadReport) -> tuple[int, int, int]:
    return report.added, report.updated, report.unchanged


async def test_loading_again_touches_only_what_changed(
    database: Database, tenant_id: UUID, tmp_path: Path
) -> None:
    file = tmp_path / "house.yaml"
    file.write_text(CATALOGUE)
    assert counts(await load(database, tenant_id, file, dry_run=True)) == (3, 0, 0)
    assert counts(await load(database, tenant_id, file)) == (3, 0, 0)
    assert counts(await load(database, tenant_id, tmp_path)) == (0, 0, 3)
    changed = CATALOGUE.replace("duration_minutes: 45", "duration_minutes: 50")
    file.write_text(changed.replace("seats: 8", "seats: 9"))
    assert counts(await load(database, tenant_id, file, dry_run=True)) == (0, 2, 1)
    assert counts(await load(database, tenant_id, file)) == (0, 2, 1)
    async with database.unit_of_work(tenant_id) as uow:
        second = await service.get_training_by_external_id(uow, ExternalId("house", "second"))
        session = await service.get_training_session_by_external_id(
            uow, ExternalId("house", "first-1")
        )
    assert (second.content.duration_minutes, second.version) == (50, 2)
    assert (session.content.seats, session.version) == (9, 2)
    assert second.content.prerequisites.trainings == ("first",)


async def test_a_dry_run_writes_nothing(
    database: Database, tenant_id: UUID, *, tmp_path: Path, owner: asyncpg.Connection
) -> None:
    file = tmp_path / "house.yaml"
    file.write_text(CATALOGUE)
    report = await load(database, tenant_id, file, dry_run=True)
    assert (report.dry_run, report.tenant_id) == (True, tenant_id)
    for table in ("trainings", "training_competences", "training_sessions", "outbox_events"):
        query = f"SELECT count(*) FROM {table} WHERE tenant_id = $1"  # noqa: S608 - names above
        assert await owner.fetchval(query, tenant_id) == 0


async def test_the_shipped_catalogue_is_loaded_already(database: Database) -> None:
    report = await load(database, UUID(int=0), SHIPPED, dry_run=True)
    assert counts(report) == (0, 0, 128)


@pytest.mark.parametrize(
    ("old", "new", "line", "pointer"),
    [
        ("exit_level: 4", "exit_level: 1", 26, "/trainings/1/competences/0/exit_level"),
        ('competence: "1.1", entry_level: 2', 'competence: "9.9", entry_level: 2', 26,
         "/trainings/1/competences/0/competence"),
        ("trainings: [first]", "trainings: [frist]", 32, "/trainings/1/prerequisites/trainings/0"),
        ("modality: onsite", "modality: by_post", 11, "/trainings/0/modality"),
        ("seats: 8", "chairs: 8", 21, "/trainings/0/sessions/0/chairs"),
        ("2031-01-10T09:00:00Z", "2031-01-10T07:00:00Z", 19, "/trainings/0/sessions/0/ends_at"),
        ("key: second", "key: first", 6, "/trainings/0/key"),
        ("issuer: house", "issuer: house\nissuer: house", 2, ""),
    ],
)  # fmt: skip
async def test_faults_are_told_by_line_and_nothing_is_loaded(
    database: Database,
    tenant_id: UUID,
    *,
    tmp_path: Path,
    owner: asyncpg.Connection,
    old: str,
    new: str,
    line: int,
    pointer: str,
) -> None:
    sound, faulty = tmp_path / "a.yaml", tmp_path / "b.yaml"
    sound.write_text(CATALOGUE.replace("house", "other"))
    assert CATALOGUE.count(old) >= 1
    faulty.write_text(CATALOGUE.replace(old, new, 1))
    with pytest.raises(DocumentsRefused) as refused:
        await load(database, tenant_id, tmp_path)
    places = [(one.path, one.line, one.pointer) for one in refused.value.document_faults]
    assert (faulty, line, pointer) in places
    assert {path for path, _, _ in places} == {faulty}
    query = "SELECT count(*) FROM trainings WHERE tenant_id = $1"
    assert await owner.fetchval(query, tenant_id) == 0


async def test_a_key_stands_once_in_all_files(
    database: Database, tenant_id: UUID, tmp_path: Path
) -> None:
    (tmp_path / "a.yaml").write_text(CATALOGUE)
    (tmp_path / "b.yaml").write_text(CATALOGUE)
    with pytest.raises(DocumentsRefused) as refused:
        await load(database, tenant_id, tmp_path)
    pointers = [fault.pointer for fault in refused.value.document_faults]
    assert sorted(pointers) == sorted(
        ["/trainings/0/key", "/trainings/0/sessions/0/key", "/trainings/1/key"] * 2
    )


async def test_a_circle_is_found_across_files(
    database: Database, tenant_id: UUID, tmp_path: Path
) -> None:
    (tmp_path / "a.yaml").write_text(CATALOGUE)
    await load(database, tenant_id, tmp_path)
    circle = CATALOGUE.replace(
        "    sessions:\n", "    prerequisites: {trainings: [second]}\n    sessions:\n"
    )
    (tmp_path / "a.yaml").write_text(circle)
    with pytest.raises(DocumentsRefused) as refused:
        await load(database, tenant_id, tmp_path)
    assert all("circle" in fault.message for fault in refused.value.document_faults)


async def test_row_security_holds_where_a_query_forgets_the_tenant(
    database: Database, tenant_id: UUID, tmp_path: Path
) -> None:
    file = tmp_path / "house.yaml"
    file.write_text(CATALOGUE)
    await load(database, tenant_id, file)
    for table, own in (("trainings", 2), ("training_competences", 2), ("training_sessions", 1)):
        query = text(f"SELECT tenant_id, count(*) FROM {table} GROUP BY 1")  # noqa: S608 - names above
        async with database.unit_of_work(tenant_id) as uow:
            seen = {row[0]: row[1] for row in await uow.session.execute(query)}
        assert seen[tenant_id] == own
        assert set(seen) == {tenant_id, UUID(int=0)}
        async with database.unit_of_work(new_id()) as uow:
            others = {row[0] for row in await uow.session.execute(query)}
        assert others == {UUID(int=0)}
