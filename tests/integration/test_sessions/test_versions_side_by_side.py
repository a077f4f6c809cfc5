"""A session goes on under the algorithm that it began with, beside those of the present one."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg

from pacnum_api.domains.items.service import ItemBank
from pacnum_api.domains.organisations import service as organisations
from pacnum_api.domains.organisations.types import ExternalId
from pacnum_api.domains.test_sessions import policy, repository
from pacnum_api.domains.test_sessions.service.basis import basis_on
from pacnum_api.domains.test_sessions.types import (
    Accommodations,
    SessionPurpose,
    SessionSetup,
    SessionState,
    StoredSession,
)
from pacnum_api.kernel.ids import new_id
from pacnum_api.platform.database import Database
from pacnum_api.platform.outbox import Event
from pacnum_api.psychometrics.algorithm import ALGORITHM_VERSION
from tests.support.callers import Caller
from tests.support.simulated_agent import Document, SimulatedAgent, begin, path_of, take

ASKED = ["1.1", "1.3"]


def begun(session: StoredSession) -> Event:
    return Event("test_session.started", str(session.id), data={}, occurred_at=session.created_at)


def setup_of(bank: ItemBank, version: str) -> SessionSetup:
    return SessionSetup(
        framework=bank.handle.framework,
        framework_version=bank.handle.framework_version,
        bank_id=bank.handle.id,
        algorithm_version=version,
        purpose=SessionPurpose.POSITIONING,
        competences=tuple(bank.competences.index(code) for code in ASKED),
        targets={},
        seed=2**62 + 12345,
        locale="fr",
        accommodations=Accommodations(),
    )


async def begun_before(
    database: Database, caller: Caller, bank: ItemBank, *, version: str = "1.0.0"
) -> Document:
    """A session as an earlier algorithm left it in the database.

    Of 1.0.0: none of the columns of today.
    """
    setup = setup_of(bank, version)
    ground = basis_on(bank, prior=bank.population.prior).ground
    selection = policy.step_after(ground, setup, items=(), categories=()).decision.selection
    assert selection is not None
    async with database.unit_of_work(caller.tenant_id) as uow:
        agent = await organisations.provision_agent(uow, ExternalId("lms", "a-1"), locale="fr")
        session = StoredSession(
            id=new_id(),
            agent_id=agent.id,
            client_id=caller.client_id,
            setup=setup,
            state=SessionState.IN_PROGRESS,
            version=1,
            items=(selection.item,),
            categories=(),
            pending_issued_at=uow.now,
            created_at=uow.now,
            updated_at=uow.now,
            expires_at=uow.now + timedelta(days=7),
            finished_at=None,
            stop_reason=None,
        )
        await repository.add_session(
            await uow.driver(), uow.tenant_id, session=session, event=begun(session)
        )
    read: dict[str, Any] = (await caller.get(f"/v1/test-sessions/{session.id}")).json()
    return read


async def test_a_session_of_the_first_version_goes_on_to_its_end(
    caller: Caller,
    bank: ItemBank,
    *,
    database: Database,
    owner: asyncpg.Connection,
) -> None:
    session = await begun_before(database, caller, bank)
    # one of today, begun before the end of the other, by the same agent
    beside = await begin(caller, competences=ASKED)
    taken = await take(caller, SimulatedAgent(bank, 0.5), session)
    assert taken.replies[-1]["state"] == "finished"
    await take(caller, SimulatedAgent(bank, 0.5), beside)
    versions = []
    for one in (session, beside):
        replay = (await caller.post(path_of(one, "replay"))).json()
        assert replay["is_identical"], replay["differences"]
        versions.append(replay["versions"]["algorithm"])
    assert versions == ["1.0.0", ALGORITHM_VERSION]
    left = await owner.fetch(
        "SELECT session_id FROM ability_states WHERE tenant_id = $1", caller.tenant_id
    )
    assert [row["session_id"] for row in left] == [UUID(beside["id"])]
    counted = await owner.fetchval(
        "SELECT tests FROM item_exposures WHERE tenant_id = $1", caller.tenant_id
    )
    assert counted == 1


async def test_a_session_begun_without_a_budget_gets_none(
    caller: Caller, bank: ItemBank, *, database: Database
) -> None:
    session = await begun_before(database, caller, bank, version="2.0.0")
    beside = await begin(caller, competences=ASKED)
    lengths = []
    for one, version in ((session, "2.0.0"), (beside, "2.1.0")):
        taken = await take(caller, SimulatedAgent(bank, 0.5), one)
        assert taken.replies[-1]["state"] == "finished"
        lengths.append(len(taken.sent))
        replay = (await caller.post(path_of(one, "replay"))).json()
        assert replay["is_identical"], replay["differences"]
        assert replay["versions"]["algorithm"] == version
    assert lengths[0] > 12 >= lengths[1]
    assert (session["progress"]["at_most"], beside["progress"]["at_most"]) == (24, 12)


async def test_what_it_says_is_what_that_version_knows(
    caller: Caller, bank: ItemBank, *, database: Database
) -> None:
    session = await begun_before(database, caller, bank)
    await take(caller, SimulatedAgent(bank, 0.5), session)
    explanation = (await caller.get(path_of(session, "explanation"))).json()
    assert explanation["correlation"] == []
    assert explanation["start"]["origin"] == "population"
    for step in explanation["steps"]:
        assert step["moved"] == []
        assert step["random_share"] == 0.0
        assert {one["competence"] for one in step["candidates"]} == {step["competence"]}
    result = (await caller.get(path_of(session, "result"))).json()
    errors = [one["standard_error"] for one in result["competences"]]
    thetas = [one["theta"] for one in result["competences"]]
    summary = result["overall"]["summary"]
    assert summary["standard_error"] == sum(errors) / len(errors)  # of wholly dependent errors
    assert abs(summary["theta"] - sum(thetas) / len(thetas)) < 1e-12


async def test_finishing_it_early_works_as_ever(
    caller: Caller, bank: ItemBank, *, database: Database
) -> None:
    session = await begun_before(database, caller, bank)
    await take(caller, SimulatedAgent(bank, 0.5), session, at_most=3)
    ended = await caller.post(path_of(session, "finish"))
    assert ended.json()["stop_reason"] == "finished_early"
    assert (await caller.post(path_of(session, "replay"))).json()["differences"] == []
