"""The report on what is published, and on what tenants did with it."""

import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from pacnum_api.domains.items import service
from pacnum_api.domains.items.errors import BankNotFound
from pacnum_api.domains.items.schemas.authoring_views import ItemReportCreate
from pacnum_api.domains.items.service import BankUse, ReportSettings
from pacnum_api.domains.items.service.report_bank.report import DemandOrigin
from pacnum_api.domains.items.types import ParameterStatus, ReportReason, TableFile, TableFormat
from pacnum_api.kernel.ids import new_id
from pacnum_api.platform.database import Database
from pacnum_api.psychometrics.algorithm import Purpose
from pacnum_api.psychometrics.exposure import Exposure, Limits
from tests.support.authored_items import authored
from tests.support.callers import Caller

FRAMEWORK = "digcomp-2.2"


async def shipped_bank(database: Database, caller: Caller) -> service.ItemBank:
    async with database.unit_of_work(caller.tenant_id) as uow:
        return await service.get_bank(uow, (await service.current_bank(uow, FRAMEWORK)).id)


async def test_coverage(database: Database, caller: Caller) -> None:
    async with database.unit_of_work(caller.tenant_id) as uow:
        report = await service.report_bank(uow, FRAMEWORK)
    coverage = report.coverage
    assert sum(coverage.by_level.values()) == coverage.bank.item_count
    assert len(coverage.competences) == 21
    assert coverage.templates >= 15
    assert coverage.items_with_files >= 15
    bank = await shipped_bank(database, caller)
    tables = [
        sum(isinstance(file, TableFile) and file.format is TableFormat.CSV for file in files)
        for files in (item.content.files for item in bank.items)
    ]
    assert max(tables) > 1  # an item counts once, however many files of a kind it has
    assert coverage.by_file["csv"] == sum(count > 0 for count in tables)
    assert f"{FRAMEWORK} bank v" in service.report_text(report)
    document = json.loads(service.report_json(report))
    assert document["item_count"] == sum(
        count for levels in document["competences"].values() for count in levels.values()
    )
    assert sum(document["types"].values()) == document["item_count"]
    assert str(coverage.bank).endswith(f"({document['item_count']} items)")
    with pytest.raises(BankNotFound):
        async with database.unit_of_work(caller.tenant_id) as uow:
            await service.report_bank(uow, "crcn")


async def test_precision_counts_every_item_that_may_measure(
    database: Database, caller: Caller
) -> None:
    async with database.unit_of_work(caller.tenant_id) as uow:
        report = await service.report_bank(uow, FRAMEWORK)
    assert report.goals[Purpose.POSITIONING].standard_error == 0.4
    assert report.goals[Purpose.CERTIFICATION].standard_error == 0.3
    written = {
        (code, level + 1): int(report.precision.items[index, level])
        for index, code in enumerate(report.competences)
        for level in range(8)
    }
    assert written == {place: report.coverage.by_level[place] for place in written}
    assert report.statuses[ParameterStatus.PROVISIONAL] == report.coverage.bank.item_count
    assert (report.demand.origin, report.exposure.tests) == (DemandOrigin.RULES, 0)
    assert len(report.areas) == len(report.competences) == len(report.curves)


async def test_use_is_added_up_over_tenants_and_kept_to_its_bank(
    database: Database, caller: Caller
) -> None:
    bank = await shipped_bank(database, caller)
    shown = np.arange(len(bank.items)) % 2
    one = BankUse(bank.handle.id, Exposure(60, shown * 20, shown))
    other = BankUse(bank.handle.id, Exposure(40, shown * 10, shown))
    silent = BankUse(bank.handle.id)
    elsewhere = BankUse(new_id(), Exposure(10_000, shown * 10_000, shown))
    async with database.unit_of_work(caller.tenant_id) as uow:
        report = await service.report_bank(uow, FRAMEWORK, uses=[one, other, silent, elsewhere])
        few = await service.report_bank(uow, FRAMEWORK, uses=[one])
        given = await service.report_bank(
            uow, FRAMEWORK, settings=ReportSettings(items_per_test=4.0), uses=[one, other]
        )
    assert report.exposure.tests == 100
    assert report.exposure.shares.tolist() == (shown * 0.3).tolist()
    assert report.demand.origin is DemandOrigin.COUNTED
    assert report.demand.items.sum() == pytest.approx(0.3 * shown.sum())
    assert few.demand.origin is DemandOrigin.RULES
    assert (given.demand.origin, set(given.demand.items.tolist())) == (DemandOrigin.GIVEN, {4.0})


async def test_counters_of_tests_are_read_as_they_stand(
    database: Database, caller: Caller, *, stranger: Caller
) -> None:
    bank = await shipped_bank(database, caller)
    async with database.unit_of_work(caller.tenant_id) as uow:
        limits = Limits.of(bank.groups, competences=[0], need=3)
        admission, before = await service.begin_exposure(
            uow, bank, limits=limits, need=3, left_out=None
        )
        reserved = admission.eligible
        await service.reserve_exposure(uow, bank, before=before.begun(reserved), reserved=reserved)
        await service.end_exposure(uow, [service.ExposureUse(bank, reserved, [0, 2])])
        use = await service.read_bank_use(uow, bank.handle.id)
        report = await service.report_bank(uow, FRAMEWORK, uses=[use])
    assert report.exposure.tests == 2
    assert [report.share(item) for item in report.items[:3]] == [0.5, 0.0, 0.5]
    assert report.exposure.by_share.tolist() == [0, 2]
    async with database.unit_of_work(stranger.tenant_id) as uow:
        assert (await service.read_bank_use(uow, bank.handle.id)).exposure is None


async def test_items_on_tryout_measure_nobody(
    database: Database, caller: Caller, tmp_path: Path
) -> None:
    path = tmp_path / "items.yaml"
    head = {"framework": FRAMEWORK, "competence": "1.1"}
    items = [authored("numeric", tryout=True)]
    path.write_text(yaml.safe_dump({**head, "items": items}, allow_unicode=True), "utf-8")
    async with database.unit_of_work(caller.tenant_id) as uow:
        before = await service.report_bank(uow, FRAMEWORK)
        await service.load_items(uow, [path])
        after = await service.report_bank(uow, FRAMEWORK)
    assert after.coverage.bank.item_count == before.coverage.bank.item_count + 1
    assert after.statuses[ParameterStatus.SEEDED] == 1
    assert after.precision.items.tolist() == before.precision.items.tolist()
    assert np.array_equal(after.curves, before.curves)
    assert after.ceiling_gaps == before.ceiling_gaps


async def test_complaints_count_for_the_wording_that_they_are_about(
    database: Database, caller: Caller, *, stranger: Caller
) -> None:
    bank = await shipped_bank(database, caller)
    complaint = ItemReportCreate(reason=ReportReason.OUTDATED, comment="no longer so")
    async with database.unit_of_work(caller.tenant_id) as uow:
        for index in (3, 7, 7):
            await service.report_item(uow, bank.item_ids[index], report=complaint, locale="fr")
        use = await service.read_bank_use(uow, bank.handle.id)
        report = await service.report_bank(uow, FRAMEWORK, uses=[use, use])
    assert use.contested == {bank.version_ids[3]: 1, bank.version_ids[7]: 2}
    assert [(item.key, item.reports) for item in report.contested] == [
        (bank.items[7].key, 4),
        (bank.items[3].key, 2),
    ]
    async with database.unit_of_work(stranger.tenant_id) as uow:
        assert (await service.read_bank_use(uow, bank.handle.id)).contested == {}
        with pytest.raises(BankNotFound):
            await service.read_bank_use(uow, new_id())
