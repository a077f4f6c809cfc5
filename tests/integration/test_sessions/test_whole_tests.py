"""Whole tests by simulated agents, and what comes out of them."""

import math
from typing import Any

import asyncpg
import numpy as np
import pytest

from pacnum_api.domains.items.service import ItemBank
from pacnum_api.kernel.page import encode_cursor
from pacnum_api.psychometrics.algorithm import ALGORITHM_VERSION
from tests.support.callers import Caller
from tests.support.simulated_agent import (
    Document,
    SimulatedAgent,
    Taken,
    begin,
    path_of,
    take,
)

FIVE = ["1.1", "1.2", "2.3", "4.1", "5.4"]
ALL = None
TESTS = [
    ({"competences": ["1.3"], "purpose": "positioning"}, "fr", -1.0),
    ({"competences": FIVE, "purpose": "positioning"}, "en", 1.0),
    ({"competences": ALL, "purpose": "positioning"}, "fr", 0.3),
    ({"competences": ALL, "purpose": "target", "targets": {"1.1": 3}}, "fr", 1.5),
    ({"competences": FIVE, "purpose": "target", "targets": dict.fromkeys(FIVE, 5)}, "en", -0.5),
    ({"competences": ["4.2"], "purpose": "certification"}, "en", 0.0),
    ({"competences": FIVE, "purpose": "certification"}, "fr", 2.0),
]


def check_course(taken: Taken) -> None:
    """Positions, items and progress, as the taker saw them."""
    asked = taken.session["competences"]
    assert [one["position"] for one in taken.pending] == list(range(1, len(taken.sent) + 1))
    assert len({one["item_id"] for one in taken.pending}) == len(taken.pending)
    assert {one["competence"] for one in taken.pending} == set(asked)
    assert {one["state"] for one in taken.replies[:-1]} <= {"in_progress"}
    assert taken.replies[-1]["state"] == "finished"
    fractions = [one["progress"]["fraction"] for one in taken.replies]
    assert all(0.0 < fraction < 1.0 for fraction in fractions[:-1])
    assert fractions[-1] == 1.0
    for before, item in zip(taken.replies, taken.pending[1:], strict=False):
        assert item["issued_at"] == before["accepted_at"]


def check_result(result: Document, taken: Taken, bank: ItemBank) -> None:
    """Every number of a result against every other."""
    session = taken.session
    assert result["state"] == "finished"
    assert result["not_assessed"] == []
    assert [one["competence"] for one in result["competences"]] == session["competences"]
    for one in result["competences"]:
        probabilities = one["level_probabilities"]
        low, high = one["level_interval"]["low"], one["level_interval"]["high"]
        assert math.isclose(sum(probabilities), 1.0, abs_tol=1e-9)
        assert low <= one["level"] <= high
        assert sum(probabilities[low : high + 1]) >= one["level_interval"]["coverage"] - 1e-9
        assert probabilities[one["level"]] == max(probabilities)
        assert 0 < one["standard_error"] < 1  # less than before any answer
        put = [item for item in taken.pending if item["competence"] == one["competence"]]
        assert one["items_answered"] == len(put)
        rule = bank.framework.points
        assert one["points"] == min(one["level"], rule.maximum_level) * rule.per_level
        if one["target_level"] is not None:
            assert one["target_probability"] == pytest.approx(
                sum(probabilities[one["target_level"] :])
            )
    overall = result["overall"]
    assert overall["points"] == sum(one["points"] for one in result["competences"])
    assert overall["summary"]["competences_assessed"] == len(session["competences"])
    check_summary(overall["summary"], result["competences"])
    for area in result["areas"]:
        inside = [
            one for one in result["competences"] if one["competence"].startswith(f"{area['area']}.")
        ]
        assert area["competences_asked"] == len(inside) == area["summary"]["competences_assessed"]
        check_summary(area["summary"], inside)
    asked = sum(area["competences_asked"] for area in result["areas"])
    assert asked == len(result["competences"])


def check_summary(summary: Document, competences: list[Document]) -> None:
    """A mean, less certain than if errors had nothing to do with each other, and never less than
    the mean of the errors.
    """
    # competences are read off the grid, means off the moments of the joint posterior
    assert summary["theta"] == pytest.approx(
        np.mean([one["theta"] for one in competences]), abs=1e-3
    )
    errors = np.array([one["standard_error"] for one in competences])
    count = len(errors)
    assert summary["standard_error"] <= errors.mean() + 1e-3
    if count > 1:
        assert summary["standard_error"] > np.sqrt((errors**2).sum()) / count
    low, high = summary["interval"]["low"], summary["interval"]["high"]
    assert summary["interval"]["coverage"] == 0.9
    assert (low + high) / 2 == pytest.approx(summary["theta"])
    assert (high - low) / 2 == pytest.approx(1.645 * summary["standard_error"])


@pytest.mark.parametrize(("options", "locale", "ability"), TESTS)
async def test_a_whole_test(
    options: dict[str, Any],
    locale: str,
    ability: float,
    *,
    caller: Caller,
    bank: ItemBank,
    owner: asyncpg.Connection,
) -> None:
    session = await begin(caller, **{**options, "locale": locale})
    taken = await take(caller, SimulatedAgent(bank, ability), session)
    check_course(taken)
    result = (await caller.get(path_of(session, "result"))).json()
    check_result(result, taken, bank)
    assert result["purpose"] == options["purpose"]
    assert result["versions"] == {
        "framework": "digcomp-2.2",
        "framework_version": bank.handle.framework_version,
        "algorithm": ALGORITHM_VERSION,
        "item_bank": str(bank.handle.id),
        "item_bank_version": bank.handle.version,
    }
    replay = (await caller.post(path_of(session, "replay"))).json()
    assert replay["is_identical"], replay["differences"]
    assert replay["answers_replayed"] == len(taken.sent)
    events = await owner.fetch(
        "SELECT type, data FROM outbox_events WHERE subject = $1 ORDER BY sequence", session["id"]
    )
    assert [event["type"] for event in events] == ["test_session.started", "test_session.finished"]


@pytest.mark.parametrize(("locale", "other"), [("fr", "en"), ("en", "fr")])
async def test_items_speak_the_language_of_the_session(
    locale: str, other: str, *, caller: Caller, bank: ItemBank
) -> None:
    session = await begin(caller, locale=locale, competences=["1.1"])
    taken = await take(caller, SimulatedAgent(bank), session)
    explanation = (await caller.get(path_of(session, "explanation"))).json()
    for pending in taken.pending:
        index = next(
            place for place, found in enumerate(bank.item_ids) if str(found) == pending["item_id"]
        )
        shown = {
            language: bank.present(index, seed=int(explanation["seed"]), locale=language).content
            for language in (locale, other)
        }
        assert pending["content"]["stem"] == shown[locale]["stem"] != shown[other]["stem"]


async def test_titles_of_the_result_speak_the_reader_s_language(
    caller: Caller, agent: SimulatedAgent
) -> None:
    session = await begin(caller, locale="fr", competences=["1.1"])
    await take(caller, agent, session)
    path = path_of(session, "result")
    french = await caller.get(path, headers={"Accept-Language": "fr"})
    english = await caller.get(path, headers={"Accept-Language": "en-GB, fr;q=0.5"})
    assert french.headers["content-language"] == "fr"
    assert english.headers["content-language"] == "en"
    titles = [
        (answer.json()["competences"][0]["title"], answer.json()["areas"][0]["title"])
        for answer in (french, english)
    ]
    assert titles[0][0].startswith("Naviguer")
    assert titles[1][0].startswith("Browsing")
    assert titles[0][1] != titles[1][1]


async def test_the_able_come_out_above_the_unable(caller: Caller, bank: ItemBank) -> None:
    levels = []
    for ability in (-2.5, 0.0, 2.5):
        somebody = {"external_id": {"issuer": "lms", "value": f"able-{ability:+}"}}
        session = await begin(caller, competences=FIVE, agent=somebody)
        await take(caller, SimulatedAgent(bank, ability), session)
        result = (await caller.get(path_of(session, "result"))).json()
        levels.append(result["overall"]["summary"]["theta"])
    assert levels == sorted(levels)
    assert levels[2] - levels[0] > 1.5


async def test_skipping_everything_is_measured_as_low(caller: Caller) -> None:
    session = await begin(caller)
    pending = session["pending_item"]
    while pending is not None:
        body = {"position": pending["position"], "item_id": pending["item_id"], "response": None}
        reply = (await caller.post(path_of(session, "answers"), json=body)).json()
        pending = reply["pending_item"]
    result = (await caller.get(path_of(session, "result"))).json()
    assert [one["competence"] for one in result["competences"]] == ["1.1", "1.3"]
    assert all(one["level"] <= 2 for one in result["competences"])
    steps = (await caller.get(path_of(session, "explanation"))).json()["steps"]
    assert all(step["response"] is None and step["score"] == 0.0 for step in steps)


async def test_the_profile_holds_what_the_latest_test_measured(
    caller: Caller, bank: ItemBank
) -> None:
    first = await begin(caller, competences=["1.1", "1.3"])
    await take(caller, SimulatedAgent(bank, -1.0), first)
    second = await begin(caller, competences=["1.3"])
    assert second["agent_id"] == first["agent_id"]
    await take(caller, SimulatedAgent(bank, 1.0), second)
    path = f"/v1/agents/{first['agent_id']}/profile"
    profile = (await caller.get(path, params={"framework": "digcomp-2.2"})).json()
    sources = {one["competence"]: one["session_id"] for one in profile["competences"]}
    assert sources == {"1.1": first["id"], "1.3": second["id"]}
    assert len(profile["not_assessed"]) == 19
    history = (await caller.get(f"/v1/agents/{first['agent_id']}/history")).json()["data"]
    assert [one["session_id"] for one in history] == [second["id"], first["id"], first["id"]]


async def test_the_history_comes_in_pages(caller: Caller, agent: SimulatedAgent) -> None:
    session = await begin(caller, competences=["1.1", "1.3", "2.1"])
    await take(caller, agent, session)
    path = f"/v1/agents/{session['agent_id']}/history"
    whole = (await caller.get(path)).json()["data"]
    pages: list[list[Document]] = []
    cursor = None
    while cursor is not None or not pages:
        asked = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await caller.get(path, params=asked)).json()
        pages.append(page["data"])
        cursor = page["next_cursor"]
    assert [len(page) for page in pages] == [2, 1]
    assert [one for page in pages for one in page] == whole
    wrong = await caller.get(path, params={"cursor": encode_cursor("then", "there", "1.1")})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid_cursor")
