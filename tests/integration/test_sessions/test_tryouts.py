"""New items are tried out within tests, and count for nothing there."""

from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from pacnum_api.domains.items.service import ItemBank
from tests.support.callers import Caller
from tests.support.house_bank import house_items, load_house_bank, reload_items
from tests.support.simulated_agent import Document, SimulatedAgent, Taken, begin, path_of, take

ON_TRYOUT = 4


@pytest.fixture
async def house(caller: Caller, tmp_path: Path) -> ItemBank:
    """Twenty items of one competence, the last four on tryout."""
    return await load_house_bank(caller, tmp_path, items=house_items(20, tryouts=ON_TRYOUT))


def options_of(bank: ItemBank, **options: Any) -> dict[str, Any]:
    return {"framework": bank.handle.framework, "competences": ["1.1"], **options}


async def tryouts_of(owner: asyncpg.Connection, session: Document) -> dict[int, int]:
    pairs = await owner.fetchval(
        "SELECT tryouts FROM test_sessions WHERE id = $1", UUID(session["id"])
    )
    return dict(zip((pairs or [])[::2], (pairs or [])[1::2], strict=True))


async def whole(caller: Caller, bank: ItemBank, **options: Any) -> Taken:
    session = await begin(caller, **options_of(bank, **options))
    return await take(caller, SimulatedAgent(bank, 0.3), session)


async def test_a_seeded_item_belongs_to_no_measurement(house: ItemBank) -> None:
    statuses = [one.status.value for one in house.parameters]
    assert statuses.count("seeded") == ON_TRYOUT
    assert house.measures.tolist() == [status != "seeded" for status in statuses]
    assert all(
        item.is_tryout == (status == "seeded")
        for item, status in zip(house.items, statuses, strict=True)
    )


async def test_a_tryout_is_put_and_counts_for_nothing(
    caller: Caller, house: ItemBank, *, owner: asyncpg.Connection
) -> None:
    taken = await whole(caller, house)
    tryouts = await tryouts_of(owner, taken.session)
    assert len(tryouts) == 1  # seven items are to be expected
    ((position, item),) = tryouts.items()
    assert 2 <= position <= 6
    assert not house.measures[item]
    put = [UUID(one["item_id"]) for one in taken.pending]
    assert put[position - 1] == house.item_ids[item]
    result = (await caller.get(path_of(taken.session, "result"))).json()
    (one,) = result["competences"]
    assert one["items_answered"] == len(put) - 1
    progress = taken.replies[-1]["progress"]
    assert progress["answered"] == progress["at_most"] == len(put)
    assert progress["competences"][0]["answered"] == len(put)
    explanation = (
        await caller.get(path_of(taken.session, "explanation"), headers={"Accept-Language": "en"})
    ).json()
    step = explanation["steps"][position - 1]
    assert step["value_kind"] == "tryout"
    assert step["before"] == step["after"]
    assert step["moved"] == step["closed"] == []
    kinds = {one["value_kind"] for one in explanation["steps"]}
    assert kinds == {"tryout", "expected_variance_fall"}
    assert "One question was on trial: its answer does not count." in explanation["summary"]
    assert explanation["start"]["items_held_back"] == 0
    replay = (await caller.post(path_of(taken.session, "replay"))).json()
    assert replay["is_identical"], replay["differences"]


async def test_a_test_that_ends_by_itself_is_counted_once(
    caller: Caller, house: ItemBank, *, owner: asyncpg.Connection
) -> None:
    taken = await whole(caller, house)
    again = await caller.post(path_of(taken.session, "answers"), json=taken.sent[-1])
    assert again.json() == taken.replies[-1]
    row = await owner.fetchrow(
        "SELECT * FROM item_exposures WHERE tenant_id = $1", caller.tenant_id
    )
    put = [house.index_of(UUID(one["item_id"])) for one in taken.pending]
    assert row["tests"] == 1
    assert [group for group, count in enumerate(row["administered"]) if count] == sorted(
        int(house.groups.group_of[item]) for item in put if item is not None
    )
    assert set(row["administered"]) == {0, 1}
    assert set(row["reserved"]) == {0}


async def test_whoever_takes_the_test_cannot_tell(caller: Caller, house: ItemBank) -> None:
    taken = await whole(caller, house)
    seen = [taken.session, *taken.replies]
    assert "tryout" not in str(seen)
    assert {frozenset(one) for one in taken.pending} == {frozenset(taken.pending[0])}


async def test_the_answer_to_a_tryout_changes_no_estimate(
    caller: Caller, house: ItemBank, *, owner: asyncpg.Connection
) -> None:
    """The session without its tryout, with the same answers to the others, bit for bit."""
    taken = await whole(caller, house)
    before = (await caller.get(path_of(taken.session, "result"))).json()
    ((position, _),) = (await tryouts_of(owner, taken.session)).items()
    await owner.execute(
        "UPDATE test_sessions SET tryouts = NULL, items = items[:$2 - 1] || items[$2 + 1:],"
        " categories = categories[:$2 - 1] || categories[$2 + 1:] WHERE id = $1",
        UUID(taken.session["id"]),
        position,
    )
    without = (await caller.get(path_of(taken.session, "result"))).json()
    assert without == before
    replay = (await caller.post(path_of(taken.session, "replay"))).json()
    told = "".join(replay["differences"])
    assert "another state" not in told  # what the next test starts from is the same, too
    assert "competence" not in told


async def test_the_least_tried_comes_first(
    caller: Caller, house: ItemBank, *, owner: asyncpg.Connection
) -> None:
    tried: list[int] = []
    for agent in range(ON_TRYOUT):
        reference = {"external_id": {"issuer": "lms", "value": f"a-{agent}"}}
        session = await begin(caller, **options_of(house, agent=reference))
        tried += (await tryouts_of(owner, session)).values()
    assert sorted(tried) == [index for index, counts in enumerate(house.measures) if not counts]


async def test_an_attestation_asks_nothing_that_does_not_count(
    caller: Caller, house: ItemBank, *, owner: asyncpg.Connection
) -> None:
    session = await begin(caller, **options_of(house, purpose="certification"))
    assert await tryouts_of(owner, session) == {}
    target = await begin(
        caller, **options_of(house, competences=None, purpose="target", targets={"1.1": 2})
    )
    assert len(await tryouts_of(owner, target)) == 1


async def test_a_tryout_never_meets_its_enemies(
    caller: Caller, tmp_path: Path, *, owner: asyncpg.Connection
) -> None:
    items = house_items(12, tryouts=1)
    items[-1]["enemies"] = [one["key"] for one in items[:6]]
    bank = await load_house_bank(caller, tmp_path, items=items)
    (tried,) = [index for index, counts in enumerate(bank.measures) if not counts]
    for agent in range(4):
        reference = {"external_id": {"issuer": "lms", "value": f"a-{agent}"}}
        taken = await whole(caller, bank, agent=reference)
        assert set((await tryouts_of(owner, taken.session)).values()) == {tried}
        put = {bank.index_of(UUID(one["item_id"])) for one in taken.pending}
        enemies = set(bank.tables.excludes[tried].tolist()) - {tried}
        assert not (tried in put and put & enemies)
        assert (await caller.post(path_of(taken.session, "replay"))).json()["differences"] == []


async def test_the_author_ends_a_tryout_without_a_new_version(
    caller: Caller, house: ItemBank, *, tmp_path: Path
) -> None:
    items = house_items(20, tryouts=ON_TRYOUT - 1)
    later = await reload_items(caller, tmp_path, framework=house.handle.framework, items=items)
    assert later.handle.version == house.handle.version + 1
    assert set(later.version_ids) == set(house.version_ids)
    statuses = [one.status.value for one in later.parameters]
    assert statuses.count("seeded") == ON_TRYOUT - 1
    (changed,) = [
        place
        for place, version in enumerate(later.version_ids)
        if later.measures[place] and not house.measures[house.version_ids.index(version)]
    ]
    before = house.parameters[house.version_ids.index(later.version_ids[changed])]
    assert later.parameters[changed].b == before.b
    assert later.parameters[changed].status.value == "provisional"
    again = await reload_items(caller, tmp_path, framework=house.handle.framework, items=items)
    assert again.handle == later.handle


async def test_what_was_shown_too_little_comes_first(
    caller: Caller, house: ItemBank, *, owner: asyncpg.Connection
) -> None:
    await begin(caller, **options_of(house))
    shown = [900] * len(house.groups)
    shown[5] = 0
    await owner.execute(
        "UPDATE item_exposures SET tests = 1000, administered = $2, reserved = $3"
        " WHERE tenant_id = $1",
        caller.tenant_id,
        shown,
        [0] * len(shown),
    )
    taken = await whole(caller, house)
    assert taken.pending[0]["item_id"] == str(house.item_ids[5])
    explanation = (await caller.get(path_of(taken.session, "explanation"))).json()
    assert explanation["steps"][0]["value_kind"] == "featured"
    assert explanation["start"]["items_held_back"] > 0
    assert (await caller.post(path_of(taken.session, "replay"))).json()["differences"] == []


async def test_a_bank_of_tryouts_alone_has_nothing_to_ask(caller: Caller, tmp_path: Path) -> None:
    bank = await load_house_bank(caller, tmp_path, items=house_items(3, tryouts=3))
    body = {
        "agent": {"external_id": {"issuer": "lms", "value": "a-1"}},
        "framework": bank.handle.framework,
        "competences": ["1.1"],
    }
    reply = await caller.post("/v1/test-sessions", json=body)
    assert (reply.status_code, reply.json()["code"]) == (409, "nothing_to_ask")
