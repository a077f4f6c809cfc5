"""Recommendations for stored agents and for levels as posted."""

from collections.abc import Mapping
from itertools import pairwise
from statistics import NormalDist
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from pacnum_api.domains.organisations import service as organisations
from pacnum_api.domains.organisations.types import ExternalId
from pacnum_api.domains.results import service as results
from pacnum_api.domains.results.types import CompetenceResult, SessionResults
from pacnum_api.kernel.ids import new_id
from tests.support.callers import Caller

Body = dict[str, Any]
PATH = "/v1/recommendations"
FRAMEWORK = "digcomp-2.2"


async def recommend(caller: Caller, **body: Any) -> Body:
    answer = await caller.post(PATH, json={"framework": FRAMEWORK, **body})
    assert answer.status_code == 200, answer.text
    found: Body = answer.json()
    return found


def agent_path(agent_id: UUID) -> str:
    return f"/v1/agents/{agent_id}/recommendations"


CUTS = [-2.45 + 0.7 * step for step in range(8)]


def spread(theta: float, error: float) -> tuple[float, ...]:
    """The probability of each level under a normal posterior, as a test would tell it."""
    below = [0.0, *(NormalDist(theta, error).cdf(cut) for cut in CUTS), 1.0]
    return tuple(high - low for low, high in pairwise(below))


async def make_agent(caller: Caller, measured: Mapping[str, tuple[float, float]]) -> UUID:
    """An agent of the caller's tenant with one result, (theta, standard error), by competence."""
    async with caller.app.state.database.unit_of_work(caller.tenant_id) as uow:
        agent = await organisations.provision_agent(
            uow, ExternalId("hr", f"agent-{uuid4().hex}"), locale="fr"
        )
        await results.record_results(
            uow,
            SessionResults(
                session_id=new_id(),
                agent_id=agent.id,
                framework=FRAMEWORK,
                framework_version=1,
                measured_at=uow.now,
                state=None,
                results=tuple(
                    CompetenceResult(
                        competence=competence,
                        theta=theta,
                        standard_error=error,
                        level=4,
                        level_low=3,
                        level_high=5,
                        level_probabilities=spread(theta, error),
                        items_answered=5,
                        stop_reason="precision_reached",
                        target_level=None,
                    )
                    for competence, (theta, error) in measured.items()
                ),
            ),
        )
    return agent.id


def keys(found: Body) -> list[str]:
    return [one["training"]["link"].rsplit("/", 1)[1] for one in found["recommendations"]]


async def test_levels_give_a_plan_with_reasons_in_french(caller: Caller) -> None:
    found = await recommend(caller, levels={"1.3": 2, "4.1": 1}, targets={"1.3": 4, "4.1": 4})
    assert found["framework_version"] == 1
    assert found["agent_id"] is None
    assert found["not_assessed"] == []
    first = found["recommendations"][0]
    assert first["rank"] == 1
    assert first["training"]["title"] == "Mots de passe, verrous et mises à jour"
    assert [one["competence"] for one in first["competences"]] == ["4.1"]
    assert first["competences"][0]["entry_level"] == 0
    gain = first["expected_gain"]
    assert gain["interval"]["low"] <= gain["levels"] <= gain["interval"]["high"]
    assert gain["interval"]["coverage"] == 0.9
    assert first["prerequisite_fit"] == {"probability": 1.0, "not_assessed": []}
    assert first["duration_minutes"] == 35
    assert first["reasons"][0] == (
        "Protéger les équipements : vous êtes vers le niveau 1 (entre 0 et 2), la cible est 4 ; "
        "la formation mène du niveau 0 au niveau 2."
    )
    assert first["reasons"][-2:] == ["En ligne, 35\u00a0min.", "Peut commencer à tout moment."]
    links = keys(found)
    assert links.index("mots-de-passe") < links.index("dejouer-l-hameconnage")
    follower = found["recommendations"][links.index("dejouer-l-hameconnage")]
    assert any("À suivre après" in reason for reason in follower["reasons"])


async def test_reasons_are_told_in_the_callers_language(caller: Caller) -> None:
    body = {"framework": FRAMEWORK, "levels": {"3.4": 3}}
    answer = await caller.post(PATH, json=body, headers={"Accept-Language": "en"})
    assert answer.headers["content-language"] == "en"
    found = answer.json()
    texts = [reason for one in found["recommendations"] for reason in one["reasons"]]
    assert any(text.startswith("Programming: you are at about level 3") for text in texts)
    assert found["not_assessed"][0]["hint"].startswith("Not assessed: take a test first.")


async def test_plans_take_gaps_and_gains_together(caller: Caller) -> None:
    levels = {"1.1": 1, "2.2": 2, "3.4": 3, "4.2": 4, "5.1": 0}
    found = await recommend(caller, levels=levels, limit=50)
    assert len(found["recommendations"]) >= 5
    assert [one["competence"] for one in found["competences"]] == sorted(levels)
    for one in found["competences"]:
        assert one["level"] == levels[one["competence"]]
        assert one["target"] == one["level"] + 2
        assert 0 <= one["expected_gap_after"] <= one["expected_gap"] <= one["target"]
    closed = sum(one["expected_gap"] - one["expected_gap_after"] for one in found["competences"])
    won = sum(one["expected_gain"]["levels"] for one in found["recommendations"])
    assert won == pytest.approx(closed, abs=0.05)
    total = sum(one["duration_minutes"] for one in found["recommendations"])
    assert found["total_duration_minutes"] == total
    assert [one["rank"] for one in found["recommendations"]] == list(
        range(1, len(found["recommendations"]) + 1)
    )


async def test_not_assessed_is_not_level_0(caller: Caller) -> None:
    found = await recommend(caller, levels={"1.3": 2}, targets={"1.3": 4, "4.1": 5})
    assert found["not_assessed"] == [
        {
            "competence": "4.1",
            "title": "Protéger les équipements",
            "target": 5,
            "trainings": 7,
            "hint": (
                "Non évaluée : passez d’abord un test. "
                "Au catalogue, 7 formations portent sur cette compétence."
            ),
        }
    ]
    for one in found["recommendations"]:
        assert [served["competence"] for served in one["competences"]] == ["1.3"]
    nothing = await recommend(caller)
    assert nothing["recommendations"] == nothing["competences"] == []
    assert len(nothing["not_assessed"]) == 21
    assert nothing["not_assessed"][0]["target"] is None


async def test_level_0_is_not_not_assessed(caller: Caller) -> None:
    found = await recommend(caller, levels={"1.3": 0}, targets={"1.3": 2})
    assert found["not_assessed"] == []
    assert keys(found)[0] == "ranger-ses-fichiers"


async def test_a_budget_is_kept(caller: Caller) -> None:
    levels = dict.fromkeys(("1.1", "1.2", "1.3", "3.4", "4.1", "5.2"), 3)
    for hours in (1, 4, 30):
        found = await recommend(caller, levels=levels, constraints={"budget_hours": hours})
        assert found["budget_minutes"] == hours * 60
        assert 0 < found["total_duration_minutes"] <= hours * 60


async def test_constraints_are_met(caller: Caller) -> None:
    levels = dict.fromkeys(("1.1", "1.3", "3.4", "4.1"), 5)
    onsite = await recommend(caller, levels=levels, constraints={"modalities": ["onsite"]})
    assert {one["training"]["modality"] for one in onsite["recommendations"]} == {"onsite"}
    english = await recommend(caller, levels=levels, constraints={"languages": ["en"]})
    assert {one["training"]["language"] for one in english["recommendations"]} == {"en"}
    free = await recommend(caller, levels=levels)
    taken = free["recommendations"][0]["training"]["id"]
    without = await recommend(caller, levels=levels, constraints={"completed_trainings": [taken]})
    assert taken not in [one["training"]["id"] for one in without["recommendations"]]
    signed = await recommend(
        caller, levels={"2.1": 2}, constraints={"accessibility": ["sign_language", "captions"]}
    )
    assert keys(signed) == ["reunion-a-distance"]


async def test_a_weight_moves_a_competence_forward(caller: Caller) -> None:
    levels = {"1.1": 2, "4.3": 2}
    light = await recommend(caller, levels=levels, weights={"1.1": 0.5})
    heavy = await recommend(caller, levels=levels, weights={"1.1": 20})
    assert keys(heavy)[0] == "recherche-avancee"
    assert keys(light)[0] == "deconnexion-et-sobriete"


async def test_thetas_are_used_with_their_uncertainty(caller: Caller) -> None:
    sure = await recommend(caller, thetas={"1.3": {"theta": -1.4, "standard_error": 0.1}})
    vague = await recommend(caller, thetas={"1.3": {"theta": -1.4, "standard_error": 1.0}})
    assert sure["competences"][0]["level_interval"] == {"low": 2, "high": 2, "coverage": 0.9}
    assert vague["competences"][0]["level_interval"]["high"] > 3
    assert "vous êtes au niveau 2" in sure["recommendations"][0]["reasons"][0]


async def test_next_sessions_are_the_open_ones_ahead(caller: Caller) -> None:
    found = await recommend(
        caller,
        levels={"2.1": 5, "3.1": 5},
        targets={"2.1": 7, "3.1": 7},
        constraints={"modalities": ["onsite"]},
    )
    by_link = dict(zip(keys(found), found["recommendations"], strict=True))
    video = by_link["video-accessible"]
    # September is full: December is the next that can be joined
    assert [one["starts_at"] for one in video["next_sessions"]] == ["2027-12-07T08:00:00.000000Z"]
    assert (
        "Prochaine session le 7 décembre 2027 : Nice, studio municipal, 8 places."
        in (video["reasons"])
    )


async def test_own_trainings_hide_shipped_ones_of_the_same_id(caller: Caller) -> None:
    before = await recommend(caller, levels={"4.1": 2}, targets={"4.1": 4})
    assert "dejouer-l-hameconnage" in keys(before)
    own = {
        "provider": {"kind": "lms", "name": {"fr": "Nous", "en": "Us"}},
        "title": {"fr": "Notre module", "en": "Our module"},
        "summary": {"fr": "Le nôtre.", "en": "Ours."},
        "objectives": [{"fr": "Déjouer", "en": "See through"}],
        "competences": [
            {"framework": FRAMEWORK, "competence": "4.1", "entry_level": 2, "exit_level": 4}
        ],
        "modality": "online",
        "duration_minutes": 10,
        "audience": {"fr": "Tous", "en": "All"},
        "language": "fr",
        "link": "https://lms.example/notre-module",
    }
    path = "/v1/trainings/by-external-id/pacnum-sample/lms-phishing"
    created = await caller.put(path, json=own)
    after = await recommend(caller, levels={"4.1": 2}, targets={"4.1": 4})
    assert keys(after)[0] == "notre-module"
    assert "dejouer-l-hameconnage" not in keys(after)
    gone = await caller.put(
        path,
        json={**own, "state": "withdrawn"},
        headers={"If-Match": created.headers["etag"]},
    )
    assert gone.status_code == 200
    offer = keys(await recommend(caller, levels={"4.1": 2}, targets={"4.1": 4}))
    assert not {"notre-module", "dejouer-l-hameconnage"} & set(offer)  # withdrawn for this tenant


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({"levels": {"9.9": 2}}, ["/levels/9.9"]),
        ({"targets": {"9.9": 2}}, ["/targets/9.9"]),
        ({"weights": {"9.9": 2}}, ["/weights/9.9"]),
        (
            {"levels": {"1.1": 2}, "thetas": {"1.1": {"theta": 0, "standard_error": 1}}},
            ["/thetas/1.1"],
        ),
        ({"framework": "digcomp-3.0", "levels": {"1.1": 7}}, []),
    ],
)
async def test_what_the_framework_lacks_is_told_by_place(
    caller: Caller, body: Body, pointers: list[str]
) -> None:
    answer = await caller.post(PATH, json={"framework": FRAMEWORK, **body})
    if not pointers:
        assert answer.status_code == 200
        return
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid_input"
    assert [fault["pointer"] for fault in answer.json()["errors"]] == pointers


@pytest.mark.parametrize(
    "body",
    [
        {"levels": {"1.1": 9}},
        {"levels": {"1.1": "two"}},
        {"thetas": {"1.1": {"theta": 0, "standard_error": 0}}},
        {"constraints": {"budget_hours": 0}},
        {"constraints": {"modalities": ["by_post"]}},
        {"weights": {"1.1": 0}},
        {"limit": 51},
        {"agent": "x"},
    ],
)
async def test_malformed_requests_are_refused(caller: Caller, body: Body) -> None:
    answer = await caller.post(PATH, json={"framework": FRAMEWORK, **body})
    assert answer.status_code == 422


async def test_the_same_key_gives_the_same_answer(caller: Caller) -> None:
    headers = {"Idempotency-Key": uuid4().hex}
    body = {"framework": FRAMEWORK, "levels": {"1.1": 2}}
    first = await caller.post(PATH, json=body, headers=headers)
    second = await caller.post(PATH, json=body, headers=headers)
    assert (second.status_code, second.content) == (first.status_code, first.content)
    other = await caller.post(PATH, json={**body, "limit": 1}, headers=headers)
    assert other.json()["code"] == "idempotency_key_reused"


async def test_an_agent_gets_a_plan_from_what_was_measured(caller: Caller) -> None:
    agent_id = await make_agent(caller, {"1.3": (-1.4, 0.3), "4.1": (0.0, 0.4)})
    answer = await caller.get(agent_path(agent_id), params={"framework": FRAMEWORK})
    assert answer.status_code == 200
    found = answer.json()
    assert found["agent_id"] == str(agent_id)
    standings = {one["competence"]: one for one in found["competences"]}
    assert (standings["1.3"]["level"], standings["1.3"]["target"]) == (2, 4)
    assert (standings["4.1"]["level"], standings["4.1"]["target"]) == (4, 6)
    assert len(found["not_assessed"]) == 19
    posted = await recommend(
        caller,
        thetas={
            "1.3": {"theta": -1.4, "standard_error": 0.3},
            "4.1": {"theta": 0.0, "standard_error": 0.4},
        },
    )
    assert found["recommendations"] == posted["recommendations"]
    again = await caller.get(
        agent_path(agent_id),
        params={"framework": FRAMEWORK},
        headers={"If-None-Match": answer.headers["etag"]},
    )
    assert again.status_code == 304


async def test_an_agents_wishes_are_query_parameters(caller: Caller) -> None:
    agent_id = await make_agent(caller, {"1.3": (-1.4, 0.3), "4.1": (0.0, 0.4)})
    answer = await caller.get(
        agent_path(agent_id),
        params={
            "framework": FRAMEWORK,
            "target": ["5", "4.1:7"],
            "budget_hours": 12.5,
            "modality": ["online", "onsite"],
            "language": "fr",
            "accessibility": "captions",
            "limit": 3,
        },
    )
    assert answer.status_code == 200
    found = answer.json()
    assert {one["competence"]: one["target"] for one in found["competences"]} == {
        "1.3": 5,
        "4.1": 7,
    }
    assert found["budget_minutes"] == 750
    assert len(found["not_assessed"]) == 19
    assert {one["target"] for one in found["not_assessed"]} == {5}
    assert {one["training"]["modality"] for one in found["recommendations"]} <= {
        "online",
        "onsite",
    }
    only = await caller.get(
        agent_path(agent_id), params={"framework": FRAMEWORK, "target": "4.1:7"}
    )
    assert [one["competence"] for one in only.json()["competences"]] == ["4.1"]
    assert only.json()["not_assessed"] == []


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"framework": FRAMEWORK, "target": "9"},
        {"framework": FRAMEWORK, "target": "x:y:3"},
        {"framework": FRAMEWORK, "target": "9.9:3"},
        {"framework": FRAMEWORK, "budget_hours": "nan"},
        {"framework": FRAMEWORK, "modality": "by_post"},
    ],
)
async def test_senseless_wishes_are_refused(caller: Caller, params: Body) -> None:
    agent_id = await make_agent(caller, {"1.3": (0.0, 0.3)})
    answer = await caller.get(agent_path(agent_id), params=params)
    assert answer.status_code == 422


async def test_an_agent_without_results_is_asked_to_be_tested(caller: Caller) -> None:
    agent_id = await make_agent(caller, {})
    answer = await caller.get(agent_path(agent_id), params={"framework": FRAMEWORK})
    assert answer.status_code == 200
    assert answer.json()["recommendations"] == []
    assert len(answer.json()["not_assessed"]) == 21


async def test_another_tenants_agent_is_not_there(caller: Caller, stranger: Caller) -> None:
    agent_id = await make_agent(caller, {"1.3": (0.0, 0.3)})
    for unknown in (agent_id, uuid4()):
        answer = await stranger.get(agent_path(unknown), params={"framework": FRAMEWORK})
        assert answer.status_code == 404
        assert answer.json()["code"] == "agent_not_found"


async def test_an_unknown_framework_is_not_found(caller: Caller) -> None:
    agent_id = await make_agent(caller, {})
    read = await caller.get(agent_path(agent_id), params={"framework": "nowhere-1"})
    posted = await caller.post(PATH, json={"framework": "nowhere-1"})
    for answer in (read, posted):
        assert answer.status_code == 404
        assert answer.json()["code"] == "framework_not_found"


async def test_doors(http: httpx.AsyncClient, caller: Caller) -> None:
    path = agent_path(uuid4())
    assert (await http.get(path)).status_code == 401
    assert (await http.post(PATH, json={})).status_code == 401
    catalogue = await caller.with_scopes("trainings:read")
    refused = await catalogue.get(path, params={"framework": FRAMEWORK})
    assert refused.json()["code"] == "insufficient_scope"
    adviser = await caller.with_scopes("results:read")
    refused = await adviser.post(PATH, json={"framework": FRAMEWORK})
    assert refused.json()["code"] == "insufficient_scope"
    assert (await catalogue.post(PATH, json={"framework": FRAMEWORK})).status_code == 200
