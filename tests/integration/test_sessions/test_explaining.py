"""Every decision can be shown, and made again."""

import re
from uuid import UUID

import asyncpg
import pytest

from pacnum_api.domains.items.service import ItemBank, forget_banks
from tests.support.callers import Caller
from tests.support.simulated_agent import Document, SimulatedAgent, Taken, begin, path_of, take

TAMPERED = [
    (
        "UPDATE answers SET response = NULL WHERE session_id = $1 AND position = $2",
        "position {position}: graded",
    ),
    (
        "UPDATE answers SET score = 0.123 WHERE session_id = $1 AND position = $2",
        "position {position}: graded",
    ),
    (
        "UPDATE answers SET category = category + 1 WHERE session_id = $1 AND position = $2",
        "the session's categories are not those of its answers",
    ),
    (
        "UPDATE test_sessions SET categories[$2] = 0 WHERE id = $1",
        "the session's categories are not those of its answers",
    ),
    (
        "UPDATE test_sessions SET categories[$2] = 7 WHERE id = $1",
        "what is stored is not a test on this bank",
    ),
    (
        "UPDATE test_sessions SET items[$2] = (items[$2] + 1) % 100 WHERE id = $1",
        # or the stored category is none of that item's
        "position {position}: another item would be chosen|not a test on this bank",
    ),
    (
        "UPDATE test_sessions SET seed = seed + $2 WHERE id = $1",
        "graded",  # the options stood in another order, even if the same items were put
    ),
    (
        "UPDATE results SET theta = theta + 1e-12 * $2 WHERE session_id = $1",
        "competence 1.1: computed",
    ),
    (
        "UPDATE ability_states SET state = set_byte(state, 40 + $2 * 0, 1) WHERE session_id = $1",
        "another state would be left",
    ),
    (
        "DELETE FROM ability_states WHERE session_id = $1 AND $2 > 0",
        "another state would be left",
    ),
    (
        "DELETE FROM results WHERE session_id = $1 AND competence = '1.3' AND $2 > 0",
        "competence 1.3: computed",
    ),
]


@pytest.fixture
async def taken(caller: Caller, bank: ItemBank) -> Taken:
    session = await begin(caller, competences=["1.1", "1.3"])
    return await take(caller, SimulatedAgent(bank, 1.5), session)


async def explained(caller: Caller, taken: Taken) -> Document:
    response = await caller.get(path_of(taken.session, "explanation"))
    assert response.status_code == 200
    document: Document = response.json()
    return document


async def test_every_step_says_why_its_item_was_chosen(caller: Caller, taken: Taken) -> None:
    explanation = await explained(caller, taken)
    assert [step["item_id"] for step in explanation["steps"]] == [
        item["item_id"] for item in taken.pending
    ]
    for step, sent in zip(explanation["steps"], taken.sent, strict=True):
        candidates = {one["item_id"]: one["probability"] for one in step["candidates"]}
        assert candidates[step["item_id"]] > 0
        assert sum(candidates.values()) == pytest.approx(1.0)
        values = [one["value"] for one in step["candidates"]]
        if step["random_share"] == 0:
            assert values == sorted(values, reverse=True)
        assert step["value_kind"] == "expected_variance_fall"
        assert {one["competence"] for one in step["candidates"]} <= {"1.1", "1.3"}
        assert 0 <= step["draw"] < 1
        assert step["pool_size"] >= len(candidates)
        assert step["response"] == sent["response"]
    shares = [step["random_share"] for step in explanation["steps"]]
    assert shares[0] == 0.5
    assert shares == sorted(shares, reverse=True)
    assert shares[3:] == [0.0] * len(shares[3:])


async def test_the_draw_picks_the_candidate_it_falls_upon(caller: Caller, taken: Taken) -> None:
    for step in (await explained(caller, taken))["steps"]:
        below = 0.0
        for one in step["candidates"]:
            below += one["probability"]
            if step["draw"] < below:
                break
        assert one["item_id"] == step["item_id"]


async def test_each_estimate_leads_to_the_next(caller: Caller, agent: SimulatedAgent) -> None:
    """With a single competence nothing else moves it."""
    session = await begin(caller, competences=["1.3"])
    explanation = await explained(caller, await take(caller, agent, session))
    (start,) = explanation["start"]["abilities"]
    assert start["theta"] == pytest.approx(0.0, abs=1e-9)
    assert start["standard_error"] == pytest.approx(1.0, abs=1e-3)
    last = None
    for step in explanation["steps"]:
        assert step["before"] == last or last is None
        assert step["after"] != step["before"]
        assert step["moved"] == []
        last = step["after"]
    (one,) = (await caller.get(path_of(session, "result"))).json()["competences"]
    assert {name: one[name] for name in last or {}} == last


async def test_the_end_of_the_explanation_is_the_result(caller: Caller, taken: Taken) -> None:
    explanation = await explained(caller, taken)
    result = (await caller.get(path_of(taken.session, "result"))).json()
    measured = {one["competence"]: one for one in result["competences"]}
    last = explanation["steps"][-1]
    kept = measured[last["competence"]]
    assert {name: kept[name] for name in last["after"]} == last["after"]
    for one in last["moved"]:
        assert one["theta_after"] == measured[one["competence"]]["theta"]
        assert one["standard_error_after"] == measured[one["competence"]]["standard_error"]
    assert explanation["stop_reasons"] == {
        one["competence"]: one["stop_reason"] for one in result["competences"]
    }
    assert explanation["versions"] == result["versions"]
    assert explanation["stop_reason"] in explanation["stop_reasons"].values()


async def test_an_answer_moves_other_competences_too(caller: Caller, bank: ItemBank) -> None:
    session = await begin(caller, competences=None)
    taken = await take(caller, SimulatedAgent(bank, 1.0), session, at_most=6)
    explanation = await explained(caller, taken)
    owns, others = [], []
    for step in explanation["steps"]:
        codes = [one["competence"] for one in step["moved"]]
        assert len(set(codes)) == len(codes) == 3
        assert step["competence"] not in codes
        moves = [abs(one["theta_after"] - one["theta_before"]) for one in step["moved"]]
        assert moves == pytest.approx(sorted(moves, reverse=True), abs=1e-3)
        own = step["after"]["theta"] - step["before"]["theta"]
        owns.append(abs(own))
        others.append(max(moves))
        for one in step["moved"]:
            # an answer to one competence says the same of another; where it was foreseen and moves
            # its own next to nothing, what it says of the correlation may move them more
            up = one["theta_after"] > one["theta_before"]
            assert up == (own > 0.0) or abs(own) < 0.05
            assert one["standard_error_after"] < one["standard_error_before"] + 0.02
    assert sum(owns) > sum(others)
    strengths = explanation["correlation"]
    assert [one["strength"] for one in strengths] == [0.0, 0.35, 0.7, 1.0]
    for weight in ("weight_before", "weight_after"):
        assert sum(one[weight] for one in strengths) == pytest.approx(1.0)
    assert [one["weight_before"] for one in strengths] == [0.1, 0.2, 0.3, 0.4]
    assert [one["weight_after"] for one in strengths] != [0.1, 0.2, 0.3, 0.4]


async def test_what_is_done_and_what_opens_again_adds_up(caller: Caller, bank: ItemBank) -> None:
    for ability in (-1.0, 0.4):
        session = await begin(caller, competences=["1.1", "1.2", "1.3"])
        explanation = await explained(
            caller, await take(caller, SimulatedAgent(bank, ability), session)
        )
        done: dict[str, str] = {}
        for step in explanation["steps"]:
            for code in step["reopened"]:
                del done[code]
            for one in step["closed"]:
                assert one["competence"] not in done
                done[one["competence"]] = one["reason"]
        assert done.keys() == explanation["stop_reasons"].keys()


SAID = {
    "fr": ("Aucun test antérieur", "réponses ont été données", "Le test s’est arrêté"),
    "en": ("No earlier test", "answers were given", "The test stopped"),
}


@pytest.mark.parametrize("locale", ["fr", "en"])
async def test_a_summary_can_be_read_by_anybody(locale: str, caller: Caller, taken: Taken) -> None:
    response = await caller.get(
        path_of(taken.session, "explanation"), headers={"Accept-Language": locale}
    )
    explanation = response.json()
    summary = "\n".join(explanation["summary"])
    assert all(words in summary for words in SAID[locale])
    assert str(len(taken.sent)) in summary
    for code in ("1.1", "1.3"):
        assert code in summary
    assert explanation["start"]["origin"] == "population"
    assert explanation["start"]["earlier"] is None
    assert explanation["start"]["items_held_back"] == 0


async def test_a_test_under_way_can_be_explained_and_replayed(
    caller: Caller, agent: SimulatedAgent
) -> None:
    session = await begin(caller)
    taken = await take(caller, agent, session, at_most=2)
    explanation = await explained(caller, taken)
    assert (explanation["state"], len(explanation["steps"])) == ("in_progress", 2)
    assert explanation["stop_reason"] is None
    replay = (await caller.post(path_of(session, "replay"))).json()
    assert replay["is_identical"]
    assert replay["answers_replayed"] == 2


async def test_replay_is_the_same_from_a_process_that_knows_nothing(
    caller: Caller, taken: Taken
) -> None:
    forget_banks()
    replay = (await caller.post(path_of(taken.session, "replay"))).json()
    assert (replay["is_identical"], replay["differences"]) == (True, [])


@pytest.mark.parametrize(("statement", "expected"), TAMPERED)
async def test_replay_tells_what_was_tampered_with(
    statement: str,
    expected: str,
    *,
    caller: Caller,
    taken: Taken,
    owner: asyncpg.Connection,
) -> None:
    explanation = await explained(caller, taken)
    position = next(step["position"] for step in explanation["steps"] if step["score"] > 0)
    position = min(position, len(taken.sent) - 1)
    await owner.execute(statement, UUID(taken.session["id"]), position)
    replay = (await caller.post(path_of(taken.session, "replay"))).json()
    assert not replay["is_identical"]
    wanted = expected.format(position=position)
    assert any(re.search(wanted, difference) for difference in replay["differences"])


async def test_a_test_cut_short_in_the_row_would_go_on(
    caller: Caller, taken: Taken, owner: asyncpg.Connection
) -> None:
    session_id = UUID(taken.session["id"])
    count = len(taken.sent) - 1
    await owner.execute(
        "UPDATE test_sessions SET items = items[:$2], categories = categories[:$2] WHERE id = $1",
        session_id,
        count,
    )
    await owner.execute(
        "DELETE FROM answers WHERE session_id = $1 AND position > $2", session_id, count
    )
    replay = (await caller.post(path_of(taken.session, "replay"))).json()
    assert f"after {count} answers the test would go on" in replay["differences"]
