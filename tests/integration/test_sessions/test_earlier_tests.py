"""A new test starts from what the agent showed before, widened by the time between."""

from collections import Counter
from datetime import datetime
from uuid import UUID

import asyncpg
import numpy as np
import pytest

from pacnum_api.domains.items.service import ItemBank, forget_banks
from pacnum_api.domains.test_sessions import tasks
from pacnum_api.domains.test_sessions.service import basis
from pacnum_api.platform.database import Database
from pacnum_api.psychometrics.algorithm import Purpose, algorithm_for
from pacnum_api.psychometrics.population import AbilityState
from tests.support.callers import Caller
from tests.support.simulated_agent import (
    Document,
    SimulatedAgent,
    answer_to,
    begin,
    path_of,
    take,
)

TWO = ["1.1", "1.3"]


async def row_of(owner: asyncpg.Connection, session: Document) -> asyncpg.Record:
    return await owner.fetchrow("SELECT * FROM test_sessions WHERE id = $1", UUID(session["id"]))


async def states_of(owner: asyncpg.Connection, session: Document) -> list[asyncpg.Record]:
    rows: list[asyncpg.Record] = await owner.fetch(
        "SELECT * FROM ability_states WHERE session_id = $1", UUID(session["id"])
    )
    return rows


async def start_of(caller: Caller, session: Document) -> Document:
    explanation = (await caller.get(path_of(session, "explanation"))).json()
    start: Document = explanation["start"]
    return start


@pytest.fixture
async def earlier(caller: Caller, bank: ItemBank) -> Document:
    """A test of an agent who knows everything, finished while enough new items are left."""
    session = await begin(caller, competences=TWO)
    await take(caller, SimulatedAgent(bank, 8.0), session, at_most=4)
    assert (await caller.post(path_of(session, "finish"))).status_code == 200
    return session


async def test_a_test_leaves_the_abilities_of_the_whole_framework(
    bank: ItemBank, earlier: Document, *, owner: asyncpg.Connection
) -> None:
    (row,) = await states_of(owner, earlier)
    assert str(row["agent_id"]) == earlier["agent_id"]
    assert (row["framework"], row["framework_version"]) == ("digcomp-2.2", 1)
    state = AbilityState.from_bytes(row["state"])
    assert state.mean.shape == (4, len(bank.competences))
    means = state.weights @ state.mean
    asked = [bank.competences.index(code) for code in TWO]
    assert min(means[asked]) > 0.5
    assert min(means) > 0.2  # nobody asked, but they hang together


async def test_the_next_test_starts_there(
    caller: Caller, earlier: Document, *, owner: asyncpg.Connection
) -> None:
    session = await begin(caller, competences=TWO)
    row = await row_of(owner, session)
    assert str(row["earlier_session_id"]) == earlier["id"]
    assert 0.0 <= row["earlier_age_seconds"] < 600.0
    start = await start_of(caller, session)
    assert start["origin"] == "earlier_test"
    assert start["earlier"]["session_id"] == earlier["id"]
    (state,) = await states_of(owner, earlier)
    measured_at = datetime.fromisoformat(start["earlier"]["measured_at"])
    assert abs((measured_at - state["measured_at"]).total_seconds()) < 0.001
    result = (await caller.get(path_of(earlier, "result"))).json()
    measured = {one["competence"]: one for one in result["competences"]}
    for one in start["abilities"]:
        before = measured[one["competence"]]
        # minutes have passed: as it was, but for single precision and the grid
        assert one["theta"] == pytest.approx(before["theta"], abs=0.02)
        assert one["standard_error"] == pytest.approx(before["standard_error"], abs=0.02)


async def test_time_widens_what_was_known(
    caller: Caller, earlier: Document, *, owner: asyncpg.Connection
) -> None:
    starts = []
    for interval in ("0 days", "1 year", "30 years"):
        await owner.execute(
            "UPDATE ability_states SET measured_at = now() - $2::text::interval"
            " WHERE session_id = $1",
            UUID(earlier["id"]),
            interval,
        )
        starts.append(await start_of(caller, await begin(caller, competences=TWO)))
    for place in range(2):
        thetas = [start["abilities"][place]["theta"] for start in starts]
        errors = [start["abilities"][place]["standard_error"] for start in starts]
        assert thetas == sorted(thetas, reverse=True)
        assert thetas[-1] == pytest.approx(0.0, abs=0.01)
        assert errors == sorted(errors)
        assert errors[-1] == pytest.approx(1.0, abs=0.01)


async def test_a_test_that_starts_from_another_needs_fewer_items_and_replays(
    caller: Caller, bank: ItemBank, *, earlier: Document
) -> None:
    session = await begin(caller, competences=TWO)
    taken = await take(caller, SimulatedAgent(bank, 8.0), session)
    replay = (await caller.post(path_of(session, "replay"))).json()
    assert replay["is_identical"], replay["differences"]
    forget_banks()
    basis.forget_priors()
    assert (await caller.post(path_of(session, "replay"))).json() == replay
    assert (await caller.post(path_of(earlier, "replay"))).json()["is_identical"]
    first = (await caller.get(path_of(earlier, "result"))).json()
    second = (await caller.get(path_of(session, "result"))).json()
    before = first["overall"]["summary"]["standard_error"]
    assert second["overall"]["summary"]["standard_error"] < before
    assert len(taken.sent) == sum(one["items_answered"] for one in second["competences"])


async def test_what_was_answered_before_is_not_put_again(
    caller: Caller, bank: ItemBank, *, earlier: Document, owner: asyncpg.Connection
) -> None:
    session = await begin(caller, competences=TWO)
    await take(caller, SimulatedAgent(bank, 0.0), session)
    answered = set((await row_of(owner, earlier))["items"][:4])
    put = set((await row_of(owner, session))["items"])
    assert len(answered) == 4
    assert len(put) > 2
    assert not answered & put


async def test_who_comes_again_finds_new_items_on_a_bank_that_is_used_up(
    caller: Caller, bank: ItemBank, *, earlier: Document, owner: asyncpg.Connection
) -> None:
    """Everything is above its ceiling, and what the agent has answered least of all."""
    known = bank.groups.group_of[(await row_of(owner, earlier))["items"][:4]]
    used = np.full(len(bank.groups), 50)
    used[known] = 40
    await owner.execute(
        "UPDATE item_exposures SET administered = $3 WHERE tenant_id = $1 AND bank_id = $2",
        *(caller.tenant_id, bank.handle.id, used.tolist()),
    )
    row = await row_of(owner, await begin(caller, competences=TWO))
    may_be_put = np.frombuffer(row["availability"], np.uint8) > 0
    assert not may_be_put[known].any()
    needed = algorithm_for(row["algorithm_version"]).items_of_each(Purpose.POSITIONING, len(TWO))
    competence_of = bank.groups.competence_of[may_be_put].tolist()
    assert Counter(competence_of) == dict.fromkeys(row["competences"], needed)


async def test_where_too_few_new_items_are_left_it_starts_afresh(
    caller: Caller, bank: ItemBank, *, owner: asyncpg.Connection
) -> None:
    """The same answers must not count twice: what was shown with them is not the start then."""
    agent, put = SimulatedAgent(bank, 0.5), set[int]()
    again = await begin(caller, competences=TWO)
    for _ in range(12):
        await take(caller, agent, again)
        shown = (await row_of(owner, again))["items"]
        assert not put & set(shown)
        put |= set(shown)
        again = await begin(caller, competences=TWO)
        if (await row_of(owner, again))["earlier_session_id"] is None:
            break
    assert min(_never_put(bank, put)) < 4
    assert (await start_of(caller, again))["origin"] == "population"
    taken = await take(caller, SimulatedAgent(bank, 8.0), again)
    assert len(taken.sent) > 4
    other = await begin(caller, competences=["4.1", "4.2"])  # of these nothing was answered
    assert (await start_of(caller, other))["earlier"]["session_id"] == again["id"]


def _never_put(bank: ItemBank, put: set[int]) -> list[int]:
    """How many items of each competence asked about are left."""
    return [
        sum(item.competence == code and index not in put for index, item in enumerate(bank.items))
        for code in TWO
    ]


async def test_an_attestation_leaves_what_earlier_tests_gathered(
    caller: Caller, bank: ItemBank, *, earlier: Document, owner: asyncpg.Connection
) -> None:
    session = await begin(caller, competences=["4.1"], purpose="certification")
    await take(caller, SimulatedAgent(bank, 0.0), session)
    assert await states_of(owner, session) == []
    assert (await caller.post(path_of(session, "replay"))).json()["is_identical"]
    following = await begin(caller, competences=["2.1"])
    assert (await start_of(caller, following))["earlier"]["session_id"] == earlier["id"]


async def test_a_process_that_does_not_know_the_prior_replies_the_same(
    caller: Caller, bank: ItemBank, *, earlier: Document
) -> None:
    session = await begin(caller, competences=TWO)
    agent = SimulatedAgent(bank, 1.0)
    pending = session["pending_item"]
    seed = int((await caller.get(path_of(session, "explanation"))).json()["seed"])
    while pending is not None:
        basis.forget_priors()
        body = answer_to(pending, agent.response_to(pending, seed=seed, locale="fr"))
        first = await caller.post(path_of(session, "answers"), json=body)
        again = await caller.post(path_of(session, "answers"), json=body)
        assert first.status_code == again.status_code == 201
        assert first.json() == again.json()
        pending = first.json()["pending_item"]
    assert (await caller.post(path_of(session, "replay"))).json()["is_identical"]


async def test_an_attestation_stands_on_its_own_answers(
    caller: Caller, earlier: Document, *, owner: asyncpg.Connection
) -> None:
    session = await begin(caller, competences=TWO, purpose="certification")
    row = await row_of(owner, session)
    assert row["earlier_session_id"] is row["earlier_age_seconds"] is None
    start = await start_of(caller, session)
    assert start["origin"] == "population"
    assert [one["theta"] for one in start["abilities"]] == pytest.approx([0.0, 0.0], abs=0.02)
    assert earlier["agent_id"] == session["agent_id"]


async def test_only_ones_own_test_of_the_same_framework_version_counts(
    caller: Caller, stranger: Caller, *, earlier: Document, owner: asyncpg.Connection
) -> None:
    other = {"agent": {"external_id": {"issuer": "lms", "value": "somebody-else"}}}
    for session in (await begin(caller, **other), await begin(stranger)):
        assert (await row_of(owner, session))["earlier_session_id"] is None
    await owner.execute(
        "UPDATE ability_states SET framework_version = 2 WHERE session_id = $1", UUID(earlier["id"])
    )
    assert (await row_of(owner, await begin(caller)))["earlier_session_id"] is None


async def test_only_tests_that_measured_something_leave_a_state(
    caller: Caller,
    agent: SimulatedAgent,
    *,
    owner: asyncpg.Connection,
    database: Database,
) -> None:
    kept = {}
    for name, answers in (("abandon", 2), ("finish", 0), ("finish", 1), ("expire", 1)):
        session = await begin(caller, competences=TWO)
        await take(caller, agent, session, at_most=answers)
        if name == "expire":
            await owner.execute(
                "UPDATE test_sessions SET expires_at = now() - interval '1 hour' WHERE id = $1",
                UUID(session["id"]),
            )
            await tasks.expire_sessions(database, caller.tenant_id)
        else:
            await caller.post(path_of(session, name))
        kept[name, answers] = len(await states_of(owner, session))
        assert (await caller.post(path_of(session, "replay"))).json()["differences"] == []
    assert kept == {("abandon", 2): 0, ("finish", 0): 0, ("finish", 1): 1, ("expire", 1): 1}


async def test_priors_in_memory_are_bounded_and_go_with_their_sessions(
    caller: Caller,
    bank: ItemBank,
    *,
    earlier: Document,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    basis.forget_priors()
    monkeypatch.setattr(basis, "_KEPT_AT_MOST", 2)
    sessions = [await begin(caller, competences=TWO) for _ in range(3)]
    assert len(basis._kept) == 2
    for session in sessions:
        await take(caller, SimulatedAgent(bank, 0.0), session)
        assert (await caller.get(path_of(session, "result"))).status_code == 200
    assert len(basis._kept) == 0
    assert earlier["agent_id"] == sessions[0]["agent_id"]
