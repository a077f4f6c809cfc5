"""``pacnum calibrate`` from ended tests to a new bank version."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import numpy as np
import pytest

from pacnum_api.domains.items.errors import BankSuperseded
from pacnum_api.domains.items.service import ItemBank, publish_parameters
from pacnum_api.domains.items.types import ParameterStatus
from pacnum_api.domains.test_sessions.errors import NothingToCalibrate
from pacnum_api.domains.test_sessions.types import AnchorRule, CalibrationModel, CorrelationForm
from pacnum_api.kernel.errors import InvalidInput
from pacnum_api.kernel.ids import new_id
from pacnum_api.platform.documents import DocumentsRefused
from tests.support.calibrated_house import CORRELATION, House, persons
from tests.support.callers import Caller
from tests.support.ended_tests import BEGAN, EndedTest, FloatArray, Truth, store_tests
from tests.support.house_bank import house_items, reload_items
from tests.support.simulated_agent import SimulatedAgent, begin, path_of, take

PERSONS = 500


def errors_of(bank: ItemBank, truth: Truth) -> FloatArray:
    return np.abs(np.array([one.b for one in bank.parameters]) - truth.b)


def agent(value: str) -> dict[str, Any]:
    return {"agent": {"external_id": {"issuer": "lms", "value": value}}}


async def replay_of(house: House, session: dict[str, Any]) -> dict[str, Any]:
    replay: dict[str, Any] = (await house.caller.post(path_of(session, "replay"))).json()
    assert replay["is_identical"], replay["differences"]
    return replay


async def test_answers_become_a_new_bank_version(house: House) -> None:
    options = {"framework": house.bank.handle.framework, "competences": ["1.1", "2.1"]}
    ended = await begin(house.caller, **options)
    await take(house.caller, SimulatedAgent(house.bank, 0.4), ended)
    running = await begin(house.caller, **options, **agent("running"))
    before = await replay_of(house, ended)
    await house.store(persons(PERSONS, seed=5))

    done = await house.calibrate(is_published=True)

    assert done.published is not None
    assert done.published.version == house.bank.handle.version + 1
    bank = await house.newest()
    assert bank.handle == done.published
    assert bank.version_ids == house.bank.version_ids
    statuses = [one.status for one in bank.parameters]
    assert statuses.count(ParameterStatus.CALIBRATED) >= 30
    assert not bank.measures[[one is ParameterStatus.SEEDED for one in statuses]].any()
    assert bank.measures.sum() > house.bank.measures.sum()  # some on tryout can measure now
    is_done = np.array([one is ParameterStatus.CALIBRATED for one in statuses])
    assert errors_of(bank, house.truth)[is_done].mean() < 0.2
    assert errors_of(house.bank, house.truth)[is_done].mean() > 0.35
    slopes = [one.a for one in bank.parameters if one.status is ParameterStatus.CALIBRATED]
    assert abs(float(np.mean(slopes)) - 1.4) < 0.2
    assert bank.population.correlation[0, 1] == pytest.approx(CORRELATION[0, 1], abs=0.15)
    assert bank.population.correlation[0, 2] == pytest.approx(CORRELATION[0, 2], abs=0.15)

    # sessions stay on the bank that they began on; new ones begin on the new one
    moved = await take(house.caller, SimulatedAgent(house.bank, 0.0), running)
    assert moved.replies[-1]["state"] == "finished"
    versions = (await replay_of(house, running))["versions"]
    assert versions["item_bank"] == str(house.bank.handle.id)
    assert await replay_of(house, ended) == before
    new = await begin(house.caller, **options, **agent("new"))
    await take(house.caller, SimulatedAgent(bank, 0.0), new)
    versions = (await replay_of(house, new))["versions"]
    assert UUID(versions["item_bank"]) == bank.handle.id


async def test_items_that_stay_uncertain_keep_their_authors_parameters(house: House) -> None:
    await house.store(persons(160, seed=5))
    done = await house.calibrate(is_published=True)
    bank = await house.newest()
    kept = [one for one in done.report.findings if not one.is_changed]
    assert kept
    assert {one.after for one in kept} == {house.bank.parameters[one.index] for one in kept}
    assert all(bank.parameters[one.index] == house.bank.parameters[one.index] for one in kept)


async def test_without_publish_nothing_is_written(house: House, owner: asyncpg.Connection) -> None:
    await house.store(persons(150, seed=5))
    count = "SELECT count(*) FROM item_banks WHERE tenant_id = $1"
    banks = await owner.fetchval(count, house.caller.tenant_id)
    done = await house.calibrate()
    assert done.published is None
    assert done.as_text().endswith("Nothing was published: that takes --publish.")
    assert await owner.fetchval(count, house.caller.tenant_id) == banks
    assert (await house.newest()).handle == house.bank.handle


async def test_the_same_once_more_gives_the_same(house: House) -> None:
    await house.store(persons(150, seed=5))
    one, other = await house.calibrate(seed=4), await house.calibrate(seed=4)
    assert one.as_json() == other.as_json()


async def test_calibrated_items_hold_the_scale_of_other_persons(house: House) -> None:
    await house.store(persons(PERSONS, seed=5))
    await house.calibrate(is_published=True, competences=["1.1"])
    calibrated = await house.newest()
    await house.store(persons(PERSONS, seed=6, mean=0.8), seed=8)
    # of all persons the mean is 0.4: with anchors that is found, without it is the new zero
    done = await house.calibrate(competences=["1.1"])
    (scale,) = done.report.scales
    assert scale.calibration.population.mean[0] == pytest.approx(0.4, abs=0.12)
    assert len(scale.anchors) >= 8
    assert scale.link is not None
    assert scale.link.link.intercept == pytest.approx(0.4, abs=0.15)
    anchors = [one for one in done.report.findings if one.reason.name == "ANCHOR"]
    assert all(one.after == calibrated.parameters[one.index] for one in anchors)
    free = await house.calibrate(anchors=AnchorRule.NONE, competences=["1.1"])
    assert free.report.scales[0].calibration.population.mean[0] == 0.0
    assert "these persons become the reference" in free.as_text()


async def test_an_anchor_that_has_drifted_is_let_go(house: House) -> None:
    await house.store(persons(PERSONS, seed=5))
    await house.calibrate(is_published=True, competences=["1.1"])
    await house.owner.execute(
        "DELETE FROM test_sessions WHERE tenant_id = $1", house.caller.tenant_id
    )
    moved = list(house.truth.items)
    moved[2] = replace(moved[2], b=moved[2].b + 2.0)
    await house.store(persons(900, seed=6), seed=9, truth=Truth(tuple(moved)))
    done = await house.calibrate(is_published=True, competences=["1.1"])
    assert done.report.scales[0].drifting == {2}
    assert done.report.findings[2].reason.name == "DRIFT"
    found = (await house.newest()).parameters[2]
    assert found.status is ParameterStatus.DRIFTING
    assert found.b == pytest.approx(moved[2].b, abs=0.4)


async def test_which_answers_count(house: House) -> None:
    usual = EndedTest(new_id(), [0, 1, 12], [1, 0, 1], late=frozenset({2}))
    later = EndedTest(usual.agent_id, [3, 24], [1, 1], began_at=BEGAN + timedelta(days=9))
    tests = [
        later,  # 3 is of a competence asked about before, 24 is not
        usual,
        EndedTest(new_id(), [4, 5], [0, 0], state="expired", skipped=frozenset({1, 2})),
        EndedTest(new_id(), [6], [1], state="abandoned"),
        EndedTest(new_id(), [7], [1], state="in_progress"),
    ]
    await house.store_tests(tests)
    done = await house.calibrate(minimum_answers=1)
    table = done.report.table
    assert (len(table), len(table.persons)) == (6, 2)
    tally = table.tally
    assert (tally.read, tally.repeated, tally.late, tally.skipped) == (7, 1, 1, 2)
    assert sorted(table.item.tolist()) == [0, 1, 4, 5, 12, 24]
    said = done.as_text()
    assert "1 left out: of a later test on the same competence" in said
    assert "2 were skipped and count as wrong" in said
    assert "1 came late and count as wrong" in said
    assert "Too few persons were asked several competences" in said
    some = await house.calibrate(minimum_answers=1, competences=["1.2"])
    assert some.report.table.item.tolist() == [12]
    assert some.report.table.tally.other_competences == 5
    assert some.report.together is None


async def test_answers_to_an_earlier_wording_are_left_out(house: House, tmp_path: Path) -> None:
    await house.store_tests([EndedTest(new_id(), [0, 1], [1, 0])])
    items = house_items(12, tryouts=2)
    items[0]["content"]["stem"] = {"fr": "Tout autre chose ?", "en": "Something else?"}
    framework = house.bank.handle.framework
    await reload_items(house.caller, tmp_path, framework=framework, items=items)
    await house.store_tests([EndedTest(new_id(), [0], [1])])
    done = await house.calibrate()
    tally = done.report.table.tally
    assert (tally.read, tally.other_wordings) == (3, 1)
    assert sorted(done.report.table.item.tolist()) == [0, 1]


async def test_nobody_reads_the_answers_of_another_tenant(
    house: House, stranger: Caller, owner: asyncpg.Connection
) -> None:
    bank = house.bank
    await store_tests(
        owner, bank, tenant_id=stranger.tenant_id, tests=[EndedTest(new_id(), [0], [1])]
    )
    with pytest.raises(NothingToCalibrate):
        await house.calibrate()


async def test_a_bank_that_has_moved_on_is_not_overwritten(house: House, tmp_path: Path) -> None:
    async with house.database.unit_of_work(house.caller.tenant_id) as uow:
        published = await publish_parameters(
            uow, house.bank.handle.id, parameters={}, population=house.bank.population
        )
    assert published is not None
    async with house.database.unit_of_work(house.caller.tenant_id) as uow:
        with pytest.raises(BankSuperseded):
            await publish_parameters(
                uow, house.bank.handle.id, parameters={}, population=house.bank.population
            )
    async with house.database.unit_of_work(house.caller.tenant_id) as uow:
        again = await publish_parameters(uow, published.id, parameters={}, population=None)
    assert again is None  # it would say the same


async def test_nothing_found_is_nothing_published(house: House) -> None:
    await house.store_tests([EndedTest(new_id(), [0], [1])])
    done = await house.calibrate(is_published=True)
    assert done.published is None
    assert done.as_text().endswith("Nothing has changed: no bank was published.")
    assert (await house.newest()).handle == house.bank.handle


async def test_other_models_and_forms(house: House) -> None:
    await house.store(persons(220, seed=5))
    for model in CalibrationModel:
        done = await house.calibrate(model=model, correlation=CorrelationForm.PAIRS)
        assert done.report.together is not None
        assert done.report.order.model is model


async def test_unknown_names_are_refused(house: House, tmp_path: Path) -> None:
    await house.store_tests([EndedTest(new_id(), [0], [1])])
    with pytest.raises(InvalidInput) as refused:
        await house.calibrate(competences=["1.1", "9.9"])
    assert [fault.pointer for fault in refused.value.faults] == ["/competences/9.9"]
    path = tmp_path / "anchors.txt"
    path.write_text(f"{house.bank.items[0].key}\n\nlost\n")
    with pytest.raises(DocumentsRefused, match=f"{path}:3: /: expected the key of an item"):
        await house.calibrate(anchors=path)
    path.write_text(f"{house.bank.items[0].key}\n")
    done = await house.calibrate(anchors=path)
    assert done.report.order.anchors == {0}
