"""Loading: all or nothing, versions, banks, tenants."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
import yaml
from fastapi import FastAPI

from pacnum_api.domains.items import repository, service
from pacnum_api.domains.items.errors import BankNotFound, ItemFileNotFound
from pacnum_api.domains.items.service import bank_memory, banks
from pacnum_api.domains.items.types import BankHandle, ItemFilter, LoadReport
from pacnum_api.domains.referential import service as referential
from pacnum_api.kernel.ids import PUBLIC_TENANT_ID
from pacnum_api.platform.database import Database
from pacnum_api.platform.documents import DocumentsRefused
from tests.support.authored_items import authored, both
from tests.support.callers import Caller

FRAMEWORK = "digcomp-2.2"


def write(folder: Path, *items: dict[str, Any], **head: Any) -> Path:
    path = folder / "items.yaml"
    document = {"framework": FRAMEWORK, "competence": "1.1", "items": list(items), **head}
    path.write_text(yaml.safe_dump(document, allow_unicode=True), "utf-8")
    return path


async def load(database: Database, caller: Caller, path: Path, **options: Any) -> LoadReport:
    async with database.unit_of_work(caller.tenant_id) as uow:
        return await service.load_items(uow, [path], **options)


async def current(database: Database, caller: Caller) -> BankHandle:
    async with database.unit_of_work(caller.tenant_id) as uow:
        return await service.current_bank(uow, FRAMEWORK)


async def test_a_tenants_items_join_the_shipped_ones_for_it_alone(
    database: Database, caller: Caller, *, stranger: Caller, tmp_path: Path
) -> None:
    shipped = await current(database, stranger)
    report = await load(database, caller, write(tmp_path, authored("numeric")))
    assert report.added == ("1.1-3-numeric",)
    (bank,) = report.banks
    assert (bank.version, bank.item_count) == (1, shipped.item_count + 1)
    assert await current(database, caller) == bank
    assert await current(database, stranger) == shipped
    async with database.unit_of_work(stranger.tenant_id) as uow:
        with pytest.raises(BankNotFound):
            await service.get_bank(uow, bank.id)
    query = {"limit": 200, "competence": "1.1"}
    own = (await caller.get("/v1/items", params=query)).json()["data"][-1]
    assert (own["key"], own["is_shipped"]) == ("1.1-3-numeric", False)
    for path in ("", "/versions"):
        foreign = await stranger.get(f"/v1/items/{own['id']}{path}")
        assert foreign.status_code == 404
    for path, body in (("preview", {}), ("reports", {"reason": "other", "comment": "x"})):
        foreign = await stranger.post(f"/v1/items/{own['id']}/{path}", json=body)
        assert (foreign.status_code, foreign.json()["code"]) == (404, "item_not_found")


async def test_a_cached_bank_of_another_tenant_is_not_found(
    database: Database, caller: Caller, *, stranger: Caller, tmp_path: Path
) -> None:
    (bank,) = (await load(database, caller, write(tmp_path, authored("numeric")))).banks
    async with database.unit_of_work(caller.tenant_id) as uow:
        held = await service.get_bank(uow, bank.id)
    assert service.find_cached_bank(bank.id) is held
    async with database.unit_of_work(stranger.tenant_id) as uow:
        with pytest.raises(BankNotFound):
            await service.get_bank(uow, bank.id)


async def test_loading_again_changes_nothing(
    database: Database, caller: Caller, tmp_path: Path
) -> None:
    path = write(tmp_path, authored("numeric"), authored("ordering"))
    await load(database, caller, path)
    again = await load(database, caller, path)
    assert (again.added, again.changed, again.banks) == ((), (), ())
    assert again.unchanged == ("1.1-3-numeric", "1.1-3-ordering")


async def test_a_changed_item_is_a_new_version_in_a_new_bank(
    database: Database, caller: Caller, tmp_path: Path
) -> None:
    (first,) = (await load(database, caller, write(tmp_path, authored("numeric")))).banks
    reworded = authored("numeric", content={"stem": both("better")})
    report = await load(database, caller, write(tmp_path, reworded))
    assert report.changed == ("1.1-3-numeric",)
    (second,) = report.banks
    assert second.version == first.version + 1
    async with database.unit_of_work(caller.tenant_id) as uow:
        before = await service.get_bank(uow, first.id)
        after = await service.get_bank(uow, second.id)
    index = next(i for i, item in enumerate(before.items) if item.key == "1.1-3-numeric")
    assert before.items[index].content.stem.fr == "question (fr)"
    assert after.items[index].content.stem.fr == "better (fr)"
    assert before.item_ids[index] == after.item_ids[index]
    assert before.version_ids[index] != after.version_ids[index]
    path = f"/v1/items/{before.item_ids[index]}/versions"
    versions = (await caller.get(path)).json()["data"]
    assert [version["version"] for version in versions] == [2, 1]
    page = (await caller.get(path, params={"limit": 1})).json()
    rest = (await caller.get(path, params={"limit": 1, "cursor": page["next_cursor"]})).json()
    assert (rest["data"][0]["version"], rest["next_cursor"]) == (1, None)


async def test_a_retired_item_leaves_the_bank_without_a_new_version(
    database: Database, caller: Caller, tmp_path: Path
) -> None:
    (first,) = (await load(database, caller, write(tmp_path, authored("numeric")))).banks
    report = await load(database, caller, write(tmp_path, authored("numeric", status="retired")))
    assert report.changed == ("1.1-3-numeric",)
    assert report.banks[0].item_count == first.item_count - 1
    rows = (await caller.get("/v1/items", params={"status": "retired"})).json()["data"]
    assert [(row["key"], row["version"]) for row in rows] == [("1.1-3-numeric", 1)]


async def test_a_dry_run_says_what_would_be(
    database: Database, caller: Caller, tmp_path: Path
) -> None:
    before = await current(database, caller)
    path = write(tmp_path, authored("numeric"))
    report = await load(database, caller, path, dry_run=True)
    assert report.is_dry_run
    assert report.added == ("1.1-3-numeric",)
    assert report.banks[0].item_count == before.item_count + 1
    assert await current(database, caller) == before
    assert (await load(database, caller, path)).added == ("1.1-3-numeric",)


@pytest.mark.parametrize(
    ("head", "pointer"),
    [({"framework": "digcomp-9"}, "/framework"), ({"competence": "9.9"}, "/competence")],
)
async def test_unknown_frameworks_and_competences(
    database: Database, caller: Caller, *, tmp_path: Path, head: dict[str, str], pointer: str
) -> None:
    key = f"{head.get('competence', '1.1')}-3-numeric"
    path = write(tmp_path, authored("numeric", key=key), **head)
    with pytest.raises(DocumentsRefused) as caught:
        await load(database, caller, path)
    assert [fault.pointer for fault in caught.value.document_faults] == [pointer]


async def test_one_fault_and_nothing_is_loaded(
    database: Database, caller: Caller, tmp_path: Path
) -> None:
    path = write(tmp_path, authored("numeric"), authored("ordering", level=9))
    with pytest.raises(DocumentsRefused) as caught:
        await load(database, caller, path)
    assert [fault.pointer for fault in caught.value.document_faults] == ["/items/1/level"]
    rows = (await caller.get("/v1/items", params={"limit": 200})).json()["data"]
    assert all(row["is_shipped"] for row in rows)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(DocumentsRefused, match="at least one item"):
        await load(database, caller, empty)


async def test_the_bank_in_memory(database: Database, caller: Caller) -> None:
    service.forget_banks()
    handle = await current(database, caller)
    assert service.find_cached_bank(handle.id) is None

    async def get() -> service.ItemBank:
        async with database.unit_of_work(caller.tenant_id) as uow:
            return await service.get_bank(uow, handle.id)

    held = await asyncio.gather(*(get() for _ in range(5)))
    assert len({id(bank) for bank in held}) == 1  # built once, however many ask
    bank = held[0]
    assert await get() is bank
    assert bank.handle == handle
    assert bank.tables.item_count == len(bank.items) == handle.item_count
    places = [bank.competence_index(item.competence) for item in bank.items]
    assert places == sorted(place for place in places if place is not None)
    assert bank.competence_index("9.9") is None
    assert [bank.index_of(item_id) for item_id in bank.item_ids] == list(range(len(bank.items)))
    assert bank.index_of(uuid4()) is None


async def eventually_held(bank_id: UUID) -> service.ItemBank | None:
    """The bank, once this process has built it by itself."""
    for _ in range(200):
        if service.find_cached_bank(bank_id) is not None:
            break
        await asyncio.sleep(0.01)
    return service.find_cached_bank(bank_id)


async def test_a_new_version_is_in_memory_before_anybody_asks(
    database: Database, caller: Caller, tmp_path: Path
) -> None:
    service.forget_banks()
    path = write(tmp_path, authored("numeric"), authored("ordering"))
    (first,) = (await load(database, caller, path)).banks
    async with database.unit_of_work(caller.tenant_id) as uow:
        before = await service.get_bank(uow, first.id)
    changed = authored("numeric", content={"stem": both("changed")})
    (second,) = (await load(database, caller, write(tmp_path, changed))).banks
    after = await eventually_held(second.id)
    assert after is not None
    assert (await current(database, caller)) == after.handle == second
    alike = [
        one is other
        for one, other in zip(after.items, before.items, strict=True)
        if one.key != changed["key"]
    ]
    assert len(alike) == len(after.items) - 1
    assert all(alike)  # read once, held once
    (reworded,) = [one for one in after.items if one.key == changed["key"]]
    assert reworded.content.stem.en == both("changed")["en"]


async def test_versions_that_no_test_of_this_process_needs_are_left_alone(
    app: FastAPI, caller: Caller, *, stranger: Caller, tmp_path: Path
) -> None:
    database = app.state.database
    service.forget_banks()
    path = write(tmp_path, authored("numeric"))
    (theirs,) = (await load(database, stranger, path)).banks
    async with database.unit_of_work(stranger.tenant_id) as uow:
        await service.get_bank(uow, theirs.id)
    notices = service.BankNotices(database)
    for payload in (
        f"{caller.tenant_id} {uuid4()} {theirs.framework}",  # others stand on their own bank
        f"{stranger.tenant_id} {uuid4()} another-framework",
        str(theirs.id),  # as a version said that knew less
    ):
        notices.hear(payload)
    assert not notices._tasks
    notices.hear(f"{stranger.tenant_id} {uuid4()} {theirs.framework}")  # one that is not there
    assert len(notices._tasks) == 1
    await asyncio.gather(*notices._tasks)
    assert not notices._tasks
    notices.hear(f"{stranger.tenant_id} {uuid4()} {theirs.framework}")
    await notices.stop()
    assert not notices._tasks
    notices.hear("")  # some may have been missed: no bank ever changes
    assert service.find_cached_bank(theirs.id) is not None


async def test_what_ships_is_recalled_for_all_processes_to_come(
    database: Database, caller: Caller
) -> None:
    service.forget_banks()
    await service.recall_shipped_banks(database)
    shipped = await current(database, caller)
    assert service.find_cached_bank(shipped.id) is not None
    assert [owner for owner, _ in bank_memory._kept.values()] == [PUBLIC_TENANT_ID]


async def test_memory_holds_the_last_few_banks(
    database: Database, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = await current(database, caller)
    monkeypatch.setattr(bank_memory, "_KEPT_AT_MOST", 0)
    async with database.unit_of_work(caller.tenant_id) as uow:
        bank = await service.get_bank(uow, handle.id)
    assert bank.handle == handle
    assert service.find_cached_bank(handle.id) is None


async def test_memory_forgets_the_bank_that_was_longest_unused(
    database: Database, caller: Caller, *, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.forget_banks()
    monkeypatch.setattr(bank_memory, "_KEPT_AT_MOST", 2)
    ids = []
    for name in ("first", "second", "third"):
        changed = authored("numeric", content={"stem": both(name)})
        ids += [bank.id for bank in (await load(database, caller, write(tmp_path, changed))).banks]
    async with database.unit_of_work(caller.tenant_id) as uow:
        first = await service.get_bank(uow, ids[0])
        await service.get_bank(uow, ids[1])
        assert service.find_cached_bank(ids[0]) is first  # an answer uses it
        third = await service.get_bank(uow, ids[2])
    assert [service.find_cached_bank(one) for one in ids] == [first, None, third]


async def test_moved_cuts_move_provisional_parameters_only(
    database: Database, caller: Caller, tmp_path: Path
) -> None:
    (handle,) = (await load(database, caller, write(tmp_path, authored("numeric")))).banks
    async with database.unit_of_work(caller.tenant_id) as uow:
        framework = await referential.get_framework(uow, FRAMEWORK)
        stored = await repository.get_bank(uow, handle.id)
        before = stored.entries
        calibrated = {
            **before[0],
            "parameters": {**before[0]["parameters"], "status": "calibrated"},
        }
        stored.entries = [calibrated, *before[1:]]
        await uow.session.flush()
        same = await banks.publish_bank(uow, framework)
        assert same is not None  # its entries are not those that were hashed
        assert (await repository.get_bank(uow, same.id)).entries == stored.entries
        moved = replace(
            framework,
            version=framework.version + 1,
            levels=tuple(replace(one, starts_at=one.starts_at + 0.25) for one in framework.levels),
        )
        later = await banks.publish_bank(uow, moved)
        assert later is not None
        after = (await repository.get_bank(uow, later.id)).entries
    assert after[0] == calibrated
    for old, new in zip(before[1:], after[1:], strict=True):
        assert new["version_id"] == old["version_id"]
        assert new["parameters"]["b"] == pytest.approx(old["parameters"]["b"] + 0.25)


async def test_shipped_changes_reach_a_tenants_bank_at_its_next_load(
    database: Database, caller: Caller, tmp_path: Path
) -> None:
    path = write(tmp_path, authored("numeric"))
    (handle,) = (await load(database, caller, path)).banks
    async with database.unit_of_work(caller.tenant_id) as uow:
        # the tenant's bank as it was before the last of the shipped items came
        stored = await repository.get_bank(uow, handle.id)
        stored.entries, stored.content_hash = stored.entries[1:], b"before"
    assert (await current(database, caller)).id == handle.id
    report = await load(database, caller, path)
    assert (report.added, report.changed) == ((), ())
    assert [bank.item_count for bank in report.banks] == [handle.item_count]
    assert (await current(database, caller)).id == report.banks[0].id


async def test_every_item_of_the_bank_is_shown_solved_and_opened(
    database: Database, caller: Caller
) -> None:
    async with database.unit_of_work(caller.tenant_id) as uow:
        bank = await service.get_bank(uow, (await service.current_bank(uow, FRAMEWORK)).id)
    for index, item in enumerate(bank.items):
        shown = bank.present(index, seed=99, locale="fr")
        content = service.ItemContent.model_validate(shown.content)
        assert content.model_dump(mode="json") == shown.content, item.key
        assert bank.expected_seconds(index) == item.expected_seconds
        right = bank.right_response(index, seed=99, locale="fr")
        assert not isinstance(bank.read_response(index, seed=99, response=right), tuple)
        assert bank.grade(index, seed=99, response=right).is_correct
        wrong = bank.wrong_response(index, seed=99, locale="en")
        assert bank.grade(index, seed=99, response=wrong).score < 1
        assert isinstance(bank.read_response(index, seed=99, response={}), tuple)
        for file in content.files[:1]:
            opened = bank.file(index, seed=99, locale="fr", name=file.name)
            assert opened.media_type == file.media_type
            assert opened.content
        with pytest.raises(ItemFileNotFound):
            bank.file(index, seed=99, locale="fr", name="lost")


async def test_enemies_hold_both_ways(database: Database, caller: Caller, tmp_path: Path) -> None:
    path = write(tmp_path, authored("numeric", enemies=["1.1-3-ordering"]), authored("ordering"))
    (handle,) = (await load(database, caller, path)).banks
    async with database.unit_of_work(caller.tenant_id) as uow:
        bank = await service.get_bank(uow, handle.id)
    numeric, ordering = (
        next(i for i, item in enumerate(bank.items) if item.key == f"1.1-3-{name}")
        for name in ("numeric", "ordering")
    )
    assert bank.tables.parameters.enemies[numeric] == (ordering,)
    assert bank.tables.parameters.enemies[ordering] == (numeric,)


async def test_enemies_may_be_stored_already(
    database: Database, caller: Caller, *, stranger: Caller, tmp_path: Path
) -> None:
    async with database.unit_of_work(caller.tenant_id) as uow:
        shipped = (
            await service.list_items(uow, ItemFilter(), locale="fr", limit=1, cursor=None)
        ).items
    await load(database, caller, write(tmp_path, authored("ordering", status="retired")))
    enemies = ["1.1-3-ordering", shipped[0].key]
    path = write(tmp_path, authored("numeric", enemies=enemies))
    report = await load(database, caller, path)
    assert (report.added, report.doubts) == (("1.1-3-numeric",), ())
    with pytest.raises(DocumentsRefused) as caught:  # another tenant has no such item
        await load(database, stranger, path)
    (fault,) = caught.value.document_faults
    assert (fault.path, fault.pointer) == (path, "/enemies")
    assert fault.message.endswith("there is no item 1.1-3-ordering")
    path = write(tmp_path, authored("numeric", enemies=["1.1-3-lost"]))
    for source in (path, tmp_path):
        with pytest.raises(DocumentsRefused, match=r"there is no item 1\.1-3-lost"):
            await load(database, caller, source)


async def test_what_was_read_before_is_not_read_again(
    database: Database, caller: Caller, tmp_path: Path
) -> None:
    path = write(tmp_path, authored("numeric"))
    reading = service.read_documents([tmp_path])
    path.unlink()
    async with database.unit_of_work(caller.tenant_id) as uow:
        report = await service.load_items(uow, reading)
    assert report.added == ("1.1-3-numeric",)
    path = write(tmp_path, authored("numeric", level=9))
    reading = service.read_documents([tmp_path])
    async with database.unit_of_work(caller.tenant_id) as uow:
        with pytest.raises(DocumentsRefused):
            await service.load_items(uow, reading)


async def test_only_the_public_tenant_changes_what_ships(
    database: Database, owner: asyncpg.Connection, caller: Caller
) -> None:
    """The second lock: row-level security, with no tenant in the statement."""
    async with database.raw_transaction(caller.tenant_id) as connection:
        changed = await connection.execute("UPDATE items SET status = 'retired'")
    assert changed == "UPDATE 0"
    count = await owner.fetchval(
        "SELECT count(*) FROM items WHERE tenant_id = $1 AND status = 'retired'", PUBLIC_TENANT_ID
    )
    assert count == 0
